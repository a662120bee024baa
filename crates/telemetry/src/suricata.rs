//! Suricata's EVE records.

use std::borrow::Cow;

use crate::{Event, LogSource, time, web};

pub(crate) fn is_eve(event: &Event) -> bool {
    event.get("event_type").is_some()
        && event.get("timestamp").is_some()
        && ["flow_id", "src_ip", "stats.uptime", "pcap_cnt"].iter().any(|name| event.get(name).is_some())
}

pub(crate) fn source(event_type: &str) -> LogSource {
    let category = match event_type {
        "dns" => Some("dns"),
        "http" => Some("proxy"),
        "flow" | "netflow" | "drop" | "alert" => Some("firewall"),
        _ => None,
    };
    let service = (!event_type.is_empty()).then(|| Cow::Owned(event_type.to_owned()));
    LogSource { service, ..LogSource::of(Some("suricata"), category, None) }
}

pub(crate) fn finish(event: &mut Event) {
    event.time = event.get("timestamp").and_then(time::value);
    event.host = event.text("src_ip").or_else(|| event.text("host")).map(Cow::into_owned);
    event.source = source(&event.text("event_type").unwrap_or_default());
    alias(event);
}

pub(crate) fn alias(event: &mut Event) {
    web::flow(event, ["src_ip", "src_port", "dest_ip", "dest_port"]);
    match event.source.category.as_deref() {
        Some("dns") => {
            // Version 3 of the dns record has lists of queries and answers, versions before one.
            event.alias("query", "dns.rrname");
            event.alias("query", "dns.queries.rrname");
            event.alias("query", "dns.query.rrname");
            event.alias("record_type", "dns.rrtype");
            event.alias("record_type", "dns.queries.rrtype");
            event.alias("record_type", "dns.query.rrtype");
            event.alias("answer", "dns.rdata");
            event.alias("answer", "dns.answers.rdata");
        }
        Some("proxy") => web::http(
            event,
            &web::HttpNames {
                uri: "http.url",
                host: "http.hostname",
                method: "http.http_method",
                agent: "http.http_user_agent",
                referrer: "http.http_refer",
                status: "http.status",
            },
        ),
        Some("firewall") => {
            event.alias("action", "alert.action");
            event.alias("action", "verdict.action");
        }
        _ => {}
    }
}
