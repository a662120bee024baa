//! From an event's fields to observables, and to the entity that the event is about. Fields are known
//! by the names that Sigma rules use; the one table of them is [`meaning`].

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Observable, ObservableKind as Kind, noise, shape};
use crate::entity::{Entity, EntityKind};
use crate::words::words;

words! {
    /// The part that an observable plays in an event.
    pub enum ObservableRole, "role of an observable" {
        Source: "source", "Source";
        Destination: "destination", "Destination";
        /// Who does it.
        Actor: "actor", "Actor";
        /// To whom or what it is done.
        Target: "target", "Target";
        /// What started the process.
        Parent: "parent", "Parent";
    }
}

use ObservableRole::{Actor, Destination, Parent, Source, Target};

/// The fields in which an event names the machine that it happened on.
const HOSTS: [&str; 7] = [
    "Computer",
    "ComputerName",
    "hostname",
    "Hostname",
    "host.name",
    "agent.hostname",
    "winlog.computer_name",
];

/// An observable and the part that it plays.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sighting {
    pub observable: Observable,
    pub role: Option<ObservableRole>,
}

/// What a field holds.
enum Meaning {
    Host(Option<ObservableRole>),
    Account(ObservableRole),
    Address(ObservableRole),
    /// Addresses among other words, as in a DNS answer.
    Addresses(ObservableRole),
    /// A domain name; an address where somebody used one in its place.
    Domain(ObservableRole),
    /// A `Host` header, or a machine's name: a dotted name is taken for the former.
    HostOrDomain,
    Url(ObservableRole),
    Digest(Kind),
    /// `SHA1=…,MD5=…,SHA256=…,IMPHASH=…`
    Digests,
    File(ObservableRole),
    Process(ObservableRole),
    RegistryKey,
    /// An object of Windows auditing: a file or a registry key.
    Object,
    /// One or more mail addresses, with or without names.
    Mail(ObservableRole),
}

/// The table of fields. `name` is in lower case.
fn meaning(name: &str) -> Option<Meaning> {
    use Meaning::{
        Account, Address, Addresses, Digest, Digests, Domain, File, Host, HostOrDomain, Mail, Object,
        Process, RegistryKey, Url,
    };
    Some(match name {
        "computer"
        | "computername"
        | "hostname"
        | "host.name"
        | "host.hostname"
        | "agent.hostname"
        | "winlog.computer_name"
        | "devicename"
        | "machinename" => Host(None),
        "sourcehostname" | "workstation" | "workstationname" | "clientname" => Host(Some(Source)),
        "host" => HostOrDomain,

        "user"
        | "username"
        | "user.name"
        | "subjectusername"
        | "sourceuser"
        | "accountname"
        | "cs-username"
        | "useridentity.username"
        | "userprincipalname"
        | "actor.alternateid"
        | "user_name" => Account(Actor),
        "targetusername"
        | "targetuser"
        | "targetoutboundusername"
        | "samaccountname"
        | "newtargetusername"
        | "requestparameters.username" => Account(Target),

        "sourceip" | "src_ip" | "id.orig_h" | "ipaddress" | "clientaddress" | "clientip" | "client_ip"
        | "c-ip" | "source.ip" | "sourceaddress" | "sourceipaddress" | "srcip" | "remote_addr"
        | "client.ip" | "calleripaddress" => Address(Source),
        "destinationip" | "dest_ip" | "dst_ip" | "id.resp_h" | "destination.ip" | "destaddress"
        | "destinationaddress" | "dstip" | "server.ip" | "s-ip" => Address(Destination),
        "queryresults" | "answers" | "dns.resolved_ip" | "dns.answers.rdata" | "dns.grouped.a" => {
            Addresses(Destination)
        }

        "query"
        | "queryname"
        | "dns.question.name"
        | "dns.rrname"
        | "rrname"
        | "server_name"
        | "tls.sni"
        | "sni"
        | "http.hostname"
        | "cs-host"
        | "r-dns"
        | "url.domain"
        | "destination.domain"
        | "destinationhostname" => Domain(Destination),
        "url" | "url.full" | "url.original" | "c-uri" | "cs-uri" | "http.url" | "http_url" | "uri"
        | "remotename" => Url(Destination),

        "hashes" | "hash" | "filehash" | "winlog.event_data.hashes" => Digests,
        "md5" | "hash.md5" | "file.hash.md5" | "process.hash.md5" | "fileinfo.md5" => Digest(Kind::Md5),
        "sha1" | "hash.sha1" | "file.hash.sha1" | "process.hash.sha1" | "fileinfo.sha1" => Digest(Kind::Sha1),
        "sha256" | "hash.sha256" | "file.hash.sha256" | "process.hash.sha256" | "fileinfo.sha256" => {
            Digest(Kind::Sha256)
        }

        "targetfilename"
        | "file.path"
        | "imageloaded"
        | "fileinfo.filename"
        | "relativetargetname"
        | "destinationfilename" => File(Target),
        "objectname" => Object,
        "image" | "newprocessname" | "process.executable" | "exe" | "sourceimage" | "application" => {
            Process(Actor)
        }
        "processname" => Process(Actor),
        "targetimage" => Process(Target),
        "parentimage" | "parentprocessname" | "process.parent.executable" => Process(Parent),
        "targetobject" | "registry.path" => RegistryKey,

        "mailfrom" | "smtp.mail_from" | "from" | "email.from.address" | "senderaddress" | "sender" => {
            Mail(Source)
        }
        "rcptto" | "smtp.rcpt_to" | "to" | "email.to.address" | "recipientaddress" | "recipient" => {
            Mail(Destination)
        }
        _ => return None,
    })
}

