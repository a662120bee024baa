//! Elastic Common Schema records, from Winlogbeat to Auditbeat: the names that Sigma gives to what
//! they tell, and the log source they stand for.

use std::borrow::Cow;

use crate::{Event, LogSource, Value, cloud, suricata, time, web, windows, zeek};

pub(crate) fn is_record(event: &Event) -> bool {
    event.get("winlog.channel").is_some()
        || event.get("winlog.event_id").is_some()
        || (event.get("@timestamp").is_some()
            && ["ecs.version", "event.dataset", "event.module", "event.category", "agent.type"]
                .iter()
                .any(|name| event.get(name).is_some()))
}

pub(crate) fn finish(event: &mut Event) {
    event.time = event.get("@timestamp").and_then(time::value);
    if event.get("winlog.channel").is_some() || event.get("winlog.event_id").is_some() {
        winlog(event);
    } else {
        event.source = source_of(event);
        unwrap_dataset(event);
    }
    for (name, of) in NAMES {
        event.alias(name, of);
    }
    joined_user(event);
    hashes(event);
    if event.get("url.original").is_some() || event.get("http.request.method").is_some() {
        web::http(event, &HTTP);
    }
    if let Some("dns") = event.source.category.as_deref() {
        event.alias("query", "dns.question.name");
        event.alias("record_type", "dns.question.type");
        event.alias("answer", "dns.answers.data");
    }
    if let Some("firewall") = event.source.category.as_deref() {
        web::flow(event, ["source.ip", "source.port", "destination.ip", "destination.port"]);
        event.alias("action", "event.action");
    }
}

const HTTP: web::HttpNames = web::HttpNames {
    uri: "url.original",
    host: "url.domain",
    method: "http.request.method",
    agent: "user_agent.original",
    referrer: "http.request.referrer",
    status: "http.response.status_code",
};

/// Sigma's name and ECS's, for what endpoints tell.
const NAMES: &[(&str, &str)] = &[
    ("Image", "process.executable"),
    ("CommandLine", "process.command_line"),
    ("CurrentDirectory", "process.working_directory"),
    ("ProcessId", "process.pid"),
    ("ProcessGuid", "process.entity_id"),
    ("ParentImage", "process.parent.executable"),
    ("ParentCommandLine", "process.parent.command_line"),
    ("ParentProcessId", "process.parent.pid"),
    ("ParentProcessGuid", "process.parent.entity_id"),
    ("OriginalFileName", "process.pe.original_file_name"),
    ("Description", "process.pe.description"),
    ("Product", "process.pe.product"),
    ("Company", "process.pe.company"),
    ("FileVersion", "process.pe.file_version"),
    ("TargetFilename", "file.path"),
    ("TargetObject", "registry.path"),
    ("Details", "registry.data.strings"),
    ("ImageLoaded", "dll.path"),
    ("QueryName", "dns.question.name"),
    ("QueryResults", "dns.resolved_ip"),
    ("SourceIp", "source.ip"),
    ("SourcePort", "source.port"),
    ("DestinationIp", "destination.ip"),
    ("DestinationPort", "destination.port"),
    ("DestinationHostname", "destination.domain"),
    ("Protocol", "network.transport"),
];

/// Winlogbeat: the event's own data, then what its processors may have moved elsewhere.
fn winlog(event: &mut Event) {
    let own: Vec<(String, Value)> = event
        .fields()
        .filter_map(|(name, value)| {
            let short =
                name.strip_prefix("winlog.event_data.").or_else(|| name.strip_prefix("winlog.user_data."))?;
            Some((short.to_owned(), value.clone()))
        })
        .collect();
    for (name, of) in [
        ("EventID", "winlog.event_id"),
        ("EventID", "event.code"),
        ("Channel", "winlog.channel"),
        ("Provider_Name", "winlog.provider_name"),
        ("Provider_Name", "event.provider"),
        ("Provider_Guid", "winlog.provider_guid"),
        ("Computer", "winlog.computer_name"),
        ("EventRecordID", "winlog.record_id"),
        ("Keywords", "winlog.keywords"),
        ("Level", "winlog.level"),
        ("Opcode", "winlog.opcode"),
        ("Task", "winlog.task"),
        ("Version", "winlog.version"),
        ("Execution_ProcessID", "winlog.process.pid"),
        ("Execution_ThreadID", "winlog.process.thread.id"),
        ("Security_UserID", "winlog.user.identifier"),
    ] {
        event.alias(name, of);
    }
    for (name, value) in own {
        event.set(name, value);
    }
    // `Image` and the like must be there before the category's own aliases are given.
    for (name, of) in NAMES {
        event.alias(name, of);
    }
    windows::finish(event);
}

fn joined_user(event: &mut Event) {
    let Some(name) = event.text("user.name") else { return };
    let user = match event.text("user.domain") {
        Some(domain) => format!("{domain}\\{name}"),
        None => name.into_owned(),
    };
    event.set("User", Value::Str(user));
}

/// Sysmon's `Hashes` out of ECS's one field a hash.
fn hashes(event: &mut Event) {
    if event.get("Hashes").is_some() {
        return;
    }
    let mut joined = Vec::new();
    for (kind, of) in [
        ("SHA1", "process.hash.sha1"),
        ("MD5", "process.hash.md5"),
        ("SHA256", "process.hash.sha256"),
        ("IMPHASH", "process.pe.imphash"),
    ] {
        if let Some(hash) = event.text(of) {
            joined.push(format!("{kind}={}", hash.to_ascii_uppercase()));
        }
    }
    if !joined.is_empty() {
        event.set("Hashes", Value::Str(joined.join(",")));
    }
}

