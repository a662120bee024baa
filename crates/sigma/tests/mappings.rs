//! One rule fits all sources: a small record of each shape that has a mapping, the log source and the
//! names it gets, and a rule written for that source alone that fires on it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use sigma::{Engine, RuleSet};
use telemetry::{Event, LogSource, Mappings, Options, Value};

/// A record, what it must become, and a selection that must find it.
struct Shape {
    mapping: &'static str,
    record: &'static str,
    /// Product, category and service.
    source: &'static str,
    fields: &'static [(&'static str, &'static str)],
    logsource: &'static str,
    selection: &'static str,
}

const SHAPES: &[Shape] = &[
    Shape {
        mapping: "raw",
        record: r#"{"logsource":{"product":"windows","category":"process_creation"},"event":{"Image":"C:\\w.exe","CommandLine":"w /all"}}"#,
        source: "windows/process_creation/-",
        fields: &[("Image", "C:\\w.exe"), ("event.Image", "C:\\w.exe")],
        logsource: "{product: windows, category: process_creation}",
        selection: "{CommandLine|contains: '/all'}",
    },
    Shape {
        mapping: "winlogbeat",
        record: r#"{"@timestamp":"2024-05-01T10:00:00Z","winlog":{"channel":"Security","event_id":"4688","provider_name":"Microsoft-Windows-Security-Auditing","computer_name":"DC-1","event_data":{"NewProcessName":"C:\\Windows\\whoami.exe","SubjectUserName":"eve","SubjectDomainName":"EX"}},"host":{"name":"dc-1"}}"#,
        source: "windows/process_creation/security",
        fields: &[
            ("Image", "C:\\Windows\\whoami.exe"),
            ("User", "EX\\eve"),
            ("Computer", "DC-1"),
            ("winlog.computer_name", "DC-1"),
        ],
        logsource: "{product: windows, category: process_creation}",
        selection: "{Image|endswith: '\\whoami.exe'}",
    },
    Shape {
        mapping: "nxlog",
        record: r#"{"EventTime":"2024-05-01 12:00:00","Hostname":"DESK-7","EventID":1,"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Domain":"EX","AccountName":"eve","Image":"C:\\x.exe","CommandLine":"x -enc AAAA","RecordNumber":5}"#,
        source: "windows/process_creation/sysmon",
        fields: &[
            ("User", "EX\\eve"),
            ("Provider_Name", "Microsoft-Windows-Sysmon"),
            ("EventRecordID", "5"),
            ("Computer", "DESK-7"),
        ],
        logsource: "{product: windows, category: process_creation}",
        selection: "{CommandLine|contains: ' -enc '}",
    },
    Shape {
        mapping: "ecs",
        record: r#"{"@timestamp":"2024-05-01T10:00:00Z","ecs":{"version":"8.0.0"},"host":{"name":"mac-1","os":{"family":"darwin"}},"event":{"category":["file"],"type":["deletion"]},"file":{"path":"/Users/eve/.bash_history"},"process":{"executable":"/bin/rm"},"user":{"name":"eve","domain":"mac-1"}}"#,
        source: "macos/file_delete/-",
        fields: &[
            ("TargetFilename", "/Users/eve/.bash_history"),
            ("Image", "/bin/rm"),
            ("User", "mac-1\\eve"),
        ],
        logsource: "{product: macos, category: file_delete}",
        selection: "{TargetFilename|endswith: '_history'}",
    },
    Shape {
        mapping: "ecs-sensor",
        record: r#"{"@timestamp":"2024-05-01T10:00:00Z","event":{"dataset":"suricata.eve","category":["network"]},"source":{"ip":"192.0.2.1"},"suricata":{"eve":{"event_type":"http","http":{"hostname":"bad.example.net","url":"/a/run.php?x=1","http_method":"GET"}}}}"#,
        source: "suricata/proxy/http",
        fields: &[
            ("cs-host", "bad.example.net"),
            ("c-uri-query", "x=1"),
            ("c-uri-extension", "php"),
            ("src_ip", "192.0.2.1"),
        ],
        logsource: "{category: proxy}",
        selection: "{c-uri|contains: run.php}",
    },
    Shape {
        mapping: "ecs",
        record: r#"{"@timestamp":"2024-05-01T10:00:00Z","event":{"dataset":"o365.audit","category":["web"]},"o365":{"audit":{"Workload":"Exchange","Operation":"New-InboxRule","RecordType":1,"ResultStatus":"True"}}}"#,
        source: "m365/webserver/audit",
        fields: &[("Operation", "New-InboxRule")],
        logsource: "{product: m365, service: audit}",
        selection: "{Operation: New-InboxRule}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":1007,"activity_id":1,"category_uid":1,"time":1714557600000,"metadata":{"version":"1.3.0","product":{"name":"Sensor"}},"device":{"hostname":"desk-7","os":{"type_id":100}},"process":{"file":{"path":"C:\\Windows\\System32\\vssadmin.exe"},"cmd_line":"vssadmin delete shadows /all","pid":7,"parent_process":{"file":{"path":"C:\\a.exe"}}},"actor":{"user":{"name":"eve","domain":"EX"},"process":{"file":{"path":"C:\\actor.exe"}}}}"#,
        source: "windows/process_creation/-",
        fields: &[
            ("Image", "C:\\Windows\\System32\\vssadmin.exe"),
            ("ParentImage", "C:\\a.exe"),
            ("User", "EX\\eve"),
            ("ProcessId", "7"),
        ],
        logsource: "{product: windows, category: process_creation}",
        selection: "{CommandLine|contains|all: [delete, shadows]}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":1001,"activity_id":1,"time":1714557600000,"device":{"hostname":"web-1","os":{"type":"Linux"}},"file":{"path":"/etc/cron.d/x"},"actor":{"process":{"file":{"path":"/usr/bin/tee"}}}}"#,
        source: "linux/file_event/-",
        fields: &[("TargetFilename", "/etc/cron.d/x"), ("Image", "/usr/bin/tee")],
        logsource: "{product: linux, category: file_event}",
        selection: "{TargetFilename|startswith: /etc/cron}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":4001,"activity_id":1,"time":1714557600000,"metadata":{"product":{"name":"VPC Flow"}},"src_endpoint":{"ip":"10.0.0.7","port":50000},"dst_endpoint":{"ip":"198.51.100.2","port":445},"action":"Allowed"}"#,
        source: "vpc flow/firewall/-",
        fields: &[("dst_port", "445"), ("src_ip", "10.0.0.7")],
        logsource: "{category: firewall}",
        selection: "{dst_port: 445, action: allowed}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":4003,"activity_id":1,"time":1714557600000,"metadata":{"product":{"name":"Route 53"}},"query":{"hostname":"bad.example.net","type":"TXT"},"answers":[{"rdata":"a"},{"rdata":"b"}],"src_endpoint":{"ip":"10.0.0.7"}}"#,
        source: "route 53/dns/-",
        fields: &[("query", "bad.example.net"), ("record_type", "TXT")],
        logsource: "{category: dns}",
        selection: "{record_type: TXT, answer: b}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":3002,"activity_id":1,"time":1714557600000,"metadata":{"event_code":"4625"},"device":{"hostname":"dc-1","os":{"type_id":100}},"user":{"name":"admin","domain":"EX"},"logon_type_id":10,"src_endpoint":{"ip":"192.0.2.9"},"status":"Failure"}"#,
        source: "windows/-/security",
        fields: &[
            ("EventID", "4625"),
            ("TargetUserName", "admin"),
            ("IpAddress", "192.0.2.9"),
            ("LogonType", "10"),
        ],
        logsource: "{product: windows, service: security}",
        selection: "{EventID: 4625, LogonType: 10}",
    },
    Shape {
        mapping: "ocsf",
        record: r#"{"class_uid":6003,"activity_id":4,"time":1714557600000,"metadata":{"version":"1.1.0","product":{"name":"CloudTrail"}},"cloud":{"provider":"AWS","region":"eu-central-1"},"api":{"operation":"StopLogging","service":{"name":"cloudtrail.amazonaws.com"}},"actor":{"user":{"type":"Root","uid":"arn:aws:iam::1:root"}},"src_endpoint":{"ip":"192.0.2.1"}}"#,
        source: "aws/-/cloudtrail",
        fields: &[
            ("eventSource", "cloudtrail.amazonaws.com"),
            ("sourceIPAddress", "192.0.2.1"),
            ("userIdentity.type", "Root"),
        ],
        logsource: "{product: aws, service: cloudtrail}",
        selection: "{eventName: StopLogging, userIdentity.type: Root}",
    },
    Shape {
        mapping: "cloudtrail",
        record: r#"{"eventTime":"2024-05-01T10:00:00Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.1"}"#,
        source: "aws/-/cloudtrail",
        fields: &[("eventName", "StopLogging")],
        logsource: "{product: aws, service: cloudtrail}",
        selection: "{eventName: StopLogging}",
    },
    Shape {
        mapping: "gcp-audit",
        record: r#"{"timestamp":"2024-05-01T10:00:00Z","protoPayload":{"serviceName":"logging.googleapis.com","methodName":"google.logging.v2.ConfigServiceV2.DeleteSink","authenticationInfo":{"principalEmail":"eve@example.org"}}}"#,
        source: "gcp/-/gcp.audit",
        fields: &[("User", "eve@example.org"), ("gcp.audit.service_name", "logging.googleapis.com")],
        logsource: "{product: gcp, service: gcp.audit}",
        selection: "{gcp.audit.method_name|endswith: DeleteSink}",
    },
    Shape {
        mapping: "google-workspace",
        record: r#"{"id":{"time":"2024-05-01T10:00:00Z","applicationName":"admin"},"actor":{"email":"eve@example.org"},"events":[{"name":"GRANT_ADMIN_PRIVILEGE"}]}"#,
        source: "gcp/-/google_workspace.admin",
        fields: &[("eventService", "admin.googleapis.com"), ("eventName", "GRANT_ADMIN_PRIVILEGE")],
        logsource: "{product: gcp, service: google_workspace.admin}",
        selection: "{eventName: GRANT_ADMIN_PRIVILEGE}",
    },
    Shape {
        mapping: "kubernetes-audit",
        record: r#"{"auditID":"1","stage":"ResponseComplete","verb":"create","objectRef":{"resource":"pods","subresource":"exec","namespace":"kube-system"},"stageTimestamp":"2024-05-01T10:00:00Z"}"#,
        source: "kubernetes/application/audit",
        fields: &[("objectRef.resource", "pods")],
        logsource: "{product: kubernetes, service: audit}",
        selection: "{objectRef.subresource: exec}",
    },
    Shape {
        mapping: "okta",
        record: r#"{"published":"2024-05-01T10:00:00Z","eventType":"user.mfa.factor.deactivate","legacyEventType":"x","displayMessage":"Reset factor","actor":{"alternateId":"eve@example.org"},"client":{"ipAddress":"192.0.2.1"}}"#,
        source: "okta/-/okta",
        fields: &[
            ("User", "eve@example.org"),
            ("src_ip", "192.0.2.1"),
            ("eventtype", "user.mfa.factor.deactivate"),
        ],
        logsource: "{product: okta, service: okta}",
        selection: "{eventtype: user.mfa.factor.deactivate}",
    },
    Shape {
        mapping: "entra",
        record: r#"{"createdDateTime":"2024-05-01T10:00:00Z","appDisplayName":"Portal","conditionalAccessStatus":"failure","userPrincipalName":"eve@example.org","status":{"errorCode":500121,"failureReason":"denied"},"ipAddress":"192.0.2.1"}"#,
        source: "azure/-/signinlogs",
        fields: &[("User", "eve@example.org"), ("ResultDescription", "denied")],
        logsource: "{product: azure, service: signinlogs}",
        selection: "{ResultType: 500121}",
    },
    Shape {
        mapping: "entra",
        record: r#"{"time":"2024-05-01T10:00:00Z","resourceId":"/tenants/0","operationName":"Add member to role","category":"AuditLogs","properties":{"activityDisplayName":"Add member to role","loggedByService":"Core Directory","initiatedBy":{"user":{"userPrincipalName":"eve@example.org"}}}}"#,
        source: "azure/-/auditlogs",
        fields: &[("LoggedByService", "Core Directory"), ("User", "eve@example.org")],
        logsource: "{product: azure, service: auditlogs}",
        selection: "{properties.message: Add member to role}",
    },
    Shape {
        mapping: "entra",
        record: r#"{"riskEventType":"unfamiliarFeatures","riskState":"atRisk","activityDateTime":"2024-05-01T10:00:00Z"}"#,
        source: "azure/-/riskdetection",
        fields: &[],
        logsource: "{product: azure, service: riskdetection}",
        selection: "{riskEventType: unfamiliarFeatures}",
    },
    Shape {
        mapping: "entra",
        record: r#"{"riskEventType":"tooManyGlobalAdminsAssignedToTenantAlertIncident","activityDateTime":"2024-05-01T10:00:00Z"}"#,
        source: "azure/-/pim",
        fields: &[],
        logsource: "{product: azure, service: pim}",
        selection: "{riskEventType: tooManyGlobalAdminsAssignedToTenantAlertIncident}",
    },
    Shape {
        mapping: "gcp-audit",
        record: r#"{"timestamp":"2024-05-01T10:00:00Z","protoPayload":{"serviceName":"login.googleapis.com","methodName":"google.login.LoginService.govAttackWarning","metadata":{"event":[{"eventName":"gov_attack_warning"}]}}}"#,
        source: "gcp/-/google_workspace.login",
        fields: &[],
        logsource: "{product: gcp, service: google_workspace.login}",
        selection: "{protoPayload.metadata.event.eventName: gov_attack_warning}",
    },
    Shape {
        mapping: "azure-activity",
        record: r#"{"eventTimestamp":"2024-05-01T10:00:00Z","resourceId":"/subscriptions/0","operationName":{"value":"MICROSOFT.NETWORK/FIREWALLS/DELETE"},"status":{"value":"Succeeded"},"caller":"eve@example.org"}"#,
        source: "azure/-/activitylogs",
        fields: &[("status", "Succeeded"), ("User", "eve@example.org")],
        logsource: "{product: azure, service: activitylogs}",
        selection: "{operationName: MICROSOFT.NETWORK/FIREWALLS/DELETE}",
    },
    Shape {
        mapping: "m365",
        record: r#"{"CreationTime":"2024-05-01T10:00:00","Workload":"SecurityComplianceCenter","Operation":"AlertTriggered","Name":"Phish delivered","RecordType":40,"ResultStatus":"Succeeded","UserId":"eve@example.org"}"#,
        source: "m365/-/threat_management",
        fields: &[
            ("eventSource", "SecurityComplianceCenter"),
            ("eventName", "Phish delivered"),
            ("User", "eve@example.org"),
        ],
        logsource: "{product: m365, service: threat_management}",
        selection: "{eventName: Phish delivered, status: success}",
    },
    Shape {
        mapping: "github",
        record: r#"{"@timestamp":1714557600000,"action":"protected_branch.destroy","actor":"eve","org":"example"}"#,
        source: "github/-/audit",
        fields: &[("User", "eve")],
        logsource: "{product: github, service: audit}",
        selection: "{action: protected_branch.destroy}",
    },
    Shape {
        mapping: "osquery",
        record: r#"{"name":"pack_ir_process_events","hostIdentifier":"web-1","calendarTime":"Wed May 1 10:00:00 2024 UTC","unixTime":1714557600,"action":"added","columns":{"path":"/usr/bin/curl","cmdline":"curl http://bad.example.net","pid":"7","parent":"1","auid":"1000"}}"#,
        source: "linux/process_creation/osquery",
        fields: &[
            ("Image", "/usr/bin/curl"),
            ("ProcessId", "7"),
            ("cmdline", "curl http://bad.example.net"),
            ("User", "1000"),
        ],
        logsource: "{product: linux, category: process_creation}",
        selection: "{Image|endswith: /curl}",
    },
    Shape {
        mapping: "osquery",
        record: r#"{"name":"fim_file_events","hostIdentifier":"web-1","unixTime":"1714557600","action":"added","decorations":{"platform":"ubuntu","hostname":"web-1.example.org"},"columns":{"target_path":"/etc/passwd","action":"UPDATED"}}"#,
        source: "linux/file_change/osquery",
        fields: &[("TargetFilename", "/etc/passwd")],
        logsource: "{product: linux, category: file_change}",
        selection: "{TargetFilename: /etc/passwd}",
    },
    Shape {
        mapping: "falco",
        record: r#"{"hostname":"node-1","output":"A shell was spawned","priority":"Critical","rule":"Terminal shell in container","source":"syscall","time":"2024-05-01T10:00:00.123456789Z","tags":["T1059"],"output_fields":{"proc.cmdline":"bash -i","proc.exepath":"/bin/bash","user.name":"root","container.id":"ab"}}"#,
        source: "falco/-/syscall",
        fields: &[
            ("CommandLine", "bash -i"),
            ("Image", "/bin/bash"),
            ("User", "root"),
            ("proc.cmdline", "bash -i"),
        ],
        logsource: "{product: falco}",
        selection: "{priority: [Critical, Alert, Emergency]}",
    },
    Shape {
        mapping: "wazuh",
        record: r#"{"timestamp":"2024-05-01T10:00:00.000+0000","rule":{"level":13,"id":"5712","description":"Brute force"},"agent":{"id":"001","name":"web-1"},"manager":{"name":"siem"},"decoder":{"name":"sshd"},"data":{"srcip":"192.0.2.9","dstuser":"root"},"full_log":"Failed password"}"#,
        source: "wazuh/-/sshd",
        fields: &[("src_ip", "192.0.2.9"), ("User", "root"), ("message", "Failed password")],
        logsource: "{product: wazuh}",
        selection: "{rule.level|gte: 12}",
    },
    Shape {
        mapping: "wazuh",
        record: r#"{"timestamp":"2024-05-01T10:00:00.000+0000","rule":{"level":3,"id":"61603","description":"Process created"},"agent":{"id":"002","name":"DESK-7"},"manager":{"name":"siem"},"decoder":{"name":"windows_eventchannel"},"data":{"win":{"system":{"eventID":"1","channel":"Microsoft-Windows-Sysmon/Operational","providerName":"Microsoft-Windows-Sysmon","computer":"DESK-7"},"eventdata":{"image":"C:\\Windows\\System32\\cmd.exe","commandLine":"cmd /c whoami"}}}}"#,
        source: "windows/process_creation/sysmon",
        fields: &[("Image", "C:\\Windows\\System32\\cmd.exe"), ("EventID", "1"), ("Computer", "DESK-7")],
        logsource: "{product: windows, category: process_creation}",
        selection: "{CommandLine|contains: whoami}",
    },
    Shape {
        mapping: "auditd",
        record: r#"{"ID":"1714557600.123:55","NODE":"web-1","SYSCALL":{"SYSCALL":"execve","exe":"/usr/bin/python3","pid":9,"ppid":1,"AUID":"eve","comm":"python3"},"EXECVE":{"argc":3,"ARGV":["python3","-c","import pty"]},"CWD":{"cwd":"/tmp"},"PATH":[{"name":"/usr/bin/python3","nametype":"NORMAL"}]}"#,
        source: "linux/process_creation/auditd",
        fields: &[
            ("Image", "/usr/bin/python3"),
            ("CommandLine", "python3 -c import pty"),
            ("User", "eve"),
            ("CurrentDirectory", "/tmp"),
        ],
        logsource: "{product: linux, category: process_creation}",
        selection: "{CommandLine|contains: import pty}",
    },
    Shape {
        mapping: "duo",
        record: r#"{"txid":"1","factor":"duo_push","eventtype":"authentication","result":"fraud","timestamp":1714557600}"#,
        source: "cisco/-/duo",
        fields: &[],
        logsource: "{product: cisco, service: duo}",
        selection: "{result: fraud}",
    },
    Shape {
        mapping: "opencanary",
        record: r#"{"logtype":4002,"node_id":"canary-1","dst_host":"10.0.0.9","utc_time":"2024-05-01 10:00:00"}"#,
        source: "opencanary/application/-",
        fields: &[],
        logsource: "{product: opencanary, category: application}",
        selection: "{logtype: 4002}",
    },
];

