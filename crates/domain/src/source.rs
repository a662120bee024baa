//! Where telemetry comes from: the kinds of sources, and whether a source is listened to.

use crate::words::words;

words! {
    /// How a source's records reach us.
    pub enum SourceKind, "source kind" {
        /// `POST /api/v1/sources/{name}/events`.
        Http: "http", "HTTP";
        /// `watchbell tail`.
        Tail: "tail", "Followed file";
        SyslogUdp: "syslog_udp", "Syslog over UDP";
        SyslogTcp: "syslog_tcp", "Syslog over TCP";
        SyslogTls: "syslog_tls", "Syslog over TLS";
        ElasticBulk: "elastic_bulk", "Elasticsearch bulk";
        SplunkHec: "splunk_hec", "Splunk HEC";
        Otlp: "otlp", "OpenTelemetry logs";
        TheHive: "thehive", "TheHive alerts";
        Iris: "iris", "DFIR-IRIS alerts";
        Webhook: "webhook", "Webhook";
    }
}

words! {
    pub enum SourceState, "state of a source" {
        Active: "active", "Active";
        /// What it sends is refused for now, so that its sender keeps it.
        Paused: "paused", "Paused";
        /// It is not expected any more.
        Retired: "retired", "Retired";
    }
}
