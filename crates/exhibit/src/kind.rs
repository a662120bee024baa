//! What kind of thing bytes are, told by the bytes and never by their name. Where a name says something
//! else, that is said too: a program that is called a picture is worth knowing of.

use std::io;

use crate::text::Encoding;
use crate::{Source, is_tricky, window};

/// How much of the beginning tells the kind.
pub const HEAD: usize = 64 * 1024;

/// A kind with its name for people, the bytes that begin it (place, bytes), and the endings of names that
/// rightly announce it.
struct Known {
    kind: Kind,
    label: &'static str,
    marks: &'static [(usize, &'static [u8])],
    endings: &'static [&'static str],
}

macro_rules! kinds {
    ($($kind:ident $label:literal [$(($at:literal, $mark:literal)),*] [$($ending:literal),*];)+) => {
        /// What bytes are.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Kind { $($kind),+ }
        const KNOWN: &[Known] = &[$(Known {
            kind: Kind::$kind, label: $label, marks: &[$(($at, $mark)),*], endings: &[$($ending),*],
        }),+];
    };
}

kinds! {
    Empty "nothing: no bytes" [] [];
    Evtx "Windows event log" [(0, b"ElfFile\0"), (0, b"ElfChnk\0")] ["evtx"];
    WindowsProgram "Windows program (PE)" [(0, b"MZ")] ["exe", "dll", "sys", "scr", "com", "cpl", "ocx", "drv", "efi", "mui", "pyd", "node"];
    Elf "Unix program (ELF)" [(0, b"\x7fELF")] ["elf", "so", "o", "ko", "axf", "bin", "out"];
    MachO "macOS program (Mach-O)" [(0, b"\xcf\xfa\xed\xfe"), (0, b"\xce\xfa\xed\xfe"), (0, b"\xfe\xed\xfa\xcf")] ["dylib", "macho", "o"];
    JavaClass "Java class or universal macOS program" [(0, b"\xca\xfe\xba\xbe")] ["class", "dylib"];
    OutlookMessage "Outlook message (MSG)" [] ["msg", "oft"];
    CompoundFile "compound file (older Office, installer)" [(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")] ["doc", "dot", "xls", "xlt", "ppt", "pps", "msi", "msp", "db", "vsd", "pub", "one"];
    OfficeDocument "Office document (ZIP)" [] ["docx", "docm", "dotx", "dotm", "xlsx", "xlsm", "xlsb", "xltx", "xltm", "pptx", "pptm", "ppsx", "odt", "ods", "odp", "vsdx"];
    Zip "ZIP archive" [(0, b"PK\x03\x04"), (0, b"PK\x05\x06")] ["zip", "jar", "apk", "xpi", "whl", "nupkg", "kmz", "epub", "ipa", "vsix", "war", "ear", "appx", "msix", "cbz"];
    Gzip "gzip" [(0, b"\x1f\x8b")] ["gz", "tgz", "gzip", "svgz", "emz"];
    Tar "tar archive" [(257, b"ustar")] ["tar"];
    SevenZip "7-Zip archive" [(0, b"7z\xbc\xaf\x27\x1c")] ["7z"];
    Rar "RAR archive" [(0, b"Rar!\x1a\x07")] ["rar", "r00"];
    Cab "Cabinet archive" [(0, b"MSCF\0\0\0\0")] ["cab", "msu"];
    Xz "xz" [(0, b"\xfd7zXZ\0")] ["xz", "txz"];
    Bzip2 "bzip2" [(0, b"BZh")] ["bz2", "tbz", "tbz2"];
    Zstd "zstd" [(0, b"\x28\xb5\x2f\xfd")] ["zst", "zstd"];
    Iso "disc image (ISO 9660)" [(32769, b"CD001")] ["iso", "img"];
    VirtualDisk "virtual disk" [(0, b"vhdxfile"), (0, b"KDMV"), (0, b"QFI\xfb"), (0, b"conectix")] ["vhdx", "vhd", "vmdk", "qcow2"];
    Pdf "PDF document" [(0, b"%PDF-")] ["pdf", "ai"];
    Rtf "RTF document" [(0, b"{\\rtf")] ["rtf", "doc"];
    OneNote "OneNote section" [(0, b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3")] ["one"];
    Shortcut "Windows shortcut (LNK)" [(0, b"L\0\0\0\x01\x14\x02\0")] ["lnk"];
    RegistryHive "Windows registry hive" [(0, b"regf")] ["dat", "hve", "hiv", "hive"];
    Prefetch "Windows prefetch" [(0, b"MAM\x04"), (4, b"SCCA")] ["pf"];
    Minidump "Windows memory dump" [(0, b"MDMP"), (0, b"PAGEDU64"), (0, b"PAGEDUMP")] ["dmp", "mdmp"];
    Ese "ESE database" [(4, b"\xef\xcd\xab\x89")] ["edb", "dit", "dat", "db"];
    Sqlite "SQLite database" [(0, b"SQLite format 3\0")] ["sqlite", "sqlite3", "db", "db3"];
    Pcap "packet capture" [(0, b"\xd4\xc3\xb2\xa1"), (0, b"\xa1\xb2\xc3\xd4"), (0, b"\x0a\x0d\x0d\x0a")] ["pcap", "pcapng", "cap", "dmp"];
    Png "PNG picture" [(0, b"\x89PNG\r\n\x1a\n")] ["png"];
    Jpeg "JPEG picture" [(0, b"\xff\xd8\xff")] ["jpg", "jpeg", "jpe", "jfif"];
    Gif "GIF picture" [(0, b"GIF87a"), (0, b"GIF89a")] ["gif"];
    Webp "WebP picture" [(8, b"WEBPVP8")] ["webp"];
    Tiff "TIFF picture" [(0, b"II*\0"), (0, b"MM\0*")] ["tif", "tiff"];
    Icon "Windows icon" [(0, b"\0\0\x01\0\x01\0")] ["ico"];
    Mp4 "MPEG-4 film or sound" [(4, b"ftyp")] ["mp4", "m4a", "m4v", "mov", "heic", "avif", "3gp"];
    Mail "mail (RFC 5322)" [] ["eml", "mht", "mhtml", "txt", "mbs"];
    Html "HTML page" [] ["html", "htm", "xhtml", "hta", "xht", "shtml", "txt"];
    Script "script with an interpreter line" [(0, b"#!")] ["sh", "bash", "py", "pl", "rb", "cgi", "php", "js", "mjs", "zsh", "command", "txt"];
    Text "text" [] [];
    Binary "bytes of no known kind" [] [];
}

/// Names that announce text. Text under another name is no reason to worry; something else under one of
/// these is.
const TEXT_ENDINGS: &[&str] = &[
    "txt", "log", "csv", "tsv", "json", "jsonl", "ndjson", "xml", "yml", "yaml", "ini", "cfg", "conf", "md",
    "ps1", "psm1", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "reg", "sql", "url", "ics", "vcf",
];

impl Kind {
    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.kind == self)
    }

    /// The kind in words.
    pub fn label(self) -> &'static str {
        self.known().map_or("bytes", |known| known.label)
    }

    /// Whether such bytes can be run, so that they must never be opened by a click.
    pub const fn is_program(self) -> bool {
        matches!(
            self,
            Kind::WindowsProgram | Kind::Elf | Kind::MachO | Kind::JavaClass | Kind::Script | Kind::Shortcut
        )
    }

    pub const fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Mail | Kind::Html | Kind::Script)
    }

    /// Whether its members can be listed.
    pub const fn is_archive(self) -> bool {
        matches!(self, Kind::Zip | Kind::OfficeDocument | Kind::Gzip | Kind::Tar)
    }

    pub const fn is_mail(self) -> bool {
        matches!(self, Kind::Mail | Kind::OutlookMessage)
    }
}

