//! The way that a mail says it came, and what servers say they have checked on it.

use jiff::Timestamp;
use mail_parser::{DateTime, Host, Received};

use super::{Claim, Field, Hop};
use crate::one_line;

/// The most hops and claims that are kept.
const MOST: usize = 100;
/// The longest part of one that is shown.
const LONGEST: usize = 500;

/// The hops, the first server first. Servers put theirs on top (RFC 5321 §4.4).
pub(super) fn hops<'r, 'x: 'r>(newest_first: impl Iterator<Item = (&'r Received<'x>, String)>) -> Vec<Hop> {
    let mut hops: Vec<Hop> = newest_first.take(MOST).map(|(received, raw)| hop(received, raw)).collect();
    hops.reverse();
    let mut last: Option<Timestamp> = None;
    for hop in &mut hops {
        if let (Some(before), Some(at)) = (last, hop.at) {
            hop.delay = Some(at.as_second() - before.as_second());
        }
        last = hop.at.or(last);
    }
    hops
}

fn hop(received: &Received<'_>, raw: String) -> Hop {
    let host = |host: &Host<'_>| match host {
        Host::Name(name) => one_line(name, LONGEST),
        Host::IpAddr(address) => address.to_string(),
    };
    let from = received.from().map(host);
    let helo = received.helo().map(host).filter(|helo| from.as_ref() != Some(helo));
    let literal = [received.from(), received.helo()].into_iter().flatten().find_map(|host| match host {
        Host::IpAddr(address) => Some(*address),
        Host::Name(_) => None,
    });
    Hop {
        from: match (from, helo) {
            (Some(from), Some(helo)) => Some(format!("{from} (called itself {helo})")),
            (from, helo) => from.or(helo),
        },
        address: received.from_ip().or(literal),
        by: received.by().map(host),
        with: received.with().map(|with| with.as_str().to_owned()),
        at: received.date().as_ref().and_then(time),
        delay: None,
        raw,
    }
}

/// A date of a mail, if it is one that there is.
pub(super) fn time(date: &DateTime) -> Option<Timestamp> {
    date.is_valid().then(|| Timestamp::from_second(date.to_timestamp()).ok()).flatten()
}

/// What servers claim, in the order of the fields.
pub(super) fn claims(fields: &[Field]) -> Vec<Claim> {
    let mut claims = Vec::new();
    for field in fields {
        match field.name.to_ascii_lowercase().as_str() {
            "authentication-results" => results(&mut claims, field, &field.value, None),
            // RFC 8617 §4.1.1: "i=1;" and then as above.
            "arc-authentication-results" => {
                let (instance, rest) = field.value.split_once(';').unwrap_or(("", &field.value));
                results(&mut claims, field, rest, Some(instance.trim()));
            }
            "received-spf" => received_spf(&mut claims, field),
            "dkim-signature" => signature(&mut claims, field),
            _ => {}
        }
        if claims.len() > MOST {
            claims.truncate(MOST);
            break;
        }
    }
    claims
}

/// RFC 8601 §2.2: who claims, then `method=result` with reasons and properties, between semicolons.
fn results(claims: &mut Vec<Claim>, field: &Field, value: &str, instance: Option<&str>) {
    let mut parts = split_outside(value, ';').into_iter();
    let server = parts.next().unwrap_or_default().trim();
    let by = match instance {
        Some(instance) => format!("{server}, {instance}"),
        None => server.to_owned(),
    };
    for part in parts.map(str::trim).filter(|part| !part.is_empty()).take(MOST) {
        let (first, about) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        let Some((method, result)) = first.split_once('=') else { continue };
        claims.push(Claim {
            field: field.name.clone(),
            by: Some(one_line(&by, LONGEST)),
            method: method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase(),
            result: one_line(&result.trim().to_ascii_lowercase(), 40),
            about: one_line(about.trim(), LONGEST),
        });
    }
}

/// RFC 7208 §9.1: the result, then a comment and `key=value` pairs.
fn received_spf(claims: &mut Vec<Claim>, field: &Field) {
    let value = field.value.trim();
    let (result, about) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    let receiver =
        about.split_once("receiver=").map(|(_, rest)| rest.split([';', ' ']).next().unwrap_or_default());
    claims.push(Claim {
        field: field.name.clone(),
        by: receiver.map(|receiver| one_line(receiver, LONGEST)),
        method: "spf".to_owned(),
        result: one_line(&result.to_ascii_lowercase(), 40),
        about: one_line(about.trim(), LONGEST),
    });
}

/// RFC 6376 §3.5: that it is signed says nothing before the signature has been checked.
fn signature(claims: &mut Vec<Claim>, field: &Field) {
    let tag = |wanted: &str| {
        let mut tags = field.value.split(';').filter_map(|tag| tag.split_once('='));
        tags.find(|(name, _)| name.trim() == wanted).map(|(_, value)| one_line(value.trim(), LONGEST))
    };
    let tags = ["d", "s", "a", "i"].map(|name| tag(name).map(|value| format!("{name}={value}")));
    claims.push(Claim {
        field: field.name.clone(),
        by: tag("d"),
        method: "dkim signature".to_owned(),
        result: "not checked".to_owned(),
        about: tags.into_iter().flatten().collect::<Vec<_>>().join("; "),
    });
}

/// Splits where the separator stands neither in quotes nor in a comment.
fn split_outside(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0u32, false, false);
    for (at, sign) in text.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ if sign == separator && depth == 0 && !quoted => {
                parts.push(text.get(begin..at).unwrap_or_default());
                begin = at + sign.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(text.get(begin..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, value: &str) -> Field {
        Field { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn what_servers_claim_is_told_with_who_claims_it() {
        let told = claims(&[
            field(
                "Authentication-Results",
                "mx.example.org; spf=pass (ok; really) smtp.mailfrom=a@b.example; DKIM=Fail header.d=b.example; dmarc=none",
            ),
            field("Received-SPF", "SoftFail (mx: not sure) client-ip=192.0.2.1; receiver=mx.example.org;"),
            field("DKIM-Signature", "v=1; a=rsa-sha256; d=b.example; s=sel; bh=xx; b=yy"),
            field("ARC-Authentication-Results", "i=1; other.example; arc=pass"),
            field("Authentication-Results", "\"unclosed ; spf=pass"),
        ]);
        let short: Vec<_> = told.iter().map(|claim| (claim.method.as_str(), claim.result.as_str())).collect();
        assert_eq!(
            short,
            [
                ("spf", "pass"),
                ("dkim", "fail"),
                ("dmarc", "none"),
                ("spf", "softfail"),
                ("dkim signature", "not checked"),
                ("arc", "pass")
            ]
        );
        assert_eq!(told.first().and_then(|claim| claim.by.as_deref()), Some("mx.example.org"));
        assert_eq!(told.last().and_then(|claim| claim.by.as_deref()), Some("other.example, i=1"));
    }
}
