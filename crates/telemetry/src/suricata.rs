//! Suricata's EVE records: how they are told from others. What they mean stands in the mapping.

use crate::{Event, Mappings};

pub(crate) fn is_eve(event: &Event) -> bool {
    event.get("event_type").is_some()
        && event.get("timestamp").is_some()
        && ["flow_id", "src_ip", "stats.uptime", "pcap_cnt"].iter().any(|name| event.get(name).is_some())
}

pub(crate) fn finish(event: &mut Event, mappings: &Mappings) {
    mappings.apply_named("suricata", event);
}
