//! Mails of our own writing, read as a person would see them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use domain::ObservableKind;
use exhibit::Kind;
use exhibit::mail::{BodyKind, Mail, read_bytes};
use support::{INVOICE, message, nested_message};

fn invoice() -> Mail {
    read_bytes(INVOICE, Kind::Mail).unwrap()
}

#[test]
fn the_header_is_read_as_it_says() {
    let mail = invoice();
    assert_eq!(mail.subject.as_deref(), Some("Rechnung 4711 – letzte Mahnung"));
    assert_eq!(mail.from[0].address.as_deref(), Some("billing@harbour-bank.exarnple.example"));
    assert_eq!(mail.reply_to[0].address.as_deref(), Some("accounts@freemail.example"));
    assert_eq!(mail.return_path.as_deref(), Some("bounce@mailer.evil.example"));
    assert_eq!(mail.message_id.as_deref(), Some("20261124020210.77@mailer.evil.example"));
    assert_eq!(mail.date.unwrap().to_string(), "2026-11-24T02:02:10Z");
    let names: Vec<&str> = mail.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names[..3], ["Return-Path", "Delivered-To", "Received"]);
    let subject = mail.fields.iter().find(|field| field.name == "Subject").unwrap();
    assert_eq!(subject.value, "Rechnung 4711 – letzte Mahnung");
    assert!(mail.header.starts_with(b"Return-Path:") && mail.header.ends_with(b"\"outer\"\n\n"));
}

#[test]
fn the_way_begins_at_the_first_server_and_tells_the_delays() {
    let mail = invoice();
    let hops: Vec<_> = mail.hops.iter().map(|hop| (hop.by.as_deref().unwrap(), hop.delay)).collect();
    assert_eq!(
        hops,
        [
            ("mailer.evil.example", None),
            ("mx1.harbour.example", Some(630)),
            ("store.harbour.example", Some(4))
        ]
    );
    assert_eq!(mail.hops[1].address.unwrap().to_string(), "203.0.113.77");
    assert_eq!(mail.hops[0].address.unwrap().to_string(), "198.51.100.9");
    assert!(mail.hops[1].raw.contains("4F00D"), "{}", mail.hops[1].raw);
}

#[test]
fn what_servers_claim_is_kept_as_claimed() {
    let mail = invoice();
    let claims: Vec<_> =
        mail.claims.iter().map(|claim| (claim.method.as_str(), claim.result.as_str())).collect();
    assert_eq!(
        claims,
        [("spf", "pass"), ("dkim", "none"), ("dmarc", "fail"), ("dkim signature", "not checked")]
    );
    assert_eq!(mail.claims[0].by.as_deref(), Some("mx1.harbour.example"));
}

#[test]
fn bodies_are_text_and_links_say_where_they_lead() {
    let mail = invoice();
    assert_eq!(mail.bodies.len(), 2);
    assert_eq!(mail.bodies[0].kind, BodyKind::Text);
    assert!(mail.bodies[0].text.contains("Mit freundlichen Grüßen"));
    assert_eq!(mail.bodies[0].links[0].target, "https://harbour-bank.exarnple.example/pay?id=4711&t=1");
    let html = &mail.bodies[1];
    assert!(html.text.contains("bitte zahlen Sie") && !html.text.contains("pwned"), "{}", html.text);
    let link = html.links.iter().find(|link| link.target.contains("login.evil")).unwrap();
    assert!(link.misleads);
    assert!(html.links.iter().any(|link| link.target == "http://track.evil.example/open.gif?u=panders"));
    assert!(html.bytes.starts_with(b"<html>"), "the body's own bytes are kept");
}

#[test]
fn attachments_have_the_bytes_that_were_attached() {
    let mail = invoice();
    let told: Vec<_> = mail.attachments.iter().map(|one| (one.title(), one.identity.kind)).collect();
    assert_eq!(
        told,
        [
            ("Rechnung.pdf.exe".to_owned(), Kind::WindowsProgram),
            ("earlier.eml".to_owned(), Kind::Mail),
            ("note.txt".to_owned(), Kind::Text)
        ]
    );
    assert!(!mail.attachments[0].identity.doubts.is_empty());
    assert_eq!(mail.attachments[2].bytes, b"\xff\xfeh\0i\0", "text is not turned into another encoding");
    let earlier = read_bytes(&mail.attachments[1].bytes, Kind::Mail).unwrap();
    assert_eq!(earlier.subject.as_deref(), Some("The earlier mail"));
    assert_eq!(earlier.bodies[0].text.trim(), "Please send the invoice again.");
}

