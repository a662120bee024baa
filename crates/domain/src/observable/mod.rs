//! Observables: values seen in telemetry that are worth remembering, searching and sharing. Here is what
//! kinds there are and how a value is written; [`classify`](Observable::classify) tells the kind of a
//! value that a person gives, [`from_field`] finds them in an event's fields. Whether a
//! value is known to be bad ([`Standing`]) is what people say, not what it looks like.

mod field;
mod noise;
mod shape;
mod text;

pub use field::{Entities, ObservableRole, Sighting, entities_of, entity_of, from_event, from_field};
pub use shape::host_of_url;
pub use text::{InText, MOST_IN_TEXT, find_in_text};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{Error, Result};

words! {
    pub enum ObservableKind, "kind of observable" {
        Host: "host", "Host";
        Account: "account", "Account";
        Ipv4: "ipv4", "IPv4 address";
        Ipv6: "ipv6", "IPv6 address";
        Domain: "domain", "Domain name";
        Url: "url", "URL";
        Email: "email", "Mail address";
        Md5: "md5", "MD5";
        Sha1: "sha1", "SHA-1";
        Sha256: "sha256", "SHA-256";
        File: "file", "File";
        Process: "process", "Process";
        RegistryKey: "registry_key", "Registry key";
        MessageId: "message_id", "Message-ID";
        Subject: "mail_subject", "Mail subject";
    }
}

words! {
    /// What people have found an observable to be. Only an indicator is worth sharing and blocking.
    pub enum Standing, "standing of an observable" {
        Unknown: "unknown", "Unknown";
        /// Known bad.
        Indicator: "indicator", "Indicator";
        Benign: "benign", "Benign";
    }
}

impl Standing {
    /// How grave the word is, the gravest first: where two differ on one value, it holds.
    pub const fn order(self) -> u8 {
        match self {
            Self::Indicator => 0,
            Self::Unknown => 1,
            Self::Benign => 2,
        }
    }
}

impl ObservableKind {
    /// Whether such a thing, seen in our telemetry, is ours: an asset that the incident may affect.
    pub const fn is_asset(self) -> bool {
        matches!(self, Self::Host | Self::Account)
    }

    /// Whether the label is an ordinary word, which stands in lower case within a sentence.
    pub const fn is_plain_word(self) -> bool {
        matches!(
            self,
            Self::Host
                | Self::Account
                | Self::Domain
                | Self::Email
                | Self::File
                | Self::Process
                | Self::RegistryKey
        )
    }

    pub const fn is_digest(self) -> bool {
        matches!(self, Self::Md5 | Self::Sha1 | Self::Sha256)
    }

    /// How a value of this kind should look, for the refusal of one that does not.
    const fn shape(self) -> (&'static str, &'static str) {
        match self {
            Self::Host => ("a host name", "ws01 or ws01.example.org"),
            Self::Account => ("an account", "alice or EXAMPLE\\alice"),
            Self::Ipv4 => ("an IPv4 address", "192.0.2.7"),
            Self::Ipv6 => ("an IPv6 address", "2001:db8::7"),
            Self::Domain => ("a domain name", "www.example.org"),
            Self::Url => ("a URL", "https://example.org/path"),
            Self::Email => ("a mail address", "alice@example.org"),
            Self::Md5 => ("an MD5 digest", "32 hexadecimal digits"),
            Self::Sha1 => ("a SHA-1 digest", "40 hexadecimal digits"),
            Self::Sha256 => ("a SHA-256 digest", "64 hexadecimal digits"),
            Self::File => ("a file", "C:\\Users\\alice\\invoice.exe or /tmp/x"),
            Self::Process => ("a process", "C:\\Windows\\System32\\cmd.exe or /usr/bin/curl"),
            Self::RegistryKey => ("a registry key", "HKLM\\Software\\Example"),
            Self::MessageId => ("a Message-ID", "20261124.1@mail.example.org"),
            Self::Subject => ("a mail's subject", "Your invoice 4711"),
        }
    }
}

/// How many tags an observable may have, and how long each may be.
const MOST_TAGS: usize = 20;
const LONGEST_TAG: usize = 40;

/// Tags in their one spelling, each once: lower case, without the marks that part them.
pub fn tags<T: AsRef<str>>(given: &[T]) -> Result<Vec<String>> {
    let mut tags = std::collections::BTreeSet::new();
    for tag in given {
        let tag = crate::Line::new("a tag", &tag.as_ref().trim().to_lowercase())?.to_string();
        let length = tag.chars().count();
        if length > LONGEST_TAG {
            return Err(Error::TooLong { what: "a tag", limit: LONGEST_TAG, length });
        }
        if tag.contains(['"', '\\', ',']) {
            return Err(Error::Malformed { what: "a tag", value: tag, example: "c2 or kit-17" });
        }
        tags.insert(tag);
    }
    if tags.len() > MOST_TAGS {
        return Err(Error::TooMany { what: "tags", limit: MOST_TAGS, count: tags.len() });
    }
    Ok(tags.into_iter().collect())
}

/// A value under one spelling, so that the same thing seen twice is equal: names, accounts and digests in
/// lower case, a name without its trailing dot, an address in its canonical form. Paths and URLs stay as
/// they were written, because their case may matter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Observable {
    kind: ObservableKind,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    kind: ObservableKind,
    value: String,
}

impl TryFrom<Unchecked> for Observable {
    type Error = Error;

    fn try_from(raw: Unchecked) -> Result<Self> {
        Self::new(raw.kind, &raw.value)
    }
}

impl Observable {
    /// The longest value in characters.
    pub const LIMIT: usize = 2_048;

    pub fn new(kind: ObservableKind, value: &str) -> Result<Self> {
        let (what, example) = kind.shape();
        let value = value.trim();
        let length = value.chars().count();
        if length > Self::LIMIT {
            return Err(Error::TooLong { what, limit: Self::LIMIT, length });
        }
        if value.chars().any(char::is_control) {
            return Err(Error::NotOneLine { what });
        }
        match shape::canonical(kind, value) {
            Some(value) => Ok(Self { kind, value }),
            None => Err(Error::Malformed { what, value: value.to_owned(), example }),
        }
    }

    /// The observable that a value of unknown kind most likely is; `None` if it looks like nothing in
    /// particular. Understands the usual ways of making a value harmless (`hxxp://`, `example[.]org`).
    pub fn classify(value: &str) -> Option<Self> {
        let value = shape::refang(value.trim());
        Self::new(shape::kind_of(&value)?, &value).ok()
    }

    /// A text in which values were made harmless, with them as they are.
    pub fn refang(text: &str) -> String {
        shape::refang(text.trim())
    }

    /// The address in `text`, also with a port behind it.
    pub fn address(text: &str) -> Option<Self> {
        shape::address(text).map(Self::from)
    }

    /// An address that many organisations use for themselves.
    pub fn is_private_address(&self) -> bool {
        match self.value.parse() {
            Ok(std::net::IpAddr::V4(address)) => address.is_private() || address.is_link_local(),
            Ok(std::net::IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
            Err(_) => false,
        }
    }

    pub const fn kind(&self) -> ObservableKind {
        self.kind
    }

    pub fn value(&self) -> &str {
        &self.value
    }
}

impl From<std::net::IpAddr> for Observable {
    fn from(address: std::net::IpAddr) -> Self {
        let address = address.to_canonical();
        let kind = if address.is_ipv4() { ObservableKind::Ipv4 } else { ObservableKind::Ipv6 };
        Self { kind, value: address.to_string() }
    }
}

/// `domain example.org`
impl fmt::Display for Observable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.value)
    }
}
