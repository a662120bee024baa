//! Windows events, whatever brought them here: the names that Sigma gives their fields, and the
//! log source that a channel and an event id stand for (SigmaHQ's log source guides for Windows).
//! Reading the formats that carry them is not done here.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::flatten::Sink;
use crate::{Event, LogSource, Value, time};

/// Takes the leaves of an event in the shape of its XML (`Event.System.…`, `Event.EventData.…`)
/// and sets them under Sigma's flat names.
pub(crate) struct Tree<'e>(pub(crate) &'e mut Event);

impl Sink for Tree<'_> {
    fn leaf(&mut self, path: &str, value: Value) {
        let path = path.strip_prefix("Event.").unwrap_or(path);
        if value == Value::Null
            && matches!(path, "System.Correlation" | "System.Security" | "EventData" | "UserData")
        {
            return;
        }
        if let Some(system) = path.strip_prefix("System.") {
            self.0.append(&system_name(system), value);
        } else if let Some(data) = path.strip_prefix("EventData.") {
            self.data(data, value);
        } else if let Some((_, data)) = path.strip_prefix("UserData.").and_then(|rest| rest.split_once('.')) {
            self.data(data, value);
        } else if !is_namespace(path) {
            self.0.append(path, value);
        }
    }

    fn fields(&self) -> usize {
        self.0.field_count()
    }

    fn clear(&mut self) {
        self.0.take_fields();
    }
}

impl Tree<'_> {
    fn data(&mut self, path: &str, value: Value) {
        if is_namespace(path) {
            return;
        }
        let name = path.strip_suffix(".#text").unwrap_or(path);
        // What the system part says of itself is not overridden by a payload of the same name
        // (a cleared log's `Channel`): it stays reachable under its full name.
        if is_system_field(name) && self.0.get(name).is_some() {
            self.0.append(&format!("EventData.{name}"), value);
        } else {
            if name.contains(' ') {
                // Sigma writes such names without the blanks (`Threat Name` of Defender: `ThreatName`).
                self.0.append(&name.replace(' ', ""), value.clone());
            }
            self.0.append(name, value);
        }
    }
}

fn is_namespace(path: &str) -> bool {
    path == "#attributes.xmlns" || path.ends_with(".xmlns") || path.starts_with("#attributes.xmlns:")
}

fn is_system_field(name: &str) -> bool {
    matches!(
        name,
        "EventID"
            | "Channel"
            | "Provider_Name"
            | "Computer"
            | "Level"
            | "Task"
            | "Opcode"
            | "Keywords"
            | "Version"
            | "EventRecordID"
            | "TimeCreated"
    )
}

fn system_name(path: &str) -> std::borrow::Cow<'_, str> {
    match path {
        "EventID.#text" | "EventID" => "EventID".into(),
        "Provider.#attributes.Name" | "Provider.Name" => "Provider_Name".into(),
        "Provider.#attributes.Guid" | "Provider.Guid" => "Provider_Guid".into(),
        "Provider.#attributes.EventSourceName" => "EventSourceName".into(),
        "EventID.#attributes.Qualifiers" => "Qualifiers".into(),
        "TimeCreated.#attributes.SystemTime" | "TimeCreated.SystemTime" => "TimeCreated".into(),
        _ if !path.contains(['.', '#']) => path.into(),
        _ => path.trim_end_matches(".#text").replace("#attributes.", "").replace('.', "_").into(),
    }
}

/// Works out time, host, log source and aliases from the flat fields.
pub(crate) fn finish(event: &mut Event) {
    if event.time.is_none() {
        event.time = time_of(event);
    }
    if event.host.is_none() {
        event.host = ["Computer", "Hostname", "host.name"]
            .iter()
            .find_map(|name| event.text(name))
            .map(std::borrow::Cow::into_owned);
    }
    event.source = source_of(event);
    alias(event);
}

fn time_of(event: &Event) -> Option<jiff::Timestamp> {
    if let Some(time) = event.get("TimeCreated").and_then(time::value) {
        return Some(time);
    }
    let received = event.get("@timestamp").and_then(time::value);
    let Some(Value::Str(text)) = event.get("EventTime") else {
        return received.or_else(|| event.get("EventTime").and_then(time::value));
    };
    let Some(local) = time::civil(text) else {
        return time::parse(text).or(received);
    };
    // NXLog writes local time without a zone. The time of receipt, which it writes so too and the
    // collector writes with a zone, tells how far apart the two are.
    let receipt = event.text("EventReceivedTime").and_then(|text| time::civil(&text));
    let offset = received.and_then(|utc| offset(receipt.unwrap_or(local), utc));
    let utc = time::utc(local)?;
    Some(offset.and_then(|offset| utc.checked_sub(offset).ok()).unwrap_or(utc))
}

