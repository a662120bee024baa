//! The fields that Windows events of a category have, by the schema of Sysmon and of the Security log
//! (Sigma 2.1, appendix "Taxonomy"). Categories that many makes serve have no list and are not judged.

use super::Report;
use super::head::is_slip;

/// In every event, whatever its category.
const ANY: &str = "EventID Channel Provider_Name Provider Computer ComputerName Hostname RuleName UtcTime Level Task \
    Opcode Keywords EventRecordID Version Message User UserID Description ProcessGuid ProcessId Image";

/// Of the file that a program or a library was read from.
const FILE: &str = "Hashes md5 sha1 sha256 Imphash imphash FileVersion Product Company OriginalFileName Signed Signature \
    SignatureStatus";

fn of_category(category: &str) -> Option<&'static str> {
    Some(match category {
        "process_creation" => {
            "CommandLine CurrentDirectory LogonGuid LogonId TerminalSessionId IntegrityLevel ParentProcessGuid \
             ParentProcessId ParentImage ParentCommandLine ParentUser ParentIntegrityLevel GrandParentImage \
             GrandparentImage GrandparentCommandLine ProcessName ProcessCommandLine NewProcessName NewProcessId \
             ParentProcessName TokenElevationType MandatoryLabel SubjectUserSid SubjectUserName SubjectDomainName \
             SubjectLogonId TargetUserSid TargetUserName TargetDomainName TargetLogonId"
        }
        "process_termination" | "sysmon_status" | "sysmon_error" => "State SchemaVersion ID",
        "file_event"
        | "file_change"
        | "file_rename"
        | "file_delete"
        | "file_access"
        | "file_block_executable"
        | "file_block_shredding"
        | "file_executable_detected" => {
            "TargetFilename SourceFilename FileName CreationUtcTime PreviousCreationUtcTime IsExecutable Archived \
             Contents MagicHeader CommandLine ParentImage ParentCommandLine ObjectName ObjectType ProcessName \
             IntegrityLevel"
        }
        "registry_add" | "registry_delete" | "registry_event" | "registry_rename" | "registry_set" => {
            "TargetObject Details EventType NewName ObjectName ObjectValueName NewValue OldValue NewValueType \
             OldValueType OperationType CommandLine ParentImage"
        }
        "network_connection" => {
            "Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 \
             DestinationIp DestinationHostname DestinationPort DestinationPortName CommandLine ParentImage"
        }
        "image_load" => "ImageLoaded CommandLine ParentImage",
        "driver_load" => "ImageLoaded",
        "create_remote_thread" => {
            "SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid TargetProcessId TargetImage NewThreadId \
             StartAddress StartModule StartFunction SourceUser TargetUser SourceCommandLine TargetCommandLine \
             SourceParentImage TargetParentImage SourceParentProcessId TargetParentProcessId"
        }
        "process_access" => {
            "SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID TargetProcessId TargetImage \
             GrantedAccess CallTrace SourceUser TargetUser SourceCommandLine TargetCommandLine"
        }
        "process_tampering" => "Type",
        "raw_access_thread" | "raw_access_read" => "Device",
        "create_stream_hash" => "TargetFilename CreationUtcTime Hash Contents",
        "pipe_created" => "EventType PipeName",
        "dns_query" => "QueryName QueryStatus QueryResults QueryType",
        "clipboard_capture" => "Session ClientInfo Archived",
        "wmi_event" => "EventType Operation EventNamespace Name Query Type Destination Consumer Filter",
        _ => return None,
    })
}

pub(super) fn look(field: &str, line: usize, report: &mut Report<'_>) {
    let source = &report.rule.logsource;
    if field.is_empty() || field.contains('.') || source.product.as_deref() != Some("windows") {
        return;
    }
    let Some(category) = source.category.clone() else { return };
    let Some(own) = of_category(&category) else { return };
    let known = || [own, FILE, ANY].into_iter().flat_map(str::split_whitespace);
    if known().any(|known| known == field) {
        return;
    }
    match known().find(|known| is_slip(field, known)) {
        Some(meant) => report.say(
            line,
            "field-spelling",
            format!("no event of {category} has the field `{field}`; is `{meant}` meant?"),
        ),
        None => report.say(
            line,
            "unknown-field",
            format!("no known source of Windows {category} has the field `{field}`"),
        ),
    }
}
