//! One small file of each text format, read whole: what its records say under which names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::Path;

use telemetry::{Event, Format, LogSource, Options, Value};

fn options() -> Options {
    Options::new("2024-06-01T00:00:00Z".parse().unwrap())
}

/// Reads a fixture: its format, its events, its errors without the path in front.
fn read(name: &str) -> (Format, Vec<Event>, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    let reader = telemetry::open(&path, &options()).unwrap();
    let format = reader.format();
    let (mut events, mut errors) = (Vec::new(), Vec::new());
    for outcome in reader {
        match outcome {
            Ok(event) => events.push(event),
            Err(error) => {
                let text = error.to_string();
                let (_, rest) = text.split_once(&format!("{name}: ")).expect("names its file");
                errors.push(rest.to_owned());
            }
        }
    }
    (format, events, errors)
}

fn sources(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            let LogSource { product, category, service } = &event.source;
            [product, category, service].map(|part| part.as_deref().unwrap_or("-")).join("/")
        })
        .collect()
}

fn assert_texts(event: &Event, wanted: &[(&str, &str)]) {
    for (name, value) in wanted {
        assert_eq!(event.text(name).as_deref(), Some(*value), "{name} of {event:?}");
    }
}

fn assert_times(events: &[Event], wanted: &[&str]) {
    let times: Vec<_> =
        events.iter().map(|event| event.time.map_or("-".to_owned(), |time| time.to_string())).collect();
    assert_eq!(times, wanted);
}

#[test]
fn winlogbeat() {
    let (format, events, errors) = read("winlogbeat.jsonl");
    assert_eq!((format, errors.len()), (Format::JsonLines, 0));
    assert_eq!(
        sources(&events),
        ["windows/process_creation/sysmon", "windows/file_event/sysmon", "windows/-/security"]
    );
    assert_texts(
        &events[0],
        &[
            ("EventID", "1"),
            ("Image", "C:\\Windows\\System32\\cmd.exe"),
            ("CommandLine", "cmd /c whoami"),
            ("winlog.event_data.CommandLine", "cmd /c whoami"),
            ("Provider_Name", "Microsoft-Windows-Sysmon"),
            ("EventRecordID", "981"),
            ("User", "EXAMPLE\\eve"),
        ],
    );
    // What the shipper moved into ECS fields is under Sysmon's names all the same.
    assert_texts(
        &events[1],
        &[("TargetFilename", "C:\\Users\\eve\\a.exe"), ("Image", "C:\\Windows\\System32\\curl.exe")],
    );
    assert_texts(&events[2], &[("TargetUserName", "admin"), ("IpAddress", "192.0.2.9")]);
    assert_eq!(events[2].host.as_deref(), Some("DC-1"));
    assert_times(&events, &["2024-05-01T10:00:00.123Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z"]);
}

#[test]
fn nxlog_and_its_local_times() {
    let (_, events, errors) = read("nxlog.jsonl");
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(sources(&events), ["windows/registry_set/sysmon", "windows/-/system"]);
    // The first tells by its time of receipt that it is two hours ahead; the second tells nothing.
    assert_times(&events, &["2024-05-01T10:00:00Z", "2024-05-01T12:00:01Z"]);
    assert_texts(&events[0], &[("Provider_Name", "Microsoft-Windows-Sysmon"), ("Details", "C:\\x.exe")]);
    assert_eq!(events[0].host.as_deref(), Some("DESK-7.example.org"));
    assert!(events[0].raw.starts_with(b"{\"EventTime\"") && events[0].raw.ends_with(b"5}"));
}

#[test]
fn a_windows_event_as_a_tree_printed_over_many_lines() {
    let (format, events, errors) = read("sysmon-tree.json");
    assert_eq!((format, events.len(), errors.len()), (Format::JsonLines, 1, 0));
    assert_eq!(sources(&events), ["windows/dns_query/sysmon"]);
    assert_texts(
        &events[0],
        &[
            ("EventID", "22"),
            ("QueryName", "bad.example.net"),
            ("ProcessId", "44"),
            ("Execution_ProcessID", "900"),
            ("Provider_Name", "Microsoft-Windows-Sysmon"),
        ],
    );
    assert_eq!(events[0].get("Correlation"), None);
    assert_times(&events, &["2024-05-01T10:00:00.5Z"]);
}