#[test]
fn what_a_careful_reader_would_notice_is_said() {
    let warnings = invoice().warnings.join("\n");
    for said in ["Answers go to another domain", "shows another address", "leads to another"] {
        assert!(warnings.contains(said), "{said}: {warnings}");
    }
}

#[test]
fn values_worth_remembering_are_proposed_once() {
    let seen = invoice().seen();
    let values = |kind| -> Vec<String> {
        seen.iter()
            .filter(|one| one.observable.kind() == kind)
            .map(|one| one.observable.value().to_owned())
            .collect()
    };
    assert_eq!(values(ObservableKind::Ipv4), ["198.51.100.9", "203.0.113.77"], "10.0.0.25 is ours");
    assert!(values(ObservableKind::Email).contains(&"accounts@freemail.example".to_owned()));
    assert!(values(ObservableKind::Domain).contains(&"login.evil.example".to_owned()));
    assert!(values(ObservableKind::Url).contains(&"https://login.evil.example/pay?id=4711&t=1".to_owned()));
    assert_eq!(values(ObservableKind::Sha256).len(), 3);
    assert_eq!(values(ObservableKind::MessageId), ["20261124020210.77@mailer.evil.example"]);
    assert_eq!(values(ObservableKind::Subject), ["Rechnung 4711 – letzte Mahnung"]);
}

#[test]
fn an_outlook_message_is_read_by_its_properties() {
    let bytes = message();
    assert_eq!(exhibit::kind::identify_bytes(&bytes, "x.msg").kind, Kind::OutlookMessage);
    let mail = read_bytes(&bytes, Kind::OutlookMessage).unwrap();
    assert_eq!(mail.subject.as_deref(), Some("Rechnung 4711 – letzte Mahnung"), "the header's, decoded");
    assert_eq!(mail.hops.len(), 3, "the header that came by mail is read as that of any mail");
    assert_eq!(mail.bodies[0].text, "Grüße aus Outlook, siehe https://login.evil.example/msg");
    let html = &mail.bodies[1];
    assert_eq!((html.kind, html.text.trim()), (BodyKind::Html, "Grüße"), "the code page is heeded");
    let told: Vec<_> = mail.attachments.iter().map(|one| (one.title(), one.bytes.len())).collect();
    assert_eq!(told, [("Lieferschein für März.pdf".to_owned(), 12)]);
    assert_eq!(mail.attachments[0].identity.kind, Kind::Pdf);
}

#[test]
fn a_draft_has_no_header_and_says_what_its_properties_say() {
    let mail = read_bytes(&nested_message(), Kind::OutlookMessage).unwrap();
    assert_eq!(mail.subject.as_deref(), Some("Outer"));
    assert_eq!(mail.from[0].address.as_deref(), Some("petra@harbour.example"));
    assert_eq!(mail.to[0].address.as_deref(), Some("to@harbour.example"));
    assert_eq!(mail.cc[0].name.as_deref(), Some("In copy"));
    assert_eq!(mail.date.unwrap().to_string(), "2026-11-24T02:02:10Z");
    assert!(mail.warnings.iter().any(|warning| warning.contains("no header")));
}

#[test]
fn a_message_within_a_message_becomes_a_file_of_its_own() {
    let mail = read_bytes(&nested_message(), Kind::OutlookMessage).unwrap();
    let within = &mail.attachments[0];
    assert_eq!((within.title().as_str(), within.identity.kind), ("Inner.msg", Kind::OutlookMessage));
    let inner = read_bytes(&within.bytes, Kind::OutlookMessage).unwrap();
    assert_eq!(inner.subject.as_deref(), Some("Inner"));
    assert_eq!(inner.date.unwrap().to_string(), "2026-11-24T02:02:10Z", "its fixed properties are found");
    let again = read_bytes(&nested_message(), Kind::OutlookMessage).unwrap();
    assert_eq!(again.attachments[0].sha256, within.sha256, "the same message makes the same file");
}
