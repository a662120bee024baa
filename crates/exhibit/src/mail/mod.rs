//! A mail, from RFC 5322 text or an Outlook file: its header fields, the way that it says it came, what
//! servers claim to have checked, its bodies as text, its links made harmless, its attachments with their
//! hashes. Nothing here believes what a mail says of itself; nothing is fetched or drawn.

mod eml;
mod html;
mod links;
mod msg;
mod route;
mod seen;

use std::net::IpAddr;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::kind::{Identity, identify_bytes};
use crate::{Error, Kind, Result, Source, length, narrow, wide, window};

pub use links::{Link, defang};
pub use seen::Seen;

/// The largest mail that is read as one.
pub const LARGEST: u64 = 64 << 20;
/// The most header fields, and the most bytes of one, that are kept.
pub const MOST_FIELDS: usize = 1_000;
pub const LONGEST_FIELD: usize = 16 * 1024;
/// The most attachments that are kept.
pub const MOST_ATTACHMENTS: usize = 1_000;
/// The most bodies, and the most bytes of the text of one, that are kept.
pub const MOST_BODIES: usize = 50;
pub const LONGEST_TEXT: usize = 256 * 1024;
/// The most links that are kept.
pub const MOST_LINKS: usize = 500;

/// A mail as a person may see it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mail {
    pub subject: Option<String>,
    pub from: Vec<Address>,
    pub sender: Vec<Address>,
    pub reply_to: Vec<Address>,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    /// Where bounces go: the sender of the envelope, as the last server wrote it down.
    pub return_path: Option<String>,
    pub date: Option<Timestamp>,
    pub message_id: Option<String>,
    /// All fields in their order, folded lines joined and encoded words decoded.
    pub fields: Vec<Field>,
    /// The header as it stands in the mail.
    pub header: Vec<u8>,
    /// The way by the `Received` fields, the first server first.
    pub hops: Vec<Hop>,
    pub claims: Vec<Claim>,
    pub bodies: Vec<Body>,
    pub attachments: Vec<Attachment>,
    /// What about it is odd or was left out, in words.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    pub name: Option<String>,
    pub address: Option<String>,
}

/// A server that says that it had the mail (RFC 5321 §4.4). Only those of servers that one trusts are
/// worth anything: whoever sends can write any number of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    pub from: Option<String>,
    /// The address that the server saw, where it wrote one down.
    pub address: Option<IpAddr>,
    pub by: Option<String>,
    pub with: Option<String>,
    pub at: Option<Timestamp>,
    /// Seconds since the hop before; less than zero where clocks differ or somebody invented it.
    pub delay: Option<i64>,
    pub raw: String,
}

/// What a server claims to have found out about the sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The field that it stands in.
    pub field: String,
    /// Who claims it.
    pub by: Option<String>,
    /// `spf`, `dkim`, `dmarc`, …
    pub method: String,
    /// `pass`, `fail`, `none`, …
    pub result: String,
    pub about: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    Text,
    Html,
    Rtf,
}

impl BodyKind {
    pub const fn label(self) -> &'static str {
        match self {
            BodyKind::Text => "Plain text",
            BodyKind::Html => "HTML, shown as its text",
            BodyKind::Rtf => "RTF, kept as it is",
        }
    }

    /// The ending of its file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            BodyKind::Text => "txt",
            BodyKind::Html => "html",
            BodyKind::Rtf => "rtf",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Body {
    pub kind: BodyKind,
    /// Its text, without any markup.
    pub text: String,
    pub links: Vec<Link>,
    /// Its bytes, as the mail carries them.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attachment {
    /// Its place among the attachments, from 1 on.
    pub number: usize,
    pub name: Option<String>,
    /// The media type that the mail gives.
    pub declared: Option<String>,
    pub inline: bool,
    pub identity: Identity,
    /// Of its bytes, lower-case hexadecimal.
    pub sha256: String,
    pub bytes: Vec<u8>,
}

impl Attachment {
    fn new(
        number: usize,
        name: Option<String>,
        declared: Option<String>,
        inline: bool,
        bytes: Vec<u8>,
    ) -> Self {
        let identity = identify_bytes(&bytes, name.as_deref().unwrap_or_default());
        let sha256 = hex::encode(Sha256::digest(&bytes));
        Attachment { number, name, declared, inline, identity, sha256, bytes }
    }

