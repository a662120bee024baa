//! Mails as text (RFC 5322, MIME). `mail-parser` takes them apart; here its work is bounded, and its parts
//! are put under our words.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{
    Address as Addresses, Encoding, Header, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders,
    PartType,
};

use super::{
    Address, BodyKind, Field, LONGEST_FIELD, LONGEST_TEXT, MOST_FIELDS, MOST_LINKS, Mail, html, links, route,
};
use crate::{Error, Result, one_line, wide};

/// How deep mails may lie in each other: the parser's stack is ours.
const DEEPEST: usize = 200;
/// Sections times bytes: each section may be looked for to the end of the mail.
const MOST_WORK: u64 = 8 << 30;
/// How much of HTML is read as text.
const READ_HTML: usize = 4 << 20;
/// The most addresses of one field that are kept.
const MOST_ADDRESSES: usize = 200;

pub(super) fn read(bytes: &[u8]) -> Result<Mail> {
    bound(bytes)?;
    let message =
        MessageParser::default().parse(bytes).ok_or_else(|| Error::damaged("mail", "it has no header"))?;
    let mut mail = Mail::default();
    let Some(root) = message.parts.first() else { return Err(Error::damaged("mail", "it has no header")) };
    let header_end = usize::try_from(root.raw_body_offset()).unwrap_or(0);
    mail.header = bytes.get(..header_end).unwrap_or_default().to_vec();
    read_header(&mut mail, bytes);
    if mail.fields.is_empty() {
        return Err(Error::damaged("mail", "it has no header"));
    }
    read_parts(&mut mail, &message, bytes);
    Ok(mail)
}

/// Refuses what would cost the parser more than a mail may. A mail in a mail is a level of its stack; each
/// multipart section may make it look for a boundary to the end.
fn bound(bytes: &[u8]) -> Result<()> {
    let nested = count(bytes, b"message", &[b"rfc822", b"global"]) + count(bytes, b"multipart", &[b"digest"]);
    if nested > DEEPEST {
        return Err(Error::TooMuch {
            what: "A mail that is read as one",
            limit: format!("{DEEPEST} mails within it"),
            instead: "Look at it as text.",
        });
    }
    let sections = wide(count(bytes, b"multipart", &[]));
    if sections.saturating_mul(wide(bytes.len())) > MOST_WORK {
        return Err(Error::TooMuch {
            what: "A mail of this size",
            limit: format!("{} sections", MOST_WORK / wide(bytes.len()).max(1)),
            instead: "Look at it as text.",
        });
    }
    Ok(())
}

/// How often a media type of these stands in the bytes; any subtype if none is given.
fn count(bytes: &[u8], main: &[u8], subtypes: &[&[u8]]) -> usize {
    let first = main.first().copied().unwrap_or_default();
    memchr::memchr2_iter(first, first.to_ascii_uppercase(), bytes)
        .filter(|at| {
            let rest = bytes.get(*at..).unwrap_or_default();
            let Some((word, rest)) = rest.split_at_checked(main.len()) else { return false };
            if !word.eq_ignore_ascii_case(main) {
                return false;
            }
            let Some(rest) = after_blanks(rest).strip_prefix(b"/") else { return false };
            let rest = after_blanks(rest);
            subtypes.is_empty()
                || subtypes.iter().any(|subtype| {
                    rest.get(..subtype.len()).is_some_and(|word| word.eq_ignore_ascii_case(subtype))
                })
        })
        .count()
}

fn after_blanks(bytes: &[u8]) -> &[u8] {
    let blanks = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
    bytes.get(blanks..).unwrap_or_default()
}

/// Reads the header fields of bytes that begin with them.
pub(super) fn read_header(mail: &mut Mail, bytes: &[u8]) {
    let Some(message) = MessageParser::default().parse_headers(bytes) else { return };
    // The same fields once more as text, for reading.
    let texts = MessageParser::new().default_header_text().parse_headers(bytes);
    let shown = texts.as_ref().map_or(message.headers(), Message::headers);
    if shown.len() > MOST_FIELDS {
        mail.warn_once(format!("It has {} header fields; the first {MOST_FIELDS} are shown.", shown.len()));
    }
    mail.fields = shown.iter().take(MOST_FIELDS).map(|header| field(header, bytes)).collect();
    if mail.fields.iter().any(|field| field.value.ends_with('…') && field.value.len() >= LONGEST_FIELD) {
        mail.warn_once(format!(
            "A header field is longer than {} KiB; its beginning is shown.",
            LONGEST_FIELD / 1024
        ));
    }
    mail.subject = message.subject().map(|subject| one_line(subject, 1_000));
    mail.message_id = message.message_id().map(|id| one_line(id, 1_000));
    mail.return_path = message.return_address().map(|address| one_line(address, 500));
    mail.date = message.date().and_then(route::time);
    mail.from = addresses(message.from());
    mail.sender = addresses(message.sender());
    mail.reply_to = addresses(message.reply_to());
    mail.to = addresses(message.to());
    mail.cc = addresses(message.cc());
    mail.bcc = addresses(message.bcc());
    let received = message.headers().iter().filter_map(|header| match &header.value {
        HeaderValue::Received(received) => Some((received.as_ref(), raw(header, bytes))),
        _ => None,
    });
    mail.hops = route::hops(received);
    mail.claims = route::claims(&mail.fields);
    let twice =
        |name: &str| mail.fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).count() > 1;
    let doubled: Vec<&str> =
        ["From", "Subject", "Date", "Message-ID"].into_iter().filter(|name| twice(name)).collect();
    if !doubled.is_empty() {
        mail.warn_once(format!(
            "A field that may stand once stands more often: {}. Programs differ in which they show.",
            doubled.join(", ")
        ));
    }
}

