//! Outlook messages: properties in the streams of a compound file (\[MS-OXMSG\]; the file itself is
//! \[MS-CFB\], read by `cfb`). Only what a reader needs is taken; every stream has a bound.

use std::io::{Cursor, Read, Write};
use std::path::PathBuf;
use std::time::SystemTime;

use cfb::CompoundFile;
use encoding_rs::Encoding;
use jiff::Timestamp;

use super::{Address, BodyKind, MOST_ATTACHMENTS, MOST_LINKS, Mail, eml, html, links};
use crate::{Error, Result, one_line};

const WHAT: &str = "Outlook message";
const RTF_ONLY: &str =
    "The text is here only as compressed RTF, which is not read. Split the mail and open the body elsewhere.";
/// The most bytes of a stream of text.
const LONGEST_STREAM: u64 = 8 << 20;
/// The most recipients that are read.
const MOST_RECIPIENTS: usize = 200;
/// The most entries of a storage that are walked over.
const MOST_ENTRIES: usize = 50_000;
/// How deep storages are copied when a message within is taken out.
const DEEPEST: usize = 20;

type File<'b> = CompoundFile<Cursor<&'b [u8]>>;

/// Property identifiers (\[MS-OXPROPS\]).
mod id {
    pub const SUBJECT: u16 = 0x0037;
    pub const CLIENT_SUBMIT_TIME: u16 = 0x0039;
    pub const TRANSPORT_HEADERS: u16 = 0x007d;
    pub const SENDER_NAME: u16 = 0x0c1a;
    pub const SENDER_ADDRESS: u16 = 0x0c1f;
    pub const SENDER_SMTP: u16 = 0x5d01;
    pub const REPRESENTING_NAME: u16 = 0x0042;
    pub const REPRESENTING_ADDRESS: u16 = 0x0065;
    pub const REPRESENTING_SMTP: u16 = 0x5d02;
    pub const DELIVERY_TIME: u16 = 0x0e06;
    pub const BODY: u16 = 0x1000;
    pub const BODY_HTML: u16 = 0x1013;
    pub const RTF: u16 = 0x1009;
    pub const MESSAGE_ID: u16 = 0x1035;
    pub const INTERNET_CODEPAGE: u16 = 0x3fde;
    pub const DISPLAY_NAME: u16 = 0x3001;
    pub const ADDRESS: u16 = 0x3003;
    pub const SMTP: u16 = 0x39fe;
    pub const RECIPIENT_TYPE: u16 = 0x0c15;
    pub const ATTACH_DATA: u16 = 0x3701;
    pub const ATTACH_NAME: u16 = 0x3704;
    pub const ATTACH_LONG_NAME: u16 = 0x3707;
    pub const ATTACH_MIME: u16 = 0x370e;
    pub const ATTACH_CONTENT_ID: u16 = 0x3712;
}

pub(super) fn read(bytes: &[u8]) -> Result<Mail> {
    let mut file =
        CompoundFile::open(Cursor::new(bytes)).map_err(|error| Error::damaged(WHAT, error.to_string()))?;
    let mut message = Storage { file: &mut file, path: "/".to_owned(), header: 32 };
    if !message.exists("__properties_version1.0") {
        return Err(Error::damaged(WHAT, "the properties of a message are missing"));
    }
    let mut mail = Mail::default();
    read_header(&mut mail, &mut message);
    read_bodies(&mut mail, &mut message);
    let (mut recipients, mut attachments) = (Vec::new(), Vec::new());
    for name in message.children() {
        if name.starts_with("__recip_version1.0_#") {
            recipients.push(name);
        } else if name.starts_with("__attach_version1.0_#") {
            attachments.push(name);
        }
    }
    recipients.sort();
    attachments.sort();
    if mail.to.is_empty() && mail.cc.is_empty() {
        for name in recipients.iter().take(MOST_RECIPIENTS) {
            read_recipient(&mut mail, &mut message.inner(name, 8));
        }
    }
    if attachments.len() > MOST_ATTACHMENTS {
        mail.warn_once(format!(
            "It has {} attachments; the first {MOST_ATTACHMENTS} are shown.",
            attachments.len()
        ));
    }
    for name in attachments.iter().take(MOST_ATTACHMENTS) {
        read_attachment(&mut mail, &mut message.inner(name, 8));
    }
    Ok(mail)
}