    /// What it is called where it has no name.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) if !name.trim().is_empty() => name.clone(),
            _ if self.identity.kind == Kind::Mail => format!("attachment-{}.eml", self.number),
            _ if self.identity.kind == Kind::OutlookMessage => format!("attachment-{}.msg", self.number),
            _ => format!("attachment-{}.bin", self.number),
        }
    }
}

/// Reads a mail.
pub fn read(source: &mut impl Source, kind: Kind) -> Result<Mail> {
    let long = length(source)?;
    if long > LARGEST {
        return Err(Error::TooMuch {
            what: "A mail",
            limit: format!("{} MiB", LARGEST >> 20),
            instead: "Look at it as text, or split it with another tool and hand over its parts.",
        });
    }
    let bytes = window(source, 0, narrow(long))?;
    read_bytes(&bytes, kind)
}

/// Reads a mail that is in memory. The decoders under it are not ours and the bytes may be an attacker's:
/// should one panic, that is an error of this mail and not the end of the program.
pub fn read_bytes(bytes: &[u8], kind: Kind) -> Result<Mail> {
    if wide(bytes.len()) > LARGEST {
        return Err(Error::damaged("mail", "it is too large"));
    }
    let read = std::panic::catch_unwind(|| match kind {
        Kind::OutlookMessage => msg::read(bytes),
        Kind::Mail | Kind::Text | Kind::Html => eml::read(bytes),
        other => Err(Error::damaged("mail", format!("it is: {}", other.label()))),
    });
    let mut mail = read.unwrap_or_else(|_| Err(Error::damaged("mail", "its decoder gave up on it")))?;
    mail.doubt();
    Ok(mail)
}

impl Mail {
    /// Says what a careful reader would notice.
    fn doubt(&mut self) {
        let domain = |list: &[Address]| {
            let address = list.first().and_then(|first| first.address.as_deref())?;
            address.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase())
        };
        let from = domain(&self.from);
        if let (Some(from), Some(reply)) = (&from, domain(&self.reply_to))
            && *from != reply
        {
            self.warnings
                .push(format!("Answers go to another domain ({reply}) than it says to come from ({from})."));
        }
        if self.from.len() > 1 {
            self.warnings.push("It names more than one author.".to_owned());
        }
        for address in &self.from {
            if let Some(name) = address.name.as_deref().filter(|name| name.contains('@'))
                && address
                    .address
                    .as_deref()
                    .is_none_or(|real| !name.to_ascii_lowercase().contains(&real.to_ascii_lowercase()))
            {
                self.warnings
                    .push(format!("The author's name shows another address than the real one: {name}."));
            }
        }
        if self.bodies.iter().flat_map(|body| &body.links).any(|link| link.misleads) {
            self.warnings.push("A link shows one address and leads to another.".to_owned());
        }
    }

    /// Keeps a body while there is room.
    fn add_body(&mut self, kind: BodyKind, text: &str, links: Vec<Link>, bytes: Vec<u8>) {
        if self.bodies.len() == MOST_BODIES {
            self.warn_once(format!("It has more than {MOST_BODIES} bodies; the first are shown."));
            return;
        }
        let mut shown = text.to_owned();
        if shown.len() > LONGEST_TEXT {
            let mut end = LONGEST_TEXT;
            while !shown.is_char_boundary(end) {
                end -= 1;
            }
            shown.truncate(end);
            self.warn_once(format!(
                "A body is longer than {} KiB; its beginning is shown.",
                LONGEST_TEXT / 1024
            ));
        }
        self.bodies.push(Body { kind, text: shown, links, bytes });
    }

    fn add_attachment(
        &mut self,
        name: Option<String>,
        declared: Option<String>,
        inline: bool,
        bytes: Vec<u8>,
    ) {
        if self.attachments.len() == MOST_ATTACHMENTS {
            self.warn_once(format!("It has more than {MOST_ATTACHMENTS} attachments; the first are shown."));
            return;
        }
        let number = self.attachments.len() + 1;
        self.attachments.push(Attachment::new(number, name, declared, inline, bytes));
    }

    fn warn_once(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
