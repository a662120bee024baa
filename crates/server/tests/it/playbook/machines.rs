//! Commands that machines do: requests to a real HTTP server, commands over a real sshd, hunts through the events, scans
//! of the evidence; retries, doubts, limits, and what is undone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use server::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{action, book, end, id, is, keep, step, timeline, until, waits, whoami};
use crate::harness::{everywhere, spawn, spawn_with};

/// A start line, headers, a body.
type Asked = (String, BTreeMap<String, String>, String);

/// A target that answers over HTTP and remembers what it was asked; it can lose the connection instead.
#[derive(Clone)]
pub struct Target {
    pub address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    lose: Arc<Mutex<bool>>,
    /// How many requests it still refuses with 503.
    busy: Arc<Mutex<u32>>,
}

impl Target {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target {
            address: listener.local_addr().unwrap().to_string(),
            asked: Arc::default(),
            lose: Arc::default(),
            busy: Arc::default(),
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
        let busy = {
            let mut left = self.busy.lock().unwrap();
            let busy = *left > 0;
            *left = left.saturating_sub(1);
            busy
        };
        let said = r#"{"found": "blocked"}"#;
        let status = if busy { "503 Service Unavailable" } else { "200 OK" };
        let answer =
            format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}", said.len());
        stream.write_all(answer.as_bytes()).await.ok();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

pub fn reaching(address: &str) -> impl FnOnce(Config) -> Config {
    let address = address.to_owned();
    move |config| Config { reach: vec![address], ..config }
}

pub fn http_book(address: &str) -> Value {
    let mut block = step(
        "http-api",
        "POST /block?host=__host__:value HTTP/1.1",
        &end(),
        json!({ "out_args": ["__found__"] }),
    );
    block["commands"][0]["content"] = json!("{\"host\": \"__host__:value\"}");
    book(2, json!({ action(1): block }), address)
}

#[tokio::test]
async fn a_request_is_sent_once_and_its_answer_taken() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let number = keep(&world.manager, &http_book(&target.address)).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "a\"b&c" })).await;
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
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
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
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let doubtful = until(&world.observer, &run, is("doubt")).await;
    let key = doubtful["waiting"][0]["key"].as_str().unwrap();
    assert_eq!(doubtful["waiting"][0]["kind"], "doubt");
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(target.asked().len(), 1, "it is not repeated by itself");
    world
        .responder
        .post(&format!("{run}/settle"), json!({ "key": key, "verdict": "perhaps" }))
        .await
        .expect(422);
    *target.lose.lock().unwrap() = false;
    world
        .responder
        .post(&format!("{run}/settle"), json!({ "key": key, "verdict": "again" }))
        .await
        .expect(200);
    until(&world.observer, &run, is("completed")).await;
    assert_eq!(target.asked().len(), 2);
    assert!(timeline(&world.observer, &incident).await.contains("nobody knows"));
}

#[tokio::test]
async fn a_secret_is_named_and_stands_nowhere() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let mut playbook = http_book(&target.address);
    playbook["target_definitions"][id("http-api", 1)]["authentication_info"] = json!(id("user-auth", 1));
    let number = keep(&world.manager, &playbook).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let failed = until(&world.observer, &run, is("failed")).await;
    assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("there is no secret web"), "{failed}");
    std::fs::create_dir_all(world.app.data.join("secrets")).unwrap();
    std::fs::write(world.app.data.join("secrets/web"), "correct-horse\n").unwrap();
    let run = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    until(&world.observer, &run, is("completed")).await;
    let (_, headers, _) = target.asked().pop().unwrap();
    let told = headers["authorization"].strip_prefix("Basic ").unwrap();
    assert_eq!(told, base64(&format!("{}:correct-horse", whoami())));
    let log = world.observer.get(&format!("{run}/events")).await.list().to_string();
    let said = timeline(&world.observer, &incident).await;
    let (_, page) = world.observer.page(&run.replace("/api/v1", "")).await;
    for text in [log, said, page] {
        assert!(!text.contains("correct-horse") && !text.contains(told), "{text}");
    }
}

fn policy(policy: Value) -> Value {
    json!({ "step_extensions": { cacao::EXTENSION: policy } })
}

#[tokio::test]
async fn a_busy_host_is_asked_again_with_longer_waits() {
    let target = Target::start().await;
    *target.busy.lock().unwrap() = 2;
    let world = spawn_with(reaching(&target.address)).await;
    let retry = policy(json!({ "retry": { "attempts": 3, "backoff": 100 } }));
    let steps = json!({ action(1): step("http-api", "POST /block HTTP/1.1", &end(), retry) });
    let number = keep(&world.manager, &book(5, steps, &target.address)).await;
    let incident = super::incident(&world).await;
    let begun = std::time::Instant::now();
    let run = super::run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    let keys: Vec<String> =
        target.asked().iter().map(|(_, headers, _)| headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 3);
    assert!(
        keys[0].ends_with(".1") && keys[2].ends_with(".3"),
        "each attempt has a key of its own: {keys:?}"
    );
    assert!(begun.elapsed() >= Duration::from_millis(300), "100 ms, then 200 ms");
}

