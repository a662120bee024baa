//! DFIR-IRIS's alert, as `POST /alerts/add` brings it, and the envelope of its answers.

use domain::{EntityKind, Severity};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::report::{Facts, Report, about, techniques, text};

#[derive(Deserialize)]
struct Alert {
    alert_title: String,
    alert_severity_id: u8,
    alert_status_id: i64,
    alert_customer_id: i64,
    alert_description: Option<String>,
    alert_source: Option<String>,
    alert_source_ref: Option<String>,
    alert_source_link: Option<String>,
    alert_source_event_time: Option<String>,
    alert_note: Option<String>,
    alert_tags: Option<String>,
    alert_context: Option<Map<String, Value>>,
    #[serde(default)]
    alert_iocs: Vec<Ioc>,
    #[serde(default)]
    alert_assets: Vec<Asset>,
}

#[derive(Deserialize)]
struct Ioc {
    ioc_value: Value,
    ioc_description: Option<String>,
}

#[derive(Deserialize)]
struct Asset {
    asset_name: String,
    asset_ip: Option<String>,
}

/// Reads an alert, or says why it is none.
pub fn read(body: &[u8]) -> Result<Report, String> {
    let alert: Alert = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    if alert.alert_title.trim().is_empty() {
        return Err("alert_title must not be empty".to_owned());
    }
    let severity = match alert.alert_severity_id {
        2 => Severity::Informational,
        3 => Severity::Low,
        // Nobody said how bad it is.
        1 | 4 => Severity::Medium,
        5 => Severity::High,
        6 => Severity::Critical,
        other => return Err(format!("alert_severity_id is 1 to 6, not {other}")),
    };
    let at = alert.alert_source_event_time.as_deref().map(time).transpose()?;
    let named = alert.alert_assets.iter().flat_map(|asset| {
        let address = asset.asset_ip.as_deref().map(|ip| (EntityKind::Address, ip));
        [Some((EntityKind::Host, asset.asset_name.as_str())), address].into_iter().flatten()
    });
    let entity = about(&named);
    let tags = alert.alert_tags.as_deref().unwrap_or_default();
    let origin = alert.alert_source.clone().unwrap_or_else(|| "IRIS client".to_owned());
    let reference = alert.alert_source_ref.clone().filter(|text| !text.trim().is_empty());
    // IRIS itself takes whatever comes as new. Without a name of its own it is known by what it says.
    let own = reference.clone().unwrap_or_else(|| hex::encode(Sha256::digest(body)));
    Ok(Report {
        identity: json!(["iris", origin, own]).to_string(),
        description: facts(&alert).under(alert.alert_description.as_deref().unwrap_or_default()),
        techniques: techniques(tags).collect(),
        title: alert.alert_title,
        severity,
        at,
        entity,
        origin,
        reference,
    })
}

fn facts(alert: &Alert) -> Facts {
    let mut facts = Facts::default();
    facts.add("Note", alert.alert_note.as_deref());
    facts.add("Tags", alert.alert_tags.as_deref());
    facts.add("Link", alert.alert_source_link.as_deref());
    facts.add("Customer", Some(&alert.alert_customer_id.to_string()));
    facts.add("IRIS status", Some(&alert.alert_status_id.to_string()));
    for (name, value) in alert.alert_context.iter().flatten() {
        facts.add(name, text(value).as_deref());
    }
    for ioc in &alert.alert_iocs {
        let about = ioc.ioc_description.as_deref().map(|about| format!(" ({about})")).unwrap_or_default();
        facts.add("IOC", text(&ioc.ioc_value).map(|value| format!("{value}{about}")).as_deref());
    }
    for asset in &alert.alert_assets {
        let ip = asset.asset_ip.as_deref().map(|ip| format!(" ({ip})")).unwrap_or_default();
        facts.add("Asset", Some(&format!("{}{ip}", asset.asset_name)));
    }
    facts
}

/// RFC 3339, or without a zone, which is UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let civil: Option<DateTime> = text.parse().ok();
    let time = civil.and_then(|civil| Offset::UTC.to_timestamp(civil).ok());
    time.ok_or_else(|| "alert_source_event_time is a date and time".to_owned())
}

/// The alert as IRIS answers it: what was sent, and what IRIS adds.
pub fn shown(id: i64, created: Timestamp, sent: &Value) -> Value {
    let mut shown: Map<String, Value> = sent.as_object().cloned().unwrap_or_default();
    shown.insert("alert_id".to_owned(), json!(id));
    shown.insert("alert_creation_time".to_owned(), json!(created.to_string()));
    Value::Object(shown)
}

pub fn success(message: &str, data: &Value) -> Value {
    json!({ "status": "success", "message": message, "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_read() {
        let alert = json!({
            "alert_title": "T", "alert_severity_id": 5, "alert_status_id": 2, "alert_customer_id": 1,
            "alert_source": "ElastAlert2", "alert_source_event_time": "2026-11-24T03:00:00",
            "alert_tags": "T1003,x", "alert_iocs": [{ "ioc_value": "evil.example", "ioc_type_id": 20 }],
            "alert_assets": [{ "asset_name": "WS01", "asset_ip": "192.0.2.1", "asset_type_id": 9 }],
            "alert_description": null,
        });
        let report = read(alert.to_string().as_bytes()).unwrap();
        assert_eq!((report.severity, report.entity.to_string().as_str()), (Severity::High, "host ws01"));
        assert_eq!(report.at.unwrap().to_string(), "2026-11-24T03:00:00Z");
        assert_eq!(report.techniques, ["T1003"]);
        assert!(report.description.contains("IOC: evil.example\nAsset: WS01 (192.0.2.1)"));
    }

    #[test]
    fn what_is_no_alert_is_refused_with_the_reason() {
        assert!(read(b"{}").unwrap_err().contains("alert_title"));
        let bad = r#"{"alert_title":"T","alert_severity_id":9,"alert_status_id":1,"alert_customer_id":1}"#;
        assert_eq!(read(bad.as_bytes()).unwrap_err(), "alert_severity_id is 1 to 6, not 9");
    }
}