/// What bytes are, and whether their name says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub kind: Kind,
    /// How its characters are written, if it is text.
    pub encoding: Option<Encoding>,
    /// What about the name does not fit the bytes, in words.
    pub doubts: Vec<String>,
}

/// Tells the kind.
pub fn identify(source: &mut impl Source, name: &str) -> io::Result<Identity> {
    let head = window(source, 0, HEAD)?;
    let mut kind = by_marks(&head);
    if kind == Kind::CompoundFile && is_message(source, &head)? {
        kind = Kind::OutlookMessage;
    }
    let encoding = match kind {
        Kind::Binary | Kind::Script | Kind::Rtf | Kind::Pdf => Encoding::of(&head),
        _ => None,
    };
    if kind == Kind::Binary
        && let Some(encoding) = encoding
    {
        kind = by_text(&encoding.decode(&head));
    }
    Ok(Identity { kind, encoding, doubts: doubts(kind, name) })
}

/// Tells the kind of bytes in memory.
pub fn identify_bytes(bytes: &[u8], name: &str) -> Identity {
    let unknown = Identity { kind: Kind::Binary, encoding: None, doubts: Vec::new() };
    identify(&mut io::Cursor::new(bytes), name).unwrap_or(unknown)
}

fn by_marks(head: &[u8]) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    let holds = |(at, mark): &(usize, &[u8])| head.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    let known = KNOWN.iter().find(|known| known.marks.iter().any(holds));
    match known.map_or(Kind::Binary, |known| known.kind) {
        Kind::Zip if is_office(head) => Kind::OfficeDocument,
        kind => kind,
    }
}