#[tokio::test]
async fn what_was_done_is_undone_the_last_first() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let undone_by = |number| policy(json!({ "rollback": action(number) }));
    let steps = json!({
        action(1): step("http-api", "POST /block HTTP/1.1", &action(2), undone_by(5)),
        action(2): step("http-api", "POST /isolate HTTP/1.1", &end(), undone_by(6)),
        action(5): step("http-api", "POST /unblock HTTP/1.1", &end(), json!({})),
        action(6): step("http-api", "POST /release HTTP/1.1", &end(), json!({})),
    });
    let number = keep(&world.manager, &book(6, steps, &target.address)).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    assert_eq!(until(&world.observer, &run, is("completed")).await["undoable"], true);
    world.responder.post(&format!("{run}/roll-back"), json!({})).await.expect(403);
    world.manager.post(&format!("{run}/roll-back"), json!({})).await.expect(200);
    let done =
        until(&world.observer, &run, |run| run["status"] == "completed" && run["undoable"] == false).await;
    assert_eq!(done["steps"].as_array().unwrap().iter().filter(|step| step["undoes"] == true).count(), 2);
    let lines: Vec<String> = target.asked().into_iter().map(|(line, ..)| line).collect();
    let paths: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(paths, ["/block", "/isolate", "/release", "/unblock"]);
    world.manager.post(&format!("{run}/roll-back"), json!({})).await.expect(409);
    assert!(timeline(&world.observer, &incident).await.contains("undone as far as it can be"));
}

#[tokio::test]
async fn a_run_reaches_no_more_hosts_than_its_playbook_lets_it() {
    let target = Target::start().await;
    let world = spawn_with(reaching(&target.address)).await;
    let mut both = step("http-api", "POST /block HTTP/1.1", &end(), json!({}));
    both["targets"] = json!([id("http-api", 1), id("http-api", 2)]);
    let mut playbook = book(7, json!({ action(1): both }), &target.address);
    let other = playbook["target_definitions"][id("http-api", 1)].clone();
    playbook["target_definitions"][id("http-api", 2)] = other;
    playbook["playbook_extensions"] = json!({ cacao::EXTENSION: { "max_targets": 1 } });
    let number = keep(&world.manager, &playbook).await;
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    let failed = until(&world.observer, &run, is("failed")).await;
    assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("as many as it may"), "{failed}");
    assert_eq!(target.asked().len(), 1);
}

#[tokio::test]
async fn a_sigma_command_hunts_through_what_is_stored() {
    everywhere(|world| async move {
        let lines = ["whoami /all", "vssadmin.exe delete shadows /all", "notepad.exe"]
            .map(|command| crate::intake::sysmon("2026-11-24T03:00:00Z", "dc01.example.org", command))
            .join("\n");
        world.responder.send_file("dc01.jsonl", lines).await.expect(201);
        let rule = "title: Shadow copies\nlogsource: { product: windows }\ndetection:\n  a:\n    CommandLine|contains: \"__host__:value\"\n  condition: a\n";
        let packed = base64(rule);
        let mut hunt = step("sigma", "", &end(), json!({ "out_args": ["__matches__", "__hosts__"] }));
        hunt["commands"] = json!([{ "type": "sigma", "command_b64": packed }]);
        hunt.as_object_mut().unwrap().remove("targets");
        let mut playbook = book(8, json!({ action(1): hunt }), "192.0.2.1:80");
        playbook["playbook_variables"]["__matches__"] = json!({ "type": "integer" });
        playbook["playbook_variables"]["__hosts__"] = json!({ "type": "string" });
        let number = keep(&world.manager, &playbook).await;
        let incident = super::incident(&world).await;
        let found = super::run(&world, &incident, &number, json!({ "__host__": "vssadmin.exe" })).await;
        let done = until(&world.observer, &found, is("completed")).await;
        assert_eq!(done["values"]["__matches__"], "1");
        assert!(done["values"]["__hosts__"].as_str().unwrap().contains("dc01.example.org"), "{done}");
        // A value that would be more than a word does not get into the rule.
        let evil = super::run(&world, &incident, &number, json!({ "__host__": "x\"\n  b: *" })).await;
        let failed = until(&world.observer, &evil, is("failed")).await;
        assert!(failed["steps"][1]["reason"].as_str().unwrap().contains("cannot stand in a rule"), "{failed}");
    })
    .await;
}

fn base64(text: &str) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(text)
}