#[test]
fn cloudtrail_records_out_of_their_file() {
    let (format, events, errors) = read("cloudtrail.json");
    assert_eq!((format, errors.len()), (Format::JsonLines, 0));
    assert_eq!(sources(&events), ["aws/-/cloudtrail"; 2]);
    assert_texts(
        &events[0],
        &[
            ("eventName", "ConsoleLogin"),
            ("userIdentity.type", "Root"),
            ("responseElements.ConsoleLogin", "Success"),
            ("additionalEventData.MFAUsed", "No"),
        ],
    );
    assert_times(&events, &["2024-05-01T10:00:00Z", "2024-05-01T10:01:00Z"]);
    assert!(events[1].raw.starts_with(b"{\"eventVersion\"") && events[1].raw.ends_with(b"}}"));
}

#[test]
fn other_clouds_are_told_apart() {
    let (_, events, errors) = read("cloud.jsonl");
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(
        sources(&events),
        [
            "okta/-/okta",
            "gcp/-/gcp.audit",
            "kubernetes/application/audit",
            "azure/-/activitylogs",
            "azure/-/signinlogs",
            "m365/-/exchange",
            "gcp/-/google_workspace.admin",
        ]
    );
    assert_texts(&events[1], &[("gcp.audit.method_name", "google.iam.admin.v1.CreateServiceAccountKey")]);
    assert_texts(&events[4], &[("ResultType", "50126"), ("properties.message", "Sign-in activity")]);
    assert_texts(
        &events[5],
        &[("eventSource", "Exchange"), ("eventName", "New-InboxRule"), ("status", "success")],
    );
    for event in &events[..6] {
        assert!(event.time.is_some(), "{event:?}");
    }
}

#[test]
fn ecs_from_linux_network_cloud_and_web() {
    let (_, events, errors) = read("ecs.jsonl");
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(
        sources(&events),
        ["linux/process_creation/auditd", "zeek/dns/dns", "aws/-/cloudtrail", "nginx/webserver/nginx"]
    );
    assert_texts(
        &events[0],
        &[
            ("Image", "/usr/bin/curl"),
            ("CommandLine", "curl http://bad.example.net"),
            ("ParentImage", "/bin/bash"),
            ("User", "www-data"),
            ("Hashes", "SHA256=AB"),
        ],
    );
    assert_eq!(events[0].host.as_deref(), Some("web-1"));
    assert_texts(&events[1], &[("query", "bad.example.net"), ("id.orig_h", "10.0.0.7")]);
    assert_texts(&events[2], &[("eventSource", "iam.amazonaws.com"), ("eventName", "CreateUser")]);
    assert_texts(&events[3], &[("cs-method", "GET"), ("cs-user-agent", "sqlmap/1.7"), ("sc-status", "200")]);
}

#[test]
fn zeek_text_with_a_new_header_in_the_middle() {
    let (format, events, errors) = read("zeek.log");
    assert_eq!(format, Format::ZeekTsv);
    assert_eq!(errors, ["line 11: the Zeek line has 1 columns where #fields names 11"]);
    assert_eq!(sources(&events), ["zeek/firewall/conn", "zeek/firewall/conn", "zeek/dns/dns"]);
    let first = &events[0];
    assert_texts(first, &[("id.orig_h", "10.0.0.7"), ("src_ip", "10.0.0.7"), ("history", "ShAD\tx")]);
    assert_eq!(first.get("id.resp_p"), Some(&Value::Int(443)));
    assert_eq!(first.get("duration"), Some(&Value::Float(1.5)));
    assert_eq!(first.get("local_orig"), Some(&Value::Bool(true)));
    assert_eq!(first.get("tunnel_parents"), Some(&Value::List(Vec::new())));
    assert_eq!(events[1].get("duration"), Some(&Value::Null));
    let parents = ["A", "B"].map(Value::from).to_vec();
    assert_eq!(events[1].get("tunnel_parents"), Some(&Value::List(parents)));
    assert_texts(&events[2], &[("query", "bad.example.net"), ("record_type", "A")]);
    assert_eq!(events[2].host.as_deref(), Some("10.0.0.8"));
    assert_times(&events, &["2024-05-01T10:00:00.123456Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z"]);
}

