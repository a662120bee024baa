//! The protocols. A kind is a file and a line in [`KINDS`]: most make one request over HTTP of a letter, mail speaks
//! SMTP. What the other side answers is kept in its own words, cut short.

mod chat;
mod mail;
mod matrix;
mod ntfy;
mod opsgenie;
mod pagerduty;
mod sms;
mod smtp;
mod talk;
mod webhook;

use std::time::Duration;

use base64::Engine;
use domain::Severity;
use domain::notify::ChannelKind;
use jiff::Timestamp;
use reqwest::{Method, Url};

use super::settings::{self, Channel};
use crate::app::App;
use crate::egress::{self, Unreachable};
use crate::error::{Error, Result};

/// How long the other side has for its answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of an answer is kept, in characters.
const KEPT: usize = 300;

/// What is sent to one address.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The same for every attempt: whoever understands it takes the message once.
    pub key: String,
    pub subject: String,
    pub text: String,
    /// Where it is answered.
    pub link: Option<String>,
    pub severity: Severity,
    /// When it was written …
    pub at: Timestamp,
    /// … and when it is sent.
    pub now: Timestamp,
    pub to: String,
}

impl Letter {
    /// Text and link, for protocols that know no links.
    pub fn whole(&self) -> String {
        match &self.link {
            Some(link) => format!("{}\n\nAnswer without signing in: {link}\n", self.text),
            None => format!("{}\n", self.text),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Told {
    pub sent: bool,
    /// Whether trying again may help.
    pub again: bool,
    pub answer: String,
}

impl Told {
    pub fn refused(answer: impl Into<String>) -> Self {
        Told { sent: false, again: false, answer: answer.into() }
    }

    fn failed(answer: impl Into<String>) -> Self {
        Told { sent: false, again: true, answer: answer.into() }
    }
}

/// One request.
#[derive(Debug)]
struct Outgoing {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Outgoing {
    fn json(url: String, body: &serde_json::Value) -> Self {
        Outgoing {
            method: Method::POST,
            url,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_string(),
        }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What a request is made of.
struct Place<'c> {
    address: &'c str,
    detail: &'c str,
    secret: &'c str,
}

enum Way {
    Mail,
    Http(fn(&Place<'_>, &Letter) -> Outgoing),
}

/// What a kind asks an administrator for, and how it sends.
pub struct Kind {
    pub kind: ChannelKind,
    pub address: &'static str,
    pub detail: &'static str,
    pub secret: &'static str,
    /// What a person gives to be reached by it; none where a team reads it.
    pub contact: Option<&'static str>,
    needs_secret: bool,
    way: Way,
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    smtp::KIND,
    webhook::KIND,
    chat::SLACK,
    chat::TEAMS,
    chat::MATTERMOST,
    matrix::KIND,
    ntfy::KIND,
    pagerduty::KIND,
    opsgenie::KIND,
    sms::KIND,
];

pub fn kind(kind: ChannelKind) -> Option<&'static Kind> {
    KINDS.iter().find(|known| known.kind == kind)
}

/// Refuses a channel that could never send.
pub fn check(channel: &Channel, secret: Option<&str>) -> Result<()> {
    let known = kind(channel.kind).ok_or(Error::NotFound("kind of channel"))?;
    if known.needs_secret && secret.is_none() {
        return Err(Error::Invalid(format!("{} needs a secret: {}.", channel.kind.label(), known.secret)));
    }
    match known.way {
        Way::Mail => smtp::check(&channel.address, &channel.detail),
        Way::Http(request) => {
            let place = Place {
                address: &channel.address,
                detail: &channel.detail,
                secret: secret.unwrap_or_default(),
            };
            let letter = Letter {
                key: "k".to_owned(),
                subject: "s".to_owned(),
                text: "t".to_owned(),
                link: None,
                severity: Severity::Low,
                at: Timestamp::UNIX_EPOCH,
                now: Timestamp::UNIX_EPOCH,
                to: "to".to_owned(),
            };
            url(&request(&place, &letter).url).map(|_| ()).map_err(Error::Invalid)
        }
    }
}

/// Refuses what is no address for this kind.
pub fn check_address(of: ChannelKind, address: &str) -> Result<()> {
    let wrong = |say: &str| Err(Error::Invalid(say.to_owned()));
    let Some(known) = kind(of) else { return Err(Error::NotFound("kind of channel")) };
    if known.contact.is_none() && !address.is_empty() {
        return wrong("This channel has one address for all: leave yours empty.");
    }
    match of {
        ChannelKind::Smtp if !mail::is_address(address) => {
            wrong("Give an e-mail address such as responder@example.org.")
        }
        ChannelKind::Sms
            if !address.strip_prefix('+').is_some_and(|digits| {
                (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
            }) =>
        {
            wrong("Give a number with its country's code, such as +4930123456.")
        }
        ChannelKind::Ntfy
            if address.is_empty()
                || address.len() > 64
                || !address.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) =>
        {
            wrong("A topic is made of letters, digits, hyphens and underscores.")
        }
        _ => Ok(()),
    }
}

/// Sends a letter and says what came of it. It never takes longer than a moment over the protocol's patience.
pub async fn transmit(app: &App, channel: &Channel, letter: &Letter) -> Told {
    let secret = match settings::secret(app, channel) {
        Ok(secret) => secret,
        Err(error) => return Told::refused(format!("The secret cannot be opened: {error}")),
    };
    let Some(known) = kind(channel.kind) else { return Told::refused("There is no such kind of channel.") };
    let place = Place {
        address: &channel.address,
        detail: &channel.detail,
        secret: secret.as_deref().unwrap_or_default(),
    };
    let sending = async {
        match known.way {
            Way::Mail => smtp::send(app, &place, letter).await,
            Way::Http(request) => post(app, request(&place, letter)).await,
        }
    };
    let told = tokio::time::timeout(PATIENCE + Duration::from_secs(5), sending).await;
    told.unwrap_or_else(|_| Told::failed("No answer in time."))
}

fn url(text: &str) -> Result<Url, String> {
    let wrong = || "The channel's address is no http or https URL.".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain =
        ["http", "https"].contains(&url.scheme()) && url.username().is_empty() && url.password().is_none();
    if plain && url.host_str().is_some() { Ok(url) } else { Err(wrong()) }
}

async fn post(app: &App, out: Outgoing) -> Told {
    let url = match url(&out.url) {
        Ok(url) => url,
        Err(wrong) => return Told::refused(wrong),
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    let addresses = match app.reach.public_addresses(&host, url.port_or_known_default().unwrap_or(443)).await
    {
        Ok(addresses) => addresses,
        Err(why) => return unreachable(&why),
    };
    let Some(client) = egress::client(&host, &addresses, PATIENCE) else {
        return Told::refused("No client for HTTP could be made.");
    };
    let request = out
        .headers
        .iter()
        .fold(client.request(out.method, url), |request, (name, value)| request.header(*name, value));
    match request.body(out.body).send().await {
        Ok(response) => heard(response).await,
        Err(error) if error.is_timeout() => Told::failed("No answer in time."),
        Err(error) if error.is_connect() => Told::failed("No connection to the host."),
        Err(error) if error.is_builder() => {
            Told::refused("No request can be made of this channel's settings.")
        }
        Err(_) => Told::failed("The connection broke off before the answer."),
    }
}

fn unreachable(why: &Unreachable) -> Told {
    Told { sent: false, again: matches!(why, Unreachable::Unknown(_)), answer: why.to_string() }
}

async fn heard(mut response: reqwest::Response) -> Told {
    let status = response.status();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > 4 * KEPT {
            break;
        }
    }
    let said = short(&String::from_utf8_lossy(&body));
    let again = status.is_server_error() || [408, 425, 429].contains(&status.as_u16());
    Told { sent: status.is_success(), again, answer: format!("HTTP {status}: {said}") }
}

/// An answer on one line.
fn short(said: &str) -> String {
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(KEPT).collect()
}

fn base(address: &str) -> &str {
    address.trim_end_matches('/')
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// Text as a part of a path.
fn encode(text: &str) -> String {
    crate::web::parts::encode(text)
}