/// How far local time is ahead of UTC, in whole quarters of an hour; `None` if the two times are
/// not the same moment give or take two minutes.
fn offset(local: DateTime, utc: jiff::Timestamp) -> Option<SignedDuration> {
    const QUARTER: i64 = 15 * 60;
    let ahead = time::utc(local)?.duration_since(utc).as_secs();
    let quarters = (ahead + QUARTER / 2).div_euclid(QUARTER);
    let offset = quarters * QUARTER;
    ((ahead - offset).abs() <= 120 && offset.abs() <= 14 * 3600).then(|| SignedDuration::from_secs(offset))
}

fn number(event: &Event, name: &str) -> Option<i64> {
    match event.get(name)? {
        Value::Int(number) => Some(*number),
        Value::Str(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn source_of(event: &Event) -> LogSource {
    let id = number(event, "EventID").unwrap_or(-1);
    let channel = event.text("Channel").unwrap_or_default();
    let provider = event.text("Provider_Name").unwrap_or_default();
    let linux = provider == "Linux-Sysmon" || channel == "Linux-Sysmon/Operational";
    let service = if linux { Some("sysmon") } else { service(&channel, &provider) };
    let category = match service {
        Some("sysmon") => sysmon_category(id, &event.text("EventType").unwrap_or_default()),
        Some("security") => security_category(id, event),
        Some("powershell") => match id {
            4103 => Some("ps_module"),
            4104 => Some("ps_script"),
            _ => None,
        },
        Some("powershell-classic") => match id {
            400 => Some("ps_classic_start"),
            600 => Some("ps_classic_provider_start"),
            800 => Some("ps_classic_script"),
            _ => None,
        },
        Some("windefend") => matches!(id, 1006 | 1015 | 1116 | 1117).then_some("antivirus"),
        _ if provider == "Microsoft-Windows-Kernel-File" => match id {
            12 | 30 => Some("file_access"),
            19 | 27 => Some("file_rename"),
            26 => Some("file_delete"),
            _ => None,
        },
        _ => None,
    };
    LogSource::of(Some(if linux { "linux" } else { "windows" }), category, service)
}

/// Sysmon's event ids.
fn sysmon_category(id: i64, event_type: &str) -> Option<&'static str> {
    Some(match id {
        1 => "process_creation",
        2 => "file_change",
        3 => "network_connection",
        4 | 16 => "sysmon_status",
        5 => "process_termination",
        6 => "driver_load",
        7 => "image_load",
        8 => "create_remote_thread",
        9 => "raw_access_thread",
        10 => "process_access",
        11 => "file_event",
        12 if event_type.starts_with("Delete") => "registry_delete",
        12 => "registry_add",
        13 => "registry_set",
        14 => "registry_rename",
        15 => "create_stream_hash",
        17 | 18 => "pipe_created",
        19..=21 => "wmi_event",
        22 => "dns_query",
        23 | 26 => "file_delete",
        24 => "clipboard_capture",
        25 => "process_tampering",
        27 => "file_block_executable",
        28 => "file_block_shredding",
        29 => "file_executable_detected",
        255 => "sysmon_error",
        _ => return None,
    })
}

/// What the security log tells with the same meaning as a Sysmon category.
fn security_category(id: i64, event: &Event) -> Option<&'static str> {
    Some(match id {
        4688 => "process_creation",
        4689 => "process_termination",
        4657 if event.text("OperationType").is_some_and(|kind| kind == "%%1906") => "registry_delete",
        4657 => "registry_set",
        5156 => "network_connection",
        _ => return None,
    })
}

/// Names of channels and the services they are in Sigma.
const CHANNELS: &[(&str, &str)] = &[
    ("Microsoft-Windows-Sysmon/Operational", "sysmon"),
    ("Security", "security"),
    ("System", "system"),
    ("Application", "application"),
    ("Microsoft-Windows-PowerShell/Operational", "powershell"),
    ("PowerShellCore/Operational", "powershell"),
    ("Windows PowerShell", "powershell-classic"),
    ("Microsoft-Windows-TaskScheduler/Operational", "taskscheduler"),
    ("Microsoft-Windows-WMI-Activity/Operational", "wmi"),
    ("Microsoft-Windows-Windows Defender/Operational", "windefend"),
    ("Microsoft-Windows-Windows Firewall With Advanced Security/Firewall", "firewall-as"),
    ("Microsoft-Windows-Bits-Client/Operational", "bits-client"),
    ("Microsoft-Windows-CodeIntegrity/Operational", "codeintegrity-operational"),
    ("Microsoft-Windows-NTLM/Operational", "ntlm"),
    ("DNS Server", "dns-server"),
    ("Microsoft-Windows-DNS-Server/Analytical", "dns-server-analytic"),
    ("Microsoft-Windows-DNS-Server/Audit", "dns-server-audit"),
    ("Microsoft-Windows-DNSServer/Analytical", "dns-server-analytic"),
    ("Microsoft-Windows-DNSServer/Audit", "dns-server-audit"),
    ("Microsoft-Windows-DNS Client Events/Operational", "dns-client"),
    ("Microsoft-Windows-DNS-Client/Operational", "dns-client"),
    ("Microsoft-Windows-DHCP-Server/Operational", "dhcp"),
    ("DhcpAdminEvents", "dhcp"),
    ("MSExchange Management", "msexchange-management"),
    ("Microsoft-Windows-PrintService/Admin", "printservice-admin"),
    ("Microsoft-Windows-PrintService/Operational", "printservice-operational"),
    ("Microsoft-Windows-SmbClient/Security", "smbclient-security"),
    ("Microsoft-Windows-SmbClient/Connectivity", "smbclient-connectivity"),
    ("Microsoft-Windows-SmbServer/Connectivity", "smbserver-connectivity"),
    (
        "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
        "terminalservices-localsessionmanager",
    ),
    ("Microsoft-Windows-AppLocker/MSI and Script", "applocker"),
    ("Microsoft-Windows-AppLocker/EXE and DLL", "applocker"),
    ("Microsoft-Windows-AppLocker/Packaged app-Deployment", "applocker"),
    ("Microsoft-Windows-AppLocker/Packaged app-Execution", "applocker"),
    ("Microsoft-Windows-AppModel-Runtime/Admin", "appmodel-runtime"),
    ("Microsoft-Windows-AppXDeploymentServer/Operational", "appxdeployment-server"),
    ("Microsoft-Windows-AppxPackaging/Operational", "appxpackaging-om"),
    ("Microsoft-Windows-Application-Experience/Program-Telemetry", "application-experience"),
    ("Microsoft-Windows-LSA/Operational", "lsa-server"),
    ("Microsoft-Windows-VHDMP/Operational", "vhdmp"),
    ("Microsoft-Windows-DriverFrameworks-UserMode/Operational", "driver-framework"),
    ("Microsoft-Windows-CAPI2/Operational", "capi2"),
    (
        "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational",
        "certificateservicesclient-lifecycle-system",
    ),
    ("Microsoft-Windows-Diagnosis-Scripted/Operational", "diagnosis-scripted"),
    ("Microsoft-Windows-Hyper-V-Worker-Admin", "hyper-v-worker"),
    ("Microsoft-Windows-Kernel-EventTracing/Admin", "kernel-event-tracing"),
    ("Microsoft-Windows-Kernel-ShimEngine/Operational", "kernel-shimengine"),
    ("Microsoft-Windows-Ntfs/Operational", "ntfs"),
    ("Microsoft-Windows-SENSE/Operational", "sense"),
    ("OpenSSH/Operational", "openssh"),
    ("Microsoft-Windows-LDAP-Client/Debug", "ldap"),
    ("Microsoft-Windows-Shell-Core/Operational", "shell-core"),
    ("Microsoft-Windows-Security-Mitigations/Kernel Mode", "security-mitigations"),
    ("Microsoft-Windows-Security-Mitigations/User Mode", "security-mitigations"),
    ("Microsoft-IIS-Configuration/Operational", "iis-configuration"),
    ("Microsoft-IIS-Configuration/Administrative", "iis-configuration"),
    ("Microsoft-ServiceBus-Client/Operational", "microsoft-servicebus-client"),
    ("Microsoft-ServiceBus-Client/Admin", "microsoft-servicebus-client"),
    ("Microsoft-ServiceBus-Client", "microsoft-servicebus-client"),
    ("Microsoft-Windows-BitLocker/BitLocker Management", "bitlocker"),
];

/// Providers that tell the service where the record names no channel.
const PROVIDERS: &[(&str, &str)] = &[
    ("Microsoft-Windows-Sysmon", "sysmon"),
    ("Microsoft-Windows-Security-Auditing", "security"),
    ("Microsoft-Windows-PowerShell", "powershell"),
    ("PowerShell", "powershell-classic"),
    ("Microsoft-Windows-Windows Defender", "windefend"),
    ("Microsoft-Windows-TaskScheduler", "taskscheduler"),
    ("Microsoft-Windows-WMI-Activity", "wmi"),
    ("Service Control Manager", "system"),
];

fn service(channel: &str, provider: &str) -> Option<&'static str> {
    let find = |table: &'static [(&'static str, &'static str)], name: &str| {
        table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, service)| *service)
    };
    if channel.is_empty() { find(PROVIDERS, provider) } else { find(CHANNELS, channel) }
}