#[test]
fn zeek_json() {
    let (format, events, errors) = read("http.log");
    assert_eq!((format, errors.len()), (Format::ZeekJson, 0));
    assert_eq!(sources(&events), ["zeek/proxy/http", "zeek/-/smb_files"]);
    assert_texts(
        &events[0],
        &[
            ("user_agent", "curl/8.0"),
            ("c-useragent", "curl/8.0"),
            ("c-uri", "/a/run.php?x=1"),
            ("cs-uri-stem", "/a/run.php"),
            ("c-uri-query", "x=1"),
            ("c-uri-extension", "php"),
            ("cs-host", "bad.example.net"),
            ("sc-status", "200"),
        ],
    );
    assert_times(&events, &["2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.25Z"]);
}

#[test]
fn suricata_eve() {
    let (format, events, errors) = read("eve.json");
    assert_eq!((format, errors.len()), (Format::SuricataEve, 0));
    assert_eq!(
        sources(&events),
        ["suricata/firewall/alert", "suricata/dns/dns", "suricata/proxy/http", "suricata/-/stats"]
    );
    assert_texts(&events[0], &[("alert.signature", "sig"), ("action", "blocked"), ("dst_port", "445")]);
    assert_texts(&events[1], &[("query", "bad.example.net"), ("record_type", "TXT")]);
    assert_texts(&events[2], &[("c-uri", "/x.exe"), ("cs-host", "bad.example.net"), ("sc-status", "404")]);
    assert_times(
        &events,
        &["2024-05-01T10:00:00.5Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z", "2024-05-01T10:00:03Z"],
    );
}

#[test]
fn syslog_of_rfc_5424() {
    let (format, events, errors) = read("rfc5424.log");
    assert_eq!(format, Format::Syslog);
    assert_eq!(errors, ["line 3: not a syslog message: its structured data is broken"]);
    assert_eq!(sources(&events), ["linux/-/sshd", "linux/-/syslog", "linux/-/syslog"]);
    assert_texts(
        &events[0],
        &[
            ("message", "Failed password for root from 192.0.2.9 port 22 ssh2"),
            ("appname", "sshd"),
            ("procid", "411"),
            ("msgid", "ID47"),
            ("facility", "auth"),
            ("severity", "crit"),
            ("origin@32473.ip", "192.0.2.1"),
            ("origin@32473.note", "a \"b\" \\ ] c"),
            ("x@1.k", "v"),
        ],
    );
    assert_texts(&events[1], &[("message", "counted by octets, without structure"), ("facility", "local4")]);
    assert_texts(&events[2], &[("message", "")]);
    assert_eq!(events[0].host.as_deref(), Some("gate.example.org"));
    assert_times(&events, &["2024-05-01T10:00:00.003Z", "2024-05-01T10:00:00Z", "-"]);
}

#[test]
fn syslog_of_rfc_3164_and_of_files() {
    let (format, events, errors) = read("rfc3164.log");
    assert_eq!(format, Format::Syslog);
    assert_eq!(errors, ["line 4: not a syslog message: it begins with neither a priority nor a time"]);
    assert_eq!(
        sources(&events),
        [
            "linux/-/sshd",
            "linux/-/cron",
            "linux/-/sudo",
            "linux/-/syslog",
            "cisco/-/aaa",
            "linux/process_creation/auditd",
            "linux/-/sshd",
        ]
    );
    assert_texts(
        &events[0],
        &[("message", "Accepted publickey for eve"), ("procid", "411"), ("hostname", "gate")],
    );
    assert_texts(&events[2], &[("message", "eve : TTY=pts/0 ; COMMAND=/bin/sh")]);
    assert_texts(&events[3], &[("message", "only content")]);
    assert_eq!(events[4].host.as_deref(), Some("192.0.2.10"));
    assert_texts(&events[4], &[("mnemonic", "PARSER-5-CFGLOG_LOGGEDCMD")]);
    assert_texts(
        &events[5],
        &[
            ("type", "EXECVE"),
            ("a1", "/tmp/a b.txt"),
            ("a2", "1234"),
            ("CommandLine", "/usr/bin/cat /tmp/a b.txt 1234"),
            ("Image", "/usr/bin/cat"),
        ],
    );
    // Read on 1 June 2024: a December is last year's.
    assert_times(
        &events,
        &[
            "2024-05-01T10:00:00Z",
            "2023-12-31T23:59:59Z",
            "2024-05-01T10:00:00.25Z",
            "-",
            "2024-02-17T13:40:03.673Z",
            "2024-05-01T10:00:00.25Z",
            "2024-05-01T10:00:02Z",
        ],
    );
}

