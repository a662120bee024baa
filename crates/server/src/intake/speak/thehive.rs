//! TheHive's alert, as `POST /api/alert` (v0: `artifacts`) and `POST /api/v1/alert` (v1:
//! `observables`) bring it, and the alert as TheHive shows it to who reads it back.

use domain::{EntityKind, Severity};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::report::{Facts, Report, about, techniques, text};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Alert {
    r#type: String,
    source: String,
    source_ref: String,
    title: String,
    description: String,
    severity: Option<u8>,
    date: Option<i64>,
    #[serde(default)]
    tags: Vec<String>,
    tlp: Option<u8>,
    pap: Option<u8>,
    external_link: Option<String>,
    #[serde(default)]
    custom_fields: Value,
    #[serde(default, alias = "artifacts")]
    observables: Vec<Observable>,
    #[serde(default)]
    procedures: Vec<Procedure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Observable {
    data_type: String,
    /// One value, or several.
    #[serde(default)]
    data: Value,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Procedure {
    pattern_id: String,
}

/// Reads an alert, or says why it is none.
pub fn read(body: &[u8]) -> Result<Report, String> {
    let alert: Alert = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    for (name, value) in [
        ("type", &alert.r#type),
        ("source", &alert.source),
        ("sourceRef", &alert.source_ref),
        ("title", &alert.title),
    ] {
        if value.trim().is_empty() {
            return Err(format!("{name} must not be empty"));
        }
    }
    let severity = match alert.severity.unwrap_or(2) {
        1 => Severity::Low,
        2 => Severity::Medium,
        3 => Severity::High,
        4 => Severity::Critical,
        other => return Err(format!("severity is 1 to 4, not {other}")),
    };
    let at = alert.date.map(Timestamp::from_millisecond).transpose();
    let at = at.map_err(|_| "date is milliseconds since 1970".to_owned())?;
    let values = values(&alert.observables);
    let named = values.iter().filter_map(|(of, value)| Some((kind(&of.data_type)?, value.as_str())));
    let mut found: Vec<String> = alert.tags.iter().flat_map(|tag| techniques(tag)).collect();
    found.extend(alert.procedures.iter().flat_map(|procedure| techniques(&procedure.pattern_id)));
    found.sort();
    found.dedup();
    let entity = about(&named);
    let facts = facts(&alert, &values)?;
    Ok(Report {
        // TheHive's own rule of what is the same alert.
        identity: json!(["thehive", alert.r#type, alert.source, alert.source_ref]).to_string(),
        title: alert.title,
        description: facts.under(&alert.description),
        severity,
        at,
        entity,
        techniques: found,
        origin: alert.source,
        reference: Some(alert.source_ref),
    })
}

fn values(observables: &[Observable]) -> Vec<(&Observable, String)> {
    observables
        .iter()
        .flat_map(|of| {
            let values: Vec<String> = match &of.data {
                Value::Array(list) => list.iter().filter_map(text).collect(),
                one => text(one).into_iter().collect(),
            };
            values.into_iter().map(move |value| (of, value))
        })
        .collect()
}

fn facts(alert: &Alert, values: &[(&Observable, String)]) -> Result<Facts, String> {
    let mut facts = Facts::default();
    let word = |name: &str, number: Option<u8>, words: [&'static str; 5], most: u8| match number {
        None => Ok(None),
        Some(number) if number > most => Err(format!("{name} is 0 to {most}, not {number}")),
        Some(number) => Ok(words.get(usize::from(number)).copied()),
    };
    facts.add("TLP", word("tlp", alert.tlp, ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"], 4)?);
    facts.add("PAP", word("pap", alert.pap, ["CLEAR", "GREEN", "AMBER", "RED", ""], 3)?);
    facts.add("Type", Some(&alert.r#type));
    facts.add("Tags", Some(&alert.tags.join(", ")));
    facts.add("Link", alert.external_link.as_deref());
    for (name, value) in custom_fields(&alert.custom_fields) {
        facts.add(&name, Some(&value));
    }
    for (of, value) in values {
        let message = of.message.as_deref().map(|message| format!(" ({message})")).unwrap_or_default();
        facts.add(&of.data_type, Some(&format!("{value}{message}")));
    }
    Ok(facts)
}

/// v0: `{name: {order, <type>: value}}`; v1: `{name: value}` or `[{name, value}]`.
fn custom_fields(fields: &Value) -> Vec<(String, String)> {
    match fields {
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| {
                let value = match value {
                    Value::Object(typed) => {
                        typed.iter().find(|(key, _)| *key != "order").and_then(|(_, value)| text(value))?
                    }
                    value => text(value)?,
                };
                Some((name.clone(), value))
            })
            .collect(),
        Value::Array(list) => list
            .iter()
            .filter_map(|one| Some((one.get("name")?.as_str()?.to_owned(), text(one.get("value")?)?)))
            .collect(),
        _ => Vec::new(),
    }
}

fn kind(data_type: &str) -> Option<EntityKind> {
    match data_type.to_ascii_lowercase().as_str() {
        "hostname" | "fqdn" | "host" => Some(EntityKind::Host),
        "ip" => Some(EntityKind::Address),
        "user-account" | "username" | "user" | "account" => Some(EntityKind::Account),
        _ => None,
    }
}

/// The alert as TheHive answers it: what was sent, and what TheHive adds.
pub fn shown(id: i64, created_ms: i64, by: &str, status: &str, sent: &Value) -> Value {
    let mut shown: Map<String, Value> = sent.as_object().cloned().unwrap_or_default();
    let name = format!("~{id}");
    for (member, value) in [
        ("_id", json!(name)),
        ("id", json!(name)),
        ("_type", json!("Alert")),
        ("_createdBy", json!(by)),
        ("_createdAt", json!(created_ms)),
        ("createdBy", json!(by)),
        ("createdAt", json!(created_ms)),
        ("status", json!(status)),
        ("stage", json!(status)),
        ("follow", json!(true)),
        ("read", json!(status != "New")),
    ] {
        shown.insert(member.to_owned(), value);
    }
    for (member, value) in [
        ("severity", json!(2)),
        ("date", json!(created_ms)),
        ("tags", json!([])),
        ("tlp", json!(2)),
        ("pap", json!(2)),
    ] {
        shown.entry(member.to_owned()).or_insert(value);
    }
    Value::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_read() {
        let v0 = json!({
            "type": "external", "source": "siem", "sourceRef": "a1", "title": "T", "description": "D",
            "severity": 3, "date": 1_764_000_000_000_i64, "tags": ["attack.t1059.001", "x"], "tlp": 2,
            "customFields": { "owner": { "order": 1, "string": "ada" } },
            "artifacts": [{ "dataType": "ip", "data": "192.0.2.1" }, { "dataType": "hostname", "data": "WS01" }],
        });
        let report = read(v0.to_string().as_bytes()).unwrap();
        assert_eq!(report.severity, Severity::High);
        assert_eq!(report.entity.to_string(), "host ws01");
        assert_eq!(report.techniques, ["T1059.001"]);
        assert_eq!(
            report.description,
            "D\n\nTLP: AMBER\nType: external\nTags: attack.t1059.001, x\nowner: ada\nip: 192.0.2.1\nhostname: WS01"
        );
        let v1 = json!({
            "type": "external", "source": "siem", "sourceRef": "a1", "title": "T", "description": "",
            "observables": [{ "dataType": "ip", "data": ["192.0.2.1", "192.0.2.2"], "message": "m" }],
            "procedures": [{ "patternId": "T1003", "occurDate": 1, "tactic": "x" }],
        });
        let other = read(v1.to_string().as_bytes()).unwrap();
        assert_eq!(other.identity, report.identity);
        assert_eq!(other.techniques, ["T1003"]);
        assert!(other.description.ends_with("ip: 192.0.2.1 (m)\nip: 192.0.2.2 (m)"));
    }

    #[test]
    fn what_is_no_alert_is_refused_with_the_reason() {
        let with = |name: &str, value: Value| {
            let mut alert =
                json!({ "type": "t", "source": "s", "sourceRef": "r", "title": "T", "description": "D" });
            alert[name] = value;
            read(alert.to_string().as_bytes()).unwrap_err()
        };
        assert_eq!(with("severity", json!(9)), "severity is 1 to 4, not 9");
        assert_eq!(with("tlp", json!(5)), "tlp is 0 to 4, not 5");
        assert_eq!(with("title", json!(" ")), "title must not be empty");
        assert_eq!(with("date", json!(i64::MAX)), "date is milliseconds since 1970");
        assert!(read(b"{\"type\":\"t\"}").unwrap_err().contains("source"));
        assert!(read("[".repeat(1_000_000).as_bytes()).is_err());
    }
}