/// The header that came by mail where there is one; else what the properties say.
fn read_header(mail: &mut Mail, message: &mut Storage<'_, '_>) {
    if let Some(header) = message.text(id::TRANSPORT_HEADERS) {
        let header = header
            .trim_start()
            .trim_start_matches("Microsoft Mail Internet Headers Version 2.0")
            .trim_start();
        let whole = format!("{header}\r\n\r\n");
        eml::read_header(mail, whole.as_bytes());
        mail.header = header.as_bytes().to_vec();
    } else {
        mail.warn_once(
            "It carries no header of its way here: it was never sent, or was saved where it was written."
                .to_owned(),
        );
    }
    mail.subject = mail.subject.take().or_else(|| message.line(id::SUBJECT));
    let id = message.line(id::MESSAGE_ID).map(|id| id.trim_matches(['<', '>']).to_owned());
    mail.message_id = mail.message_id.take().or(id);
    mail.date = mail
        .date
        .or_else(|| message.time(id::CLIENT_SUBMIT_TIME))
        .or_else(|| message.time(id::DELIVERY_TIME));
    let sender = message.address(id::SENDER_NAME, id::SENDER_SMTP, id::SENDER_ADDRESS);
    let author = message.address(id::REPRESENTING_NAME, id::REPRESENTING_SMTP, id::REPRESENTING_ADDRESS);
    if mail.from.is_empty() {
        mail.from = author.clone().or_else(|| sender.clone()).into_iter().collect();
    }
    if mail.sender.is_empty()
        && sender
            .as_ref()
            .is_some_and(|sender| author.as_ref().is_some_and(|author| author.address != sender.address))
    {
        mail.sender = sender.into_iter().collect();
    }
}

fn read_bodies(mail: &mut Mail, message: &mut Storage<'_, '_>) {
    if let Some(text) = message.text(id::BODY) {
        let found = links::in_text(&text, MOST_LINKS);
        mail.add_body(BodyKind::Text, &text, found, text.as_bytes().to_vec());
    }
    // PidTagHtml is bytes in the code page of PidTagInternetCodepage; some writers keep it as text.
    let as_bytes = message.stream(id::BODY_HTML, 0x0102, LONGEST_STREAM);
    let markup = match &as_bytes {
        Some(bytes) => {
            let page = message.number(id::INTERNET_CODEPAGE).unwrap_or(65_001);
            Some(encoding_of(page).decode(bytes).0.into_owned())
        }
        None => message.text(id::BODY_HTML),
    };
    if let Some(markup) = markup {
        let text = html::text(&markup);
        let found = html::links(&markup, &text, MOST_LINKS);
        mail.add_body(BodyKind::Html, &text, found, as_bytes.unwrap_or_else(|| markup.into_bytes()));
    }
    if mail.bodies.is_empty()
        && let Some(packed) = message.stream(id::RTF, 0x0102, LONGEST_STREAM)
    {
        mail.add_body(BodyKind::Rtf, RTF_ONLY, Vec::new(), packed);
    }
}

fn read_recipient(mail: &mut Mail, recipient: &mut Storage<'_, '_>) {
    let Some(address) = recipient.address(id::DISPLAY_NAME, id::SMTP, id::ADDRESS) else { return };
    match recipient.number(id::RECIPIENT_TYPE) {
        Some(2) => mail.cc.push(address),
        Some(3) => mail.bcc.push(address),
        _ => mail.to.push(address),
    }
}