#[test]
fn sysmon_for_linux_in_syslog() {
    let (format, events, errors) = read("sysmon-linux.log");
    assert_eq!((format, errors.len()), (Format::Syslog, 0));
    assert_eq!(sources(&events), ["linux/process_creation/sysmon", "linux/-/syslog"]);
    assert_texts(
        &events[0],
        &[
            ("EventID", "1"),
            ("Image", "/usr/bin/cat"),
            ("CommandLine", "cat \"/etc/shadow\" > /tmp/x"),
            ("Provider_Name", "Linux-Sysmon"),
            ("appname", "sysmon"),
        ],
    );
    assert_eq!(events[0].get("EventID"), Some(&Value::Int(1)));
    assert_times(&events, &["2024-05-01T09:59:59.5Z", "2024-05-01T10:00:01Z"]);
    assert_eq!(events[0].host.as_deref(), Some("web-1"));
}

#[test]
fn fortigate() {
    let (format, events, errors) = read("fortigate.log");
    assert_eq!((format, errors.len()), (Format::Syslog, 0));
    assert_eq!(sources(&events), ["fortigate/-/event", "fortigate/firewall/traffic"]);
    assert_texts(
        &events[0],
        &[
            ("action", "Add"),
            ("cfgpath", "system.admin"),
            ("msg", "Add system.admin eve"),
            ("severity", "notice"),
        ],
    );
    assert_texts(&events[1], &[("src_ip", "10.0.0.7"), ("dst_port", "443")]);
    assert_times(&events, &["2024-05-01T10:00:00.5Z", "2024-05-01T10:00:01Z"]);
    assert_eq!(events[0].host.as_deref(), Some("FGT-1"));
}

#[test]
fn records_of_the_audit_daemon_are_joined() {
    let (format, events, errors) = read("audit.log");
    assert_eq!(format, Format::LinuxAudit);
    assert_eq!(errors, ["line 9: not a Linux audit record: it has no msg=audit(time:serial)"]);
    assert_eq!(
        sources(&events),
        [
            "linux/process_creation/auditd",
            "linux/-/auditd",
            "linux/network_connection/auditd",
            "linux/file_event/auditd",
        ]
    );
    let exec = &events[0];
    let kinds = ["SYSCALL", "EXECVE", "CWD", "PATH", "PATH", "PROCTITLE", "EOE"];
    assert_eq!(String::from_utf8_lossy(&exec.raw).lines().count(), kinds.len());
    let kinds: Vec<_> = ["SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE", "EOE"].map(Value::from).to_vec();
    let Some(Value::List(found)) = exec.get("type") else { panic!("{exec:?}") };
    assert!(kinds.iter().all(|kind| found.contains(kind)), "{found:?}");
    assert_texts(
        exec,
        &[
            ("a0", "sh"),
            ("a1", "-c"),
            ("a2", "cat /tmp/a b.txt"),
            ("syscall.a0", "7ffe"),
            ("CommandLine", "sh -c cat /tmp/a b.txt onetwo"),
            ("Image", "/usr/bin/dash"),
            ("CurrentDirectory", "/var/www"),
            ("ProcessId", "412"),
            ("ParentProcessId", "400"),
            ("User", "eve"),
            ("SYSCALL", "execve"),
            ("proctitle", "sh -c cat"),
            ("key", "exec"),
        ],
    );
    assert_eq!(exec.get("euid"), Some(&Value::Int(33)));
    let names = ["/bin/sh", "/lib64/ld-linux-x86-64.so.2"].map(Value::from).to_vec();
    assert_eq!(exec.get("name"), Some(&Value::List(names)));
    assert_texts(&events[1], &[("type", "USER_LOGIN"), ("acct", "root"), ("op", "login"), ("res", "failed")]);
    assert_eq!(events[1].host.as_deref(), Some("gate"));
    assert_texts(&events[2], &[("DestinationIp", "192.0.2.9"), ("DestinationPort", "443")]);
    assert_texts(&events[3], &[("TargetFilename", "/etc/cron.d/a b "), ("Image", "/usr/bin/touch")]);
    assert_times(
        &events,
        &[
            "2024-05-01T10:00:00.123Z",
            "2024-05-01T10:00:01Z",
            "2024-05-01T10:00:02.5Z",
            "2024-05-01T10:00:03Z",
        ],
    );
}