/// The observables in one field of an event. A field that is not known, and a value that tells nothing
/// (`-`, `LOCAL SYSTEM`, `127.0.0.1`), give none.
pub fn from_field(name: &str, value: &str) -> Vec<Sighting> {
    let value = value.trim();
    let name = name.to_lowercase();
    let name = name.strip_prefix("winlog.event_data.").unwrap_or(&name);
    match meaning(name) {
        Some(meaning) if !noise::is_placeholder(value) => read(&meaning, value),
        _ => Vec::new(),
    }
}

/// The observables of a whole event, each part that a value plays once, in the order of the fields.
///
/// Where the event names its machine in a field of its own, a bare `host` is the collector that passed the
/// event on, which took no part in what happened.
pub fn from_event<'a>(fields: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Vec<Sighting> {
    let names_machine =
        fields.clone().any(|(name, value)| HOSTS.contains(&name) && host(value.trim()).is_some());
    let mut sightings = Vec::new();
    for (name, value) in fields.filter(|(name, _)| !(names_machine && *name == "host")) {
        for sighting in from_field(name, value) {
            if !sightings.contains(&sighting) {
                sightings.push(sighting);
            }
        }
    }
    sightings
}

fn read(meaning: &Meaning, value: &str) -> Vec<Sighting> {
    let one = |observable: Option<Observable>, role| {
        observable.map(|observable| Sighting { observable, role }).into_iter().collect()
    };
    match *meaning {
        Meaning::Host(role) => one(host(value), role),
        Meaning::Account(role) => one(account(value, role), Some(role)),
        Meaning::Address(role) => one(address(value), Some(role)),
        Meaning::Addresses(role) => value
            .split([';', ',', ' '])
            .filter_map(address)
            .map(|observable| Sighting { observable, role: Some(role) })
            .collect(),
        Meaning::Domain(role) => one(domain(value), Some(role)),
        Meaning::HostOrDomain if value.contains('.') => one(domain(value), Some(Destination)),
        Meaning::HostOrDomain => one(host(value), None),
        Meaning::Url(role) => {
            let url = Observable::new(Kind::Url, value).ok();
            let host = shape::host_of_url(value).and_then(domain);
            url.into_iter().chain(host).map(|observable| Sighting { observable, role: Some(role) }).collect()
        }
        Meaning::Digest(kind) => one(digest(kind, value), None),
        Meaning::Digests => {
            let found = value.split(',').filter_map(labelled_digest);
            found.map(|observable| Sighting { observable, role: None }).collect()
        }
        Meaning::File(role) => one(Observable::new(Kind::File, value).ok(), Some(role)),
        Meaning::Process(role) => one(process(value), Some(role)),
        Meaning::RegistryKey => one(Observable::new(Kind::RegistryKey, value).ok(), Some(Target)),
        Meaning::Object if shape::is_registry_key(value) => {
            one(Observable::new(Kind::RegistryKey, value).ok(), Some(Target))
        }
        Meaning::Object if shape::is_path(value) => {
            one(Observable::new(Kind::File, value).ok(), Some(Target))
        }
        Meaning::Object => Vec::new(),
        Meaning::Mail(role) => value
            .split([',', ';', ' ', '<', '>', '"'])
            .filter(|part| shape::is_email(part))
            .filter_map(|part| Observable::new(Kind::Email, part).ok())
            .map(|observable| Sighting { observable, role: Some(role) })
            .collect(),
    }
}

