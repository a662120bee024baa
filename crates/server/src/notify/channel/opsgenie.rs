//! Opsgenie: an alert of its Alert API. The alias makes all attempts one alert there.

use domain::Severity;
use domain::notify::ChannelKind;
use serde_json::json;

use super::{Kind, Letter, Outgoing, Place, Way, base};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Opsgenie,
    address: "Server: https://api.opsgenie.com, or https://api.eu.opsgenie.com",
    detail: "",
    secret: "Key of the API integration",
    contact: None,
    needs_secret: true,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let priority = match letter.severity {
        Severity::Critical => "P1",
        Severity::High => "P2",
        Severity::Medium => "P3",
        Severity::Low => "P4",
        Severity::Informational => "P5",
    };
    let message: String = letter.subject.chars().take(130).collect();
    let body = json!({
        "message": message,
        "alias": letter.key,
        "description": letter.whole(),
        "priority": priority,
        "source": "Watchbell",
    });
    Outgoing::json(format!("{}/v2/alerts", base(place.address)), &body)
        .header("authorization", format!("GenieKey {}", place.secret))
}