#[test]
fn cef_bare_and_in_syslog() {
    let (format, events, errors) = read("cef.log");
    assert_eq!(format, Format::Cef);
    assert_eq!(errors, ["line 4: not a CEF message: its header has fewer than seven parts"]);
    assert_eq!(
        sources(&events),
        ["example/firewall/gate_keeper", "example/proxy/web_proxy", "fortigate/-/event", "example/-/bare",]
    );
    assert_texts(
        &events[0],
        &[
            ("deviceProduct", "Gate|Keeper"),
            ("deviceEventClassId", "100"),
            ("name", "connection refused"),
            ("severity", "5"),
            ("src_ip", "10.0.0.7"),
            ("dst_port", "445"),
            ("action", "deny"),
            ("cs1", "block smb"),
            ("Rule Name", "block smb"),
            ("RuleName", "block smb"),
            ("message", "a = b\nsecond line"),
        ],
    );
    assert_eq!(events[0].host.as_deref(), Some("gate-1"));
    assert_texts(
        &events[1],
        &[
            ("c-uri", "http://bad.example.net/run.php?x=1"),
            ("c-uri-query", "x=1"),
            ("cs-method", "POST"),
            ("c-useragent", "curl/8.0"),
        ],
    );
    assert_eq!(events[1].host.as_deref(), Some("proxy-1"));
    assert_texts(&events[2], &[("cfgpath", "system.admin"), ("action", "Add"), ("facility", "local0")]);
    assert_texts(&events[3], &[("severity", "10")]);
    assert_times(&events, &["2024-05-01T10:00:00.123Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z", "-"]);
}

#[test]
fn leef_of_both_versions() {
    let (format, events, errors) = read("leef.log");
    assert_eq!(format, Format::Leef);
    assert_eq!(errors, ["line 4: not a LEEF message: its header has fewer than five parts"]);
    assert_eq!(sources(&events), ["example/firewall/gate", "example/proxy/proxy", "example/-/hex"]);
    assert_texts(
        &events[0],
        &[
            ("EventID", "DENY"),
            ("src_ip", "10.0.0.7"),
            ("dst_port", "445"),
            ("User", "EXAMPLE\\eve"),
            ("msg", "a = b"),
        ],
    );
    assert_texts(&events[1], &[("c-uri", "http://bad.example.net/a?b=c"), ("c-useragent", "curl/8.0")]);
    assert_texts(&events[2], &[("sev", "9"), ("cat", "test")]);
    assert_times(&events, &["2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z", "-"]);
    assert_eq!(events[1].host.as_deref(), Some("gate-2"));
}

#[test]
fn windows_events_as_xml() {
    let (format, events, errors) = read("events.xml");
    assert_eq!(format, Format::WindowsXml);
    assert_eq!(errors, ["record 3: not a Windows event as XML: its elements are damaged"]);
    assert_eq!(
        sources(&events),
        ["windows/process_creation/security", "windows/process_creation/sysmon", "windows/-/system"]
    );
    assert_texts(
        &events[0],
        &[
            ("EventID", "4688"),
            ("CommandLine", "cmd /c \"echo a > b\""),
            ("Image", "C:\\Windows\\System32\\cmd.exe"),
            ("Message", "A new process has been created."),
            ("EventRecordID", "77"),
        ],
    );
    assert_texts(&events[1], &[("Image", "C:\\a > b\\x.exe"), ("CommandLine", "x.exe <go> & \"now\"")]);
    assert_texts(
        &events[2],
        &[("EventID", "7045"), ("ServiceName", "x"), ("Provider_Name", "Service Control Manager")],
    );
    assert_eq!(events[0].host.as_deref(), Some("DC-1"));
    assert_times(&events, &["2024-05-01T10:00:00.123Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z"]);
}

