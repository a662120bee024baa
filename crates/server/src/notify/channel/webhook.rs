//! A webhook of anybody's, signed as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`.

use aws_lc_rs::hmac;
use base64::Engine;
use domain::notify::ChannelKind;
use serde_json::json;

use super::{Kind, Letter, Outgoing, Place, Way};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Webhook,
    address: "URL",
    detail: "",
    secret: "Key that signs each message",
    contact: None,
    needs_secret: true,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let body = json!({
        "type": "notification",
        "id": letter.key,
        "severity": letter.severity,
        "title": letter.subject,
        "text": letter.text,
        "link": letter.link,
        "at": letter.at,
    });
    let out = Outgoing::json(place.address.to_owned(), &body);
    // When it is sent, not when it was written: a receiver refuses what is old.
    let now = letter.now.as_second();
    let signed = format!("{}.{now}.{}", letter.key, out.body);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, place.secret.as_bytes()), signed.as_bytes());
    let tag = base64::engine::general_purpose::STANDARD.encode(tag.as_ref());
    out.header("webhook-id", letter.key.clone())
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", format!("v1,{tag}"))
}
