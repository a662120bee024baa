//! The values in a mail that are worth remembering: who sent it, from where, what it links to and carries.

use std::net::IpAddr;

use domain::observable::host_of_url;
use domain::{Observable, ObservableKind as Kind};

use super::{Address, Mail};

/// The most values that are proposed.
const MOST: usize = 300;

/// A value with the place in the mail that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub observable: Observable,
    pub place: String,
}

impl Mail {
    /// The values in it, each once, the most telling first. Addresses of private networks are left out:
    /// they are ours or say nothing.
    pub fn seen(&self) -> Vec<Seen> {
        let mut seen = Collected(Vec::new());
        for (list, place) in [(&self.from, "From"), (&self.sender, "Sender"), (&self.reply_to, "Reply-To")] {
            for address in list.iter().take(20) {
                seen.add_address(address, place);
            }
        }
        if let Some(path) = &self.return_path {
            seen.add_address(&Address { name: None, address: Some(path.clone()) }, "Return-Path");
        }
        for hop in &self.hops {
            if let Some(address) = hop.address.filter(is_public) {
                seen.push(Observable::from(address), "Received");
            }
        }
        for attachment in self.attachments.iter().filter(|attachment| !attachment.bytes.is_empty()) {
            let place = format!("attachment {}: {}", attachment.number, attachment.title());
            seen.add(Kind::Sha256, &attachment.sha256, &place);
        }
        for link in self.bodies.iter().flat_map(|body| &body.links) {
            let target = refanged(&link.target);
            let Some(host) = host_of_url(&target) else { continue };
            seen.add(Kind::Url, &target, "link");
            match host.parse::<IpAddr>() {
                Ok(address) if is_public(&address) => seen.push(Observable::from(address), "link"),
                Ok(_) => {}
                Err(_) => seen.add(Kind::Domain, host, "link"),
            }
        }
        if let Some(id) = &self.message_id {
            seen.add(Kind::MessageId, id, "Message-ID");
        }
        if let Some(subject) = &self.subject {
            seen.add(Kind::Subject, subject, "Subject");
        }
        seen.0
    }
}

struct Collected(Vec<Seen>);

impl Collected {
    fn add_address(&mut self, address: &Address, place: &str) {
        let Some(address) = address.address.as_deref() else { return };
        self.add(Kind::Email, address, place);
        if let Some((_, domain)) = address.rsplit_once('@') {
            self.add(Kind::Domain, domain, place);
        }
    }

    /// Adds the value if it is one of its kind.
    fn add(&mut self, kind: Kind, value: &str, place: &str) {
        if let Ok(observable) = Observable::new(kind, value) {
            self.push(observable, place);
        }
    }

    fn push(&mut self, observable: Observable, place: &str) {
        if self.0.len() < MOST && !self.0.iter().any(|known| known.observable == observable) {
            self.0.push(Seen { observable, place: place.to_owned() });
        }
    }
}

/// A link that somebody made harmless is still the link that it was.
fn refanged(target: &str) -> String {
    match target.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("hxxp") => {
            format!("http{}", target.get(4..).unwrap_or_default().replace("[.]", "."))
        }
        _ => target.to_owned(),
    }
}

/// Whether an address is one of the open network (RFC 6890).
fn is_public(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            !(v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast())
        }
    }
}
