//! From fields to observables and entities, and from values of unknown kind to their kind.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::borrow::Cow;
use std::fmt::Write;

use common::sentence;
use domain::observable::{Sighting, entity_of, from_event, from_field, host_of_url};
use domain::{Observable, ObservableKind};
use proptest::prelude::*;

/// `source ipv4 192.0.2.7, domain example.org`
fn shown(sightings: &[Sighting]) -> String {
    let mut text = String::new();
    for sighting in sightings {
        let comma = if text.is_empty() { "" } else { ", " };
        let role = sighting.role.map(|role| format!("{role} ")).unwrap_or_default();
        write!(text, "{comma}{role}{}", sighting.observable).unwrap();
    }
    text
}

#[test]
fn fields_give_observables() {
    let empty = "D41D8CD98F00B204E9800998ECF8427E";
    let md5 = "0123456789ABCDEF0123456789ABCDEF";
    let sha256 = "ABCDEF0123456789".repeat(4);
    let (md5_seen, sha_seen) =
        (format!("md5 {}", md5.to_lowercase()), format!("sha256 {}", sha256.to_lowercase()));
    let hashes = format!("MD5={md5},SHA256={sha256},IMPHASH={md5}");
    let table = [
        // Machines
        ("Computer", "WS01.Example.ORG", "host ws01.example.org"),
        ("winlog.computer_name", "WS01", "host ws01"),
        ("hostname", "192.0.2.7", "ipv4 192.0.2.7"),
        ("WorkstationName", "\\\\KALI", "source host kali"),
        ("host", "ws01", "host ws01"),
        ("host", "c2.example.net:8080", "destination domain c2.example.net"),
        ("host", "198.51.100.9", "destination ipv4 198.51.100.9"),
        // Accounts
        ("User", "EXAMPLE\\Alice", "actor account example\\alice"),
        ("SubjectUserName", "alice", "actor account alice"),
        ("TargetUserName", "Domain Admins", "target account domain admins"),
        ("TargetUserName", "DC01$", "target account dc01$"),
        ("SubjectUserName", "DC01$", ""),
        ("userIdentity.userName", "build-bot", "actor account build-bot"),
        ("winlog.event_data.TargetUserName", "bob", "target account bob"),
        ("SubjectUserName", "S-1-5-21-1-2-3-1104", "actor account s-1-5-21-1-2-3-1104"),
        // Addresses, also private ones
        ("SourceIp", "10.0.0.5", "source ipv4 10.0.0.5"),
        ("id.orig_h", "fe80:0:0:0:3b31:a8fa:5adc:7b9e", "source ipv6 fe80::3b31:a8fa:5adc:7b9e"),
        ("id.resp_h", "203.0.113.9", "destination ipv4 203.0.113.9"),
        ("IpAddress", "::ffff:192.0.2.7", "source ipv4 192.0.2.7"),
        ("ClientAddress", "192.0.2.7:49152", "source ipv4 192.0.2.7"),
        ("ClientAddress", "[2001:db8::7]:49152", "source ipv6 2001:db8::7"),
        ("dest_ip", "169.254.169.254", "destination ipv4 169.254.169.254"),
        ("sourceIPAddress", "cloudformation.amazonaws.com", ""),
        (
            "QueryResults",
            "type:  5 cdn.example.net;::ffff:192.0.2.8;2001:db8::8;",
            "destination ipv4 192.0.2.8, destination ipv6 2001:db8::8",
        ),
        // Names
        ("QueryName", "Evil.Example.NET.", "destination domain evil.example.net"),
        ("query", "wpad", ""),
        ("query", "7.2.0.192.in-addr.arpa", ""),
        ("query", "_ldap._tcp.example.org", "destination domain _ldap._tcp.example.org"),
        ("DestinationHostname", "files.example.net", "destination domain files.example.net"),
        (
            "url",
            "https://u:p@Evil.example.net:8443/a?b#c",
            "destination url https://u:p@Evil.example.net:8443/a?b#c, destination domain evil.example.net",
        ),
        (
            "url",
            "http://[2001:db8::7]/x",
            "destination url http://[2001:db8::7]/x, destination ipv6 2001:db8::7",
        ),
        ("uri", "/index.html", ""),
        // Digests
        ("Hashes", &hashes, &format!("{md5_seen}, {sha_seen}")),
        ("Hash", &sha256, &sha_seen),
        ("md5", md5, &md5_seen),
        ("md5", empty, ""),
        ("sha256", md5, ""),
        ("Hashes", "MD5=00000000000000000000000000000000", ""),
        // Files, processes, registry
        ("TargetFilename", "C:\\Users\\Alice\\x.exe", "target file C:\\Users\\Alice\\x.exe"),
        ("Image", "C:\\Windows\\System32\\cmd.exe", "actor process C:\\Windows\\System32\\cmd.exe"),
        ("ParentImage", "/usr/sbin/sshd", "parent process /usr/sbin/sshd"),
        ("Image", "System", ""),
        ("TargetObject", "HKLM\\Software\\Run", "target registry_key HKLM\\Software\\Run"),
        ("ObjectName", "\\REGISTRY\\MACHINE\\SAM", "target registry_key \\REGISTRY\\MACHINE\\SAM"),
        ("ObjectName", "C:\\pagefile.sys", "target file C:\\pagefile.sys"),
        ("ObjectName", "WinSta0", ""),
        // Mail
        ("mailfrom", "\"Bank\" <Info@Bank.example>", "source email info@bank.example"),
        (
            "rcptto",
            "a@example.org, b@example.org",
            "destination email a@example.org, destination email b@example.org",
        ),
        // What is no observable
        ("CommandLine", "whoami", ""),
    ];
    for (name, value, expected) in table {
        assert_eq!(shown(&from_field(name, value)), expected, "{name}: {value}");
        assert_eq!(shown(&from_field(&name.to_uppercase(), value)), expected, "{name} in capitals: {value}");
    }
}