fn options() -> Options {
    Options::new("2024-06-01T00:00:00Z".parse().unwrap())
}

fn read(record: &'static str) -> Event {
    let mut reader = telemetry::from_bytes("record.json", record.into(), &options()).unwrap();
    let event = reader.next().expect("a record").unwrap_or_else(|error| panic!("{error}: {record}"));
    assert!(reader.next().is_none(), "{record}");
    event
}

fn source(event: &Event) -> String {
    let LogSource { product, category, service } = &event.source;
    [product, category, service].map(|part| part.as_deref().unwrap_or("-")).join("/")
}

#[test]
fn each_shape_has_its_log_source_its_names_and_a_rule_that_fires() {
    for shape in SHAPES {
        let event = read(shape.record);
        assert_eq!(source(&event), shape.source, "{}", shape.record);
        for (name, value) in shape.fields {
            let own = match event.get(name) {
                Some(Value::List(_)) | None => panic!("{}: no text {name} in {event:?}", shape.mapping),
                Some(value) => value.as_text().unwrap().into_owned(),
            };
            assert_eq!(own, *value, "{}: {name}", shape.mapping);
        }
        let rule = format!(
            "title: t\nlogsource: {}\ndetection:\n  selection: {}\n  condition: selection\n",
            shape.logsource, shape.selection
        );
        let loaded = RuleSet::new().load_str("rule.yml", &rule);
        assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
        let fired = Engine::new(loaded.rules).matches(&event).len();
        assert_eq!(fired, 1, "{}: {rule}{event:?}", shape.mapping);
    }
}

