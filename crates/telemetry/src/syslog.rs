//! Syslog messages, RFC 5424 and RFC 3164, with or without priority and length in front, and the
//! log sources that their programs are. What an audit record says inside is read in `auditd`,
//! what an event as XML says in `xml`, what a FortiGate says in `fortigate`, and likewise `cef`,
//! `leef` and `access`.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use crate::error::Cause;
use crate::{Event, Format, LogSource, Value, access, auditd, cef, fortigate, leef, time, xml};

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
    "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
    "local7",
];
const SEVERITIES: [&str; 8] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Whether a line begins as a syslog or audit message does.
pub(crate) fn looks_like(line: &[u8]) -> bool {
    let line = line.get(..line.len().min(512)).unwrap_or_default();
    let text = String::from_utf8_lossy(line);
    let text = without_length(&text);
    priority(text).is_some()
        || auditd::looks_like(text)
        || fortigate::looks_like(text)
        || short_time(text).is_some()
        || iso_time(text).is_some()
        || cisco(text).is_some()
}

pub(crate) struct Syslog {
    now: Timestamp,
}

impl Syslog {
    pub(crate) fn new(now: Timestamp) -> Self {
        Syslog { now }
    }

    pub(crate) fn line(&self, line: &[u8]) -> Result<Event, Cause> {
        let lossy = String::from_utf8_lossy(line);
        let mut event = Event::new(Bytes::copy_from_slice(line), Format::Syslog);
        let text = without_length(lossy.trim_start());
        if auditd::looks_like(text) {
            event.set("message", Value::from(text));
            auditd::read(&mut event, text);
            return Ok(event);
        }
        if let Some(at) = cef::find(text) {
            self.header(&mut event, text.get(..at).unwrap_or_default());
            cef::read(&mut event, text.get(at..).unwrap_or_default())?;
            return Ok(event);
        }
        if let Some(at) = leef::find(text) {
            self.header(&mut event, text.get(..at).unwrap_or_default());
            leef::read(&mut event, text.get(at..).unwrap_or_default())?;
            return Ok(event);
        }
        let text = match priority(text) {
            Some((priority, rest)) if fortigate::looks_like(rest) => {
                set_priority(&mut event, priority);
                fortigate::read(&mut event, rest);
                return Ok(event);
            }
            None if fortigate::looks_like(text) => {
                fortigate::read(&mut event, text);
                return Ok(event);
            }
            Some((priority, rest)) => {
                set_priority(&mut event, priority);
                match rest.strip_prefix("1 ") {
                    Some(rest) => {
                        modern(&mut event, rest)?;
                        finish(&mut event);
                        return Ok(event);
                    }
                    None => rest,
                }
            }
            None => text,
        };
        self.classic(&mut event, text)?;
        finish(&mut event);
        Ok(event)
    }

    /// Takes what the header before a message of a format of its own says. What it does not say is
    /// no error: that format has a time and a host too.
    fn header(&self, event: &mut Event, text: &str) {
        let mut header = Event::new(Bytes::new(), Format::Syslog);
        let (priority, rest) = priority(text).map_or((None, text), |(number, rest)| (Some(number), rest));
        let read = match rest.strip_prefix("1 ") {
            Some(rest) if priority.is_some() => modern(&mut header, rest),
            _ => self.classic(&mut header, rest),
        };
        if read.is_ok() {
            event.time = header.time;
            event.host = header.host.take().filter(|host| !host.is_empty());
        }
        if let Some(facility) = priority.and_then(|number| FACILITIES.get(usize::from(number / 8))) {
            event.set("facility", Value::from(*facility));
        }
    }

