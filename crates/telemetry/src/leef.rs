//! QRadar's Log Event Extended Format 1.0 and 2.0: `LEEF:1.0|vendor|product|version|event id|` and
//! attributes `key=value`, which a tab separates or the sign that version 2.0 names (IBM, "LEEF
//! event components").

use crate::error::Cause;
use crate::vendors::{self, Names};
use crate::{Event, Format, Value, time};

const MAX_PAIRS: usize = 1024;

/// Where the message begins in a line, if the line holds one.
pub(crate) fn find(text: &str) -> Option<usize> {
    vendors::marker(text, "LEEF:")
}

/// Sets the fields of the message, which begins with `LEEF:`.
pub(crate) fn read(event: &mut Event, text: &str) -> Result<(), Cause> {
    let broken = |why| Cause::Unreadable { what: "a LEEF message", why };
    let body = text.strip_prefix("LEEF:").ok_or(broken("it does not begin with LEEF:"))?;
    event.format = Format::Leef;
    let mut parts = body.splitn(6, '|');
    let mut part = || parts.next().ok_or(broken("its header has fewer than five parts"));
    let (version, vendor, product, device, id) = (part()?, part()?, part()?, part()?, part()?);
    let rest = parts.next().unwrap_or_default();
    let (delimiter, attributes) = delimiter(version, rest);
    for (field, value) in [
        ("deviceVendor", vendor),
        ("deviceProduct", product),
        ("deviceVersion", device),
        ("EventID", id),
        ("deviceEventClassId", id),
    ] {
        event.set(field, Value::from(value));
    }
    for pair in attributes.split(delimiter).take(MAX_PAIRS) {
        if let Some((key, value)) = pair.split_once('=')
            && !key.trim().is_empty()
        {
            event.append(key.trim(), vendors::typed(value.trim()));
        }
    }
    event.alias("message", "msg");
    if event.get("message").is_none() {
        event.set("message", Value::from(attributes));
    }
    let happened = ["devTime", "eventTime"]
        .iter()
        .find_map(|field| event.text(field).and_then(|text| time::written(&text)));
    event.time = happened.or(event.time);
    vendors::finish(event, vendor, product, &NAMES);
    Ok(())
}

const NAMES: Names = Names {
    flow: ["src", "srcPort", "dst", "dstPort"],
    uri: "url",
    method: "method",
    agent: "userAgent",
    action: "action",
    user: "usrName",
    hosts: &["identHostName", "devName", "hostname"],
};

/// Version 2.0 names its delimiter in a sixth part, as the sign itself or as its number
/// (`x5E`, `0x09`); an empty part stands for a tab.
fn delimiter<'t>(version: &str, rest: &'t str) -> (char, &'t str) {
    if version.starts_with('1') {
        return ('\t', rest);
    }
    let Some((named, attributes)) = rest.split_once('|') else { return ('\t', rest) };
    let hex =
        named.strip_prefix("0x").or_else(|| named.strip_prefix('x')).or_else(|| named.strip_prefix('X'));
    let number = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
    let mut letters = named.chars();
    match (number, letters.next(), letters.next()) {
        (Some(sign), ..) => (sign, attributes),
        (None, Some(sign), None) => (sign, attributes),
        (None, None, _) => ('\t', attributes),
        // No delimiter stands there: some devices leave the part out.
        _ => ('\t', rest),
    }
}