/// The first member of an Office document is one of a few (ECMA-376 part 2; ODF 1.2 part 3 §3.3).
fn is_office(head: &[u8]) -> bool {
    let name = head.get(30..).unwrap_or_default();
    [&b"[Content_Types].xml"[..], b"_rels/.rels", b"docProps/", b"word/", b"xl/", b"ppt/"]
        .iter()
        .any(|first| name.starts_with(first))
        || name.starts_with(b"mimetypeapplication/vnd.oasis")
}

/// Whether the first sector of a compound file's directory names the properties of a message
/// (\[MS-OXMSG\] 2.2, \[MS-CFB\] 2.2 for where that sector is).
fn is_message(source: &mut impl Source, head: &[u8]) -> io::Result<bool> {
    let field = |at: usize, length: usize| {
        let bytes = head.get(at..at + length).unwrap_or_default();
        bytes.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let sector = 1u64 << field(30, 2).clamp(9, 12);
    let place = field(48, 4).saturating_add(1).saturating_mul(sector);
    let directory = window(source, place, 4096)?;
    let wanted: Vec<u8> = "__properties_version1.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let named: Vec<u8> = "__nameid_version1.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    Ok(memchr::memmem::find(&directory, &wanted).is_some()
        || memchr::memmem::find(&directory, &named).is_some())
}

fn by_text(text: &str) -> Kind {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let begins = |word: &str| start.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if ["<!doctype html", "<html", "<head", "<body", "<script"].iter().any(|tag| begins(tag)) {
        Kind::Html
    } else if is_mail(text) {
        Kind::Mail
    } else {
        Kind::Text
    }
}

/// Whether a text begins as mails do: with header fields (RFC 5322 §2.2), two of them being a mail's.
fn is_mail(text: &str) -> bool {
    const OF_MAILS: [&str; 14] = [
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "message-id",
        "received",
        "return-path",
        "mime-version",
        "delivered-to",
        "reply-to",
        "dkim-signature",
        "authentication-results",
        "content-type",
    ];
    let mut seen = 0;
    for line in text.lines().take(200) {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        if OF_MAILS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            seen += 1;
        }
    }
    seen >= 2
}

