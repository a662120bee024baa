//! How a program may carry its API key. Our own API takes `Authorization: Bearer KEY`; shippers of
//! other makes send the same key in the form that they know. A key in an address is never read: it
//! would stand in every log on the way.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::gate::same_origin;
use crate::intake::speak::Dialect;

/// The key of a request that brings an `Authorization`; empty where it holds none that this address
/// takes.
pub fn key(headers: &HeaderMap, path: &str) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
    let (scheme, rest) = value.split_once(' ').unwrap_or((value, ""));
    let rest = rest.trim();
    let dialect = Dialect::of(path);
    let key = match (scheme.to_ascii_lowercase().as_str(), dialect) {
        ("bearer", _) => Some(rest.to_owned()),
        ("splunk", Some(Dialect::Splunk)) => Some(rest.to_owned()),
        ("apikey", Some(Dialect::Elastic)) => pair(rest),
        // A browser adds Basic to requests that other sites' pages make; no shipper is a browser.
        ("basic", Some(_)) if same_origin(headers) => pair(rest),
        _ => None,
    };
    Some(key.unwrap_or_default())
}

/// The second half of a `name:key` in base64. The name is the client's to choose.
fn pair(encoded: &str) -> Option<String> {
    let text = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
    text.split_once(':').map(|(_, key)| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, value: &str, more: &[(&'static str, &'static str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        for (name, value) in more {
            headers.insert(*name, value.parse().unwrap());
        }
        key(&headers, path)
    }

    #[test]
    fn each_dialect_carries_the_key_in_its_form_and_nobody_elses() {
        let pair = BASE64.encode("beat:k:1");
        for (path, value, expected) in [
            ("/api/v1/me", "Bearer k", "k"),
            ("/api/v1/me", "bearer  k", "k"),
            ("/api/v1/me", "Splunk k", ""),
            ("/api/v1/me", &format!("Basic {pair}"), ""),
            ("/services/collector", "Splunk k", "k"),
            ("/elastic/_bulk", "Splunk k", ""),
            ("/elastic/_bulk", &format!("ApiKey {pair}"), "k:1"),
            ("/elastic/_bulk", &format!("Basic {pair}"), "k:1"),
            ("/services/collector/raw", &format!("Basic {pair}"), "k:1"),
            ("/elastic/_bulk", "Basic %%%", ""),
            ("/elastic/_bulk", "Basic", ""),
            ("/elastically", &format!("Basic {pair}"), ""),
        ] {
            assert_eq!(read(path, value, &[]).as_deref(), Some(expected), "{path} {value}");
        }
        assert_eq!(key(&HeaderMap::new(), "/elastic/_bulk"), None);
    }

    #[test]
    fn a_browser_on_another_sites_page_brings_no_key() {
        let pair = format!("Basic {}", BASE64.encode("a:k"));
        for foreign in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
            let more = [foreign, ("host", "watchbell.example")];
            assert_eq!(read("/elastic/_bulk", &pair, &more).as_deref(), Some(""), "{foreign:?}");
        }
    }
}
