//! Writes small EVTX files for tests: one file header, chunks, and records of one template each,
//! in the layout of MS-EVEN6 §2.2.12 and of Windows's files.
#![allow(dead_code)]

const CHUNK: usize = 65_536;
const RECORDS: usize = 512;

/// A value as the binary XML types it.
#[derive(Clone)]
pub enum Typed {
    Text(&'static str),
    U16(u16),
    U32(u32),
    Hex64(u64),
    /// A point in time in 100 ns since 1601.
    FileTime(u64),
    Bool(bool),
}

pub struct Record {
    pub id: u64,
    pub event_id: u16,
    pub provider: &'static str,
    pub channel: &'static str,
    pub computer: &'static str,
    pub written: u64,
    /// Named `Data` elements; an empty name makes one without.
    pub data: Vec<(&'static str, Typed)>,
}

/// A Sysmon process creation.
pub fn process_creation(id: u64) -> Record {
    Record {
        id,
        event_id: 1,
        provider: "Microsoft-Windows-Sysmon",
        channel: "Microsoft-Windows-Sysmon/Operational",
        computer: "DESK-7.example.org",
        // 2024-05-01T10:00:00.1234567Z
        written: 133_590_312_001_234_567,
        data: vec![
            ("UtcTime", Typed::Text("2024-05-01 10:00:00.123")),
            ("ProcessId", Typed::U32(4242)),
            ("Image", Typed::Text("C:\\Windows\\System32\\cmd.exe")),
            ("CommandLine", Typed::Text("cmd /c echo \"grüße\" & whoami")),
            ("LogonId", Typed::Hex64(0x3e7)),
            ("Elevated", Typed::Bool(true)),
        ],
    }
}

/// A file whose chunks hold the given records.
pub fn file(chunks: &[Vec<Record>]) -> Vec<u8> {
    let mut bytes = vec![0; 4096];
    put(&mut bytes, 0, b"ElfFile\0");
    put(&mut bytes, 16, &(chunks.len().max(1) as u64 - 1).to_le_bytes());
    put(&mut bytes, 24, &1_000_u64.to_le_bytes());
    put(&mut bytes, 32, &128_u32.to_le_bytes());
    put(&mut bytes, 36, &1_u16.to_le_bytes());
    put(&mut bytes, 38, &3_u16.to_le_bytes());
    put(&mut bytes, 40, &4096_u16.to_le_bytes());
    put(&mut bytes, 42, &(chunks.len() as u16).to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..120]);
    put(&mut bytes, 124, &checksum.to_le_bytes());
    for records in chunks {
        bytes.extend(chunk(records));
    }
    bytes
}

fn chunk(records: &[Record]) -> Vec<u8> {
    let mut bytes = vec![0; RECORDS];
    let mut last = RECORDS;
    for record in records {
        last = bytes.len();
        write_record(&mut bytes, record);
    }
    let end = bytes.len();
    assert!(end <= CHUNK, "too many records for a chunk");
    bytes.resize(CHUNK, 0);
    let first_id = records.first().map_or(1, |record| record.id);
    let last_id = records.last().map_or(0, |record| record.id);
    put(&mut bytes, 0, b"ElfChnk\0");
    put(&mut bytes, 8, &first_id.to_le_bytes());
    put(&mut bytes, 16, &last_id.to_le_bytes());
    put(&mut bytes, 24, &first_id.to_le_bytes());
    put(&mut bytes, 32, &last_id.to_le_bytes());
    put(&mut bytes, 40, &128_u32.to_le_bytes());
    put(&mut bytes, 44, &(last as u32).to_le_bytes());
    put(&mut bytes, 48, &(end as u32).to_le_bytes());
    let records_checksum = crc32fast::hash(&bytes[RECORDS..end]);
    put(&mut bytes, 52, &records_checksum.to_le_bytes());
    let mut header = crc32fast::Hasher::new();
    header.update(&bytes[..120]);
    header.update(&bytes[128..512]);
    let checksum = header.finalize();
    put(&mut bytes, 124, &checksum.to_le_bytes());
    bytes
}

/// The bytes of the `n`th record of a chunk that [`file`] made, counted from 0.
pub fn record_of(file: &[u8], chunk: usize, n: usize) -> &[u8] {
    let mut at = 4096 + chunk * CHUNK + RECORDS;
    for _ in 0..n {
        at += size_at(file, at);
    }
    &file[at..at + size_at(file, at)]
}

fn size_at(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at + 4..at + 8].try_into().unwrap()) as usize
}

fn write_record(bytes: &mut Vec<u8>, record: &Record) {
    let start = bytes.len();
    bytes.extend(b"**\0\0\0\0\0\0");
    bytes.extend(record.id.to_le_bytes());
    bytes.extend(record.written.to_le_bytes());
    write_xml(bytes, record);
    let size = (bytes.len() - start + 4) as u32;
    bytes.extend(size.to_le_bytes());
    put(bytes, start + 4, &size.to_le_bytes());
}

