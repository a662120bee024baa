//! Playbooks: kept, refused, sealed, and run on an incident against real targets on loopback.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{As, World, everywhere, spawn, spawn_with};

fn id(kind: &str, number: u32) -> String {
    format!("{kind}--00000000-0000-4000-8000-{number:012}")
}

fn action(number: u32) -> String {
    id("action", number)
}

/// A playbook of these steps between a start, which leads to action 1, and an end, number 9.
fn book(number: u32, steps: Value, address: &str) -> Value {
    let mut workflow = json!({
        id("start", 0): { "type": "start", "on_completion": action(1) },
        id("end", 9): { "type": "end" },
    });
    workflow.as_object_mut().unwrap().extend(steps.as_object().unwrap().clone());
    let (host, port) = address.rsplit_once(':').unwrap();
    json!({
        "type": "playbook", "spec_version": "cacao-2.0", "id": id("playbook", number), "name": format!("Contain {number}"),
        "description": "A test.", "created_by": id("identity", 1),
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": id("start", 0), "workflow": workflow,
        "playbook_variables": {
            "__host__": { "type": "string", "external": true, "description": "Which host" },
            "__found__": { "type": "string", "value": "no" },
        },
        "authentication_info_definitions": {
            id("user-auth", 1): { "type": "user-auth", "username": whoami(), "kms": true, "kms_key_identifier": "web" },
        },
        "agent_definitions": { id("individual", 1): { "type": "individual", "name": "On call" } },
        "target_definitions": {
            id("http-api", 1): { "type": "http-api", "name": "Firewall", "address": { "url": [format!("http://{address}")] } },
            id("ssh", 1): { "type": "ssh", "name": "web-1", "address": { "ipv4": [host] }, "port": port,
                "authentication_info": id("user-auth", 1) },
        },
    })
}

fn whoami() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

