//! PagerDuty: an event of its Events API v2. The key makes all attempts one alert there.

use domain::Severity;
use domain::notify::ChannelKind;
use serde_json::json;

use super::{Kind, Letter, Outgoing, Place, Way, base};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Pagerduty,
    address: "Server: https://events.pagerduty.com, or https://events.eu.pagerduty.com",
    detail: "",
    secret: "Integration key of the service",
    contact: None,
    needs_secret: true,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let severity = match letter.severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium | Severity::Low => "warning",
        Severity::Informational => "info",
    };
    let summary: String = letter.subject.chars().take(1024).collect();
    let links: Vec<_> =
        letter.link.iter().map(|link| json!({ "href": link, "text": "Answer in Watchbell" })).collect();
    let body = json!({
        "routing_key": place.secret,
        "event_action": "trigger",
        "dedup_key": letter.key,
        "payload": {
            "summary": summary,
            "source": "Watchbell",
            "severity": severity,
            "timestamp": letter.at,
            "custom_details": { "text": letter.text },
        },
        "links": links,
    });
    Outgoing::json(format!("{}/v2/enqueue", base(place.address)), &body)
}