#[test]
fn noise_gives_nothing() {
    for name in
        ["Computer", "User", "TargetUserName", "SourceIp", "QueryName", "url", "Hashes", "Image", "host"]
    {
        for value in ["", " ", "-", "(null)", "NULL", "N/A", "unknown"] {
            assert_eq!(from_field(name, value), [], "{name}: {value}");
        }
    }
    for account in [
        "SYSTEM",
        "LOCAL SYSTEM",
        "LOCAL SERVICE",
        "NETWORK SERVICE",
        "ANONYMOUS LOGON",
        "NT AUTHORITY\\SYSTEM",
        "AUTORITE NT\\Système",
        "Window Manager\\DWM-1",
        "UMFD-0",
        "S-1-5-18",
        "s-1-0-0",
        "-\\-",
        "IIS APPPOOL\\x",
    ] {
        assert_eq!(from_field("TargetUserName", account), [], "{account}");
    }
    for address in [
        "127.0.0.1",
        "127.8.8.8",
        "::1",
        "0.0.0.0",
        "::",
        "224.0.0.251",
        "ff02::fb",
        "255.255.255.255",
        "::ffff:127.0.0.1",
    ] {
        assert_eq!(from_field("SourceIp", address), [], "{address}");
        assert_eq!(from_field("Computer", address), [], "{address}");
        assert_eq!(from_field("query", address), [], "{address}");
    }
    assert_eq!(from_field("Computer", "localhost"), []);
}

#[test]
fn an_event_gives_each_observable_once_and_no_collector() {
    let fields = [
        ("Hostname", "WS01.example.org"),
        ("Computer", "ws01.example.org"),
        ("host", "collector.example.org"),
        ("User", "EXAMPLE\\alice"),
        ("SourceUser", "EXAMPLE\\Alice"),
    ];
    assert_eq!(shown(&from_event(fields.into_iter())), "host ws01.example.org, actor account example\\alice");
    let zeek = [("id.orig_h", "10.0.0.5"), ("host", "c2.example.net")];
    assert_eq!(
        shown(&from_event(zeek.into_iter())),
        "source ipv4 10.0.0.5, destination domain c2.example.net"
    );
}

