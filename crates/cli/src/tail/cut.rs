//! Where, in what a file has grown by, the last whole record ends.

use telemetry::Format;

/// How much of the bytes are whole records. What follows is waited for. `is_idle`: nothing has been
/// written for a while, so a happening of several records has all of them.
pub fn whole(format: Format, bytes: &[u8], is_idle: bool) -> usize {
    let lines = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    match format {
        Format::WindowsXml => {
            const END: &[u8] = b"</Event>";
            bytes.windows(END.len()).rposition(|window| window == END).map_or(0, |at| at + END.len())
        }
        Format::LinuxAudit if !is_idle => before_last_serial(bytes.get(..lines).unwrap_or_default()),
        _ => lines,
    }
}

/// The records of an audit event come line by line; those of the last one may not all be there.
fn before_last_serial(lines: &[u8]) -> usize {
    let mut start = lines.len();
    let mut last: Option<&[u8]> = None;
    while start > 0 {
        let before = lines.get(..start - 1).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let line = lines.get(line_start..start).unwrap_or_default();
        let Some(serial) = serial(line) else { return start };
        // The end of an event is said by a record of its own.
        if last.is_none() && line.windows(9).any(|window| window == b"type=EOE ") {
            return start;
        }
        if last.is_some_and(|last| last != serial) {
            return start;
        }
        last = Some(serial);
        start = line_start;
    }
    start
}

fn serial(line: &[u8]) -> Option<&[u8]> {
    let at = line.windows(6).position(|window| window == b"audit(")?;
    let rest = line.get(at + 6..)?;
    rest.get(..rest.iter().position(|byte| *byte == b')')?)
}

/// Lines that say what the columns of the lines after them are: whoever reads a piece from the middle
/// of the file needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header(Vec<String>);

const MOST_LINES: usize = 32;
const LONGEST: usize = 16 * 1024;

impl Header {
    pub fn restored(lines: Vec<String>) -> Self {
        Header(lines)
    }

    pub fn lines(&self) -> &[String] {
        &self.0
    }

    /// Takes the header lines of a piece in; one of the same name replaces the one before.
    pub fn learn(&mut self, format: Format, bytes: &[u8]) {
        if !matches!(format, Format::ZeekTsv | Format::W3c) {
            return;
        }
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"#")) {
            let line = String::from_utf8_lossy(line).trim_end().to_owned();
            let name = name(&line);
            if name == "#close" || line.len() > LONGEST {
                continue;
            }
            if let Some(known) = self.0.iter_mut().find(|known| self::name(known) == name) {
                *known = line;
            } else if self.0.len() < MOST_LINES {
                self.0.push(line);
            }
        }
    }

    pub fn before(&self, bytes: &[u8]) -> Vec<u8> {
        let mut whole = Vec::with_capacity(bytes.len() + 256);
        for line in &self.0 {
            whole.extend_from_slice(line.as_bytes());
            whole.push(b'\n');
        }
        whole.extend_from_slice(bytes);
        whole
    }
}

fn name(line: &str) -> &str {
    line.split(['\t', ' ', ':']).next().unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_waited_for() {
        assert_eq!(whole(Format::Syslog, b"one\ntwo", false), 4);
        assert_eq!(whole(Format::Syslog, b"tw", true), 0);
        assert_eq!(whole(Format::WindowsXml, b"<Event>a</Event>\n<Event>b\n", true), 16);
    }

    #[test]
    fn an_audit_event_is_held_until_it_is_whole() {
        let first = "type=A msg=audit(1.0:1): x\n";
        let second = "type=B msg=audit(1.0:2): x\ntype=C msg=audit(1.0:2): x\n";
        let all = format!("{first}{second}type=D msg=aud");
        assert_eq!(whole(Format::LinuxAudit, all.as_bytes(), false), first.len());
        assert_eq!(whole(Format::LinuxAudit, all.as_bytes(), true), first.len() + second.len());
        let ended = format!("{first}{second}type=EOE msg=audit(1.0:2): \n");
        assert_eq!(whole(Format::LinuxAudit, ended.as_bytes(), false), ended.len());
        assert_eq!(whole(Format::LinuxAudit, first.as_bytes(), false), 0);
    }

    #[test]
    fn a_piece_from_the_middle_gets_the_columns() {
        let mut header = Header::default();
        header.learn(Format::W3c, b"#Version: 1.0\r\n#Fields: a b\n1 2\n#Fields: a b c\n");
        assert_eq!(header.before(b"1 2 3\n"), b"#Version: 1.0\n#Fields: a b c\n1 2 3\n");
        let mut none = Header::default();
        none.learn(Format::Syslog, b"# a comment\n");
        assert_eq!(none, Header::default());
    }
}
