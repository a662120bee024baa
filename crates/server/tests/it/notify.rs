//! Messages as they leave the house: through a real mail server and to receivers that speak each protocol, with an
//! escalation that nobody answers at first, and channels that hang, fail and flood.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use jiff::SignedDuration;
use platform::clock::Clock;
use serde_json::{Value, json};
use server::Config;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::harness::*;

/// A request as a receiver got it.
#[derive(Debug, Clone)]
struct Got {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// Somebody at the other end of a channel: keeps all that comes and answers as it is told to.
#[derive(Clone)]
struct Receiver {
    base: String,
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<(u16, Duration)>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let receiver =
            Receiver { base, got: Arc::default(), answer: Arc::new(Mutex::new((200, Duration::ZERO))) };
        let app = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        receiver
    }

    fn answers(&self, status: u16, after: Duration) {
        *self.answer.lock().unwrap() = (status, after);
    }

    fn all(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    async fn wait(&self, count: usize) -> Vec<Got> {
        until(|| self.all().len() >= count, || format!("{count} requests; there are {:?}", self.all())).await;
        self.all()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let path = uri.path().to_owned();
    receiver.got.lock().unwrap().push(Got {
        method,
        path,
        headers,
        body: String::from_utf8_lossy(&body).into(),
    });
    let (status, after) = *receiver.answer.lock().unwrap();
    tokio::time::sleep(after).await;
    (StatusCode::from_u16(status).unwrap(), "taken down")
}

async fn until(done: impl Fn() -> bool, what: impl Fn() -> String) {
    for _ in 0..400 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("waited in vain for {}", what());
}

/// Debian's aiosmtpd, printing each mail that it takes; `None` where it is not installed.
struct Relay {
    port: u16,
    said: Arc<Mutex<String>>,
    _child: Child,
}

impl Relay {
    async fn start() -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let known =
            Command::new("/usr/bin/python3").args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        if !known.await.is_ok_and(|status| status.success()) {
            println!("skipped: there is no aiosmtpd (Debian: python3-aiosmtpd)");
            return None;
        }
        let mut child = Command::new("/usr/bin/python3")
            .args(["-u", "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Debugging", "stdout"])
            .args(["-l", &format!("127.0.0.1:{port}")])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let into = said.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                let mut said = into.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(Relay { port, said, _child: child });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("aiosmtpd does not listen");
    }

    fn said(&self) -> String {
        // Long headers are folded.
        self.said.lock().unwrap().replace("\n ", " ")
    }

    async fn wait(&self, part: &str) -> String {
        until(|| self.said().contains(part), || format!("a mail with {part:?}; there is {}", self.said()))
            .await;
        self.said()
    }
}

fn within(config: Config) -> Config {
    Config { reach: vec!["127.0.0.0/8".to_owned()], ..config }
}

async fn channel(world: &World, fields: &[(&str, &str)]) {
    let (status, said) = world.admin.form("/settings/channels", fields).await;
    assert_eq!(status, 303, "{said}");
}

async fn webhook(world: &World, receiver: &Receiver) {
    let address = format!("{}/hook", receiver.base);
    channel(world, &[("kind", "webhook"), ("name", "Hook"), ("address", &address), ("secret", "whsec")])
        .await;
}

/// The manager declares an incident whose plan calls the responder as forensics lead.
async fn declare(world: &World, restricted: bool, title: &str) -> String {
    let declaration = json!({
        "title": title, "type": "malware", "alerts": [], "restricted": restricted,
        "functional": "high", "information": "privacy", "recoverability": "extended",
    });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    made["id"].as_str().unwrap().to_owned()
}

async fn ask(world: &World, incident: &str, person: &As) {
    let path = format!("/api/v1/incidents/{incident}/muster/scribe/ask");
    world.manager.post(&path, json!({ "person": person.id })).await.expect(200);
}

async fn logged(who: &As) -> Vec<Value> {
    who.get("/api/v1/notifications").await.expect(200).as_array().unwrap().clone()
}

async fn about<'l>(list: &'l [Value], person: &As, matter: &str) -> &'l Value {
    let found = list.iter().find(|one| one["person"] == json!(person.id) && one["matter"] == matter);
    found.unwrap_or_else(|| panic!("no {matter} for {} in {list:#?}", person.id))
}

/// The path of the link in a mail's body, which is base64.
fn link(mail: &str) -> Option<String> {
    use base64::Engine;
    let body = mail.split("\n\n").nth(1)?;
    let encoded: String = body.lines().take_while(|line| !line.starts_with('-')).collect();
    let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?).ok()?;
    let from = text.find("/answer/")?;
    Some(text[from..].split_whitespace().next()?.to_owned())
}

