//! Mail by SMTP (RFC 5321), with STARTTLS or over TLS from the start; unencrypted only where the address says so. What
//! is sent has its own Date and Message-ID, the same for every attempt, and only headers that a relay has no reason to
//! change: signatures of DKIM that it adds hold.

use domain::notify::ChannelKind;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncTransport, Tokio1Executor};
use reqwest::Url;

use super::{Kind, Letter, PATIENCE, Place, Told, Way, short, unreachable};
use crate::app::App;
use crate::error::{Error, Result};

pub const KIND: Kind = Kind {
    kind: ChannelKind::Smtp,
    address: "Relay: smtp://mail.example.org:587 (STARTTLS), smtps://mail.example.org:465 (TLS), or \
              smtp-unencrypted://10.0.0.5:25",
    detail: "Sender, such as Watchbell <watchbell@example.org>",
    secret: "USER:PASSWORD, if the relay asks for it",
    contact: Some("E-mail address"),
    needs_secret: false,
    way: Way::Mail,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    StartTls,
    Tls,
    None,
}

struct Relay {
    host: String,
    port: u16,
    security: Security,
}

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
    let named = sender.parse::<Mailbox>();
    named.map(|_| ()).map_err(|_| {
        Error::Invalid("Name the sender, such as Watchbell <watchbell@example.org>.".to_owned())
    })
}

pub(super) async fn send(app: &App, place: &Place<'_>, letter: &Letter) -> Told {
    let message = match message(place, letter) {
        Ok(message) => message,
        Err(wrong) => return Told::refused(wrong),
    };
    let relay = match relay(place.address) {
        Ok(relay) => relay,
        Err(wrong) => return Told::refused(wrong),
    };
    let address = match app.reach.public_addresses(&relay.host, relay.port).await {
        Ok(found) => found.first().map(|address| address.ip().to_string()),
        Err(why) => return unreachable(&why),
    };
    let Some(address) = address else { return Told::failed("The relay has no address.") };
    let tls = match relay.security {
        Security::None => Ok(Tls::None),
        Security::StartTls => TlsParameters::new(relay.host.clone()).map(Tls::Required),
        Security::Tls => TlsParameters::new(relay.host.clone()).map(Tls::Wrapper),
    };
    let Ok(tls) = tls else { return Told::refused("TLS to this relay cannot be set up.") };
    // The connection goes to the address that was judged; the certificate is asked of the name.
    let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address)
        .port(relay.port)
        .timeout(Some(PATIENCE))
        .hello_name(ClientId::Domain(domain_of(place.detail)))
        .tls(tls);
    if let Some((user, password)) = place.secret.split_once(':') {
        if relay.security == Security::None {
            return Told::refused("No password is sent over a connection that is not encrypted.");
        }
        transport = transport.credentials(Credentials::new(user.to_owned(), password.to_owned()));
    }
    match transport.build().send(message).await {
        Ok(answer) => Told {
            sent: true,
            again: false,
            answer: format!("{} {}", answer.code(), short(&answer.message().collect::<Vec<_>>().join(" "))),
        },
        Err(error) => Told { sent: false, again: !error.is_permanent(), answer: short(&words(&error)) },
    }
}

/// An error with what is behind it.
fn words(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        said = format!("{said}: {cause}");
        behind = cause.source();
    }
    said
}

fn domain_of(sender: &str) -> String {
    sender.parse::<Mailbox>().map_or_else(|_| "watchbell.invalid".to_owned(), |from| from.email.domain().to_owned())
}

fn message(place: &Place<'_>, letter: &Letter) -> Result<Message, String> {
    let from: Mailbox = place.detail.parse().map_err(|_| "The channel's sender is no address.".to_owned())?;
    let to: Mailbox = letter.to.parse().map_err(|_| "This is no e-mail address.".to_owned())?;
    let date = std::time::SystemTime::from(letter.at);
    let id = format!("<{}.{}@{}>", letter.key.to_lowercase(), letter.at.as_microsecond(), from.email.domain());
    Message::builder()
        .from(from)
        .to(to)
        .subject(letter.subject.replace(char::is_control, " "))
        .date(date)
        .message_id(Some(id))
        .header(lettre::message::header::ContentType::TEXT_PLAIN)
        .body(letter.whole())
        .map_err(|error| format!("No mail can be made of this: {error}"))
}