#[test]
fn each_record_is_recognised_as_what_it_is() {
    let mappings = Mappings::shipped();
    for shape in SHAPES {
        let mut bare = Event::new(shape.record.into(), telemetry::Format::JsonLines);
        for (name, value) in read(shape.record).fields() {
            bare.set(name, value.clone());
        }
        assert_eq!(
            mappings.recognise(&bare).map(telemetry::Mapping::name),
            Some(shape.mapping),
            "{}",
            shape.record
        );
    }
}

#[test]
fn the_records_own_fields_stay_as_they_are() {
    for shape in SHAPES {
        let event = read(shape.record);
        let json: serde_json::Value = serde_json::from_str(shape.record).unwrap();
        let mut open = vec![(String::new(), &json)];
        while let Some((path, value)) = open.pop() {
            match value {
                serde_json::Value::Object(members) => open.extend(members.iter().map(|(key, value)| {
                    (if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value)
                })),
                serde_json::Value::String(text) => {
                    assert_eq!(
                        event.text(&path).as_deref(),
                        Some(text.as_str()),
                        "{}: {path}",
                        shape.mapping
                    );
                }
                _ => assert!(event.get(&path).is_some() || value.is_array(), "{}: {path}", shape.mapping),
            }
        }
    }
}

#[test]
fn times_hosts_and_nothing_for_a_record_of_no_mapping() {
    let osquery = read(SHAPES.iter().find(|shape| shape.record.contains("fim_file_events")).unwrap().record);
    assert_eq!(osquery.time.unwrap().to_string(), "2024-05-01T10:00:00Z");
    assert_eq!(osquery.host.as_deref(), Some("web-1.example.org"));
    let plain = read(r#"{"message":"hello","level":"info"}"#);
    assert_eq!((source(&plain), plain.fields().count()), ("-/-/-".to_owned(), 2));
}