#[tokio::test]
async fn an_escalation_that_nobody_answers_reaches_the_next_and_ends_by_the_link() {
    let Some(relay) = Relay::start().await else { return };
    let clock = Clock::manual("2026-11-24T12:00:00Z".parse().unwrap());
    let moved = clock.clone();
    let world = spawn_with(|config| Config { clock, ..within(config) }).await;
    let address = format!("smtp-unencrypted://127.0.0.1:{}", relay.port);
    let sender = "watchbell@example.org";
    channel(&world, &[("kind", "smtp"), ("name", "Mail"), ("address", &address), ("detail", sender)]).await;
    let steps = format!("10 {}", world.admin.id);
    assert_eq!(world.admin.form("/settings/escalation", &[("steps", &steps)]).await.0, 303);

    let incident = declare(&world, false, "Files are being encrypted").await;
    ask(&world, &incident, &world.responder).await;
    relay.wait("To: rita.responder@example.org").await;
    let mail = relay.wait("END MESSAGE").await;
    for header in
        ["Message-ID: <ntf-", "Date: Tue, 24 Nov 2026 12:00:00 +0000", "Subject: INC-1: you are asked"]
    {
        assert!(mail.contains(header), "{header}: {mail}");
    }
    // Nobody answers for ten minutes: the administrator is told.
    assert!(!mail.contains("To: admin@example.org"), "{mail}");
    moved.advance(SignedDuration::from_mins(11));
    relay.wait("Unanswered for 11 min: INC-1: you are asked to come as scribe").await;
    relay.wait("To: admin@example.org").await;
    let list = logged(&world.manager).await;
    let told = about(&list, &world.responder, "muster").await;
    assert_eq!((&told["step"], &told["deliveries"][0]["state"]), (&json!(1), &json!("sent")));
    assert!(told["deliveries"][0]["answer"].as_str().unwrap().starts_with("250"), "{told:#}");

    // A scanner that opens the link changes nothing; the person who then says so does.
    let path = link(&mail).unwrap_or_else(|| panic!("no link in {mail}"));
    let opened = client(None).get(format!("{}{path}", world.base)).send().await.unwrap();
    assert_eq!(opened.status(), 200);
    let page = opened.text().await.unwrap();
    assert!(page.contains("I am coming") && page.contains("you are asked to come as scribe"), "{page}");
    let still = logged(&world.manager).await;
    assert!(about(&still, &world.responder, "muster").await["settled"].is_null());
    let say = |path: &str, answer: &'static str| {
        client(None).post(format!("{}{path}", world.base)).form(&[("answer", answer)]).send()
    };
    assert_eq!(say(&path, "coming").await.unwrap().status(), 200);
    let muster = world.manager.get(&format!("/api/v1/incidents/{incident}/muster")).await.expect(200);
    let post = muster.as_array().unwrap().iter().find(|post| post["role"] == "scribe").unwrap().clone();
    assert_eq!((&post["status"], &post["person"]), (&json!("assigned"), &json!(world.responder.id)));
    // The escalation is over, for the administrator's message as well.
    let list = logged(&world.admin).await;
    for one in list.iter().filter(|one| one["record"] == post["id"]) {
        assert!(!one["settled"].is_null() && one["next_at"].is_null(), "{one:#}");
    }
    // The link is used up, a forged one and one that is out of date are none.
    let again = say(&path, "cannot").await.unwrap();
    assert!(again.text().await.unwrap().contains("The call is answered"));
    let forged = format!("{}0", &path[..path.len() - 1]);
    let forged = if forged == path { format!("{}1", &path[..path.len() - 1]) } else { forged };
    assert_eq!(say(&forged, "coming").await.unwrap().status(), 404);
    moved.advance(SignedDuration::from_hours(25));
    assert_eq!(say(&path, "coming").await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_webhook_is_signed_and_says_nothing_of_what_is_restricted() {
    everywhere_with(within, |world| async move {
        let receiver = Receiver::start().await;
        webhook(&world, &receiver).await;
        let point = [("channel", "CHN-1"), ("address", "")];
        assert_eq!(world.responder.form("/settings/me/contacts", &point).await.0, 303);
        let open = declare(&world, false, "Open to all").await;
        ask(&world, &open, &world.responder).await;
        let got = receiver.wait(1).await.remove(0);
        let body = got.json();
        assert!(body["title"].as_str().unwrap().contains("you are asked to come as scribe"), "{body:#}");
        assert!(body["link"].as_str().unwrap().contains("/answer/"), "{body:#}");
        let signed = format!("{}.{}.{}", got.header("webhook-id"), got.header("webhook-timestamp"), got.body);
        assert_eq!(got.header("webhook-signature"), format!("v1,{}", mac(b"whsec", signed.as_bytes())));
        // The same is told once, and what is restricted says neither its number nor where to look.
        let secret = declare(&world, true, "Only for a few").await;
        ask(&world, &secret, &world.responder).await;
        let got = receiver.wait(2).await.remove(1);
        assert!(!got.body.contains(&secret) && !got.body.contains("Only for a few"), "{}", got.body);
        assert!(got.json()["link"].is_null(), "{}", got.body);
        // Whoever may not know of it does not read of it in the log.
        let list = json!(logged(&world.admin).await).to_string();
        assert!(list.contains(&open) && !list.contains(&secret), "{list}");
        assert!(world.observer.page("/notifications").await.1.contains("Nothing was sent yet"));
    })
    .await;
}

fn mac(key: &[u8], said: &[u8]) -> String {
    // HMAC by its definition (RFC 2104), so that the library is not judged by itself.
    use sha2::{Digest, Sha256};
    let mut padded = [0u8; 64];
    padded[..key.len()].copy_from_slice(key);
    let pad = |with: u8| padded.iter().map(|byte| byte ^ with).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(said).finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize();
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(outer)
}

#[tokio::test]
async fn a_channel_that_hangs_or_fails_holds_up_no_incident_and_no_other_channel() {
    let world = spawn_with(within).await;
    let (slow, fine) = (Receiver::start().await, Receiver::start().await);
    slow.answers(200, Duration::from_secs(60));
    webhook(&world, &slow).await;
    webhook(&world, &fine).await;
    for channel in ["CHN-1", "CHN-2"] {
        let point = [("channel", channel), ("address", "")];
        assert_eq!(world.responder.form("/settings/me/contacts", &point).await.0, 303);
    }
    let began = Instant::now();
    let incident = declare(&world, false, "Under way").await;
    ask(&world, &incident, &world.responder).await;
    slow.wait(1).await;
    fine.wait(1).await;
    let entry = json!({ "text": "The work goes on", "kind": "note" });
    world.responder.post(&format!("/api/v1/incidents/{incident}/entries"), entry).await.expect(201);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // One that answers 500 is tried again later, and says why; one that refuses is not.
    fine.answers(500, Duration::ZERO);
    let next = declare(&world, false, "Another").await;
    ask(&world, &next, &world.responder).await;
    fine.wait(2).await;
    let state = |list: Vec<Value>| {
        let one =
            list.iter().find(|one| one["incident"] == json!(next) && one["matter"] == "muster").unwrap();
        let found =
            one["deliveries"].as_array().unwrap().iter().find(|way| way["channel"] == "CHN-2").unwrap();
        found.clone()
    };
    for _ in 0..200 {
        let way = state(logged(&world.responder).await);
        if way["attempts"] == 1 && way["state"] == "waiting" {
            assert!(way["answer"].as_str().unwrap().starts_with("HTTP 500"), "{way:#}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:#}", state(logged(&world.responder).await));
}

#[tokio::test]
async fn many_at_once_become_one_digest() {
    let clock = Clock::manual("2026-11-24T23:00:00Z".parse().unwrap());
    let moved = clock.clone();
    let world = spawn_with(|config| Config { clock, ..within(config) }).await;
    let receiver = Receiver::start().await;
    webhook(&world, &receiver).await;
    let me = &world.responder;
    assert_eq!(me.form("/settings/me/contacts", &[("channel", "CHN-1"), ("mention", "true")]).await.0, 303);
    // In the night nothing goes out; in the morning all of it does, as one.
    let night = [("zone", "UTC"), ("from", "22:00"), ("to", "07:00"), ("breaks", "critical")];
    assert_eq!(me.form("/settings/me/quiet", &night).await.0, 303);
    let declaration = json!({
        "title": "Slow", "type": "malware", "alerts": [],
        "functional": "none", "information": "none", "recoverability": "regular",
    });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    let path = format!("/api/v1/incidents/{}/chat", made["id"].as_str().unwrap());
    for number in 1..=7 {
        let said = json!({ "text": format!("@rita look at host {number}") });
        world.manager.post(&path, said).await.expect(201);
    }
    let mentions = logged(me).await.iter().filter(|one| one["matter"] == "mention").count();
    assert_eq!(mentions, 7);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(receiver.all().is_empty(), "{:?}", receiver.all());
    moved.advance(SignedDuration::from_hours(9));
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(got.json()["title"], "Watchbell: 7 messages for you");
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(receiver.all().len(), 1, "{:?}", receiver.all());
}

#[tokio::test]
async fn each_protocol_is_spoken_as_its_receiver_expects() {
    let world = spawn_with(within).await;
    let receiver = Receiver::start().await;
    let (base, hook) = (receiver.base.as_str(), format!("{}/hook", receiver.base));
    let kinds: &[(&str, &str, &str, &str, &str)] = &[
        ("slack", "#security", "", &hook, ""),
        ("teams", "Security", "", &hook, ""),
        ("mattermost", "security", "", &hook, ""),
        ("matrix", base, "!room:example.org", "token", ""),
        ("ntfy", base, "", "tk", "rita-7f3a"),
        ("pagerduty", base, "", "routing", ""),
        ("opsgenie", base, "", "genie", ""),
        ("sms", base, "AC1 +15550001", "token", "+4930123456"),
    ];
    for (place, &(kind, address, detail, secret, to)) in kinds.iter().enumerate() {
        let fields =
            [("kind", kind), ("name", kind), ("address", address), ("detail", detail), ("secret", secret)];
        channel(&world, &fields).await;
        let (status, page) =
            world.admin.form(&format!("/settings/channels/CHN-{}/test", place + 1), &[("to", to)]).await;
        assert!(status == 200 && page.contains("took the message"), "{kind}: {page}");
        assert!(page.contains("HTTP 200 OK: taken down"), "{kind}");
    }
    let got = receiver.all();
    assert_eq!(got.len(), kinds.len());
    let [slack, teams, mattermost, matrix, ntfy, pagerduty, opsgenie, sms] = got.as_slice() else { panic!() };
    assert_eq!(slack.json()["blocks"][0]["type"], "header");
    assert_eq!(teams.json()["attachments"][0]["contentType"], "application/vnd.microsoft.card.adaptive");
    assert!(mattermost.json()["text"].as_str().unwrap().contains("Watchbell"));
    assert_eq!((&matrix.method, matrix.header("authorization")), (&Method::PUT, "Bearer token"));
    let room = "/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/test-CHN-4-";
    assert!(matrix.path.starts_with(room), "{}", matrix.path);
    assert_eq!((&ntfy.json()["topic"], &ntfy.json()["priority"]), (&json!("rita-7f3a"), &json!(1)));
    assert_eq!(
        (pagerduty.path.as_str(), &pagerduty.json()["routing_key"]),
        ("/v2/enqueue", &json!("routing"))
    );
    assert_eq!((opsgenie.path.as_str(), opsgenie.header("authorization")), ("/v2/alerts", "GenieKey genie"));
    assert_eq!(sms.path, "/2010-04-01/Accounts/AC1/Messages.json");
    assert!(sms.body.starts_with("To=%2B4930123456&From=%2B15550001&Body="), "{}", sms.body);
    assert_eq!(sms.header("authorization"), "Basic QUMxOnRva2Vu");
    // No secret is shown again, and none stands in the database as it is.
    let (_, page) = world.admin.page("/settings/channels").await;
    for secret in ["routing", "genie", hook.as_str()] {
        assert!(
            !page.contains(&format!("\"{secret}\"")) && !page.contains(&format!(">{secret}<")),
            "{secret}"
        );
    }
    // What answers no is said with its words.
    receiver.answers(403, Duration::ZERO);
    let (_, page) = world.admin.form("/settings/channels/CHN-6/test", &[("to", "")]).await;
    assert!(page.contains("did not take the message") && page.contains("HTTP 403"), "{page}");
}

#[tokio::test]
async fn a_channel_reaches_nothing_within_the_walls_that_nobody_named() {
    let world = spawn().await;
    let receiver = Receiver::start().await;
    webhook(&world, &receiver).await;
    let (_, page) = world.admin.form("/settings/channels/CHN-1/test", &[("to", "")]).await;
    assert!(page.contains("did not take the message") && page.contains("--reach"), "{page}");
    assert!(receiver.all().is_empty());
    for wrong in ["ftp://example.org", "https://user:pass@example.org/", "not a url"] {
        let fields = [("kind", "webhook"), ("name", "Hook"), ("address", wrong), ("secret", "k")];
        assert_eq!(world.admin.form("/settings/channels", &fields).await.0, 422, "{wrong}");
    }
    let wrong = [("zone", "Mars/Base"), ("from", "22:00"), ("to", "07:00"), ("breaks", "high")];
    assert_eq!(world.responder.form("/settings/me/quiet", &wrong).await.0, 422);
    assert_eq!(world.admin.form("/settings/escalation", &[("steps", "10 no_such_role")]).await.0, 422);
}
