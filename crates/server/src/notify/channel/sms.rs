//! A short message in the form that Twilio takes, and many gateways after it: three fields, signed in with the
//! account's id and token.

use domain::notify::ChannelKind;
use reqwest::Method;

use super::{Kind, Letter, Outgoing, Place, Way, base, basic, encode};

/// What fits into four parts of a concatenated message.
const LONGEST: usize = 600;

pub const KIND: Kind = Kind {
    kind: ChannelKind::Sms,
    address: "Server, such as https://api.twilio.com",
    detail: "Account's id and the sender's number, with a blank between them",
    secret: "Account's token",
    contact: Some("Number, such as +4930123456"),
    needs_secret: true,
    way: Way::Http(request),
};

fn request(place: &Place<'_>, letter: &Letter) -> Outgoing {
    let (account, from) = place.detail.split_once(' ').unwrap_or((place.detail, ""));
    let text = match &letter.link {
        Some(link) => format!("{} {link}", letter.subject),
        None => letter.subject.clone(),
    };
    let text: String = text.chars().take(LONGEST).collect();
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("To", &letter.to)
        .append_pair("From", from.trim())
        .append_pair("Body", &text)
        .finish();
    Outgoing {
        method: Method::POST,
        url: format!("{}/2010-04-01/Accounts/{}/Messages.json", base(place.address), encode(account)),
        headers: vec![
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
            ("authorization", basic(account, place.secret)),
        ],
        body,
    }
}