/// What a name says that the bytes do not.
fn doubts(kind: Kind, name: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    if name.chars().any(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
        doubts.push("The name holds a character that turns the direction of writing, so that its end looks like another.".to_owned());
    } else if name.chars().any(is_tricky) {
        doubts.push("The name holds characters that cannot be seen.".to_owned());
    }
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut endings = last.rsplit('.').map(|part| part.trim().to_ascii_lowercase());
    let (Some(ending), Some(before)) = (endings.next(), endings.next()) else { return doubts };
    let announced: Vec<&Known> =
        KNOWN.iter().filter(|known| known.endings.contains(&ending.as_str())).collect();
    let text_announced = TEXT_ENDINGS.contains(&ending.as_str());
    let fits = announced.iter().any(|known| known.kind == kind)
        || (text_announced && kind.is_text())
        || matches!(kind, Kind::Empty)
        // An installer package is a compound file, an older Office document may be RTF or text.
        || (kind == Kind::Text && announced.iter().all(|known| known.kind.is_text()));
    if (text_announced || !announced.is_empty()) && !fits {
        let said = announced.first().map_or("text", |known| known.label);
        doubts.push(format!("The ending .{ending} stands for: {said}. The bytes are: {}.", kind.label()));
    } else if kind.is_program() && kind != Kind::Script && announced.is_empty() && !text_announced {
        doubts.push(format!("The bytes are: {}. The name does not say so.", kind.label()));
    }
    let before_announces = KNOWN.iter().any(|known| known.endings.contains(&before.as_str()))
        || TEXT_ENDINGS.contains(&before.as_str());
    if kind.is_program() && before_announces && endings.next().is_some() {
        doubts.push(format!(
            "The name has two endings (.{before}.{ending}), which hides that this can be run."
        ));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Kind {
        identify_bytes(bytes, "").kind
    }

    #[test]
    fn the_bytes_tell_the_kind() {
        assert_eq!(kind(b""), Kind::Empty);
        assert_eq!(kind(b"ElfFile\0rest"), Kind::Evtx);
        assert_eq!(kind(b"MZ\x90\0"), Kind::WindowsProgram);
        assert_eq!(kind(b"\x01\xff\0\xfe\x01\x02\x02"), Kind::Binary);
        assert_eq!(kind(b"hello\r\n"), Kind::Text);
        assert_eq!(kind(b"\xff\xfeh\0i\0"), Kind::Text);
        assert_eq!(kind(b"  <!DOCTYPE html><script>"), Kind::Html);
        assert_eq!(kind(b"From: a@b.example\r\nSubject: x\r\n\r\nhi"), Kind::Mail);
        assert_eq!(kind(b"From: somebody\nnot a header\n"), Kind::Text);
        assert_eq!(kind(b"#!/bin/sh\n"), Kind::Script);
        let mut tar = vec![0; 512];
        tar.splice(257..262, *b"ustar");
        assert_eq!(kind(&tar), Kind::Tar);
    }

    #[test]
    fn a_name_that_says_something_else_is_noticed() {
        let doubts = |bytes: &[u8], name| identify_bytes(bytes, name).doubts;
        assert!(doubts(b"MZ\x90\0", "setup.exe").is_empty());
        assert!(doubts(b"%PDF-1.7", "invoice.pdf").is_empty());
        assert!(doubts(b"some text", "notes.xyz").is_empty());
        assert!(doubts(b"{}", "events.jsonl").is_empty());
        assert_eq!(doubts(b"MZ\x90\0", "photo.jpg").len(), 1);
        assert_eq!(doubts(b"MZ\x90\0", "invoice.pdf.exe").len(), 1);
        assert_eq!(doubts(b"MZ\x90\0", "data.xyz").len(), 1);
        assert_eq!(doubts(b"\x89PNG\r\n\x1a\n", "readme.txt").len(), 1);
        assert_eq!(doubts(b"text", "photo\u{202e}gpj.txt").len(), 1);
    }
}