/// A list of words or a single one.
fn has(event: &Event, name: &str, wanted: &str) -> bool {
    match event.get(name) {
        Some(Value::Str(word)) => word == wanted,
        Some(Value::List(words)) => {
            words.iter().any(|word| matches!(word, Value::Str(word) if word == wanted))
        }
        _ => false,
    }
}

fn source_of(event: &Event) -> LogSource {
    let system =
        ["host.os.type", "host.os.family", "host.os.platform"].iter().find_map(|name| event.text(name));
    let system = match system.as_deref() {
        Some("windows") => Some("windows"),
        Some("macos" | "darwin") => Some("macos"),
        Some("linux" | "debian" | "redhat" | "ubuntu" | "suse" | "fedora" | "centos" | "arch") => {
            Some("linux")
        }
        _ => None,
    };
    let mut source = LogSource::of(system, category(event), None);
    let dataset = event.text("event.dataset").unwrap_or_default();
    let module = event.text("event.module").unwrap_or_default();
    if let Some((product, service)) = DATASETS
        .iter()
        .find(|(known, _, _)| *known == dataset || *known == module)
        .map(|(_, product, service)| (*product, *service))
    {
        source.product = Some(Cow::Borrowed(product));
        source.service = (!service.is_empty()).then_some(Cow::Borrowed(service));
    }
    if let Some(service) = dataset.strip_prefix("zeek.") {
        source = zeek::source(service);
    } else if dataset == "suricata.eve" {
        let kind = event.text("suricata.eve.event_type").unwrap_or_default();
        source = suricata::source(&kind);
    }
    source
}

/// Datasets or modules, and the product and service they are in Sigma.
const DATASETS: &[(&str, &str, &str)] = &[
    ("auditd", "linux", "auditd"),
    ("auditd.log", "linux", "auditd"),
    ("system.auth", "linux", "auth"),
    ("system.syslog", "linux", "syslog"),
    ("aws.cloudtrail", "aws", "cloudtrail"),
    ("azure.activitylogs", "azure", "activitylogs"),
    ("azure.auditlogs", "azure", "auditlogs"),
    ("azure.signinlogs", "azure", "signinlogs"),
    ("azure.identity_protection", "azure", "riskdetection"),
    ("gcp.audit", "gcp", "gcp.audit"),
    ("google_workspace.admin", "gcp", "google_workspace.admin"),
    ("google_workspace.login", "gcp", "google_workspace.login"),
    ("github.audit", "github", "audit"),
    ("kubernetes.audit_logs", "kubernetes", "audit"),
    ("o365.audit", "m365", "audit"),
    ("okta.system", "okta", "okta"),
    ("cisco.duo", "cisco", "duo"),
    ("cisco_duo.auth", "cisco", "duo"),
    ("fortinet.firewall", "fortigate", "event"),
    ("fortinet_fortigate.log", "fortigate", "event"),
    ("nginx.access", "nginx", "nginx"),
    ("apache.access", "apache", "apache"),
];

fn category(event: &Event) -> Option<&'static str> {
    let kind = |kind| has(event, "event.type", kind);
    let about = |category| has(event, "event.category", category);
    if event.get("dns.question.name").is_some() && !about("process") {
        return Some("dns");
    }
    if about("process") && kind("start") {
        return Some("process_creation");
    }
    if about("process") && kind("end") {
        return Some("process_termination");
    }
    if about("file") {
        return Some(match () {
            () if kind("deletion") => "file_delete",
            () if kind("change") => "file_change",
            () if kind("access") => "file_access",
            () => "file_event",
        });
    }
    if about("registry") {
        return Some(if kind("deletion") { "registry_delete" } else { "registry_set" });
    }
    if about("driver") {
        return Some("driver_load");
    }
    if about("library") {
        return Some("image_load");
    }
    if about("web") {
        return Some("webserver");
    }
    if about("malware") {
        return Some("antivirus");
    }
    if about("network") {
        let endpoint = event.get("process.executable").is_some();
        return Some(if endpoint { "network_connection" } else { "firewall" });
    }
    None
}

/// Filebeat keeps a module's own names below the dataset's: `aws.cloudtrail.…`, `zeek.dns.…`. They
/// are given without it, which is how Sigma knows them.
fn unwrap_dataset(event: &mut Event) {
    let Some(dataset) = event.text("event.dataset").map(Cow::into_owned) else { return };
    let prefix = format!("{dataset}.");
    let own: Vec<(String, Value)> = event
        .fields()
        .filter_map(|(name, value)| {
            name.strip_prefix(prefix.as_str()).map(|short| (short.to_owned(), value.clone()))
        })
        .collect();
    for (name, value) in own {
        event.set(name, value);
    }
    match dataset.as_str() {
        "aws.cloudtrail" => {
            event.alias("eventSource", "event.provider");
            event.alias("eventName", "event.action");
            event.alias("errorCode", "error_code");
            event.alias("sourceIPAddress", "source.address");
        }
        "suricata.eve" => suricata::alias(event),
        _ => {
            if let Some(service) = dataset.strip_prefix("zeek.") {
                event.alias("id.orig_h", "source.ip");
                event.alias("id.orig_p", "source.port");
                event.alias("id.resp_h", "destination.ip");
                event.alias("id.resp_p", "destination.port");
                zeek::alias(event, service);
            } else if event.source.product.is_some() {
                cloud::alias(event);
            }
        }
    }
}