#[test]
fn access_logs_of_web_servers() {
    let (format, events, errors) = read("access.log");
    assert_eq!(format, Format::AccessLog);
    assert_eq!(
        errors,
        ["line 4: not an access log's line: it is not client, user, [time], \"request\" and status"]
    );
    assert_eq!(sources(&events), ["-/webserver/-"; 4]);
    assert_texts(
        &events[0],
        &[
            ("c-ip", "192.0.2.9"),
            ("cs-username", "eve"),
            ("cs-method", "GET"),
            ("cs-uri-query", "/a/run.php?x=1"),
            ("cs-uri-stem", "/a/run.php"),
            ("c-uri-query", "x=1"),
            ("sc-status", "200"),
            ("sc-bytes", "1234"),
            ("cs-referer", "https://www.example.org/"),
            ("cs-user-agent", "Mozilla/5.0 \"x\""),
        ],
    );
    assert_texts(&events[1], &[("cs-host", "www.example.org:443"), ("c-ip", "2001:db8::9")]);
    assert_eq!(events[1].get("cs-user-agent"), Some(&Value::Null));
    assert_eq!(events[1].host.as_deref(), Some("www.example.org"));
    assert_texts(&events[2], &[("request", "\u{16}\u{3}\u{1}"), ("sc-status", "400")]);
    assert_texts(&events[3], &[("cs-uri-query", "/mgmt/tm/util/bash"), ("c-useragent", "curl/8.0")]);
    assert_times(
        &events,
        &["2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z", "2024-05-01T10:00:03Z"],
    );
}

#[test]
fn w3c_extended_logs() {
    let (format, events, errors) = read("iis.log");
    assert_eq!(format, Format::W3c);
    assert_eq!(errors, ["line 7: not a W3C extended log's line: it has fewer columns than #Fields: names"]);
    assert_eq!(sources(&events), ["-/webserver/iis", "-/webserver/iis", "windows/firewall/firewall"]);
    assert_texts(
        &events[0],
        &[
            ("cs-uri-query", "/owa/auth/a.aspx?x=1&y=2"),
            ("c-uri-query", "x=1&y=2"),
            ("cs-uri-stem", "/owa/auth/a.aspx"),
            ("cs-user-agent", "Mozilla/5.0 (Windows NT 10.0)"),
            ("cs-username", "EXAMPLE\\eve"),
            ("sc-status", "200"),
        ],
    );
    assert_eq!(events[1].get("cs-user-agent"), Some(&Value::Null));
    assert_texts(&events[1], &[("cs-uri-query", "/shell.aspx"), ("c-uri-extension", "aspx")]);
    assert_texts(&events[2], &[("src_ip", "192.0.2.9"), ("dst_port", "3389"), ("action", "DROP")]);
    assert_times(&events, &["2024-05-01T10:00:00Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:03Z"]);

    let (format, events, errors) = read("cloudfront.log");
    assert_eq!((format, errors.len()), (Format::W3c, 0));
    assert_eq!(sources(&events), ["-/webserver/cloudfront"]);
    assert_texts(
        &events[0],
        &[("cs-host", "d1.cloudfront.net"), ("cs-uri-query", "/a.php?q=1"), ("c-ip", "192.0.2.9")],
    );
}

#[test]
fn syslog_with_lengths_and_without_line_ends() {
    let (format, events, errors) = read("framed.log");
    assert_eq!((format, errors.len()), (Format::Syslog, 0));
    assert_eq!(sources(&events), ["linux/-/sshd", "linux/-/syslog"]);
    assert_texts(&events[0], &[("message", "Failed password for x")]);
    assert_texts(&events[1], &[("message", "first line\nsecond line")]);
}

#[test]
fn requests_in_syslog() {
    let lines = "<134>May  1 10:00:00 lb haproxy[9]: 192.0.2.9:51000 [01/May/2024:09:59:59.123] http-in static/srv1 10/0/30/69/109 404 2750 - - ---- 1/1/1/1/0 0/0 {www} {} \"GET /a.php?x=1 HTTP/1.1\"\n\
        <190>May  1 10:00:01 www nginx: 192.0.2.9 - - [01/May/2024:10:00:01 +0000] \"GET /b HTTP/1.1\" 200 5 \"-\" \"curl/8.0\"\n\
        <190>May  1 10:00:02 www nginx: worker process 7 exited on signal 11\n";
    let reader = telemetry::from_bytes("x", lines.into(), &options()).unwrap();
    let events: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(sources(&events), ["haproxy/webserver/haproxy", "nginx/webserver/nginx", "linux/-/nginx"]);
    assert_texts(
        &events[0],
        &[("c-ip", "192.0.2.9"), ("sc-status", "404"), ("c-uri-query", "x=1"), ("backend", "static/srv1")],
    );
    assert_texts(&events[1], &[("cs-user-agent", "curl/8.0"), ("cs-method", "GET")]);
    assert_times(&events, &["2024-05-01T09:59:59.123Z", "2024-05-01T10:00:01Z", "2024-05-01T10:00:02Z"]);
}
