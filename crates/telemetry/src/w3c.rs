//! W3C Extended Log File Format (W3C working draft WD-logfile-960323): IIS, Exchange's front ends,
//! CloudFront, Blue Coat, and the Windows firewall, whose `#Fields:` line names the columns.

use bytes::Bytes;

use crate::error::Cause;
use crate::{Event, Format, LogSource, Value, time, vendors, web};

const MAX_COLUMNS: usize = 512;

pub(crate) fn looks_like(text: &[u8]) -> bool {
    ["#Software:", "#Version:", "#Fields:", "#Date:", "#Start-Date:"]
        .iter()
        .any(|mark| text.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark.as_bytes())))
}

/// What the header lines read so far say.
#[derive(Default)]
pub(crate) struct W3c {
    columns: Vec<String>,
    software: String,
    date: Option<String>,
}

impl W3c {
    /// Reads a line; `None` if it is a header or comment.
    pub(crate) fn line(&mut self, line: &[u8]) -> Option<Result<Event, Cause>> {
        let text = String::from_utf8_lossy(line);
        if let Some(header) = text.strip_prefix('#') {
            self.header(header);
            return None;
        }
        Some(self.record(line, &text))
    }

    fn header(&mut self, header: &str) {
        let Some((name, value)) = header.split_once(':') else { return };
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "fields" => {
                let names = value.split_ascii_whitespace().take(MAX_COLUMNS);
                self.columns = names.map(str::to_owned).collect();
            }
            "software" => self.software = value.to_owned(),
            "date" | "start-date" => self.date = value.split(' ').next().map(str::to_owned),
            _ => {}
        }
    }

    fn record(&self, line: &[u8], text: &str) -> Result<Event, Cause> {
        let broken = |why| Cause::Unreadable { what: "a W3C extended log's line", why };
        if self.columns.is_empty() {
            return Err(broken("it stands before any #Fields: line"));
        }
        let mut event = Event::new(Bytes::copy_from_slice(line), Format::W3c);
        let mut values = Values { rest: text.trim(), tabs: text.contains('\t') };
        for column in &self.columns {
            let value = values.next().ok_or(broken("it has fewer columns than #Fields: names"))?;
            // What is not known is a dash; then rules ask for null.
            let value = match value {
                "-" => Value::Null,
                // IIS puts plus signs for the blanks of what a client said of itself.
                _ if column.starts_with("cs(") => Value::from(value.replace('+', " ")),
                _ => vendors::typed(value),
            };
            event.set(column.as_str(), value);
        }
        if values.next().is_some() {
            return Err(broken("it has more columns than #Fields: names"));
        }
        self.finish(&mut event);
        Ok(event)
    }

    fn finish(&self, event: &mut Event) {
        let date = event.text("date").map(std::borrow::Cow::into_owned).or_else(|| self.date.clone());
        if let (Some(date), Some(clock)) = (date, event.text("time")) {
            event.time = time::parse(&format!("{date}T{clock}"));
        }
        for (name, of) in HEADERS {
            event.alias(name, of);
        }
        event.source = self.source(event);
        if event.source.category.as_deref() == Some("firewall") {
            web::flow(event, ["src-ip", "src-port", "dst-ip", "dst-port"]);
            return;
        }
        whole_uri(event);
        web::http(event, &web::SERVER_NAMES);
        web::flow(event, ["c-ip", "c-port", "s-ip", "s-port"]);
        event.host = event.text("s-computername").map(std::borrow::Cow::into_owned);
    }

    fn source(&self, event: &Event) -> LogSource {
        let software = self.software.to_ascii_lowercase();
        let has = |name: &str| event.get(name).is_some();
        if software.contains("firewall") || (has("src-ip") && has("dst-ip") && has("action")) {
            let product = software.contains("windows").then_some("windows");
            return LogSource::of(product, Some("firewall"), product.and(Some("firewall")));
        }
        if has("sc-filter-result") || has("s-action") || has("cs-categories") || software.contains("sgos") {
            return LogSource::of(None, Some("proxy"), None);
        }
        let service = if software.contains("internet information services") || has("s-sitename") {
            Some("iis")
        } else if has("x-edge-location") {
            Some("cloudfront")
        } else {
            None
        };
        LogSource::of(None, Some("webserver"), service)
    }
}

/// The names of request headers, as this format writes them, in Sigma's words.
const HEADERS: &[(&str, &str)] = &[
    ("cs-user-agent", "cs(User-Agent)"),
    ("cs-referer", "cs(Referer)"),
    ("cs-cookie", "cs(Cookie)"),
    ("cs-host", "cs(Host)"),
    ("cs-username", "x-cs-username"),
];

/// Rules look for path and parameters alike in `cs-uri-query`, so it must hold the whole, as it does
/// for other servers. What the file itself calls so stays as `c-uri-query`.
fn whole_uri(event: &mut Event) {
    let Some(stem) = event.text("cs-uri-stem").map(std::borrow::Cow::into_owned) else { return };
    let query = event.text("cs-uri-query").map(std::borrow::Cow::into_owned);
    let fields = event.take_fields();
    for (name, value) in fields {
        if name.as_ref() == "cs-uri-query" {
            event.set("c-uri-query", value);
        } else {
            event.set(name, value);
        }
    }
    let whole = match query {
        Some(query) if !query.is_empty() => format!("{stem}?{query}"),
        _ => stem,
    };
    event.set("cs-uri", Value::from(whole));
}

/// Columns are parted by blanks, or by tabs where a line has any; quotes hold blanks together.
struct Values<'t> {
    rest: &'t str,
    tabs: bool,
}

impl<'t> Iterator for Values<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        if self.tabs {
            let (value, rest) = self.rest.split_once('\t').unwrap_or((self.rest, ""));
            self.rest = rest;
            return Some(value.trim_matches('"'));
        }
        if let Some((value, rest)) = self.rest.strip_prefix('"').and_then(|inside| inside.split_once('"')) {
            self.rest = rest.trim_start();
            return Some(value);
        }
        let (value, rest) = self.rest.split_once(' ').unwrap_or((self.rest, ""));
        self.rest = rest.trim_start();
        Some(value)
    }
}
