//! What values look like: telling the kinds apart, and bringing a value into its one spelling.

use std::net::IpAddr;

use super::ObservableKind as Kind;

/// The one spelling of `value` as a `kind`, if it can be one.
pub(super) fn canonical(kind: Kind, value: &str) -> Option<String> {
    let name = || value.trim_end_matches('.').to_lowercase();
    let digest = |digits: usize| is_hex(value, digits).then(|| value.to_ascii_lowercase());
    match kind {
        Kind::Host => Some(name()).filter(|name| is_host(name)),
        Kind::Domain => Some(name()).filter(|name| is_domain(name)),
        Kind::Account => is_account(value).then(|| value.to_lowercase()),
        Kind::Email => is_email(value).then(|| value.to_lowercase()),
        Kind::Ipv4 => parse(value).filter(IpAddr::is_ipv4).map(|address| address.to_string()),
        Kind::Ipv6 => parse(value).filter(IpAddr::is_ipv6).map(|address| address.to_string()),
        Kind::Md5 => digest(32),
        Kind::Sha1 => digest(40),
        Kind::Sha256 => digest(64),
        Kind::Url => host_of_url(value).map(|_| value.to_owned()),
        Kind::File | Kind::Process => (!value.is_empty()).then(|| value.to_owned()),
        Kind::RegistryKey => value.contains('\\').then(|| value.to_owned()),
        Kind::MessageId => Some(value.trim_matches(['<', '>']).to_owned()).filter(|id| is_message_id(id)),
        Kind::Subject => (!value.is_empty()).then(|| value.to_owned()),
    }
}

/// The kind a value looks like, most telling shapes first.
pub(super) fn kind_of(value: &str) -> Option<Kind> {
    match value {
        _ if parse(value).is_some_and(|address| address.is_ipv4()) => Some(Kind::Ipv4),
        _ if parse(value).is_some() => Some(Kind::Ipv6),
        _ if host_of_url(value).is_some() => Some(Kind::Url),
        _ if is_hex(value, 32) => Some(Kind::Md5),
        _ if is_hex(value, 40) => Some(Kind::Sha1),
        _ if is_hex(value, 64) => Some(Kind::Sha256),
        _ if is_registry_key(value) => Some(Kind::RegistryKey),
        _ if is_path(value) => Some(Kind::File),
        _ if is_email(value) => Some(Kind::Email),
        _ if value.contains('\\') && is_account(value) => Some(Kind::Account),
        _ if is_file_name(value) => Some(Kind::File),
        _ if is_domain(value.trim_end_matches('.')) => Some(Kind::Domain),
        _ => None,
    }
}

/// Undoes the ways in which analysts make a value harmless before they pass it on.
pub(super) fn refang(value: &str) -> String {
    const HARMLESS: [(&str, &str); 13] = [
        ("[.]", "."),
        ("(.)", "."),
        ("{.}", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        ("[DOT]", "."),
        ("[://]", "://"),
        ("[:]", ":"),
        ("[@]", "@"),
        ("(@)", "@"),
        ("[at]", "@"),
        ("(at)", "@"),
        ("[AT]", "@"),
    ];
    // In a path such marks are its own.
    if is_path(value) || is_registry_key(value) {
        return value.to_owned();
    }
    let value = HARMLESS.iter().fold(value.to_owned(), |value, (mark, meant)| value.replace(mark, meant));
    match value.split_at_checked(4) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("hxxp") => format!("http{rest}"),
        _ => value,
    }
}

/// An address, also as `192.0.2.7:443` or `[2001:db8::7]:443`.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    parse(text).or_else(with_port).map(|address| address.to_canonical())
}

fn parse(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// The host part of a URL: a name or an address, without credentials, port and brackets.
pub fn host_of_url(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme_is_plain = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let after_credentials = authority.rsplit('@').next()?;
    let host = match after_credentials.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?.0,
        None => after_credentials.split(':').next()?,
    };
    (scheme_is_plain && !host.is_empty() && !host.contains(char::is_whitespace)).then_some(host)
}

fn is_hex(value: &str, digits: usize) -> bool {
    value.len() == digits && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Letters of any script, digits, and the underscore that service records and Windows use.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
}

fn is_host(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label) && parse(name).is_none()
}

/// A host name of at least two labels whose last is no number.
pub(super) fn is_domain(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    is_host(name)
        && name.contains('.')
        && last.chars().count() >= 2
        && !last.chars().all(|c| c.is_ascii_digit())
}

pub(super) fn is_email(value: &str) -> bool {
    value.rsplit_once('@').is_some_and(|(mailbox, domain)| {
        !mailbox.is_empty() && !mailbox.contains(char::is_whitespace) && is_domain(domain)
    })
}

/// What stands between the angle brackets (RFC 5322 §3.6.4), as mailers really write it.
fn is_message_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(|c: char| c.is_whitespace() || c == '<' || c == '>')
}

/// `alice`, `EXAMPLE\alice`, `alice@example.org`, a SID; names may hold blanks.
fn is_account(value: &str) -> bool {
    let parts: Vec<&str> = value.split('\\').collect();
    parts.len() <= 2 && parts.iter().all(|part| !part.trim().is_empty())
}

pub(super) fn is_registry_key(value: &str) -> bool {
    const ROOTS: [&str; 9] =
        ["HKLM", "HKCU", "HKU", "HKCR", "HKCC", "HKEY_", "\\REGISTRY\\", "REGISTRY\\", "COMPUTER\\HKEY_"];
    value.contains('\\')
        && ROOTS.iter().any(|root| {
            value.split_at_checked(root.len()).is_some_and(|(head, rest)| {
                head.eq_ignore_ascii_case(root)
                    && (root.ends_with(['_', '\\']) || rest.starts_with(['\\', ':']))
            })
        })
}

/// A drive, a share, a device, or a path of the other systems.
pub(super) fn is_path(value: &str) -> bool {
    let mut start = value.chars();
    match (start.next(), start.next(), start.next()) {
        (Some('\\'), Some('\\'), Some(_)) => true,
        (Some(drive), Some(':'), Some('\\' | '/')) => drive.is_ascii_alphabetic(),
        (Some('/' | '~'), Some(_), _) => !value.starts_with("//"),
        (Some('%'), ..) => value.contains("%\\"),
        _ => value.to_ascii_lowercase().starts_with("\\device\\"),
    }
}

/// A bare name that ends as programs, scripts and documents do, and as no top-level domain does.
fn is_file_name(value: &str) -> bool {
    const ENDINGS: [&str; 34] = [
        "exe", "dll", "sys", "scr", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js", "jse", "wsf", "hta",
        "lnk", "msi", "jar", "iso", "img", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "pdf", "rar", "7z",
        "tmp", "dat", "bin", "evtx", "elf", "dmp",
    ];
    value.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && !value.contains('/') && ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
    })
}
