//! What waits for people: a manual step with its instructions and the values that it asks for, a word that is needed, a
//! doubt to settle.

use std::collections::BTreeMap;

use domain::UserId;
use maud::{Markup, html};

use super::super::role::Desk;
use super::super::run::Record;
use super::super::view::{OutputView, Wait};
use super::plain_name;
use crate::web::parts;

/// What waits in an incident's runs, as a card.
pub fn list(waiting: &[(Record, Wait)]) -> Markup {
    html! {
        section class="card" aria-labelledby="waiting" {
            div class="card-head" { h3 id="waiting" { "Waits for people" } span class="muted" { (waiting.len()) } }
            (lines(waiting))
        }
    }
}

/// The same, a line each.
pub fn lines(waiting: &[(Record, Wait)]) -> Markup {
    html! {
        ul class="choosable" {
            @for (run, wait) in waiting {
                @let href = format!("/runs/{}#{}", run.id, anchor(wait));
                li {
                    div {
                        p { a href=(href) { (wait.title) } span class="muted small" { " · " (run.name) " · " (run.incident) } }
                        div class="row small" { (badge(wait)) (whose(wait)) }
                    }
                    a class="button" data-size="small" data-kind=[wait.yours.then_some("primary")] aria-label={ "Open: " (wait.title) } href=(href) { "Open" }
                }
            }
        }
    }
}

/// Where a wait stands on its run's page.
fn anchor(wait: &Wait) -> String {
    // Two strands may stand at one step.
    let key: String = wait.key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("wait-{key}")
}

fn badge(wait: &Wait) -> Markup {
    html! {
        @match wait.kind {
            "doubt" => span class="badge" data-status="bad" { "In doubt" },
            "approval" => span class="badge" data-status="waiting" { "Needs approval" },
            _ if wait.yours => span class="badge" data-status="waiting" { "Waits for you" },
            _ => span class="badge" data-status="waiting" { "Waits" },
        }
    }
}

/// Whose it is: the role, and who speaks for it.
fn whose(wait: &Wait) -> Markup {
    html! {
        @if let Some(title) = &wait.role_title {
            span class="badge" data-role="responder" { (title) }
            @match wait.who.first() {
                Some(name) => { (parts::person(name)) @if wait.who.len() > 1 { span class="muted" { "and " (wait.who.len() - 1) " more" } } },
                None => span class="person-none" { "nobody fills this role" },
            }
        }
    }
}

/// One wait as a card, with what is to be done about it.
pub fn card(run: &Record, wait: &Wait, desk: &Desk) -> Markup {
    let here = format!("/runs/{}", run.id);
    html! {
        section class="card wait" id=(anchor(wait)) data-kind=(wait.kind) data-yours=[wait.yours.then_some("")] aria-label={ "Waiting: " (wait.title) } {
            div class="card-head" { h2 { (wait.title) } (badge(wait)) }
            div class="card-body stack-s" {
                @if wait.role_title.is_some() || wait.due_within.is_some() || wait.until.is_some() {
                    div class="row small" {
                        (whose(wait))
                        @if let Some(within) = &wait.due_within { span class="due" { (parts::icon("clock")) "within " (within) } }
                        @if let Some(until) = wait.until { span class="due" { (parts::icon("clock")) time datetime=(until) data-countdown="600" { (until.strftime("%Y-%m-%d %H:%M UTC")) } } }
                    }
                }
                (about(run, wait))
                @match wait.kind {
                    "approval" if wait.yours => (approval_forms(&here, wait, desk)),
                    "approval" => p class="muted" { "Whoever fills the role, or stands in for it, says yes or no." },
                    _ if !desk.works => p class="muted" { "Whoever works on the incident answers it." },
                    "doubt" => (doubt_form(&here, wait)),
                    _ => (manual_form(&here, wait)),
                }
            }
        }
    }
}

fn about(run: &Record, wait: &Wait) -> Markup {
    html! {
        @match wait.kind {
            "manual" => p class="wait-text" { (wait.text) },
            "doubt" => {
                p { "It may have happened, and nobody knows. Look at " strong { (wait.target.as_deref().unwrap_or("the target")) } ", then say so." }
                div class="viewer" { pre data-wrap tabindex="0" aria-label="What may have happened" { (wait.text) } }
            }
            _ => @if !wait.text.is_empty() { div class="viewer" { pre data-wrap tabindex="0" aria-label="What would be done" { (wait.text) } } },
        }
        @if let Some(target) = wait.target.as_ref().filter(|_| wait.kind == "manual") { p class="small" { span class="muted" { "On: " } (target) } }
        @if !wait.evidence.is_empty() { p class="step-keep" { span { "Keep: " } (wait.evidence.join(" · ")) " " a href={ "/incidents/" (run.incident) "/evidence" } { "Add evidence" } } }
        @if !wait.tell.is_empty() { p class="step-keep" { span { "Must know: " } (wait.tell.join(" · ")) } }
        @if !wait.references.is_empty() { div class="row" { @for one in &wait.references { span class="badge" data-kind="code" { (one) } } } }
        @if let (Some(said), Some(quorum)) = (wait.said_yes, wait.quorum) { p { (said) " of " (quorum) " have said yes." } }
        @for handed in &wait.handed { p class="small muted" { "Handed on: " (handed) } }
    }
}