    /// RFC 3164 §4.1.2 and what the common daemons write to their files: a time, the host, the
    /// program with or without its process id, the message.
    fn classic(&self, event: &mut Event, text: &str) -> Result<(), Cause> {
        if let Some((header, message)) = cisco(text) {
            event.time = (0..header.len())
                .filter_map(|at| header.get(at..))
                .find_map(short_time)
                .and_then(|(parts, _)| self.within_a_year(parts));
            event.host = cisco_host(header).map(str::to_owned);
            event.set("message", Value::from(message));
            return Ok(());
        }
        let rest = if let Some((parts, rest)) = short_time(text) {
            event.time = self.within_a_year(parts);
            rest
        } else if let Some((time, rest)) = iso_time(text) {
            event.time = Some(time);
            rest
        } else if event.get("priority").is_some() {
            // RFC 3164 §4.3.3: a message without a readable header is all content.
            event.set("message", Value::from(text));
            return Ok(());
        } else {
            return Err(Cause::Syslog("it begins with neither a priority nor a time"));
        };
        let (host, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
        event.host = Some(host.to_owned());
        event.set("hostname", Value::from(host));
        let (program, process, message) = tag(rest);
        if let Some(program) = program {
            event.set("appname", Value::from(program));
        }
        if let Some(process) = process {
            event.set("procid", Value::from(process));
        }
        event.set("message", Value::from(message));
        Ok(())
    }

    /// Puts a time without a year into the twelve months before now (and a day after, for clocks
    /// that run ahead).
    fn within_a_year(&self, (month, day, time): (i8, i8, Time)) -> Option<Timestamp> {
        let latest = self.now.checked_add(SignedDuration::from_hours(24)).ok()?;
        let year = jiff::tz::TimeZone::UTC.to_datetime(latest).year();
        // 29 February may be up to eight years back.
        (0..=8).find_map(|back| {
            let date = Date::new(year.checked_sub(back)?, month, day).ok()?;
            time::utc(DateTime::from_parts(date, time)).filter(|time| *time <= latest)
        })
    }
}

/// The length that octet counting puts in front of a message, and how long it is with its blank.
pub(crate) fn counted(bytes: &[u8]) -> Option<(usize, usize)> {
    let digits = bytes.iter().take(8).take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(bytes.get(..digits)?).ok()?;
    let is_framed = digits <= 7 && bytes.get(digits) == Some(&b' ') && bytes.get(digits + 1) == Some(&b'<');
    if is_framed { Some((number.parse().ok()?, digits + 1)) } else { None }
}

/// Octet counting (RFC 6587 §3.4.1) puts the message's length in front.
fn without_length(text: &str) -> &str {
    match text.split_once(' ') {
        Some((length, rest))
            if length.len() <= 7
                && !length.is_empty()
                && length.bytes().all(|byte| byte.is_ascii_digit())
                && priority(rest).is_some() =>
        {
            rest
        }
        _ => text,
    }
}

/// `<34>` and what follows it.
fn priority(text: &str) -> Option<(u16, &str)> {
    let (number, rest) = text.strip_prefix('<')?.split_once('>')?;
    if number.is_empty() || number.len() > 3 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse().ok().filter(|number| *number < 192).map(|number| (number, rest))
}

fn set_priority(event: &mut Event, priority: u16) {
    event.set("priority", Value::Int(i64::from(priority)));
    if let Some(facility) = FACILITIES.get(usize::from(priority / 8)) {
        event.set("facility", Value::from(*facility));
    }
    if let Some(severity) = SEVERITIES.get(usize::from(priority % 8)) {
        event.set("severity", Value::from(*severity));
    }
}

/// RFC 5424 §6, after priority and version.
fn modern(event: &mut Event, text: &str) -> Result<(), Cause> {
    let mut rest = text;
    let mut word = |what| match rest.split_once(' ') {
        Some((word, after)) => {
            rest = after;
            Ok((word != "-").then_some(word))
        }
        None => Err(Cause::Syslog(what)),
    };
    let stamp = word("it ends before its time")?;
    let host = word("it ends before its host name")?;
    let program = word("it ends before its program name")?;
    let process = word("it ends before its process id")?;
    let id = word("it ends before its message id")?;
    if let Some(stamp) = stamp {
        event.time = Some(time::parse(stamp).ok_or(Cause::Syslog("its time cannot be read"))?);
    }
    event.host = host.map(str::to_owned);
    let named = [("hostname", host), ("appname", program), ("procid", process), ("msgid", id)];
    for (name, value) in named {
        if let Some(value) = value {
            event.set(name, Value::from(value));
        }
    }
    let message = structured(event, rest)?;
    let message = message.strip_prefix(' ').unwrap_or(message);
    event.set("message", Value::from(message.strip_prefix('\u{feff}').unwrap_or(message)));
    Ok(())
}

/// Reads `[id name="value" …]…` or `-`; returns what follows. A parameter becomes a field
/// `id.name`.
fn structured<'t>(event: &mut Event, text: &'t str) -> Result<&'t str, Cause> {
    const BROKEN: Cause = Cause::Syslog("its structured data is broken");
    if let Some(rest) = text.strip_prefix('-') {
        return Ok(rest);
    }
    let mut rest = text;
    while let Some(inside) = rest.strip_prefix('[') {
        let end = inside.find([' ', ']']).ok_or(BROKEN)?;
        let (id, mut parameters) = inside.split_at(end);
        rest = loop {
            parameters = parameters.trim_start_matches(' ');
            if let Some(rest) = parameters.strip_prefix(']') {
                break rest;
            }
            let (name, value) = parameters.split_once("=\"").ok_or(BROKEN)?;
            let (value, after) = quoted(value).ok_or(BROKEN)?;
            if event.field_count() >= 1024 {
                return Err(Cause::Syslog("it has more than 1024 parameters"));
            }
            event.append(&format!("{id}.{name}"), Value::Str(value));
            parameters = after;
        };
    }
    if rest.len() == text.len() {
        return Err(BROKEN);
    }
    Ok(rest)
}

