//! Access logs of web servers, a request a line: Common and Combined Log Format with or without the
//! virtual host in front, as Apache, nginx, Traefik and others write them, and HAProxy's HTTP log.

use std::net::IpAddr;

use bytes::Bytes;
use jiff::Timestamp;

use crate::error::Cause;
use crate::{Event, Format, LogSource, Value, web};

pub(crate) fn looks_like(line: &[u8]) -> bool {
    let line = line.get(..line.len().min(8192)).unwrap_or_default();
    parse(&String::from_utf8_lossy(line)).is_some()
}

/// What is known of a file before its lines are read.
pub(crate) struct Access {
    server: Option<&'static str>,
}

impl Access {
    pub(crate) fn new(name: &str) -> Self {
        Access { server: server_of(name) }
    }

    pub(crate) fn line(&self, line: &[u8]) -> Result<Event, Cause> {
        let text = String::from_utf8_lossy(line);
        let mut event = Event::new(Bytes::copy_from_slice(line), Format::AccessLog);
        let broken = Cause::Unreadable {
            what: "an access log's line",
            why: "it is not client, user, [time], \"request\" and status",
        };
        if read(&mut event, &text, self.server) { Ok(event) } else { Err(broken) }
    }
}

/// The server that writes into a folder or file of that name.
fn server_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.contains(part);
    match () {
        () if has("nginx") => Some("nginx"),
        () if has("apache") || has("httpd") => Some("apache"),
        () => None,
    }
}

/// Sets the fields of a line in the Common or Combined Log Format; says whether it is one.
pub(crate) fn read(event: &mut Event, text: &str, server: Option<&'static str>) -> bool {
    let Some(line) = parse(text) else { return false };
    event.time = line.time.or(event.time);
    set(event, "c-ip", Some(line.client));
    set(event, "cs-username", line.user);
    set(event, "cs-host", line.host);
    request(event, &line.request);
    event.set("sc-status", Value::Int(i64::from(line.status)));
    if let Some(bytes) = line.bytes {
        event.set("sc-bytes", Value::Int(bytes));
    }
    if let Some([referrer, agent]) = line.quoted {
        text_or_null(event, "cs-referer", referrer);
        text_or_null(event, "cs-user-agent", agent);
    }
    if event.host.is_none() {
        event.host = line.host.map(|host| host.split(':').next().unwrap_or(host).to_owned());
    }
    finish(event, server);
    true
}

fn finish(event: &mut Event, server: Option<&'static str>) {
    web::http(event, &web::SERVER_NAMES);
    event.alias("src_ip", "c-ip");
    event.source = LogSource::of(server, Some("webserver"), server);
}

fn set(event: &mut Event, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        event.set(name, Value::from(value));
    }
}

/// What the client did not send is there as null, which is how rules ask for it.
fn text_or_null(event: &mut Event, name: &str, value: String) {
    event.set(name, if value == "-" { Value::Null } else { Value::from(value) });
}

/// `GET /x?y HTTP/1.1`; what is no request, as a scanner may send it, stays whole.
fn request(event: &mut Event, request: &str) {
    event.set("request", Value::from(request));
    let Some((method, rest)) = request.split_once(' ') else { return };
    let (uri, version) = match rest.rsplit_once(' ') {
        Some((uri, version)) if version.starts_with("HTTP/") => (uri, Some(version)),
        _ => (rest, None),
    };
    if method.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_')) {
        event.set("cs-method", Value::from(method));
        event.set("cs-uri", Value::from(uri));
        set(event, "cs-version", version);
    }
}

struct Line<'t> {
    host: Option<&'t str>,
    client: &'t str,
    user: Option<&'t str>,
    time: Option<Timestamp>,
    request: String,
    status: u16,
    bytes: Option<i64>,
    /// Referrer and user agent.
    quoted: Option<[String; 2]>,
}

fn parse(text: &str) -> Option<Line<'_>> {
    let (before, rest) = text.split_once(" [")?;
    let (stamp, rest) = rest.split_once("] \"")?;
    let time = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", stamp).ok()?;
    let (request, rest) = quoted(rest)?;
    let mut words = before.split(' ').filter(|word| !word.is_empty());
    let (first, second) = (words.next()?, words.next()?);
    // The virtual host stands in front of the client, not behind it.
    let is_hosted = words.clone().count() >= 2 && second.parse::<IpAddr>().is_ok();
    let (host, client) = if is_hosted { (Some(first), second) } else { (None, first) };
    if is_hosted {
        words.next();
    }
    let user = words.next().filter(|user| *user != "-");
    let mut rest = rest.trim_start();
    let (status, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let status = status.parse().ok().filter(|status| (0..1000).contains(status))?;
    rest = after.trim_start();
    let (bytes, after) = rest.split_once(' ').unwrap_or((rest, ""));
    let bytes = bytes.parse().ok();
    let referrer = after.trim_start().strip_prefix('"').and_then(quoted);
    let quoted = referrer.and_then(|(referrer, after)| {
        let (agent, _) = after.trim_start().strip_prefix('"').and_then(quoted)?;
        Some([referrer, agent])
    });
    Some(Line { host, client, user, time: Some(time), request, status, bytes, quoted })
}

/// Up to the closing quote. Apache writes `\"`, `\\` and `\xhh`, nginx `\xHH`; a backslash before
/// anything else is the client's.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'"' => return Some((String::from_utf8_lossy(&value).into_owned(), text.get(at + 1..)?)),
            b'\\' => {
                let (byte, length) = match (bytes.get(at + 1)?, bytes.get(at + 2..at + 4).and_then(hex)) {
                    (b'"', _) => (b'"', 2),
                    (b'\\', _) => (b'\\', 2),
                    (b't', _) => (b'\t', 2),
                    (b'n', _) => (b'\n', 2),
                    (b'x', Some(byte)) => (byte, 4),
                    _ => (b'\\', 1),
                };
                value.push(byte);
                at += length;
            }
            byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// HAProxy's HTTP log (its manual, "HTTP log format"), which reaches us as a syslog message:
/// `client:port [time] frontend backend/server timers status bytes … "request"`.
pub(crate) fn read_haproxy(event: &mut Event, text: &str) -> bool {
    let Some((client, rest)) = text.split_once(" [") else { return false };
    let Some((stamp, rest)) = rest.split_once("] ") else { return false };
    let Some((words, line)) = rest.split_once(" \"") else { return false };
    let mut words = words.split(' ');
    let (Some(frontend), Some(backend), Some(_timers)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let Some(status) = words.next().and_then(|status| status.parse::<i64>().ok()) else { return false };
    let Some((address, port)) = client.rsplit_once(':') else { return false };
    let Some((line, _)) = quoted(line) else { return false };
    if let Ok(time) = jiff::civil::DateTime::strptime("%d/%b/%Y:%H:%M:%S%.f", stamp) {
        event.time = crate::time::utc(time).or(event.time);
    }
    event.set("c-ip", Value::from(address));
    if let Ok(port) = port.parse() {
        event.set("src_port", Value::Int(port));
    }
    event.set("frontend", Value::from(frontend));
    event.set("backend", Value::from(backend));
    event.set("sc-status", Value::Int(status));
    if let Some(bytes) = words.next().and_then(|bytes| bytes.parse().ok()) {
        event.set("sc-bytes", Value::Int(bytes));
    }
    request(event, &line);
    finish(event, Some("haproxy"));
    true
}
