//! FortiGate's log messages: `date=… time=… devname=… logid=… type=… key=value …`.

use crate::{Event, LogSource, Value, auditd, time, web};

pub(crate) fn looks_like(text: &str) -> bool {
    text.starts_with("date=") && text.contains(" devid=") && text.contains(" logid=")
}

/// Sets the message's fields, its time, host and log source.
pub(crate) fn read(event: &mut Event, text: &str) {
    auditd::key_values(event, text);
    let written = match (event.text("date"), event.text("time"), event.text("tz")) {
        (Some(date), Some(clock), zone) => {
            time::parse(&format!("{date}T{clock}{}", zone.as_deref().unwrap_or("Z")))
        }
        _ => None,
    };
    event.time = event.get("eventtime").and_then(time::value).or(written).or(event.time);
    if let Some(name) = event.text("devname").map(std::borrow::Cow::into_owned) {
        event.host = Some(name);
    }
    let (category, service) = match event.text("type").as_deref() {
        Some("traffic") => (Some("firewall"), "traffic"),
        Some("utm") => (None, "utm"),
        _ => (None, "event"),
    };
    event.source = LogSource::of(Some("fortigate"), category, Some(service));
    web::flow(event, ["srcip", "srcport", "dstip", "dstport"]);
    event.set("message", Value::from(text));
}