/// A parameter's value up to its quote, with `\"`, `\\` and `\]` undone.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => match letters.next()?.1 {
                escaped @ ('"' | '\\' | ']') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            other => value.push(other),
        }
    }
    None
}

type Parts = (i8, i8, Time);

/// `Oct 11 22:14:15`, also with a year behind the day or fractions of a second.
fn short_time(text: &str) -> Option<(Parts, &str)> {
    let month = MONTHS.iter().position(|month| text.starts_with(month))?;
    let month = i8::try_from(month + 1).ok()?;
    let rest = text.get(3..)?.strip_prefix(' ')?.trim_start();
    let (day, rest) = rest.split_once(' ')?;
    let day: i8 = day.parse().ok().filter(|day| (1..=31).contains(day))?;
    let (clock, rest) = rest.trim_start().split_once(' ').unwrap_or((rest.trim_start(), ""));
    let time: Time = clock.trim_end_matches(':').parse().ok()?;
    Some(((month, day, time), rest))
}

/// RFC 3339 and a space, as newer daemons write to files.
fn iso_time(text: &str) -> Option<(Timestamp, &str)> {
    let (stamp, rest) = text.split_once(' ')?;
    if !stamp.starts_with(|first: char| first.is_ascii_digit()) || !stamp.contains('T') {
        return None;
    }
    Some((stamp.parse().ok()?, rest))
}

/// `program[123]: message`; a message without a tag is all message.
fn tag(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let text = text.trim_start();
    let name_end = text.find([':', '[', ' ']).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    if name.is_empty() {
        return (None, None, text);
    }
    if let Some(message) = rest.strip_prefix(':') {
        return (Some(name), None, message.trim_start_matches(' '));
    }
    if let Some((process, message)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let message = message.strip_prefix(':').unwrap_or(message);
        return (Some(name), Some(process), message.trim_start_matches(' '));
    }
    (None, None, text)
}