#[tokio::test]
async fn a_yara_command_scans_the_evidence_of_the_incident() {
    let there = Command::new("yara").arg("--version").output().is_ok();
    let world = spawn().await;
    let rule = "rule marker { strings: $a = \"EVIL-MARKER\" condition: $a }";
    let mut scan = step("yara", "", &end(), json!({ "out_args": ["__matches__", "__scanned__"] }));
    scan["commands"] = json!([{ "type": "yara", "command_b64": base64(rule) }]);
    scan.as_object_mut().unwrap().remove("targets");
    let mut playbook = book(9, json!({ action(1): scan }), "192.0.2.1:80");
    playbook["playbook_variables"]["__matches__"] = json!({ "type": "integer" });
    playbook["playbook_variables"]["__scanned__"] = json!({ "type": "integer" });
    if !there {
        let said = world.manager.post("/api/v1/playbooks", playbook).await.expect(422);
        assert!(said["detail"].as_str().unwrap().contains("need the program `yara`"), "{said}");
        println!("skipped: no yara on this machine");
        return;
    }
    let mut reads = playbook.clone();
    reads["workflow"][action(1)]["commands"][0]["command_b64"] = json!(base64("include \"/etc/passwd\""));
    let said = world.manager.post("/api/v1/playbooks", reads).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("include"), "{said}");
    let number = keep(&world.manager, &playbook).await;
    let incident = super::incident(&world).await;
    for content in ["nothing here", "some EVIL-MARKER in it"] {
        let file = reqwest::multipart::Part::bytes(content.as_bytes().to_vec()).file_name("dump.bin");
        let form = reqwest::multipart::Form::new()
            .text("method", "copied")
            .text("tool", "cp")
            .text("place", "dc01")
            .part("file", file);
        let path = format!("{incident}/evidence");
        crate::harness::answer(world.responder.request(reqwest::Method::POST, &path).multipart(form))
            .await
            .expect(201);
    }
    let run = super::run(&world, &incident, &number, json!({})).await;
    let done = until(&world.observer, &run, is("completed")).await;
    assert_eq!((&done["values"]["__scanned__"], &done["values"]["__matches__"]), (&json!("2"), &json!("1")));
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
    let made =
        Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(path).status().unwrap();
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
    let incident = super::incident(&world).await;
    let run = super::run(&world, &incident, &number, json!({ "__host__": "it's; exit 9 $(id)" })).await;
    let failed = until(&world.observer, &run, is("failed")).await;
    assert_eq!(failed["steps"][1]["outputs"]["__found__"], "it's; exit 9 $(id)");
    assert_eq!(failed["steps"][2]["outputs"]["__found__"], "IT'S; EXIT 9 $(ID)");
    assert!(failed["steps"][3]["reason"].as_str().unwrap().contains("exit code 3"), "{failed}");
    // A host whose key nobody knows is not trusted.
    std::fs::write(world.app.data.join("known_hosts"), "").unwrap();
    let again = super::run(&world, &incident, &number, json!({ "__host__": "x" })).await;
    let failed = until(&world.observer, &again, is("failed")).await;
    assert!(
        failed["steps"][1]["reason"].as_str().unwrap().contains("Host key verification failed"),
        "{failed}"
    );
}

/// The public examples of another executor, sent to targets of our own.
#[tokio::test]
async fn public_examples_run() {
    let folder = crate::case::shared().join("data/cacao/soarca/examples");
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
    let incident = super::incident(&world).await;

    let mut http = example("http-playbook.json");
    let host = http["target_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    host["address"] = json!({ "url": [format!("http://{}", target.address)] });
    let number = keep(&world.manager, &http).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    assert_eq!(target.asked()[0].0, "GET /get HTTP/1.1");

    let number = keep(&world.manager, &example("manual-playbook.json")).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    let key = until(&world.observer, &run, waits("manual")).await["waiting"][0]["key"].clone();
    let answer = json!({ "key": key, "outputs": { "__hyperspeed_ready__": "true" } });
    world.responder.post(&format!("{run}/answer"), answer).await.expect(200);
    until(&world.observer, &run, is("completed")).await;

    // A word that the specification does not have is refused with a guess; put right, it is sent as OpenC2.
    let mut openc2 = example("openc2-playbook.json");
    let said = world.manager.post("/api/v1/playbooks", openc2.clone()).await.expect(422);
    assert!(said["detail"].as_str().unwrap().contains("Perhaps openc2-http is meant"), "{said}");
    openc2 = serde_json::from_str(
        &openc2.to_string().replace("\"openc2\",\"command\"", "\"openc2-http\",\"command\""),
    )
    .unwrap();
    openc2["id"] = json!(id("playbook", 78));
    let host = openc2["target_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    host["address"] = json!({ "url": [format!("http://{}", target.address)] });
    let number = keep(&world.manager, &openc2).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    let (line, headers, body) = target.asked().pop().unwrap();
    assert_eq!(
        (line.as_str(), headers["content-type"].as_str()),
        ("POST /post HTTP/1.1", "application/openc2+json;version=1.0")
    );
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["body"]["openc2"]["request"]["action"], "deny");
    for (name, reason) in
        [("fin-playbook.json", "no command type"), ("powershell-playbook.json", "secret store")]
    {
        let said = world.manager.post("/api/v1/playbooks", example(name)).await.expect(422);
        assert!(said["detail"].as_str().unwrap().contains(reason), "{name}: {said}");
    }

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
    let login =
        shell["authentication_info_definitions"].as_object_mut().unwrap().values_mut().next().unwrap();
    *login = json!({ "type": "user-auth", "username": whoami(), "kms": true, "kms_key_identifier": "web" });
    let number = keep(&world.manager, &shell).await;
    let run = super::run(&world, &incident, &number, json!({})).await;
    until(&world.observer, &run, is("completed")).await;
    assert!(file.exists());
}