/// A host by its name, or by its address where that is all it has.
fn host(value: &str) -> Option<Observable> {
    let value = value.trim_start_matches('\\');
    if noise::is_this_host(value) || noise::is_placeholder(value) {
        return None;
    }
    address(value).or_else(|| Observable::new(Kind::Host, value).ok())
}

/// An account that stands for somebody. A machine's own account as the actor is the machine speaking for
/// itself, which the host says better; as the target it is worth noting, for that is how domain
/// controllers are impersonated.
fn account(value: &str, role: ObservableRole) -> Option<Observable> {
    let machine = role == Actor && noise::is_machine_account(value);
    if machine || noise::is_builtin_account(value) {
        return None;
    }
    Observable::new(Kind::Account, value).ok()
}

fn address(value: &str) -> Option<Observable> {
    shape::address(value).filter(|address| !noise::is_nobodys_address(*address)).map(Observable::from)
}

fn domain(value: &str) -> Option<Observable> {
    if shape::address(value).is_some() {
        return address(value);
    }
    let name = match value.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => value,
    };
    if noise::is_this_host(name) || noise::is_reverse_lookup(name) {
        return None;
    }
    Observable::new(Kind::Domain, name).ok()
}

fn digest(kind: Kind, value: &str) -> Option<Observable> {
    if noise::is_empty_digest(value) { None } else { Observable::new(kind, value).ok() }
}

/// `SHA256=…`, or a digest alone that tells its kind by its length. Import hashes identify no file.
fn labelled_digest(text: &str) -> Option<Observable> {
    let text = text.trim();
    let kind = match text.split_once('=') {
        Some((label, value)) => {
            let kind = label.trim().to_ascii_lowercase().parse().ok()?;
            return match kind {
                Kind::Md5 | Kind::Sha1 | Kind::Sha256 => digest(kind, value.trim()),
                _ => None,
            };
        }
        None => shape::kind_of(text)?,
    };
    match kind {
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 => digest(kind, text),
        _ => None,
    }
}

/// The kernel runs no file, so it is no observable.
fn process(value: &str) -> Option<Observable> {
    let kernel = ["system", "registry", "memory compression", "idle"];
    if kernel.iter().any(|name| value.eq_ignore_ascii_case(name)) {
        return None;
    }
    Observable::new(Kind::Process, value).ok()
}

/// Whom and what an event names: the machine that reports it, the address that it comes from, and the
/// account that acts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entities {
    pub host: Option<Entity>,
    pub address: Option<Entity>,
    pub account: Option<Entity>,
}

impl Entities {
    /// The one that the event is about: the host, else the address, else the account.
    pub fn main(&self) -> Entity {
        self.all().next().cloned().unwrap_or_else(Entity::unknown)
    }

    pub fn all(&self) -> impl Iterator<Item = &Entity> {
        self.host.iter().chain(&self.address).chain(&self.account)
    }
}

/// The entity that an event is about; see [`Entities::main`].
pub fn entity_of<'a>(field: impl Fn(&str) -> Option<Cow<'a, str>>) -> Entity {
    entities_of(field).main()
}

/// Whom and what an event names. `field` gives a field's value by its Sigma name.
pub fn entities_of<'a>(field: impl Fn(&str) -> Option<Cow<'a, str>>) -> Entities {
    const ADDRESSES: [&str; 11] = [
        "SourceIp",
        "id.orig_h",
        "src_ip",
        "source.ip",
        "sourceIPAddress",
        "IpAddress",
        "ClientAddress",
        "c-ip",
        "clientip",
        "client_ip",
        "callerIpAddress",
    ];
    const ACCOUNTS: [&str; 9] = [
        "userIdentity.userName",
        "SubjectUserName",
        "TargetUserName",
        "User",
        "user",
        "user.name",
        "username",
        "userPrincipalName",
        "cs-username",
    ];
    let first = |names: &[&str], kind: EntityKind, read: fn(&str) -> Option<Observable>| {
        let mut values = names.iter().filter_map(|name| field(name));
        values.find_map(|value| {
            let value = value.trim();
            if noise::is_placeholder(value) {
                return None;
            }
            Entity::new(kind, read(value)?.value()).ok()
        })
    };
    Entities {
        host: first(&HOSTS, EntityKind::Host, host),
        address: first(&ADDRESSES, EntityKind::Address, address),
        account: first(&ACCOUNTS, EntityKind::Account, |value| account(value, Actor)),
    }
}
