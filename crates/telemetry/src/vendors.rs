//! What CEF and LEEF have in common: how their messages are found in a line, and what their vendor,
//! product and fields are in Sigma's words.

use std::borrow::Cow;

use crate::{Event, LogSource, Value, web};

/// How far into a line the header before a message may reach.
const MOST_HEADER: usize = 1024;

/// A format's own names for what many rules ask.
pub(crate) struct Names {
    /// Source address and port, destination address and port.
    pub(crate) flow: [&'static str; 4],
    pub(crate) uri: &'static str,
    pub(crate) method: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) action: &'static str,
    pub(crate) user: &'static str,
    /// The device that reports, the best name first.
    pub(crate) hosts: &'static [&'static str],
}

/// Where `CEF:0|` or `LEEF:1.0|` stands: at the beginning, or as a word behind a syslog header.
pub(crate) fn marker(text: &str, mark: &str) -> Option<usize> {
    let at = memchr::memmem::find(text.as_bytes(), mark.as_bytes()).filter(|at| *at <= MOST_HEADER)?;
    let (before, after) = (text.get(..at)?, text.get(at + mark.len()..)?);
    let (version, _) = after.split_once('|')?;
    let is_version = !version.is_empty()
        && version.len() <= 8
        && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (is_version && (before.is_empty() || before.ends_with([' ', '\t', ':', '\u{feff}']))).then_some(at)
}

/// A number where it is written as one, else text.
pub(crate) fn typed(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => Value::Int(number),
        _ => Value::from(text),
    }
}

/// Gives Sigma's names and the log source.
pub(crate) fn finish(event: &mut Event, vendor: &str, product: &str, names: &Names) {
    web::flow(event, names.flow);
    event.alias("action", names.action);
    event.alias("User", names.user);
    if event.get(names.uri).is_some() {
        web::http(
            event,
            &web::HttpNames {
                uri: names.uri,
                host: "dhost",
                method: names.method,
                agent: names.agent,
                referrer: "requestContext",
                status: "outcome",
            },
        );
        event.alias("c-ip", "src_ip");
    }
    for name in ["VirusName", "Virus", "ThreatName", "MalwareName", "virus", "threat_name"] {
        event.alias("Signature", name);
    }
    event.alias("Filename", "filePath");
    event.alias("Filename", "fname");
    let host = names
        .hosts
        .iter()
        .find_map(|name| event.text(name))
        .filter(|host| !host.is_empty())
        .map(Cow::into_owned);
    event.host = host.or(event.host.take());
    fortigate(event, vendor);
    event.source = source(event, vendor, product, names);
}

/// FortiGate puts its own names behind a mark of the vendor's.
fn fortigate(event: &mut Event, vendor: &str) {
    if !vendor.eq_ignore_ascii_case("fortinet") {
        return;
    }
    let own: Vec<(String, Value)> = event
        .fields()
        .filter_map(|(name, value)| Some((name.strip_prefix("FTNTFGT")?.to_owned(), value.clone())))
        .collect();
    for (name, value) in own {
        event.set(name, value);
    }
}

fn source(event: &Event, vendor: &str, product: &str, names: &Names) -> LogSource {
    let word = |text: &str| {
        let word: String = text
            .trim()
            .chars()
            .map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' })
            .collect();
        (!word.is_empty()).then_some(word)
    };
    let (vendor, product) = (word(vendor), word(product));
    let called = |part: &str| {
        vendor.as_deref().is_some_and(|name| name.contains(part))
            || product.as_deref().is_some_and(|name| name.contains(part))
    };
    let has = |name: &str| event.get(name).is_some();
    let category = if has("Signature") || called("antivirus") {
        Some("antivirus")
    } else if called("waf") || called("imperva") || called("asm") && has(names.uri) {
        Some("webserver")
    } else if has(names.uri)
        && (has(names.method) || has(names.agent) || called("proxy") || called("zscaler"))
    {
        Some("proxy")
    } else if has("src_ip") && has("dst_ip") && (has("action") || called("firewall") || called("fortigate")) {
        Some("firewall")
    } else {
        None
    };
    // Sigma names FortiGate by its product, Cisco's and others' devices by their maker.
    let own = match (vendor.as_deref(), product.as_deref()) {
        (Some("fortinet"), Some(product)) => Some(product.to_owned()),
        (vendor, _) => vendor.map(str::to_owned),
    };
    let service = match (vendor.as_deref(), event.text("type").as_deref()) {
        (Some("fortinet"), Some(kind)) => Some(kind.to_owned()),
        _ => product,
    };
    LogSource {
        product: own.map(Cow::Owned),
        category: category.map(Cow::Borrowed),
        service: service.map(Cow::Owned),
    }
}
