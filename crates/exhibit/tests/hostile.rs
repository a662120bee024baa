//! Bytes that were made to do harm: each is shown as far as it goes, or refused with a word that says why.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use std::io::{Cursor, Read, Write};
use std::path::PathBuf;

use exhibit::archive::{self, FREE, Listing};
use exhibit::mail::{MOST_ATTACHMENTS, read_bytes};
use exhibit::{Error, Kind, kind};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use proptest::prelude::*;
use support::{INVOICE, message, nested_message};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A ZIP of deflated members, with these flags; the size that is stated for a member may be a lie.
fn zip(members: &[(&str, &[u8])], flags: u16) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let packed = deflate(content);
        let at = u32::try_from(file.len()).unwrap();
        let length = |bytes: usize| u32::try_from(bytes).unwrap().to_le_bytes();
        let mut common = Vec::new();
        common.extend_from_slice(&20u16.to_le_bytes());
        common.extend_from_slice(&flags.to_le_bytes());
        common.extend_from_slice(&8u16.to_le_bytes());
        common.extend_from_slice(&[0, 0x18, 0x78, 0x5d]);
        common.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
        common.extend_from_slice(&length(packed.len()));
        common.extend_from_slice(&length(content.len()));
        common.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        file.extend_from_slice(b"PK\x03\x04");
        file.extend_from_slice(&common);
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x03");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&at.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (at, bytes) = (u32::try_from(file.len()).unwrap(), u32::try_from(directory.len()).unwrap());
    let many = u16::try_from(members.len()).unwrap().to_le_bytes();
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    file.extend_from_slice(&many);
    file.extend_from_slice(&many);
    file.extend_from_slice(&bytes.to_le_bytes());
    file.extend_from_slice(&at.to_le_bytes());
    file.extend_from_slice(&[0, 0]);
    file
}

/// A tar with one header of each (name, kind, content).
fn tar(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut file = Vec::new();
    for (name, kind, content) in members {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[136..147].copy_from_slice(format!("{:011o}", 1_795_485_730).as_bytes());
        header[148..156].fill(b' ');
        header[156] = *kind;
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        file.extend_from_slice(&header);
        file.extend_from_slice(content);
        file.resize(file.len().div_ceil(512) * 512, 0);
    }
    file.extend_from_slice(&[0; 1024]);
    file
}

fn list(bytes: &[u8]) -> Result<Listing, Error> {
    let kind = kind::identify_bytes(bytes, "").kind;
    archive::list(&mut Cursor::new(bytes), kind)
}

fn take(bytes: &[u8], number: usize) -> Result<Vec<u8>, String> {
    let kind = kind::identify_bytes(bytes, "").kind;
    let mut opened =
        archive::open(Cursor::new(bytes.to_vec()), kind, number).map_err(|error| error.to_string())?;
    let mut content = Vec::new();
    opened.content.read_to_end(&mut content).map_err(|error| error.to_string())?;
    Ok(content)
}

#[test]
fn members_are_listed_and_taken_out_one_by_one() {
    let zipped = zip(&[("a/", b""), ("a/b.txt", b"hello"), ("größe.txt", b"x")], 0);
    let listing = list(&zipped).unwrap();
    let names: Vec<_> =
        listing.members.iter().map(|member| (member.name.as_str(), member.directory)).collect();
    assert_eq!(names, [("a/", true), ("a/b.txt", false), ("größe.txt", false)]);
    assert!(listing.warnings.is_empty() && !listing.cut, "{listing:?}");
    assert_eq!(listing.members[1].modified.unwrap().to_string(), "2026-11-24T03:00:00");
    assert_eq!(take(&zipped, 2).unwrap(), b"hello");
    assert!(take(&zipped, 1).unwrap_err().contains("folder"));
    assert!(take(&zipped, 9).unwrap_err().contains("no member number 9"));

    let tarred = tar(&[
        ("one.txt", b'0', b"first"),
        ("dir/", b'5', b""),
        ("link", b'2', b""),
        ("two", b'0', &[7; 700]),
    ]);
    for bytes in [tarred.clone(), gzip(&tarred)] {
        let listing = list(&bytes).unwrap();
        assert_eq!(listing.members.len(), 4, "{listing:?}");
        assert_eq!(take(&bytes, 1).unwrap(), b"first");
        assert_eq!(take(&bytes, 4).unwrap(), [7; 700]);
        assert!(take(&bytes, 3).unwrap_err().contains("link"));
    }
    let alone = gzip(b"only one content");
    assert_eq!(list(&alone).unwrap().members[0].unpacked, Some(16));
    assert_eq!(take(&alone, 1).unwrap(), b"only one content");
}