/// Splits a Cisco message before its mnemonic, `%FACILITY-SEVERITY-MNEMONIC:`. The header may hold
/// host, sequence number, time and zone, but no program's tag: so what a program on another
/// system writes is not taken for one.
fn cisco(text: &str) -> Option<(&str, &str)> {
    let at = text.find('%')?;
    let (header, message) = text.split_at(at);
    let upper = |part: &str| {
        let letter = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        !part.is_empty() && part.bytes().all(letter)
    };
    let (mnemonic, _) = message.get(1..)?.split_once(':')?;
    let mut parts = mnemonic.split('-');
    let whole = parts.next().is_some_and(upper)
        && parts.next_back().is_some_and(upper)
        && parts.next_back().is_some_and(|level| matches!(level.as_bytes(), [b'0'..=b'7']));
    let tagged = header.split(' ').filter_map(|word| word.strip_suffix(':')).any(|word| {
        !upper(word) && !word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'*'))
    });
    (whole && !tagged && header.len() < 128).then_some((header, message))
}

/// The word of a Cisco header that is neither a part of the time nor a number.
fn cisco_host(header: &str) -> Option<&str> {
    header.split([' ', '*']).map(|word| word.trim_end_matches(':')).find(|word| {
        let name = word.starts_with(|first: char| first.is_ascii_alphabetic())
            && !MONTHS.contains(word)
            && !word.bytes().all(|b| b.is_ascii_uppercase());
        name || word.parse::<std::net::IpAddr>().is_ok()
    })
}

/// Gives the log source, and reads the audit record or event as XML that the message may be.
fn finish(event: &mut Event) {
    let message = event.text("message").map(Cow::into_owned).unwrap_or_default();
    if event.get("appname").is_none() && cisco(&message).is_some() {
        let mnemonic = message.trim_start_matches('%').split(':').next().unwrap_or_default();
        event.set("mnemonic", Value::from(mnemonic));
        event.source = LogSource::of(Some("cisco"), None, Some(cisco_service(mnemonic)));
        return;
    }
    let program = event.text("appname").map(|name| name.to_ascii_lowercase()).unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    let audit = message.strip_prefix("audit: ").unwrap_or(&message);
    if matches!(program, "audit" | "auditd" | "audispd" | "kernel") && auditd::looks_like(audit) {
        auditd::read(event, audit);
        return;
    }
    let is_request = match program {
        "haproxy" => access::read_haproxy(event, &message),
        "nginx" => access::read(event, &message, Some("nginx")),
        "apache" | "apache2" | "httpd" => access::read(event, &message, Some("apache")),
        _ => false,
    };
    if is_request {
        return;
    }
    if xml::looks_like(&message) && xml::read(event, &message) {
        return;
    }
    event.source = LogSource::of(Some("linux"), None, Some(service(program)));
}

fn cisco_service(mnemonic: &str) -> &'static str {
    match mnemonic.split('-').next().unwrap_or_default() {
        "BGP" | "TCP" => "bgp",
        "LDP" => "ldp",
        // Commands that were typed and who typed them.
        _ => "aaa",
    }
}

/// The service that a program is in Sigma.
fn service(program: &str) -> &'static str {
    match program {
        "sshd" | "sshd-session" => "sshd",
        "sudo" => "sudo",
        "su" => "su",
        "login" | "systemd-logind" => "login",
        "polkitd" | "polkit" | "pkexec" => "polkit",
        "cron" | "crond" | "anacron" | "crontab" | "atd" => "cron",
        "audit" | "auditd" | "audispd" => "auditd",
        "clamd" | "clamav" | "clamscan" | "freshclam" | "clamav-daemon" => "clamav",
        "vsftpd" => "vsftpd",
        "guacd" | "guacamole" => "guacamole",
        "apache" | "apache2" | "httpd" => "apache",
        "nginx" => "nginx",
        _ => "syslog",
    }
}
