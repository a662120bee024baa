//! The texts of a record by which it is found: read from the state that its change commits to the ledger, so every
//! record that changes is indexed by the change itself.

use platform::search::Document;
use serde_json::Value;

use super::kind::Kind;

/// A record's new state.
#[derive(Debug, Clone, Copy)]
pub struct State<'s> {
    pub record: &'s str,
    pub body: &'s str,
    pub scope: Option<i64>,
    /// Microseconds since 1970.
    pub at: i64,
    pub leaf: i64,
}

/// The document of a record; `None` for records that nobody looks for.
pub fn of(state: &State<'_>) -> Option<Document> {
    let (kind, number) = Kind::of_record(state.record)?;
    let (title, texts) = texts_of(kind)?;
    let body: Value = serde_json::from_str(state.body).ok()?;
    let texts: Vec<String> = texts.iter().flat_map(|path| all(&body, path)).collect();
    Some(Document {
        id: kind.document(number),
        scope: state.scope,
        along: (kind == Kind::Alert).then(|| Kind::AlertValue.document(number)),
        at: state.at,
        leaf: state.leaf,
        name: state.record.to_owned(),
        title: all(&body, title).join(" "),
        body: texts.join("\n"),
    })
}

/// Where in a record's state its title stands, and where the rest of its texts.
fn texts_of(kind: Kind) -> Option<(&'static str, &'static [&'static str])> {
    Some(match kind {
        Kind::Incident => (
            "title",
            &["summary", "severity_reason", "root_cause", "lessons", "impact", "recommendations", "type"],
        ),
        Kind::Alert => {
            ("title", &["entity.name", "rule", "description", "reason", "reference", "origin", "techniques"])
        }
        Kind::Observable => ("value", &["note", "tags", "kind"]),
        Kind::Asset => ("name", &["note", "kind"]),
        Kind::Entry => ("text", &["by", "techniques"]),
        Kind::Decision => ("decision", &["reason", "maker"]),
        Kind::Task => ("title", &["instructions", "reason", "evidence", "role"]),
        Kind::Evidence => (
            "name",
            &[
                "sha256",
                "sha1",
                "md5",
                "note",
                "acquisition.device",
                "acquisition.serial",
                "acquisition.place",
                "acquisition.tool",
                "derived.part",
            ],
        ),
        Kind::Chat => ("text", &["by"]),
        Kind::Person => ("name", &["email", "role"]),
        // Their texts are not in their records; see `written` and `of_values`.
        Kind::AlertValue | Kind::Plan | Kind::Playbook => return None,
    })
}

/// The texts at a place such as `entity.name`; a list gives all of its texts.
fn all(body: &Value, path: &str) -> Vec<String> {
    let found = path.split('.').try_fold(body, |value, key| value.get(key));
    match found {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// The document of the values in an alert's first events.
pub fn of_values(alert: i64, scope: Option<i64>, at: i64, title: &str, values: &[&str]) -> Document {
    Document {
        id: Kind::AlertValue.document(alert),
        scope,
        along: None,
        at,
        leaf: 0,
        name: String::new(),
        title: title.to_owned(),
        body: values.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_found_by_what_it_says() {
        let body = r#"{"title":"LSASS read","entity":{"kind":"host","name":"ws-7"},"techniques":["T1003.001"],"reason":null}"#;
        let state = State { record: "ALR-3", body, scope: Some(2), at: 5, leaf: 9 };
        let document = of(&state).unwrap();
        assert_eq!((document.id, document.scope), (Kind::Alert.document(3), Some(2)));
        assert_eq!((document.title.as_str(), document.body.as_str()), ("LSASS read", "ws-7\nT1003.001"));
        assert_eq!(of(&State { record: "KEY-1", ..state }), None);
        assert_eq!(of(&State { body: "not json", ..state }), None);
    }
}
