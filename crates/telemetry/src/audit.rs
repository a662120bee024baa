//! The Linux audit daemon's own log: its records of one happening share a serial number and are
//! joined into one event. What a single record says is read in `auditd`.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::Cause;
use crate::{Event, Format, LogSource, Mappings, Name, Value, auditd};

/// Happenings whose records may be mixed with each other.
const MOST_OPEN: usize = 8;
/// The most that is joined; what comes after begins an event of its own.
const MOST_RECORDS: usize = 256;
const MOST_BYTES: usize = 1 << 20;

/// Joins the records of a log.
pub(crate) struct Audit {
    mappings: Arc<Mappings>,
    open: VecDeque<Group>,
    ready: VecDeque<Event>,
}

struct Group {
    key: String,
    /// The lines, as they came.
    raw: Vec<u8>,
    records: usize,
}

impl Audit {
    pub(crate) fn new(mappings: &Arc<Mappings>) -> Audit {
        Audit { mappings: Arc::clone(mappings), open: VecDeque::new(), ready: VecDeque::new() }
    }

    /// Takes a line in. What is complete with it waits in [`Audit::ready`].
    pub(crate) fn line(&mut self, line: &[u8]) -> Result<(), Cause> {
        let text = String::from_utf8_lossy(line);
        let key = key(&text).ok_or(Cause::Unreadable {
            what: "a Linux audit record",
            why: "it has no msg=audit(time:serial)",
        })?;
        let at = match self.open.iter().position(|group| group.key == key) {
            Some(at) => at,
            None => {
                if self.open.len() == MOST_OPEN {
                    self.close(0);
                }
                self.open.push_back(Group { key, raw: Vec::new(), records: 0 });
                self.open.len() - 1
            }
        };
        let is_end = kind(&text) == Some("EOE");
        if let Some(group) = self.open.get_mut(at) {
            if !group.raw.is_empty() {
                group.raw.push(b'\n');
            }
            group.raw.extend_from_slice(line);
            group.records += 1;
            if is_end || group.records == MOST_RECORDS || group.raw.len() > MOST_BYTES {
                self.close(at);
            }
        }
        Ok(())
    }

    pub(crate) fn ready(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    /// The log has ended: whatever is open is complete.
    pub(crate) fn end(&mut self) {
        while !self.open.is_empty() {
            self.close(0);
        }
    }

    fn close(&mut self, at: usize) {
        if let Some(group) = self.open.remove(at) {
            self.ready.push_back(join(group.raw, &self.mappings));
        }
    }
}

/// What records of one happening share: the machine, the time and the serial number.
pub(crate) fn key(text: &str) -> Option<String> {
    let node = text.strip_prefix("node=").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let (_, rest) = text.split_once("audit(")?;
    let (stamp, _) = rest.split_once(')')?;
    (stamp.len() <= 64 && stamp.contains(':')).then(|| format!("{node} {stamp}"))
}

fn kind(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("type=")?;
    rest.split(' ').next()
}

fn join(raw: Vec<u8>, mappings: &Mappings) -> Event {
    let text = String::from_utf8_lossy(&raw).into_owned();
    let mut event = Event::new(Bytes::from(raw), Format::LinuxAudit);
    let arguments_follow = text.lines().any(|line| kind(line) == Some("EXECVE"));
    let mut created = None;
    for line in text.lines() {
        let mut record = Event::new(Bytes::copy_from_slice(line.as_bytes()), Format::LinuxAudit);
        auditd::read(&mut record, line);
        event.time = event.time.or(record.time);
        event.host = event.host.take().or_else(|| record.host.take());
        let kind = record.text("type").map(std::borrow::Cow::into_owned).unwrap_or_default();
        if kind == "PATH" && created.is_none() {
            created = match record.text("nametype").as_deref() {
                Some("CREATE") => Some("file_event"),
                Some("DELETE") => Some("file_delete"),
                _ => None,
            };
            if created.is_some()
                && let Some(name) = record.text("name")
            {
                let name = name.into_owned();
                event.set("TargetFilename", Value::from(name));
            }
        }
        for (name, value) in record.take_fields() {
            // A system call's arguments are numbers or addresses; the program's own come in a
            // record of their own and are what rules ask for.
            let pointer = kind == "SYSCALL" && arguments_follow && is_argument(name.as_ref());
            let name = if pointer { Name::new(&format!("syscall.{name}")) } else { name };
            let name = name.as_ref();
            if event.get(name) != Some(&value) && (event.field_count() < 1024 || event.get(name).is_some()) {
                event.append(name, value);
            }
        }
    }
    event.set("message", Value::from(text.as_str()));
    finish(&mut event, arguments_follow, created);
    mappings.apply_named("auditd", &mut event);
    event
}

fn is_argument(name: &str) -> bool {
    name.strip_prefix('a')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Gives the log source, and the names of its category.
fn finish(event: &mut Event, is_exec: bool, file: Option<&'static str>) {
    let connects = event.text("SYSCALL").is_some_and(|call| call == "connect")
        || (event.text("arch").is_some_and(|arch| arch == "c000003e")
            && event.text("syscall").is_some_and(|call| call == "42"));
    let peer = if connects { event.text("saddr").and_then(|address| peer(&address)) } else { None };
    let category = match (is_exec, file, peer) {
        (true, ..) => Some("process_creation"),
        (false, Some(file), _) => Some(file),
        (false, None, Some((address, port))) => {
            event.set("DestinationIp", Value::from(address.to_string()));
            event.set("DestinationPort", Value::Int(i64::from(port)));
            Some("network_connection")
        }
        (false, None, None) => None,
    };
    event.source = LogSource::of(Some("linux"), category, Some("auditd"));
    if category.is_none() {
        return;
    }
    // The first argument may be anything; the kernel's word for the program is its path.
    if let Some(program) = event.text("exe").map(std::borrow::Cow::into_owned) {
        let fields = event.take_fields();
        event.set("Image", Value::from(program));
        for (name, value) in fields {
            event.set(name, value);
        }
    }
}

/// A socket's address in hexadecimal, as the kernel holds it: family, port, address.
fn peer(hex: &str) -> Option<(IpAddr, u16)> {
    let bytes: Vec<u8> = (0..hex.len().min(64) / 2)
        .map_while(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect();
    let port = u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]);
    match (bytes.first()?, bytes.get(1)?) {
        (2, 0) => {
            let address: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some((IpAddr::V4(Ipv4Addr::from(address)), port))
        }
        (10, 0) => {
            let address: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            Some((IpAddr::V6(Ipv6Addr::from(address)), port))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_sockets() {
        assert_eq!(
            peer("020001BBC0000209").map(|(ip, port)| format!("{ip} {port}")).as_deref(),
            Some("192.0.2.9 443")
        );
        let long = "0A0001BB0000000020010DB800000000000000000000000100000000";
        assert_eq!(peer(long).map(|(ip, port)| format!("{ip} {port}")).as_deref(), Some("2001:db8::1 443"));
        for broken in ["", "0", "0200", "020001BBC0", "01002F746D70", "zz0001BBC0000209", "éé"] {
            assert_eq!(peer(broken), None, "{broken}");
        }
    }
}
