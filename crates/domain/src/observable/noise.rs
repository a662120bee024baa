//! Values that stand in fields and tell nothing: placeholders, the accounts and addresses by which a
//! machine speaks with itself, digests of nothing.

use std::net::IpAddr;

/// What log writers put where they have nothing to say.
pub(super) fn is_placeholder(value: &str) -> bool {
    const PLACEHOLDERS: [&str; 12] = [
        "",
        "-",
        "(empty)",
        "(null)",
        "null",
        "none",
        "nil",
        "n/a",
        "unknown",
        "(unknown)",
        "<unknown process>",
        "%%1",
    ];
    PLACEHOLDERS.iter().any(|placeholder| value.eq_ignore_ascii_case(placeholder))
}

/// Accounts that every Windows machine has for itself.
pub(super) fn is_builtin_account(value: &str) -> bool {
    const NAMES: [&str; 7] =
        ["system", "local system", "localsystem", "local service", "network service", "anonymous logon", "-"];
    const DOMAINS: [&str; 9] = [
        "nt authority",
        "autorite nt",
        "autorité nt",
        "nt-autorität",
        "nt service",
        "nt virtual machine",
        "iis apppool",
        "window manager",
        "font driver host",
    ];
    const SIDS: [&str; 6] = ["s-1-0-0", "s-1-5-7", "s-1-5-18", "s-1-5-19", "s-1-5-20", "s-1-5-113"];
    let value = value.to_lowercase();
    let (domain, name) = value.rsplit_once('\\').unwrap_or(("", &value));
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    DOMAINS.contains(&domain)
        || NAMES.contains(&name)
        || SIDS.contains(&name)
        || numbered("dwm-")
        || numbered("umfd-")
}

/// A computer's own account in the domain (`WS01$`).
pub(super) fn is_machine_account(value: &str) -> bool {
    value.ends_with('$')
}

/// Addresses that name nobody: unspecified, loopback, multicast, broadcast. Private and link-local ones
/// do name somebody.
pub(super) fn is_nobodys_address(address: IpAddr) -> bool {
    let address = address.to_canonical();
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    address.is_unspecified() || address.is_loopback() || address.is_multicast() || broadcast
}

pub(super) fn is_this_host(value: &str) -> bool {
    let value = value.trim_end_matches('.');
    ["localhost", "localhost.localdomain", "workgroup"].iter().any(|name| value.eq_ignore_ascii_case(name))
}

/// Names under which addresses are looked up backwards.
pub(super) fn is_reverse_lookup(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name.ends_with(".in-addr.arpa") || name.ends_with(".ip6.arpa")
}

/// A digest of nothing: all zeros where none was taken, or that of the empty input.
pub(super) fn is_empty_digest(digest: &str) -> bool {
    const OF_NOTHING: [&str; 3] = [
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ];
    digest.bytes().all(|byte| byte == b'0')
        || OF_NOTHING.iter().any(|nothing| digest.eq_ignore_ascii_case(nothing))
}
