//! The real clients of other makes, as they come from their registries, against a real server. Where a
//! client cannot be had the story is skipped, with a line that says so.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{World, spawn};
use crate::intake::sysmon;
use crate::speak::deliveries;

/// What is installed from PyPI; `docs/integrators.md` names the same.
const PACKAGES: &[&str] = &[
    "elasticsearch==8.19.1",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
    "opentelemetry-sdk==1.45.2",
    "splunk-handler==3.0.0",
    "setuptools<81",
];

/// Alerting tools from PyPI. elastalert2 asks for a newer Python than its alerters need.
const ALERTERS: &[&str] = &["thehive4py==2.1.0"];
/// elastalert2 brings clients of a hundred other products and takes two minutes to install, so it comes only
/// where this variable is set.
const ALL_CLIENTS: &str = "WATCHBELL_ALL_CLIENTS";

fn key(world: &World) -> String {
    std::fs::read_to_string(world.app.data.join(server::identity::CLI_KEY_FILE)).unwrap()
}

fn event(host: &str) -> String {
    sysmon("2026-11-24T03:00:00Z", host, "vssadmin.exe delete shadows /all /quiet").trim().to_owned()
}

fn worked(output: std::io::Result<Output>) -> Option<String> {
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A Python with the clients, made once beside the tests' other files.
fn python(name: &str, packages: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let python = folder.join("bin/python");
    let mark = folder.join(format!("with-{}", packages.join("-").replace(['=', '<'], "")));
    if !mark.exists() {
        worked(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder).output())?;
        worked(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--ignore-requires-python"])
                .args(packages)
                .output(),
        )?;
        std::fs::write(mark, "").ok()?;
    }
    Some(python)
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_elasticsearch_splunk_and_opentelemetry_send_unchanged() {
    let Some(python) = tokio::task::spawn_blocking(|| python("clients", PACKAGES)).await.unwrap() else {
        eprintln!("skipped: python3 with {PACKAGES:?} cannot be had here");
        return;
    };
    let world = spawn().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/speak.py");
    let mut command = Command::new(python);
    command.arg(script).args([&world.base, &key(&world), &event("ws01")]);
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{failed}");
    assert_eq!(said.lines().count(), 3, "{said}{failed}");
    eprintln!("{said}");
    let expected = ["elastic/winlogbeat-8.19.0", "otlp/agent", "splunk/sysmon"];
    assert_eq!(deliveries(&world).await, expected.map(|name| (name.to_owned(), 1, 1)), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn thehive4py_and_elastalert2_report_unchanged() {
    let all = std::env::var_os(ALL_CLIENTS).is_some();
    let packages: Vec<&'static str> =
        ALERTERS.iter().copied().chain(all.then_some("elastalert2==2.31.0")).collect();
    let wanted = packages.clone();
    let folder = if all { "alerters" } else { "thehive4py" };
    let Some(python) = tokio::task::spawn_blocking(move || python(folder, &wanted)).await.unwrap() else {
        eprintln!("skipped: python3 with {packages:?} cannot be had here");
        return;
    };
    if !all {
        eprintln!("skipped: elastalert2, for {ALL_CLIENTS} is not set");
    }
    let world = spawn().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/alerts.py");
    let mut command = Command::new(python);
    command.arg(script).args([&world.base, &key(&world)]);
    command.args(packages.iter().filter_map(|package| package.split("==").next()));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let (said, failed) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{failed}");
    eprintln!("{said}");
    let names = deliveries(&world).await.into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    let expected = ["iris/ElastAlert2", "thehive/elastalert", "thehive/thehive4py"];
    assert_eq!(names, expected[if all { 0 } else { 2 }..]);
    let alerts = world.responder.get("/api/v1/alerts").await.list();
    assert_eq!(alerts.as_array().unwrap().len(), names.len(), "{alerts:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rsyslog_sends_through_its_elasticsearch_output_unchanged() {
    let daemon = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].into_iter().find(|path| Path::new(path).exists());
    let module = "/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so";
    let Some(daemon) = daemon.filter(|_| Path::new(module).exists()) else {
        eprintln!("skipped: rsyslog with omelasticsearch (package rsyslog-elasticsearch) is not installed");
        return;
    };
    let world = spawn().await;
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let config = format!(
        r#"global(workDirectory="{at}")
module(load="imfile")
module(load="omelasticsearch")
input(type="imfile" file="{at}/in.log" tag="sysmon" freshStartTail="off")
template(name="as-it-is" type="string" string="%msg%")
action(type="omelasticsearch" server="{base}/elastic" searchIndex="syslog" searchType=""
  uid="rsyslog" pwd="{key}" bulkmode="on" template="as-it-is" errorfile="{at}/errors")
"#,
        base = world.base,
        key = key(&world),
    );
    std::fs::write(folder.path().join("rsyslog.conf"), config).unwrap();
    std::fs::write(folder.path().join("in.log"), event("ws02") + "\n").unwrap();
    let mut child = Command::new(daemon)
        .args(["-n", "-i", &format!("{at}/pid"), "-f", &format!("{at}/rsyslog.conf")])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    let mut there = Vec::new();
    while there.is_empty() && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
        there = deliveries(&world).await;
    }
    child.kill().unwrap();
    let said = child.wait_with_output().unwrap();
    let errors = std::fs::read_to_string(folder.path().join("errors")).unwrap_or_default();
    let said = format!("{}{errors}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(there, [("elastic/syslog".to_owned(), 1, 1)], "{said}");
}
