//! What the plan's names and periods are called on a page.

use domain::Period;
use domain::plan::{ChannelKey, Plan, RoleKey};
use maud::{Markup, html};

/// Finds the titles behind the names by which the plan's parts refer to each other.
#[derive(Clone, Copy)]
pub struct Names<'a>(pub &'a Plan);

impl Names<'_> {
    /// A role's title as a badge that leads to what the role does.
    pub fn role(self, id: &RoleKey) -> Markup {
        let title = self.0.role(id).map_or(id.as_str(), |role| &*role.title);
        html! { a class="badge" data-role=(id) href={ "/plan#role-" (id) } { (title) } }
    }

    /// Several roles, side by side.
    pub fn roles<'k>(self, ids: impl IntoIterator<Item = &'k RoleKey>) -> Markup {
        html! { span class="row" { @for id in ids { (self.role(id)) } } }
    }

    pub fn channel(&self, id: &ChannelKey) -> &str {
        self.0.channels.all().find(|channel| channel.id == *id).map_or("", |channel| &*channel.name)
    }
}

/// A card of the document with a heading that can be linked to.
pub fn part(id: &str, title: &str, note: Option<&str>, body: &Markup) -> Markup {
    html! {
        section class="card" aria-labelledby=(id) {
            div class="card-head" { h2 id=(id) { (title) } @if let Some(note) = note { span class="muted" { (note) } } }
            (body)
        }
    }
}

/// `1 step`, `2 steps`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A period as people say it: `1 hour 30 minutes`, `14 days`.
pub fn period(period: Period) -> String {
    period.words()
}

#[cfg(test)]
mod tests {
    use super::{count, period};

    #[test]
    fn periods_are_said_in_words() {
        for (written, said) in [
            ("15m", "15 minutes"),
            ("1h30m", "1 hour 30 minutes"),
            ("1d", "1 day"),
            ("2w", "14 days"),
            ("730d", "730 days"),
            ("1s", "1 second"),
        ] {
            assert_eq!(period(written.parse().unwrap()), said);
        }
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(0, "step"), "0 steps");
    }
}