#[test]
fn what_leads_out_of_the_folder_is_shown_and_not_taken_out() {
    let zipped = zip(&[("../../etc/cron.d/x", b"evil"), ("ok", b"ok"), ("C:\\Windows\\x", b"evil")], 0);
    let listing = list(&zipped).unwrap();
    assert!(listing.members[0].warnings[0].contains("leads out"), "{listing:?}");
    assert!(take(&zipped, 1).unwrap_err().contains("leads out"));
    assert!(take(&zipped, 3).unwrap_err().contains("leads out"));
    assert_eq!(take(&zipped, 2).unwrap(), b"ok");
    let tarred = tar(&[("../x", b'0', b"evil")]);
    assert!(take(&tarred, 1).unwrap_err().contains("leads out"));
}

#[test]
fn the_public_archives_that_slip_are_told() {
    let folder = std::env::var("WATCHBELL_SHARED")
        .map_or_else(|_| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    for name in ["zip-slip.zip", "zip-slip-win.zip"] {
        let Ok(bytes) = std::fs::read(folder.join("data/hostile/zipslip/archives").join(name)) else {
            println!("skipped: {name} is not there");
            continue;
        };
        let listing = list(&bytes).unwrap();
        let evil: Vec<_> =
            listing.members.iter().filter(|member| member.refused.is_some() && !member.directory).collect();
        assert_eq!(evil.len(), 1, "{listing:?}");
        assert!(take(&bytes, evil[0].number).is_err());
    }
}

#[test]
fn bombs_are_told_and_stopped() {
    let zeros = vec![0; usize::try_from(FREE).unwrap() + (8 << 20)];
    let zipped = zip(&[("bomb", &zeros)], 0);
    let listing = list(&zipped).unwrap();
    assert!(listing.members[0].warnings[0].contains("bomb"), "{listing:?}");
    assert!(listing.warnings[0].contains("bomb"), "{listing:?}");
    assert!(take(&zipped, 1).unwrap_err().contains("bomb"));
    let packed = gzip(&zeros);
    assert!(list(&packed).unwrap().members[0].warnings[0].contains("bomb"));
    assert!(take(&packed, 1).unwrap_err().contains("bomb"));
    // Two entries of the directory that share one member's bytes.
    let mut shared = zip(&[("a", b"hello hello hello"), ("b", b"hello hello hello")], 0);
    let second = shared.windows(4).rposition(|four| four == b"PK\x01\x02").unwrap();
    shared[second + 42..second + 46].fill(0);
    assert!(list(&shared).unwrap().warnings[0].contains("share the same"));
    assert!(take(&shared, 2).unwrap_err().contains("another name"));
}

#[test]
fn what_is_encrypted_damaged_or_cut_off_says_so() {
    let locked = zip(&[("secret", b"x")], 1);
    assert!(list(&locked).unwrap().members[0].encrypted);
    assert!(take(&locked, 1).unwrap_err().contains("encrypted"));
    let whole = zip(&[("a", b"some text that is long enough"), ("b", b"more")], 0);
    for cut in 1..whole.len() {
        let _ = list(&whole[..cut]);
    }
    assert!(list(&whole[..whole.len() - 5]).unwrap_err().to_string().contains("cut off"));
    let mut wrong = whole.clone();
    wrong[33] ^= 0x55;
    assert!(take(&wrong, 1).is_err(), "a wrong byte is no content");
    let twins = zip(&[("same", b"1"), ("same", b"2")], 0);
    assert!(list(&twins).unwrap().warnings[0].contains("same name"));
    let packed = gzip(&b"text ".repeat(5_000));
    let told = list(&packed[..packed.len() - 12]).unwrap();
    assert!(told.members[0].warnings[0].contains("only up to"), "{told:?}");
    let tarred = tar(&[("a", b'0', b"x"), ("b", b'0', b"y")]);
    let told = list(&tarred[..1024 + 100]).unwrap();
    assert_eq!((told.members.len(), told.warnings.len()), (1, 1), "{told:?}");
}

#[test]
fn a_mail_of_ten_thousand_parts_is_shown_in_part() {
    let mut mail = b"From: a@b.example\nSubject: many\nContent-Type: multipart/mixed; boundary=x\n".to_vec();
    for number in 0..10_000 {
        mail.extend_from_slice(
            format!("\n--x\nContent-Type: application/octet-stream; name=\"{number}\"\n\n{number}")
                .as_bytes(),
        );
    }
    mail.extend_from_slice(b"\n--x--\n");
    let mail = read_bytes(&mail, Kind::Mail).unwrap();
    assert_eq!(mail.attachments.len(), MOST_ATTACHMENTS);
    assert!(mail.warnings.iter().any(|warning| warning.contains("10001 parts")), "{:?}", mail.warnings);
}

#[test]
fn mails_in_mails_without_end_are_refused() {
    let deep = b"Content-Type: message/rfc822\n\n".repeat(200_000);
    let refused = read_bytes(&deep, Kind::Mail).unwrap_err().to_string();
    assert!(refused.contains("200 mails within it"), "{refused}");
    let shallow = b"Content-Type: message/rfc822\n\n".repeat(150);
    assert_eq!(read_bytes(&shallow, Kind::Mail).unwrap().attachments.len(), 1);
    let hidden = b"cOnTeNt-TyPe:\t Message \t/ RFC822\n\n".repeat(200_000);
    assert!(read_bytes(&hidden, Kind::Mail).is_err());
}

#[test]
fn boundaries_that_lead_nowhere_cost_no_hours() {
    let mut sections = b"Content-Type: multipart/mixed; boundary=a\n\n".to_vec();
    sections.extend(b"--a\nContent-Type: multipart/mixed; boundary=none\n\nx\n".repeat(200_000));
    let refused = read_bytes(&sections, Kind::Mail).unwrap_err().to_string();
    assert!(refused.contains("sections"), "{refused}");
    for odd in
        ["boundary=\"\"", "boundary=--", "boundary=\"a\nb\"", &format!("boundary={}", "x".repeat(100_000))]
    {
        let mail =
            format!("From: a@b.example\nContent-Type: multipart/mixed; {odd}\n\n--\n\n----\n--\n--a\n");
        let _ = read_bytes(mail.as_bytes(), Kind::Mail);
    }
}

#[test]
fn giant_headers_are_cut() {
    let mut mail = b"From: a@b.example\n".to_vec();
    mail.extend(format!("Subject: {}\n", "A".repeat(5 << 20)).bytes());
    for number in 0..20_000 {
        mail.extend(format!("X-{number}: y\n").bytes());
    }
    mail.extend_from_slice(b"\nbody");
    let mail = read_bytes(&mail, Kind::Mail).unwrap();
    assert!(mail.subject.unwrap().chars().count() <= 1_001);
    assert_eq!(mail.fields.len(), exhibit::mail::MOST_FIELDS);
    assert_eq!(mail.warnings.len(), 2, "{:?}", mail.warnings);
    assert!(read_bytes(b"", Kind::Mail).is_err());
    assert!(read_bytes(b"\n\nonly a body", Kind::Mail).is_err());
}

#[test]
fn cut_off_mails_and_messages_are_read_as_far_as_they_go_or_refused() {
    for cut in (0..INVOICE.len()).step_by(7) {
        if let Ok(mail) = read_bytes(&INVOICE[..cut], Kind::Mail) {
            mail.seen();
        }
    }
    for whole in [message(), nested_message()] {
        for cut in (0..whole.len()).step_by(64) {
            let _ = read_bytes(&whole[..cut], Kind::OutlookMessage);
        }
        for at in (0..whole.len()).step_by(3) {
            let mut wrong = whole.clone();
            wrong[at] ^= 0xff;
            let _ = read_bytes(&wrong, Kind::OutlookMessage);
        }
    }
    assert!(read_bytes(&[0xd0, 0xcf, 0x11, 0xe0], Kind::OutlookMessage).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_bring_a_reader_down(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), at in any::<u64>()) {
        let mut source = Cursor::new(&bytes);
        let identity = kind::identify(&mut source, "x.pdf").unwrap();
        let encoding = identity.encoding.unwrap_or(exhibit::text::Encoding::Windows1252);
        exhibit::text::page(&mut source, encoding, at % 3_000, 10).unwrap();
        exhibit::text::search(&mut source, encoding, "a", at % 3_000).unwrap();
        exhibit::strings::strings(&mut source, at % 3_000, 4).unwrap();
        for kind in [Kind::Zip, Kind::Tar, Kind::Gzip] {
            let _ = archive::list(&mut source, kind);
            let _ = archive::open(Cursor::new(bytes.clone()), kind, 1);
        }
        let _ = read_bytes(&bytes, Kind::Mail);
    }

    #[test]
    fn pages_of_any_text_hold_all_of_it(lines in proptest::collection::vec("[a-zß日\r]{0,20}", 1..60), most in 1usize..9) {
        let text = lines.join("\n");
        for (encoding, bytes) in [
            (exhibit::text::Encoding::Utf8, text.clone().into_bytes()),
            (exhibit::text::Encoding::Utf16Le, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ] {
            let mut source = Cursor::new(&bytes);
            let (mut at, mut read) = (Some(0), Vec::new());
            while let Some(place) = at {
                let page = exhibit::text::page(&mut source, encoding, place, most).unwrap();
                prop_assert_eq!(page.number, Some(u64::try_from(read.len()).unwrap() + 1));
                at = page.next;
                read.extend(page.lines.into_iter().map(|line| line.text));
            }
            let wanted: Vec<String> = lines.iter().map(|line| line.trim_end_matches('\r').to_owned()).collect();
            let wanted = if text.ends_with('\n') || text.is_empty() { &wanted[..wanted.len() - 1] } else { &wanted[..] };
            prop_assert_eq!(&read, wanted);
        }
    }
}
