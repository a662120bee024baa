//! ntfy: published as JSON at the server's root, so that titles may hold any letter. The topic is the person's.

use domain::Severity;
use domain::notify::ChannelKind;
use serde_json::json;

use super::{Kind, Letter, Outgoing, Place, Way, base};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Ntfy,
    address: "Server, such as https://ntfy.example.org",
    detail: "Topic of a team, where steps of the escalation go",
    secret: "Access token, if the server asks for one",
    contact: Some("Topic"),
    needs_secret: false,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let priority = match letter.severity {
        Severity::Critical => 5,
        Severity::High => 4,
        Severity::Medium => 3,
        Severity::Low => 2,
        Severity::Informational => 1,
    };
    let topic = if letter.to.is_empty() { place.detail } else { &letter.to };
    let mut body = json!({
        "topic": topic, "title": letter.subject, "message": letter.text, "priority": priority,
    });
    if let (Some(link), Some(fields)) = (&letter.link, body.as_object_mut()) {
        fields.insert("actions".to_owned(), json!([{ "action": "view", "label": "Answer", "url": link }]));
    }
    let out = Outgoing::json(format!("{}/", base(place.address)), &body);
    if place.secret.is_empty() {
        out
    } else {
        out.header("authorization", format!("Bearer {}", place.secret))
    }
}