/// Gives fields the names under which rules of the event's category look for them.
fn alias(event: &mut Event) {
    let Some(category) = event.source.category.clone() else { return };
    let service = event.source.service.clone();
    match (service.as_deref(), &*category) {
        (Some("security"), "process_creation") => {
            event.alias("Image", "NewProcessName");
            event.alias("ParentImage", "ParentProcessName");
            event.alias("ParentProcessId", "ProcessId");
            if let Some(user) = account(event, "SubjectDomainName", "SubjectUserName") {
                event.set("User", Value::Str(user));
            }
            let level = event.text("MandatoryLabel").and_then(|sid| integrity(&sid));
            if let Some(level) = level {
                event.set("IntegrityLevel", Value::from(level));
            }
        }
        (Some("security"), "process_termination") => event.alias("Image", "ProcessName"),
        (Some("security"), "network_connection") => {
            for (name, of) in [
                ("Image", "Application"),
                ("DestinationIp", "DestAddress"),
                ("DestinationPort", "DestPort"),
                ("SourceIp", "SourceAddress"),
            ] {
                event.alias(name, of);
            }
            let initiated = event.text("Direction").map(|direction| direction == "%%14593");
            if let Some(initiated) = initiated {
                event.set("Initiated", Value::from(if initiated { "true" } else { "false" }));
            }
        }
        (Some("security"), "registry_set" | "registry_delete") => {
            event.alias("Image", "ProcessName");
            event.alias("Details", "NewValue");
            if let Some(target) = registry_target(event) {
                event.set("TargetObject", Value::Str(target));
            }
        }
        (Some("windefend"), "antivirus") => {
            event.alias("Signature", "Threat Name");
            event.alias("Filename", "Path");
        }
        _ => {}
    }
}

