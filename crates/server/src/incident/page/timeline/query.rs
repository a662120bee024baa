//! What the timeline's address says: a form sends blank text where nothing is chosen.

use jiff::tz::Offset;
use serde::Deserialize;

use super::super::super::api::inputs::{EntriesQuery, moment};
use crate::web::parts::encode;

/// How many entries a page shows.
const A_PAGE: u16 = 300;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimelineQuery {
    pub lane: String,
    pub kind: String,
    pub technique: String,
    pub by: String,
    pub q: String,
    pub from: String,
    pub to: String,
    /// `table`, or blank for the two lanes.
    pub view: String,
    pub cursor: String,
}

impl TimelineQuery {
    fn pairs(&self) -> [(&'static str, &str); 9] {
        [
            ("lane", &self.lane),
            ("kind", &self.kind),
            ("technique", &self.technique),
            ("by", &self.by),
            ("q", &self.q),
            ("from", &self.from),
            ("to", &self.to),
            ("view", &self.view),
            ("cursor", &self.cursor),
        ]
    }

    pub fn entries(&self) -> EntriesQuery {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        EntriesQuery {
            lane: some(&self.lane),
            kind: some(&self.kind),
            technique: some(&self.technique),
            by: some(&self.by),
            q: some(&self.q),
            from: some(&self.from),
            to: some(&self.to),
            cursor: some(&self.cursor),
            limit: Some(A_PAGE),
        }
    }

    /// The query with other words; blank ones leave it. Whoever narrows begins on the first page.
    pub fn with(&self, changes: &[(&str, &str)]) -> String {
        let changed = |name: &str| changes.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let parts: Vec<String> = self
            .pairs()
            .into_iter()
            .map(|(name, value)| {
                let kept = if name == "cursor" && !changes.is_empty() { "" } else { value };
                (name, changed(name).unwrap_or(kept))
            })
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// What narrows the entries, to be put behind another query.
    pub fn filter_only(&self) -> String {
        let plain = TimelineQuery { view: String::new(), cursor: String::new(), ..self.clone() };
        plain.with(&[]).replacen('?', "&", 1)
    }

    pub fn is_zoomed(&self) -> bool {
        !self.from.is_empty() || !self.to.is_empty()
    }

    pub fn is_narrowed(&self) -> bool {
        self.is_zoomed()
            || [&self.lane, &self.kind, &self.technique, &self.by, &self.q]
                .iter()
                .any(|text| !text.is_empty())
    }
}

/// A time as a browser's field takes it.
pub fn field(text: &str) -> String {
    match moment(text) {
        Ok(Some(at)) => Offset::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_what_is_not_changed_and_begins_anew() {
        let query = TimelineQuery {
            q: "a&b".to_owned(),
            lane: "response".to_owned(),
            cursor: "1.2".to_owned(),
            ..Default::default()
        };
        assert_eq!(query.with(&[]), "?lane=response&q=a%26b&cursor=1.2");
        assert_eq!(query.with(&[("lane", ""), ("kind", "note")]), "?kind=note&q=a%26b");
        assert_eq!(query.filter_only(), "&lane=response&q=a%26b");
        assert_eq!(TimelineQuery::default().with(&[]), "");
        assert_eq!(field("2026-11-24T03:04:05.678Z"), "2026-11-24T03:04:05");
        assert_eq!(field("soon"), "");
    }
}