fn field(header: &Header<'_>, bytes: &[u8]) -> Field {
    let value = match &header.value {
        HeaderValue::Text(text) => text.clone().into_owned(),
        HeaderValue::TextList(texts) => texts.join(" "),
        _ => raw(header, bytes),
    };
    let unfolded =
        value.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>();
    Field { name: one_line(header.name(), 200), value: one_line(&unfolded.join(" "), LONGEST_FIELD) }
}

fn raw(header: &Header<'_>, bytes: &[u8]) -> String {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let value = bytes.get(place(header.offset_start())..place(header.offset_end())).unwrap_or_default();
    let text = String::from_utf8_lossy(value.get(..LONGEST_FIELD).unwrap_or(value));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn addresses(list: Option<&Addresses<'_>>) -> Vec<Address> {
    let Some(list) = list else { return Vec::new() };
    list.iter()
        .take(MOST_ADDRESSES)
        .map(|one| Address {
            name: one.name().map(|name| one_line(name, 500)),
            address: one.address().map(|address| one_line(address, 500)),
        })
        .collect()
}

fn read_parts(mail: &mut Mail, message: &Message<'_>, bytes: &[u8]) {
    let is_body = |number: u32| message.text_body.contains(&number) || message.html_body.contains(&number);
    for (number, part) in message.parts.iter().enumerate() {
        if part.is_encoding_problem {
            mail.warn_once("A part is not encoded as it says; it is kept as it stands.".to_owned());
        }
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        match &part.body {
            PartType::Multipart(_) => {}
            PartType::Text(text) if is_body(number) => {
                let links = links::in_text(beginning(text), MOST_LINKS);
                mail.add_body(BodyKind::Text, text, links, plain_bytes(part, bytes).into_owned());
            }
            PartType::Html(markup) if is_body(number) => {
                let begin = beginning(markup);
                let text = html::text(begin);
                let links = html::links(begin, &text, MOST_LINKS);
                mail.add_body(BodyKind::Html, &text, links, plain_bytes(part, bytes).into_owned());
            }
            _ => add_attachment(mail, part, bytes),
        }
        if mail.attachments.len() == super::MOST_ATTACHMENTS
            && message.parts.len() > usize::try_from(number).unwrap_or(0) + 1
        {
            let many = message.parts.len();
            mail.warn_once(format!(
                "It has {many} parts; the first {} attachments are shown.",
                super::MOST_ATTACHMENTS
            ));
            break;
        }
    }
}

fn add_attachment(mail: &mut Mail, part: &MessagePart<'_>, bytes: &[u8]) {
    let name = part.attachment_name().map(|name| one_line(name, 255));
    let declared = part.content_type().map(|kind| match kind.subtype() {
        Some(subtype) => one_line(&format!("{}/{subtype}", kind.ctype()), 200),
        None => one_line(kind.ctype(), 200),
    });
    let inline = part
        .content_disposition()
        .map_or(part.content_id().is_some(), |disposition| !disposition.is_attachment());
    mail.add_attachment(name, declared, inline, plain_bytes(part, bytes).into_owned());
}

/// A part's bytes as whoever received it would save them: out of their encoding for the way, and no
/// further. The parser gives text in UTF-8, which has another hash than the file that was attached.
fn plain_bytes<'p>(part: &'p MessagePart<'_>, bytes: &'p [u8]) -> Cow<'p, [u8]> {
    let place = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
    let standing =
        || bytes.get(place(part.raw_body_offset())..place(part.raw_end_offset())).unwrap_or_default();
    match &part.body {
        PartType::Binary(content) | PartType::InlineBinary(content) => Cow::Borrowed(content),
        PartType::Message(nested) if part.encoding != Encoding::None => Cow::Borrowed(&nested.raw_message),
        _ => match part.encoding {
            _ if part.is_encoding_problem => Cow::Borrowed(standing()),
            Encoding::Base64 => base64_decode(standing()).map_or(Cow::Borrowed(standing()), Cow::Owned),
            Encoding::QuotedPrintable => {
                quoted_printable_decode(standing()).map_or(Cow::Borrowed(standing()), Cow::Owned)
            }
            Encoding::None => Cow::Borrowed(standing()),
        },
    }
}

/// As much of a body as is read.
fn beginning(text: &str) -> &str {
    let mut end = text.len().min(READ_HTML.max(LONGEST_TEXT));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