fn approval_forms(here: &str, wait: &Wait, desk: &Desk) -> Markup {
    let people: &BTreeMap<UserId, String> = &desk.names;
    html! {
        form method="post" action={ (here) "/approve" } class="row" {
            input type="hidden" name="key" value=(wait.key);
            button class="button" data-kind="primary" type="submit" name="yes" value="true" data-done="Approved" { (parts::icon("check")) "Approve" }
            button class="button" type="submit" name="yes" value="false" data-done="Refused" data-confirm="Refuse this step? It counts as failed then." { "Refuse" }
        }
        details {
            summary { "Hand it on" }
            form method="post" action={ (here) "/hand-on" } class="row gap-top" data-done="Handed on" {
                input type="hidden" name="key" value=(wait.key);
                select name="to" aria-label="Who decides instead" required { option value="" { "Choose …" } @for (id, name) in people { option value=(id) { (name) } } }
                button class="button" data-size="small" type="submit" { "Let them decide" }
            }
        }
    }
}

fn output_fields(wait: &Wait) -> Markup {
    html! { @for output in &wait.outputs { (output_field(wait, output)) } }
}

fn output_field(wait: &Wait, output: &OutputView) -> Markup {
    let id = format!("{}-{}", wait.key, output.name);
    let (question, answers) = question(output.description.as_deref());
    html! {
        div class="field" {
            label for=(id) { @match &question { Some(question) => (question), None => (plain_name(&output.name)) } }
            @if answers.is_empty() {
                input id=(id) name=(output.name) autocomplete="off" inputmode=[(output.kind == "integer").then_some("numeric")];
            } @else {
                select id=(id) name=(output.name) { option value="" { "Not known yet" } @for answer in &answers { option value=(answer) { (plain_name(answer)) } } }
            }
        }
    }
}

/// A question, and the answers that it names in brackets at its end: "Is it privileged? (yes or no)".
fn question(description: Option<&str>) -> (Option<String>, Vec<String>) {
    let Some(text) = description.map(str::trim).filter(|text| !text.is_empty()) else {
        return (None, Vec::new());
    };
    let Some((asked, list)) = text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")) else {
        return (Some(text.to_owned()), Vec::new());
    };
    let answers: Vec<String> = list.replace(" or ", ", ").split(", ").map(str::to_owned).collect();
    let words = answers.iter().all(|answer| {
        !answer.is_empty()
            && answer.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
    });
    if answers.len() > 1 && words {
        (Some(asked.to_owned()), answers)
    } else {
        (Some(text.to_owned()), Vec::new())
    }
}

fn manual_form(here: &str, wait: &Wait) -> Markup {
    html! {
        form class="form" method="post" action={ (here) "/answer" } data-done={ "Done: " (wait.title) } {
            input type="hidden" name="key" value=(wait.key);
            (output_fields(wait))
            div class="form-actions" { button class="button" data-kind=[wait.yours.then_some("primary")] type="submit" { (parts::icon("check")) "Done" } }
        }
        details {
            summary { "It could not be done" }
            form class="form gap-top" method="post" action={ (here) "/answer" } data-done={ "Failed: " (wait.title) } {
                input type="hidden" name="key" value=(wait.key);
                div class="field" {
                    label for={ (wait.key) "-failed" } { "Why not" }
                    input id={ (wait.key) "-failed" } name="failed" required maxlength="300" autocomplete="off";
                    p class="help" { "The step counts as failed, and the run goes the way that the playbook has for that." }
                }
                div class="form-actions" { button class="button" data-size="small" type="submit" { "It failed" } }
            }
        }
    }
}

fn doubt_form(here: &str, wait: &Wait) -> Markup {
    html! {
        form class="form" method="post" action={ (here) "/settle" } data-done="Settled" {
            input type="hidden" name="key" value=(wait.key);
            (output_fields(wait))
            div class="form-actions" {
                button class="button" data-kind="primary" type="submit" name="verdict" value="happened" { "It happened" }
                @if !wait.left { button class="button" type="submit" name="verdict" value="again" data-confirm="Do it now? Make sure that it had not happened." { "It did not: do it" } }
                button class="button" data-kind="quiet" type="submit" name="verdict" value="give_up" { "It did not: give it up" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_from_the_question() {
        let (asked, answers) =
            question(Some("Does the owner say that it was not they? (yes, no or unreachable)"));
        assert_eq!(asked.unwrap(), "Does the owner say that it was not they?");
        assert_eq!(answers, ["yes", "no", "unreachable"]);
        assert!(question(Some("How many further accounts? (a number)")).1.is_empty());
        assert!(question(Some("Which host (by its name)")).1.is_empty());
        assert_eq!(question(None), (None, Vec::new()));
    }
}
