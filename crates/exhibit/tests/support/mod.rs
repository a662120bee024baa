//! Outlook messages, put together as \[MS-OXMSG\] says, so that no binary fixture is needed.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{Cursor, Write};

pub const INVOICE: &[u8] = include_bytes!("../fixtures/invoice.eml");

/// 2026-11-24T02:02:10Z in units of 100 ns since 1601.
const SENT: u64 = (1_795_485_730 + 11_644_473_600) * 10_000_000;

type Made = cfb::CompoundFile<Cursor<Vec<u8>>>;

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn put(file: &mut Made, path: &str, bytes: &[u8]) {
    file.create_stream(path).unwrap().write_all(bytes).unwrap();
}

/// A stream of properties: a header, then sixteen bytes for each.
fn properties(header: usize, entries: &[(u32, u64)]) -> Vec<u8> {
    let mut bytes = vec![0; header];
    for (tag, value) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&6u32.to_le_bytes());
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}

fn finish(file: Made) -> Vec<u8> {
    let mut file = file;
    file.flush().unwrap();
    file.into_inner().into_inner()
}

/// A message that came by mail, with an attachment.
pub fn message() -> Vec<u8> {
    let header: Vec<u8> = INVOICE
        .split(|byte| *byte == b'\n')
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(&b"\r\n"[..]);
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    put(
        &mut file,
        "/__properties_version1.0",
        &properties(32, &[(0x3fde_0003, 28_591), (0x0039_0040, SENT)]),
    );
    put(&mut file, "/__substg1.0_007D001F", &utf16(std::str::from_utf8(&header).unwrap()));
    put(&mut file, "/__substg1.0_0037001F", &utf16("Another subject"));
    put(
        &mut file,
        "/__substg1.0_1000001F",
        &utf16("Grüße aus Outlook, siehe https://login.evil.example/msg"),
    );
    put(&mut file, "/__substg1.0_10130102", b"<html><body>Gr\xfc\xdfe</body></html>");
    file.create_storage("/__attach_version1.0_#00000000").unwrap();
    let at = "/__attach_version1.0_#00000000";
    put(&mut file, &format!("{at}/__properties_version1.0"), &properties(8, &[(0x3705_0003, 1)]));
    put(&mut file, &format!("{at}/__substg1.0_3707001F"), &utf16("Lieferschein für März.pdf"));
    put(&mut file, &format!("{at}/__substg1.0_37010102"), b"%PDF-1.7 abc");
    finish(file)
}

/// A draft with two recipients that carries another message.
pub fn nested_message() -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    put(&mut file, "/__properties_version1.0", &properties(32, &[(0x0039_0040, SENT)]));
    put(&mut file, "/__substg1.0_0037001F", &utf16("Outer"));
    put(&mut file, "/__substg1.0_0042001F", &utf16("Petra Anders"));
    put(&mut file, "/__substg1.0_5D02001F", &utf16("petra@harbour.example"));
    file.create_storage("/__nameid_version1.0").unwrap();
    put(&mut file, "/__nameid_version1.0/__substg1.0_00020102", b"");
    for (number, kind, name, address) in
        [(0, 1u64, "To", "to@harbour.example"), (1, 2, "In copy", "cc@harbour.example")]
    {
        let at = format!("/__recip_version1.0_#0000000{number}");
        file.create_storage(&at).unwrap();
        put(&mut file, &format!("{at}/__properties_version1.0"), &properties(8, &[(0x0c15_0003, kind)]));
        put(&mut file, &format!("{at}/__substg1.0_3001001F"), &utf16(name));
        put(&mut file, &format!("{at}/__substg1.0_39FE001F"), &utf16(address));
    }
    let at = "/__attach_version1.0_#00000000";
    file.create_storage(at).unwrap();
    put(&mut file, &format!("{at}/__properties_version1.0"), &properties(8, &[(0x3705_0003, 5)]));
    put(&mut file, &format!("{at}/__substg1.0_3001001F"), &utf16("Inner"));
    let within = format!("{at}/__substg1.0_3701000D");
    file.create_storage(&within).unwrap();
    put(&mut file, &format!("{within}/__properties_version1.0"), &properties(24, &[(0x0039_0040, SENT)]));
    put(&mut file, &format!("{within}/__substg1.0_0037001F"), &utf16("Inner"));
    finish(file)
}