fn step(kind: &str, command: &str, next: &str, more: Value) -> Value {
    let mut step = json!({
        "type": "action", "name": format!("{kind} step"), "agent": id("individual", 1),
        "commands": [{ "type": kind, "command": command }], "on_completion": next,
    });
    match kind {
        "manual" => {}
        "http-api" => step["targets"] = json!([id("http-api", 1)]),
        _ => step["targets"] = json!([id("ssh", 1)]),
    }
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn end() -> String {
    id("end", 9)
}

fn manual_book() -> Value {
    let steps = json!({ action(1): step("manual", "Look at __host__:value.", &end(), json!({ "out_args": ["__found__"] })) });
    book(1, steps, "192.0.2.1:80")
}

async fn keep(who: &As, playbook: &Value) -> String {
    who.post("/api/v1/playbooks", playbook.clone()).await.expect(201)["id"].as_str().unwrap().to_owned()
}

/// The number of a playbook with a manual step, kept now or before.
pub async fn kept(who: &As) -> String {
    let known = who.get("/api/v1/playbooks").await.list();
    match known.as_array().unwrap().first() {
        Some(playbook) => playbook["id"].as_str().unwrap().to_owned(),
        None => keep(who, &manual_book()).await,
    }
}

async fn incident(world: &World) -> String {
    let declaration = json!({ "title": "Something", "type": "malware", "alerts": [],
        "functional": "low", "information": "none", "recoverability": "regular" });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    format!("/api/v1/incidents/{}", made["id"].as_str().unwrap())
}

async fn run(world: &World, incident: &str, playbook: &str, values: Value) -> String {
    let start = json!({ "playbook": playbook, "values": values });
    let made = world.responder.post(&format!("{incident}/runs"), start).await.expect(201);
    format!("/api/v1/runs/{}", made["id"].as_str().unwrap())
}

/// The run, once what is asked of it is true.
async fn until(who: &As, run: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..200 {
        let now = who.get(run).await.expect(200);
        if holds(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not become so: {:#}", who.get(run).await.body);
}

fn waits(kind: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["waiting"][0]["kind"] == kind
}

fn is(status: &'static str) -> impl Fn(&Value) -> bool {
    move |run| run["status"] == status
}

async fn timeline(who: &As, incident: &str) -> String {
    let entries = who.get(&format!("{incident}/entries?limit=500")).await.list();
    entries.as_array().unwrap().iter().map(|entry| format!("{}\n", entry["text"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn a_playbook_is_kept_in_versions_or_refused_whole() {
    everywhere(|world| async move {
        let text = manual_book();
        let made = world.manager.post("/api/v1/playbooks", text.clone()).await.expect(201);
        let number = made["id"].as_str().unwrap();
        assert_eq!((made["version"].as_i64(), made["steps"].as_i64()), (Some(1), Some(3)));
        world.manager.post("/api/v1/playbooks", text.clone()).await.expect(409);
        let mut later = text.clone();
        later["name"] = json!("Contain better");
        later["modified"] = json!("2026-02-01T00:00:00.000Z");
        assert_eq!(world.manager.post("/api/v1/playbooks", later).await.expect(201)["version"], 2);
        let mut earlier = text.clone();
        earlier["name"] = json!("From the past");
        world.manager.post("/api/v1/playbooks", earlier).await.expect(409);
        let versions = world.observer.get(&format!("/api/v1/playbooks/{number}/versions")).await.list();
        assert_eq!(versions.as_array().unwrap().len(), 2);
        let first = world.observer.get(&format!("/api/v1/playbooks/{number}/content?version=1")).await.expect(200);
        assert_eq!(first, text);

        for (change, word) in [
            (json!({ "/workflow_start": id("start", 5) }), "no step"),
            (json!({ "/name": null }), "string"),
            (json!({ "/spec_version": "cacao-1.0" }), "cacao-2.0"),
        ] {
            let mut bad = text.clone();
            for (pointer, put) in change.as_object().unwrap() {
                bad[&pointer[1..]] = put.clone();
            }
            let said = world.manager.post("/api/v1/playbooks", bad).await.expect(422);
            assert!(said["detail"].as_str().unwrap().contains(word), "{said}");
        }
        let mut hunting = text.clone();
        hunting["workflow"][action(1)]["commands"] = json!([{ "type": "sigma", "command_b64": "eA==" }]);
        let said = world.manager.post("/api/v1/playbooks", hunting).await.expect(422);
        assert!(said["detail"].as_str().unwrap().contains("not executed"), "{said}");
        assert_eq!(world.observer.get("/api/v1/playbooks").await.list().as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_seal_holds_and_a_forged_one_is_refused() {
    let world = spawn().await;
    let number = keep(&world.manager, &manual_book()).await;
    let sealed = world.manager.post(&format!("/api/v1/playbooks/{number}/seal"), json!({})).await.expect(200);
    assert_eq!(sealed["version"], 2);
    let text = world.manager.get(&format!("/api/v1/playbooks/{number}/content")).await.expect(200);
    let said = world.observer.post("/api/v1/playbooks/check", text.clone()).await.expect(200);
    assert_eq!((&said["refused"], &said["signatures"][0]["holds"]), (&json!(false), &json!(true)));
    let mut forged = text;
    forged["name"] = json!("Format all disks");
    let said = world.manager.post("/api/v1/playbooks", forged).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("does not hold"), "{said}");
    let (status, page) = world.observer.page(&format!("/playbooks/{number}")).await;
    assert!(status.is_success() && page.contains("Holds") && page.contains("<svg"), "{page}");
}

#[tokio::test]
async fn a_person_answers_and_everything_stands_in_the_log() {
    everywhere(|world| async move {
        let number = keep(&world.manager, &manual_book()).await;
        let incident = incident(&world).await;
        let start = json!({ "playbook": number, "values": { "__nothing__": "x" } });
        world.responder.post(&format!("{incident}/runs"), start).await.expect(422);
        let run = run(&world, &incident, &number, json!({ "__host__": "FIN-WS-07" })).await;
        let waiting = until(&world.responder, &run, waits("manual")).await["waiting"][0].clone();
        assert_eq!(waiting["text"], "Look at FIN-WS-07.");
        assert_eq!(waiting["outputs"][0]["name"], "__found__");
        let key = waiting["key"].as_str().unwrap();
        let wrong = json!({ "key": key, "outputs": { "__host__": "x" } });
        world.responder.post(&format!("{run}/answer"), wrong).await.expect(422);
        world.observer.post(&format!("{run}/answer"), json!({ "key": key })).await.expect(403);
        let right = json!({ "key": key, "outputs": { "__found__": "ransom.exe" } });
        assert_eq!(world.responder.post(&format!("{run}/answer"), right.clone()).await.expect(200)["status"], "completed");
        world.responder.post(&format!("{run}/answer"), right).await.expect(409);
        let said = timeline(&world.observer, &incident).await;
        for line in ["Playbook started: Contain 1", "manual step: done", "__found__ = ransom.exe", "Playbook completed"] {
            assert!(said.contains(line), "{line} in {said}");
        }
        let log = world.observer.get(&format!("{run}/events")).await.list();
        let kinds: Vec<&str> = log.as_array().unwrap().iter().map(|line| line["event"]["event"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["started", "intended", "outcome"]);
        let page = run.replace("/api/v1", "");
        let (status, text) = world.responder.page(&page).await;
        assert!(status.is_success() && text.contains("ransom.exe") && text.contains("done · manual"), "{text}");
        let (status, text) = world.responder.page(&format!("{}/playbooks", incident.replace("/api/v1", ""))).await;
        assert!(status.is_success() && text.contains("Completed"), "{text}");
    })
    .await;
}

/// A target that answers over HTTP and remembers what it was asked; it can lose the connection instead.
#[derive(Clone)]
pub struct Target {
    pub address: String,
    asked: Arc<Mutex<Vec<(String, BTreeMap<String, String>, String)>>>,
    lose: Arc<Mutex<bool>>,
}

impl Target {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            address: listener.local_addr().unwrap().to_string(),
            asked: Arc::default(),
            lose: Arc::default(),
        };
        let own = target.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().answer(stream));
            }
        });
        target
    }

    async fn answer(self, mut stream: tokio::net::TcpStream) {
        let mut bytes = Vec::new();
        let mut some = [0; 4096];
        let (head, mut body) = loop {
            let read = stream.read(&mut some).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            bytes.extend_from_slice(&some[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                break (head.to_owned(), body.to_owned());
            }
        };
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let headers: BTreeMap<String, String> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        while body.len() < length {
            let read = stream.read(&mut some).await.unwrap_or(0);
            if read == 0 {
                return;
            }
            body.push_str(&String::from_utf8_lossy(&some[..read]));
        }
        self.asked.lock().unwrap().push((line, headers, body));
        if *self.lose.lock().unwrap() {
            return;
        }
        let said = r#"{"found": "blocked"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}", said.len());
        stream.write_all(answer.as_bytes()).await.ok();
    }

    fn asked(&self) -> Vec<(String, BTreeMap<String, String>, String)> {
        self.asked.lock().unwrap().clone()
    }
}

fn reaching(address: &str) -> impl FnOnce(Config) -> Config {
    let address = address.to_owned();
    move |config| Config { reach: vec![address], ..config }
}

fn http_book(address: &str) -> Value {
    let mut block = step("http-api", "POST /block?host=__host__:value HTTP/1.1", &end(), json!({ "out_args": ["__found__"] }));
    block["commands"][0]["content"] = json!("{\"host\": \"__host__:value\"}");
    book(2, json!({ action(1): block }), address)
}

#[tokio::test]
async fn a_request_is_sent_once_and_its_answer_taken() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let incident = incident(&world).await;
    let run = run(&world, &incident, &number, json!({ "__host__": "a\"b&c" })).await;
    let done = until(&world.observer, &run, is("completed")).await;
    assert_eq!(done["values"]["__found__"], "blocked");
    let asked = target.asked();
    assert_eq!(asked.len(), 1);
    let (line, headers, body) = &asked[0];
    assert_eq!(line, "POST /block?host=a%22b%26c HTTP/1.1");
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), json!({ "host": "a\"b&c" }));
    assert!(headers["idempotency-key"].starts_with("RUN-1/action--"), "{headers:?}");
}

#[tokio::test]
async fn a_host_that_nobody_named_is_not_reached() {
    let target = Target::start().await;
    let world = spawn().await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let incident = incident(&world).await;
    let run = run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let failed = until(&world.observer, &run, is("failed")).await;
    assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("--reach"), "{failed}");
    assert!(target.asked().is_empty());
}

#[tokio::test]
async fn what_may_have_happened_waits_for_a_person() {
    let target = Target::start().await;
    *target.lose.lock().unwrap() = true;
    let world = spawn_with(reaching(&target.address)).await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let incident = incident(&world).await;
    let run = run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let doubtful = until(&world.observer, &run, is("doubt")).await;
    let key = doubtful["waiting"][0]["key"].as_str().unwrap();
    assert_eq!(doubtful["waiting"][0]["kind"], "doubt");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(target.asked().len(), 1, "it is not repeated by itself");
    world.responder.post(&format!("{run}/settle"), json!({ "key": key, "verdict": "perhaps" })).await.expect(422);
    *target.lose.lock().unwrap() = false;
    world.responder.post(&format!("{run}/settle"), json!({ "key": key, "verdict": "again" })).await.expect(200);
    until(&world.observer, &run, is("completed")).await;
    assert_eq!(target.asked().len(), 2);
    assert!(timeline(&world.observer, &incident).await.contains("nobody knows"));
}

#[tokio::test]
async fn a_step_waits_for_whoever_steers_the_incident() {
    let world = spawn().await;
    let policy = json!({ "step_extensions": { cacao::EXTENSION: { "approval": { "role": "incident_manager" } } } });
    let mut playbook = manual_book();
    playbook["workflow"][action(1)].as_object_mut().unwrap().extend(policy.as_object().unwrap().clone());
    let number = keep(&world.manager, &playbook).await;
    let incident = incident(&world).await;
    let run = run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let waiting = until(&world.observer, &run, waits("approval")).await["waiting"][0].clone();
    let yes = json!({ "key": waiting["key"], "yes": true });
    world.responder.post(&format!("{run}/approve"), yes.clone()).await.expect(403);
    world.manager.post(&format!("{run}/approve"), yes).await.expect(200);
    until(&world.observer, &run, waits("manual")).await;
    world.responder.post(&format!("{run}/stop"), json!({ "reason": " " })).await.expect(422);
    let stopped = world.responder.post(&format!("{run}/stop"), json!({ "reason": "False alarm" })).await.expect(200);
    assert_eq!(stopped["status"], "stopped");
}

#[tokio::test]
async fn one_playbook_runs_another() {
    let world = spawn().await;
    keep(&world.manager, &manual_book()).await;
    let call = json!({ action(1): { "type": "action", "agent": id("individual", 1), "commands": [{ "type": "manual", "command": "Begin." }], "on_completion": id("playbook-action", 1) },
        id("playbook-action", 1): { "type": "playbook-action", "playbook_id": id("playbook", 1), "in_args": ["__host__"], "out_args": ["__found__"], "on_completion": end() } });
    let number = keep(&world.manager, &book(3, call, "192.0.2.1:80")).await;
    let incident = incident(&world).await;
    let above = run(&world, &incident, &number, json!({ "__host__": "web-1" })).await;
    let key = until(&world.responder, &above, waits("manual")).await["waiting"][0]["key"].clone();
    world.responder.post(&format!("{above}/answer"), json!({ "key": key })).await.expect(200);
    let below = "/api/v1/runs/RUN-2";
    for _ in 0..100 {
        if world.responder.get(below).await.status.is_success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let waiting = until(&world.responder, below, waits("manual")).await["waiting"][0].clone();
    assert_eq!(waiting["text"], "Look at web-1.");
    let answer = json!({ "key": waiting["key"], "outputs": { "__found__": "yes" } });
    world.responder.post(&format!("{below}/answer"), answer).await.expect(200);
    let done = until(&world.responder, &above, is("completed")).await;
    assert_eq!(done["values"]["__found__"], "yes");
}

#[tokio::test]
async fn a_dry_run_does_nothing() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let body = json!({ "values": { "__host__": "x" } });
    let said = world.observer.post(&format!("/api/v1/playbooks/{number}/rehearse"), body).await.expect(200);
    assert_eq!((&said["completes"], said["steps"].as_array().unwrap().len()), (&json!(true), 1));
    assert!(said["steps"][0]["what"].as_str().unwrap().contains("/block?host=x"));
    let (status, page) = world.observer.page(&format!("/playbooks/{number}/rehearse")).await;
    assert!(status.is_success() && page.contains("It would fail"), "__host__ has no value: {page}");
    assert!(target.asked().is_empty());
}

/// A real sshd on loopback with a key of its own; nothing where the program is not there.
struct Sshd {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn made_key(path: &Path) {
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap();
    assert!(made.success());
}

/// Starts sshd and puts the client's key and the host's into a server's data folder.
fn sshd(data: &Path, port: u16) -> Option<Sshd> {
    let program = Path::new("/usr/sbin/sshd");
    if !program.exists() {
        println!("skipped: no sshd in {}", program.display());
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all("/run/sshd").ok();
    let at = |name: &str| folder.path().join(name);
    made_key(&at("host"));
    std::fs::create_dir_all(data.join("secrets")).unwrap();
    made_key(&data.join("secrets/web"));
    std::fs::copy(data.join("secrets/web.pub"), at("authorized")).unwrap();
    let host_key = std::fs::read_to_string(at("host.pub")).unwrap();
    std::fs::write(data.join("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
    let config = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPasswordAuthentication no\n\
         StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n",
        at("host").display(),
        at("authorized").display()
    );
    std::fs::write(at("config"), config).unwrap();
    let child = Command::new(program)
        .args(["-D", "-e", "-f"])
        .arg(at("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = format!("127.0.0.1:{port}");
    for _ in 0..100 {
        if std::net::TcpStream::connect(&address).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(Sshd { child, address, _folder: folder })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn commands_run_over_a_real_ssh() {
    let port = free_port();
    let world = spawn_with(reaching(&format!("127.0.0.1:{port}"))).await;
    let Some(sshd) = sshd(&world.app.data, port) else { return };
    let found = json!({ "out_args": ["__found__"] });
    let steps = json!({
        action(1): step("ssh", "echo __host__:value", &action(2), found.clone()),
        action(2): step("bash", "x=__found__:value\necho \"$x\" | tr a-z A-Z", &action(3), found),
        action(3): step("ssh", "exit 3", &end(), json!({})),
    });
    let number = keep(&world.manager, &book(4, steps, &sshd.address)).await;
    let incident = incident(&world).await;
    let run = run(&world, &incident, &number, json!({ "__host__": "it's; exit 9 $(id)" })).await;
    let failed = until(&world.observer, &run, is("failed")).await;
    assert_eq!(failed["steps"][1]["outputs"]["__found__"], "it's; exit 9 $(id)");
    assert_eq!(failed["steps"][2]["outputs"]["__found__"], "IT'S; EXIT 9 $(ID)");
    assert!(failed["steps"][3]["reason"].as_str().unwrap().contains("exit code 3"), "{failed}");
    // A host whose key nobody knows is not trusted.
    std::fs::write(world.app.data.join("known_hosts"), "").unwrap();
    let again = self::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let failed = until(&world.observer, &again, is("failed")).await;
    assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("Host key verification failed"), "{failed}");
}

/// The public examples of another executor, sent to targets of our own.
#[tokio::test]
async fn public_examples_run() {
    let shared = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), Into::into);
    let folder = shared.join("data/cacao/soarca/examples");
    if !folder.is_dir() {
        println!("skipped: {} is not there", folder.display());
        return;
    }
    let example = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let target = Target::start().await;
    let port = free_port();
    let ssh = format!("127.0.0.1:{port}");
    let reach = vec![target.address.clone(), ssh.clone()];
    let world = spawn_with(|config| Config { reach, ..config }).await;
    let incident = incident(&world).await;

    let mut http = example("http-playbook.json");
    let host = http["target_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    host["address"] = json!({ "url": [format!("http://{}", target.address)] });
    let number = keep(&world.manager, &http).await;
    let run = run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    assert_eq!(target.asked()[0].0, "GET /get HTTP/1.1");

    let number = keep(&world.manager, &example("manual-playbook.json")).await;
    let run = self::run(&world, &incident, &number, json!({})).await;
    let key = until(&world.observer, &run, waits("manual")).await["waiting"][0]["key"].clone();
    let answer = json!({ "key": key, "outputs": { "__hyperspeed_ready__": "true" } });
    world.responder.post(&format!("{run}/answer"), answer).await.expect(200);
    until(&world.observer, &run, is("completed")).await;

    let mut shell = example("ssh-playbook.json");
    let said = world.manager.post("/api/v1/playbooks", shell.clone()).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("secret store"), "{said}");
    let Some(sshd) = sshd(&world.app.data, port) else { return };
    let touched = tempfile::tempdir().unwrap();
    let file = touched.path().join("file1");
    let text = shell.to_string().replace("/root/file1", file.to_str().unwrap());
    shell = serde_json::from_str(&text).unwrap();
    // All examples of this make bear one identifier.
    shell["id"] = json!(id("playbook", 77));
    let host = shell["target_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    host["address"] = json!({ "ipv4": ["127.0.0.1"] });
    host["port"] = json!(sshd.address.rsplit_once(':').unwrap().1);
    let login = shell["authentication_info_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    *login = json!({ "type": "user-auth", "username": whoami(), "kms": true, "kms_key_identifier": "web" });
    let number = keep(&world.manager, &shell).await;
    let run = self::run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    assert!(file.exists());
}