fn read_attachment(mail: &mut Mail, attachment: &mut Storage<'_, '_>) {
    let name = attachment.line(id::ATTACH_LONG_NAME).or_else(|| attachment.line(id::ATTACH_NAME));
    let name = name.or_else(|| attachment.line(id::DISPLAY_NAME));
    let declared = attachment.line(id::ATTACH_MIME);
    let inline = attachment.line(id::ATTACH_CONTENT_ID).is_some();
    if let Some(bytes) = attachment.stream(id::ATTACH_DATA, 0x0102, super::LARGEST) {
        mail.add_attachment(name, declared, inline, bytes);
        return;
    }
    // A message within is a storage (\[MS-OXMSG\] 2.2.2.1); it becomes a file of its own.
    let within = format!("{}__substg1.0_{:04X}000D", attachment.path, id::ATTACH_DATA);
    match embedded(attachment.file, &within) {
        Ok(Some(bytes)) => {
            let name = name.map(|name| if name.to_ascii_lowercase().ends_with(".msg") { name } else { format!("{name}.msg") });
            mail.add_attachment(name, declared.or_else(|| Some("application/vnd.ms-outlook".to_owned())), inline, bytes);
            mail.warn_once("A message lies within it; the file made of it was put together anew, so that its hash is not one that others know.".to_owned());
        }
        _ => mail.warn_once("An attachment has no bytes here: it is a link to a file elsewhere, or an object of another program.".to_owned()),
    }
}

/// The message in a storage as a compound file: its streams as they are, with the header of the
/// properties as a message at the top has it (\[MS-OXMSG\] 2.4.1.1 instead of 2.4.1.2).
fn embedded(file: &mut File<'_>, storage: &str) -> std::io::Result<Option<Vec<u8>>> {
    if !file.is_storage(storage) {
        return Ok(None);
    }
    let mut made = CompoundFile::create(Cursor::new(Vec::new()))?;
    copy(file, storage, "/", &mut made, 0)?;
    if file.is_storage("/__nameid_version1.0") && !made.exists("/__nameid_version1.0") {
        made.create_storage("/__nameid_version1.0")?;
        copy(file, "/__nameid_version1.0", "/__nameid_version1.0/", &mut made, 1)?;
    }
    // Without times, the same message makes the same file.
    let storages: Vec<PathBuf> =
        made.walk().filter(cfb::Entry::is_storage).map(|entry| entry.path().to_owned()).collect();
    for storage in storages {
        made.set_created_time(&storage, SystemTime::UNIX_EPOCH)?;
        made.set_modified_time(&storage, SystemTime::UNIX_EPOCH)?;
    }
    made.flush()?;
    Ok(Some(made.into_inner().into_inner()))
}

fn copy(
    file: &mut File<'_>,
    from: &str,
    to: &str,
    made: &mut CompoundFile<Cursor<Vec<u8>>>,
    depth: usize,
) -> std::io::Result<()> {
    if depth > DEEPEST {
        return Err(std::io::Error::other("the storages lie too deep in each other"));
    }
    let entries: Vec<(String, bool)> = file
        .read_storage(from)?
        .take(MOST_ENTRIES)
        .map(|entry| (entry.name().to_owned(), entry.is_storage()))
        .collect();
    for (name, is_storage) in entries {
        let (source, target) = (format!("{from}/{name}"), format!("{to}{name}"));
        if is_storage {
            made.create_storage(&target)?;
            copy(file, &source, &format!("{target}/"), made, depth + 1)?;
            continue;
        }
        let mut bytes = Vec::new();
        file.open_stream(&source)?.take(super::LARGEST).read_to_end(&mut bytes)?;
        if depth == 0 && name == "__properties_version1.0" && bytes.len() >= 24 {
            bytes.splice(24..24, [0; 8]);
        }
        made.create_stream(&target)?.write_all(&bytes)?;
    }
    Ok(())
}

