//! Matrix: an event put into a room by the client-server API (v1.3 §9.7). The transaction's id makes it one event,
//! however often it is sent.

use domain::notify::ChannelKind;
use reqwest::Method;
use serde_json::json;

use super::{Kind, Letter, Outgoing, Place, Way, base, encode};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Matrix,
    address: "Homeserver, such as https://matrix.example.org",
    detail: "Room, such as !abc:example.org",
    secret: "Access token",
    contact: None,
    needs_secret: true,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let url = format!(
        "{}/_matrix/client/v3/rooms/{}/send/m.room.message/{}",
        base(place.address),
        encode(place.detail),
        encode(&letter.key)
    );
    let body = json!({ "msgtype": "m.text", "body": format!("{}\n\n{}", letter.subject, letter.whole()) });
    let out = Outgoing::json(url, &body).header("authorization", format!("Bearer {}", place.secret));
    Outgoing { method: Method::PUT, ..out }
}
