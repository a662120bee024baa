//! The names that Sigma's generic categories (`proxy`, `webserver`, `dns`, `firewall`) use for
//! what a network sensor saw, given from each sensor's own names.

use crate::{Event, Value};

/// The sensor's names for the parts of an HTTP request.
pub(crate) struct HttpNames {
    pub(crate) uri: &'static str,
    pub(crate) host: &'static str,
    pub(crate) method: &'static str,
    pub(crate) agent: &'static str,
    pub(crate) referrer: &'static str,
    pub(crate) status: &'static str,
}

/// As web servers call them, and with them the rules of Sigma's category `webserver`.
pub(crate) const SERVER_NAMES: HttpNames = HttpNames {
    uri: "cs-uri",
    host: "cs-host",
    method: "cs-method",
    agent: "cs-user-agent",
    referrer: "cs-referer",
    status: "sc-status",
};

pub(crate) fn http(event: &mut Event, names: &HttpNames) {
    event.alias("cs-method", names.method);
    event.alias("cs-host", names.host);
    event.alias("r-dns", names.host);
    event.alias("c-useragent", names.agent);
    event.alias("cs-user-agent", names.agent);
    event.alias("cs-referer", names.referrer);
    event.alias("cs-referrer", names.referrer);
    event.alias("sc-status", names.status);
    // Rules look for paths and parameters alike in each of these, so they hold the whole.
    event.alias("c-uri", names.uri);
    event.alias("cs-uri", names.uri);
    event.alias("cs-uri-query", names.uri);
    let Some(uri) = event.text(names.uri).map(std::borrow::Cow::into_owned) else { return };
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (uri.as_str(), None),
    };
    event.set("cs-uri-stem", Value::from(path));
    if let Some(query) = query {
        event.set("c-uri-query", Value::from(query));
    }
    let file = path.rsplit('/').next().unwrap_or_default();
    if let Some((_, extension)) = file.rsplit_once('.') {
        event.set("c-uri-extension", Value::from(extension));
    }
}

/// Addresses and ports of a flow.
pub(crate) fn flow(event: &mut Event, names: [&str; 4]) {
    for (name, of) in ["src_ip", "src_port", "dst_ip", "dst_port"].into_iter().zip(names) {
        event.alias(name, of);
    }
}