#[test]
fn an_event_is_about_its_host_else_its_source_else_its_account() {
    let entity = |fields: &[(&str, &'static str)]| {
        let value = |name: &str| {
            fields.iter().find(|(field, _)| *field == name).map(|(_, value)| Cow::Borrowed(*value))
        };
        entity_of(value).to_string()
    };
    assert_eq!(entity(&[("Computer", "WS01."), ("IpAddress", "10.0.0.5"), ("User", "alice")]), "host ws01");
    assert_eq!(
        entity(&[("Computer", "-"), ("IpAddress", "10.0.0.5"), ("User", "alice")]),
        "address 10.0.0.5"
    );
    assert_eq!(
        entity(&[("IpAddress", "::1"), ("SubjectUserName", "SYSTEM"), ("User", "Alice")]),
        "account alice"
    );
    assert_eq!(
        entity(&[("sourceIPAddress", "config.amazonaws.com"), ("userIdentity.userName", "bot")]),
        "account bot"
    );
    assert_eq!(entity(&[("id.orig_h", "2001:DB8::7"), ("host", "c2.example.net")]), "address 2001:db8::7");
    assert_eq!(entity(&[("User", "NT AUTHORITY\\SYSTEM")]), "unknown unknown");
    assert_eq!(entity(&[]), "unknown unknown");
}

#[test]
fn values_of_unknown_kind_tell_their_kind() {
    let table = [
        ("192.0.2.7", "ipv4 192.0.2.7"),
        ("192.0.2[.]7", "ipv4 192.0.2.7"),
        ("2001:DB8::7", "ipv6 2001:db8::7"),
        ("hxxps://evil[.]example[.]net/a", "url https://evil.example.net/a"),
        ("Evil[.]Example.net.", "domain evil.example.net"),
        ("alice[@]example.org", "email alice@example.org"),
        ("EXAMPLE\\alice", "account example\\alice"),
        ("HKCU\\Software\\Run", "registry_key HKCU\\Software\\Run"),
        ("HKEY_LOCAL_MACHINE\\SAM", "registry_key HKEY_LOCAL_MACHINE\\SAM"),
        ("C:\\Temp\\a.exe", "file C:\\Temp\\a.exe"),
        ("\\\\fs01\\share\\a.doc", "file \\\\fs01\\share\\a.doc"),
        ("/tmp/.x", "file /tmp/.x"),
        ("invoice.exe", "file invoice.exe"),
        ("0123456789abcdef0123456789ABCDEF", "md5 0123456789abcdef0123456789abcdef"),
    ];
    for (value, expected) in table {
        assert_eq!(Observable::classify(value).unwrap().to_string(), expected, "{value}");
    }
    for nothing in ["", "alice", "hello world", "//", "1.2.3", "a..b", "x@", "-a.example.org"] {
        assert_eq!(Observable::classify(nothing), None, "{nothing}");
    }
}

#[test]
fn a_value_has_to_fit_its_kind() {
    assert_eq!(
        sentence(Observable::new(ObservableKind::Ipv4, "300.1.1.1")),
        "\"300.1.1.1\" is not an IPv4 address; write it like 192.0.2.7"
    );
    assert!(Observable::new(ObservableKind::Ipv6, "192.0.2.7").is_err());
    assert!(Observable::new(ObservableKind::Domain, "nodots").is_err());
    assert!(Observable::new(ObservableKind::File, "a\nb").is_err());
    assert!(Observable::new(ObservableKind::File, &"x".repeat(2_049)).is_err());
    let json = r#"{"kind":"domain","value":"Example.ORG"}"#;
    assert_eq!(serde_json::from_str::<Observable>(json).unwrap().value(), "example.org");
    assert!(serde_json::from_str::<Observable>(r#"{"kind":"md5","value":"xyz"}"#).is_err());
}

#[test]
fn hosts_and_accounts_are_ours() {
    let ours: Vec<_> = ObservableKind::ALL.iter().filter(|kind| kind.is_asset()).collect();
    assert_eq!(ours, [&ObservableKind::Host, &ObservableKind::Account]);
}

#[test]
fn a_url_has_its_host() {
    for (url, host) in [
        ("https://example.org", Some("example.org")),
        ("ftp://u:p@h@example.org:21/x", Some("example.org")),
        ("http://example.org\\@evil.example/", Some("example.org")),
        ("http://[2001:db8::7]:80/", Some("2001:db8::7")),
        ("http://[2001:db8::7", None),
        ("http:///x", None),
        ("://example.org", None),
        ("example.org/x", None),
        ("x y://example.org", None),
    ] {
        assert_eq!(host_of_url(url), host, "{url}");
    }
}

proptest! {
    /// Whatever stands in a field, what comes out is a checked value under its one spelling.
    #[test]
    fn what_is_found_is_canonical(
        name in proptest::sample::select(&["Computer", "User", "SourceIp", "host", "url", "Hashes", "query", "ObjectName", "mailfrom", "QueryResults"]),
        value in ".*",
    ) {
        for Sighting { observable, .. } in from_field(name, &value) {
            prop_assert_eq!(&Observable::new(observable.kind(), observable.value()).unwrap(), &observable);
        }
        if let Some(observable) = Observable::classify(&value) {
            prop_assert_eq!(&Observable::new(observable.kind(), observable.value()).unwrap(), &observable);
        }
        let _ = entity_of(|_| Some(Cow::Borrowed(value.as_str())));
    }
}

/// Real Windows events in their shippers' own shapes: each that names its machine is about that machine,
/// and no observable is noise.
#[test]
fn real_windows_events_are_about_their_machine() {
    let shared = std::env::var_os("WATCHBELL_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let Ok(lines) = std::fs::read_to_string(shared.join("data/windows-jsonl/mixed.jsonl")) else {
        println!("skipped: {} has no data/windows-jsonl/mixed.jsonl there", shared.display());
        return;
    };
    let (mut events, mut found, mut kinds) = (0, 0, std::collections::BTreeMap::new());
    for event in lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let fields: Vec<_> = event
            .as_object()
            .unwrap()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect();
        if !fields.iter().any(|(name, _)| ["Computer", "Hostname"].contains(name)) {
            continue;
        }
        let value = |name: &str| {
            fields.iter().find(|(field, _)| *field == name).map(|(_, value)| Cow::Borrowed(*value))
        };
        assert_eq!(entity_of(value).kind(), domain::EntityKind::Host, "{event}");
        let sightings = from_event(fields.iter().copied());
        assert!(
            sightings.iter().any(|sighting| sighting.observable.kind() == ObservableKind::Host),
            "{event}"
        );
        for Sighting { observable, .. } in &sightings {
            assert!(!["-", "system", "127.0.0.1", "::1"].contains(&observable.value()), "{event}");
            *kinds.entry(observable.kind()).or_insert(0) += 1;
        }
        events += 1;
        found += sightings.len();
    }
    println!("{events} events, {found} observables: {kinds:?}");
    assert!(events > 1_000, "{events}");
}
