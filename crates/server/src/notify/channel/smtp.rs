//! Mail as a channel: what an administrator says of the relay, and one mail of a letter. The conversation with the
//! relay is [`super::talk`]'s.

use domain::notify::ChannelKind;

use super::mail;
use super::talk::{self, Relay, Security};
use super::{Kind, Letter, Place, Told, Way, unreachable};
use crate::app::App;
use crate::error::{Error, Result};
use reqwest::Url;

pub const KIND: Kind = Kind {
    kind: ChannelKind::Smtp,
    address: "Relay: smtp://mail.example.org:587 (STARTTLS), smtps://mail.example.org:465 (TLS), or \
              smtp-unencrypted://10.0.0.5:25",
    detail: "Sender's address, such as watchbell@example.org",
    secret: "USER:PASSWORD, if the relay asks for it",
    contact: Some("E-mail address"),
    needs_secret: false,
    way: Way::Mail,
};

fn relay(address: &str) -> Result<Relay, String> {
    let wrong = || {
        "Write the relay as smtp://HOST:PORT, smtps://HOST:PORT or smtp-unencrypted://HOST:PORT.".to_owned()
    };
    let url = Url::parse(address).map_err(|_| wrong())?;
    let (security, usual) = match url.scheme() {
        "smtp" => (Security::StartTls, 587),
        "smtps" => (Security::Tls, 465),
        "smtp-unencrypted" => (Security::None, 25),
        _ => return Err(wrong()),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(wrong)?.to_owned();
    Ok(Relay { host, port: url.port().unwrap_or(usual), security })
}

pub fn check(address: &str, sender: &str) -> Result<()> {
    relay(address).map_err(Error::Invalid)?;
    if mail::is_address(sender) {
        Ok(())
    } else {
        Err(Error::Invalid("Name the sender's address, such as watchbell@example.org.".to_owned()))
    }
}

pub(super) async fn send(app: &App, place: &Place<'_>, letter: &Letter) -> Told {
    if !mail::is_address(&letter.to) {
        return Told::refused("This is no e-mail address.");
    }
    let relay = match relay(place.address) {
        Ok(relay) => relay,
        Err(wrong) => return Told::refused(wrong),
    };
    let addresses = match app.reach.public_addresses(&relay.host, relay.port).await {
        Ok(addresses) => addresses,
        Err(why) => return unreachable(&why),
    };
    let sign_in = place.secret.split_once(':');
    if sign_in.is_some() && relay.security == Security::None {
        return Told::refused("No password is sent over a connection that is not encrypted.");
    }
    talk::deliver(&relay, &addresses, sign_in, place.detail, &letter.to, &mail::of(place.detail, letter))
        .await
}