/// A storage with properties: the message, a recipient or an attachment.
struct Storage<'f, 'b> {
    file: &'f mut File<'b>,
    /// With the slash at its end.
    path: String,
    /// The bytes before the first property in its stream of properties (\[MS-OXMSG\] 2.4.1).
    header: usize,
}

impl<'b> Storage<'_, 'b> {
    fn inner(&mut self, name: &str, header: usize) -> Storage<'_, 'b> {
        Storage { path: format!("{}{name}/", self.path), file: self.file, header }
    }

    fn exists(&self, name: &str) -> bool {
        self.file.exists(format!("{}{name}", self.path))
    }

    fn children(&self) -> Vec<String> {
        let entries = self.file.read_storage(&self.path);
        entries
            .map(|entries| entries.take(MOST_ENTRIES).map(|entry| entry.name().to_owned()).collect())
            .unwrap_or_default()
    }

    /// The stream of a property of variable length (\[MS-OXMSG\] 2.1.3).
    fn stream(&mut self, property: u16, kind: u16, most: u64) -> Option<Vec<u8>> {
        self.read(&format!("__substg1.0_{property:04X}{kind:04X}"), most)
    }

    fn read(&mut self, name: &str, most: u64) -> Option<Vec<u8>> {
        let path = format!("{}{name}", self.path);
        if !self.file.is_stream(&path) {
            return None;
        }
        let mut bytes = Vec::new();
        self.file.open_stream(&path).ok()?.take(most).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// A property that is text: as UTF-16, else in the code page of the message.
    fn text(&mut self, property: u16) -> Option<String> {
        if let Some(wide) = self.stream(property, 0x001f, LONGEST_STREAM) {
            let text = encoding_rs::UTF_16LE.decode_without_bom_handling(&wide).0;
            return Some(text.trim_end_matches('\0').to_owned());
        }
        let bytes = self.stream(property, 0x001e, LONGEST_STREAM)?;
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                encoding_rs::WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned()
            }
        };
        Some(text.trim_end_matches('\0').to_owned())
    }

    fn line(&mut self, property: u16) -> Option<String> {
        let text = self.text(property)?;
        let text = text.trim();
        (!text.is_empty()).then(|| one_line(text, 1_000))
    }

    fn address(&mut self, name: u16, smtp: u16, other: u16) -> Option<Address> {
        let address = self.line(smtp).or_else(|| self.line(other));
        let name = self.line(name);
        (name.is_some() || address.is_some()).then_some(Address { name, address })
    }

    /// A property of fixed length: eight bytes behind tag and flags (\[MS-OXMSG\] 2.4.2.1).
    fn fixed(&mut self, property: u16) -> Option<u64> {
        let bytes = self.read("__properties_version1.0", LONGEST_STREAM)?;
        let (entries, _) = bytes.get(self.header..)?.as_chunks::<16>();
        let entry = entries.iter().find(|entry| entry.get(2..4) == Some(&property.to_le_bytes()))?;
        let value = entry.get(8..16)?;
        Some(value.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn number(&mut self, property: u16) -> Option<u32> {
        self.fixed(property).and_then(|value| u32::try_from(value & 0xffff_ffff).ok())
    }

    /// A time: units of 100 ns since 1601 (\[MS-DTYP\] 2.3.3).
    fn time(&mut self, property: u16) -> Option<Timestamp> {
        const TO_1970: i64 = 11_644_473_600;
        let seconds = i64::try_from(self.fixed(property)? / 10_000_000).ok()?;
        Timestamp::from_second(seconds.checked_sub(TO_1970)?).ok()
    }
}

/// The encoding that a Windows code page names.
fn encoding_of(page: u32) -> &'static Encoding {
    let label = match page {
        65_001 | 20_127 => "utf-8".to_owned(),
        1_200 => "utf-16le".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20_866 => "koi8-r".to_owned(),
        28_591..=28_605 => format!("iso-8859-{}", page - 28_590),
        other => format!("windows-{other}"),
    };
    Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252)
}