fn account(event: &Event, domain: &str, name: &str) -> Option<String> {
    let name = event.text(name).filter(|name| !name.is_empty() && name != "-")?;
    match event.text(domain).filter(|domain| !domain.is_empty() && domain != "-") {
        Some(domain) => Some(format!("{domain}\\{name}")),
        None => Some(name.into_owned()),
    }
}

/// Well-known mandatory labels (MS-DTYP §2.4.2.4) in Sysmon's words.
fn integrity(sid: &str) -> Option<&'static str> {
    Some(match sid {
        "S-1-16-0" => "Untrusted",
        "S-1-16-4096" => "Low",
        "S-1-16-8192" => "Medium",
        "S-1-16-8448" => "Medium Plus",
        "S-1-16-12288" => "High",
        "S-1-16-16384" => "System",
        _ => return None,
    })
}

/// The key and value of a registry audit, written as Sysmon writes `TargetObject`.
fn registry_target(event: &Event) -> Option<String> {
    let key = event.text("ObjectName")?;
    let key = match key.strip_prefix("\\REGISTRY\\") {
        Some(rest) => match rest.split_once('\\') {
            Some(("MACHINE", rest)) => format!("HKLM\\{rest}"),
            Some(("USER", rest)) => format!("HKU\\{rest}"),
            _ => key.into_owned(),
        },
        None => key.into_owned(),
    };
    Some(match event.text("ObjectValueName").filter(|name| !name.is_empty() && name != "-") {
        Some(value) => format!("{key}\\{value}"),
        None => key,
    })
}