/// A fragment with one instance of a template that stands in it.
fn write_xml(bytes: &mut Vec<u8>, record: &Record) {
    bytes.extend([0x0f, 1, 1, 0, 0x0c, 1]);
    bytes.extend(7_u32.to_le_bytes());
    let definition = bytes.len() + 4;
    bytes.extend((definition as u32).to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend((record.event_id as u128 + ((record.data.len() as u128) << 64)).to_le_bytes());
    let size_at = bytes.len();
    bytes.extend(0_u32.to_le_bytes());
    let body = bytes.len();
    let values = write_template(bytes, record);
    let size = (bytes.len() - body) as u32;
    put(bytes, size_at, &size.to_le_bytes());

    bytes.extend((values.len() as u32).to_le_bytes());
    let encoded: Vec<_> = values.iter().map(encode).collect();
    for (kind, value) in &encoded {
        bytes.extend((value.len() as u16).to_le_bytes());
        bytes.extend([*kind, 0]);
    }
    for (_, value) in &encoded {
        bytes.extend(value);
    }
    bytes.push(0);
}

fn write_template(bytes: &mut Vec<u8>, record: &Record) -> Vec<Typed> {
    let mut values = Vec::new();
    bytes.extend([0x0f, 1, 1, 0]);
    element(bytes, "Event", &[], |bytes| {
        element(bytes, "System", &[], |bytes| {
            element(bytes, "Provider", &[("Name", record.provider)], |_| {});
            let mut leaf = |bytes: &mut Vec<u8>, name, value| {
                element(bytes, name, &[], |bytes| substitution(bytes, &mut values, value));
            };
            leaf(bytes, "EventID", Typed::U16(record.event_id));
            leaf(bytes, "EventRecordID", Typed::U32(record.id as u32));
            leaf(bytes, "Channel", Typed::Text(record.channel));
            leaf(bytes, "Computer", Typed::Text(record.computer));
            open(bytes, "TimeCreated", true);
            let list = bytes.len();
            bytes.extend(0_u32.to_le_bytes());
            bytes.push(0x06);
            name(bytes, "SystemTime");
            substitution(bytes, &mut values, Typed::FileTime(record.written));
            let size = (bytes.len() - list - 4) as u32;
            put(bytes, list, &size.to_le_bytes());
            bytes.push(0x03);
        });
        element(bytes, "EventData", &[], |bytes| {
            for (of, value) in &record.data {
                let attributes = [("Name", *of)];
                let attributes = if of.is_empty() { &[][..] } else { &attributes[..] };
                element(bytes, "Data", attributes, |bytes| {
                    substitution(bytes, &mut values, value.clone());
                });
            }
        });
    });
    bytes.push(0);
    values
}

fn open(bytes: &mut Vec<u8>, of: &str, attributes: bool) {
    bytes.push(if attributes { 0x41 } else { 0x01 });
    bytes.extend(0xffff_u16.to_le_bytes());
    // The element's size; readers go by its end.
    bytes.extend(0_u32.to_le_bytes());
    name(bytes, of);
}

fn element(bytes: &mut Vec<u8>, of: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Vec<u8>)) {
    open(bytes, of, !attributes.is_empty());
    if !attributes.is_empty() {
        let list = bytes.len();
        bytes.extend(0_u32.to_le_bytes());
        for (of, value) in attributes {
            bytes.push(0x06);
            name(bytes, of);
            bytes.extend([0x05, 0x01]);
            bytes.extend((value.encode_utf16().count() as u16).to_le_bytes());
            bytes.extend(utf16(value));
        }
        let size = (bytes.len() - list - 4) as u32;
        put(bytes, list, &size.to_le_bytes());
    }
    bytes.push(0x02);
    inside(bytes);
    bytes.push(0x04);
}

/// A name stands right behind the offset that refers to it.
fn name(bytes: &mut Vec<u8>, of: &str) {
    let offset = bytes.len() as u32 + 4;
    bytes.extend(offset.to_le_bytes());
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend((of.encode_utf16().count() as u16).to_le_bytes());
    bytes.extend(utf16(of));
    bytes.extend([0, 0]);
}

fn substitution(bytes: &mut Vec<u8>, values: &mut Vec<Typed>, value: Typed) {
    bytes.push(0x0d);
    bytes.extend((values.len() as u16).to_le_bytes());
    bytes.push(encode(&value).0);
    values.push(value);
}

fn encode(value: &Typed) -> (u8, Vec<u8>) {
    match value {
        Typed::Text(text) => (0x01, utf16(text)),
        Typed::U16(number) => (0x06, number.to_le_bytes().into()),
        Typed::U32(number) => (0x08, number.to_le_bytes().into()),
        Typed::Hex64(number) => (0x15, number.to_le_bytes().into()),
        Typed::FileTime(number) => (0x11, number.to_le_bytes().into()),
        Typed::Bool(flag) => (0x0d, u32::from(*flag).to_le_bytes().into()),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    bytes[at..at + value.len()].copy_from_slice(value);
}
