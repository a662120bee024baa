//! The room of an incident: who is here, what is said and what it becomes, what is new to whom.

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::harness::{As, World, everywhere, spawn};

async fn declare(world: &World, restricted: bool) -> String {
    let body = json!({ "title": "Lost laptop", "type": "lost_device", "functional": "none",
        "information": "none", "recoverability": "regular", "restricted": restricted });
    let incident = world.manager.post("/api/v1/incidents", body).await.expect(201);
    incident["id"].as_str().unwrap().to_owned()
}

async fn say(who: &As, incident: &str, text: &str) -> Value {
    who.post(&format!("/api/v1/incidents/{incident}/chat"), json!({ "text": text })).await.expect(201)
}

/// A live stream of one's own on an incident's page. Dropping it leaves the room.
async fn open(
    who: &As,
    incident: &str,
    page: &str,
) -> impl futures_util::Stream<Item = String> + Unpin + use<> {
    let number = incident.trim_start_matches("INC-");
    let path = format!("/live?topics=incident-{number},here-{number},chat-{number}&here={page}");
    let response = who.request(reqwest::Method::GET, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    Box::pin(
        response
            .bytes_stream()
            .filter_map(|bytes| async move { Some(String::from_utf8_lossy(&bytes.ok()?).into_owned()) }),
    )
}

async fn names_here(who: &As, incident: &str) -> Vec<(String, String)> {
    let here = who.get(&format!("/api/v1/incidents/{incident}/here")).await.expect(200);
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    here.as_array().unwrap().iter().map(|one| (text(one, "name"), text(one, "page"))).collect()
}

#[tokio::test]
async fn what_is_said_is_kept_and_becomes_records() {
    everywhere(|world| async move {
        let id = declare(&world, false).await;
        let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
        let said = say(&world.responder, &id, "  FS-01 is off the network  ").await;
        let line = &said["line"];
        assert_eq!((&line["id"], &line["text"]), (&json!("CHT-1"), &json!("FS-01 is off the network")));
        assert_eq!(line["by"], "Rita Responder");

        // Another keeps it; it stays hers, at the time when she said it.
        let kept = world.manager.post(&path("/chat/CHT-1/entry"), json!({})).await.expect(200);
        let entries = world.observer.get(&path("/entries?kind=note")).await.list();
        let entry = &entries.as_array().unwrap()[0];
        assert_eq!(entry["id"], kept["entry"], "{}", world.store);
        assert_eq!((&entry["by"], &entry["at"]), (&json!("Rita Responder"), &line["at"]));
        assert_eq!(entry["account"], world.responder.id.as_str());
        world.manager.post(&path("/chat/CHT-1/entry"), json!({})).await.expect(409);
        world.manager.post(&path("/chat/CHT-1/entry"), json!({ "kind": "status" })).await.expect(409);
        say(&world.responder, &id, "second").await;
        world.manager.post(&path("/chat/CHT-2/entry"), json!({ "kind": "status" })).await.expect(422);

        // A decision needs its reason.
        world.manager.post(&path("/chat/CHT-1/decision"), json!({ "reason": " " })).await.expect(422);
        world
            .manager
            .post(&path("/chat/CHT-1/decision"), json!({ "reason": "It spreads" }))
            .await
            .expect(200);
        let why = json!({ "text": "/decision Cut FS-02 off" });
        let refused = world.responder.post(&path("/chat"), why).await.expect(422);
        assert!(refused["detail"].as_str().unwrap().contains("because"), "{refused}");
        say(&world.responder, &id, "/decision Cut FS-02 off because it spreads there too").await;
        let decisions = world.observer.get(&path("/decisions")).await.list();
        let mine: Vec<_> = decisions
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (
                    one["decision"].as_str().unwrap(),
                    one["reason"].as_str().unwrap(),
                    one["maker"].as_str().unwrap(),
                )
            })
            .collect();
        assert!(mine.contains(&("FS-01 is off the network", "It spreads", "Rita Responder")), "{mine:?}");
        assert!(mine.contains(&("Cut FS-02 off", "it spreads there too", "Rita Responder")), "{mine:?}");

        // A word with a slash does both at once; a path is only a path.
        let task = say(&world.responder, &id, "/task Look for FS-03").await;
        let tasks = world.observer.get(&path("/tasks?limit=500")).await.list();
        let made = tasks.as_array().unwrap().iter().find(|one| one["id"] == task["line"]["task"]).unwrap();
        assert_eq!(made["title"], "Look for FS-03");
        assert!(made["instructions"].as_str().unwrap().contains("Rita Responder"), "{made}");
        assert_eq!(
            say(&world.responder, &id, "/etc/passwd is changed").await["line"]["text"],
            "/etc/passwd is changed"
        );

        // The ledger has the line as it was said, and as what it was kept.
        let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.list();
        let acts: Vec<_> = leaves
            .as_array()
            .unwrap()
            .iter()
            .filter(|leaf| leaf["record"] == "CHT-1")
            .map(|leaf| leaf["act"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(acts.iter().filter(|act| *act == "chat.say").count(), 1, "{acts:?}");
        assert_eq!(acts.iter().filter(|act| *act == "chat.keep").count(), 2, "{acts:?}");

        // What makes no sense is refused; who may not work there says nothing.
        world.responder.post(&path("/chat"), json!({ "text": " " })).await.expect(422);
        world.responder.post(&path("/chat"), json!({ "text": "a\u{7}" })).await.expect(422);
        world.responder.post(&path("/chat"), json!({ "text": "a", "as": "max" })).await.expect(422);
        world.responder.post(&path("/chat/CHT-99/task"), json!({})).await.expect(404);
        world.observer.post(&path("/chat"), json!({ "text": "hello" })).await.expect(403);
        let all = world.observer.get(&path("/chat?limit=2")).await.expect(200);
        assert_eq!(all["items"][0]["text"], "/etc/passwd is changed");
        let next = all["next"].as_str().unwrap();
        let older = world.observer.get(&path(&format!("/chat?limit=2&cursor={next}"))).await.list();
        assert_eq!(older[1]["id"], "CHT-2");

        // The report has it as an annex.
        let (status, report) = world.manager.bytes(&path("/report?format=md")).await;
        let report = String::from_utf8(report).unwrap().replace('\\', "");
        assert_eq!(status, 200);
        assert!(report.contains("Annex: the chat") && report.contains("/etc/passwd is changed"), "{report}");
    })
    .await;
}

#[tokio::test]
async fn whoever_is_named_hears_of_it_until_they_look() {
    everywhere(|world| async move {
        let id = declare(&world, false).await;
        let secret = declare(&world, true).await;
        let said =
            say(&world.manager, &id, "@Rita Responder please; @Max Manager, mail rita@example.org").await;
        assert_eq!(said["not_told"], json!([]));
        let named = world.responder.get("/api/v1/mentions").await.list();
        assert_eq!(named[0]["line"]["id"], said["line"]["id"], "{}", world.store);
        assert_eq!((&named[0]["title"], &named[0]["seen_at"]), (&json!("Lost laptop"), &Value::Null));
        let own = world.manager.get("/api/v1/mentions").await.list();
        assert_eq!(own, json!([]), "nobody names themselves");
        let (_, home) = world.responder.page("/").await;
        assert!(home.contains("You are asked for"), "{home}");

        // In a room that she may not see she is not named, and whoever names her is told so.
        let said = say(&world.manager, &secret, "@rita look").await;
        assert_eq!(said["not_told"][0]["name"], "Rita Responder");
        assert_eq!(world.responder.get("/api/v1/mentions").await.list().as_array().unwrap().len(), 1);
        let member = json!({ "member": world.responder.id });
        world.manager.post(&format!("/api/v1/incidents/{secret}/members"), member).await.expect(200);
        say(&world.manager, &secret, "now @rita").await;
        assert_eq!(world.responder.get("/api/v1/mentions").await.list().as_array().unwrap().len(), 2);
        let out = format!("/api/v1/incidents/{secret}/members/{}", world.responder.id);
        assert_eq!(world.manager.delete(&out).await.status, 204);
        assert_eq!(world.responder.get("/api/v1/mentions").await.list().as_array().unwrap().len(), 1);

        // She looks into the room.
        world.responder.page(&format!("/incidents/{id}")).await;
        let named = world.responder.get("/api/v1/mentions").await.list();
        assert!(named[0]["seen_at"].is_string(), "{named}");
        let (_, home) = world.responder.page("/").await;
        assert!(!home.contains("You are asked for"), "{home}");
    })
    .await;
}

#[tokio::test]
async fn who_is_here_is_seen_by_those_who_may_know() {
    let world = spawn().await;
    let id = declare(&world, true).await;
    let mut mine = open(&world.manager, &id, "Room").await;
    // What was changed just before may be heard first.
    while !mine.next().await.unwrap().contains("here-") {}
    assert_eq!(names_here(&world.manager, &id).await, [("Max Manager".to_owned(), "Room".to_owned())]);

    // Who may not see the incident is not here, whatever they listen to, and learns of nobody.
    let stranger = open(&world.responder, &id, "Room").await;
    assert_eq!(names_here(&world.manager, &id).await.len(), 1);
    world.responder.get(&format!("/api/v1/incidents/{id}/here")).await.expect(404);
    drop(stranger);

    let member = json!({ "member": world.responder.id });
    world.manager.post(&format!("/api/v1/incidents/{id}/members"), member).await.expect(200);
    let theirs = open(&world.responder, &id, "Timeline").await;
    while names_here(&world.manager, &id).await.len() < 2 {
        mine.next().await.unwrap();
    }
    assert_eq!(
        names_here(&world.responder, &id).await[1],
        ("Rita Responder".to_owned(), "Timeline".to_owned())
    );
    drop(theirs);
    while names_here(&world.manager, &id).await.len() > 1 {
        mine.next().await.unwrap();
    }
    let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.list();
    assert!(!leaves.to_string().contains("here"), "presence is nobody's record");
}

#[tokio::test]
async fn what_is_new_is_new_to_each_by_their_own_visit() {
    everywhere(|world| async move {
        let id = declare(&world, false).await;
        let room = format!("/incidents/{id}");
        let (_, first) = world.responder.page(&room).await;
        assert!(!first.contains("Since you were here"), "{}", world.store);
        world
            .manager
            .post(&format!("/api/v1{room}/entries"), json!({ "kind": "note", "text": "Called the police" }))
            .await
            .expect(201);
        // She reads all of it as seen; what comes then is new, but not what she writes herself.
        let (status, _) = world.responder.form(&format!("{room}/seen"), &[]).await;
        assert_eq!(status, 303);
        let (_, none) = world.responder.page(&room).await;
        assert!(!none.contains("Since you were here"));
        say(&world.responder, &id, "Is anybody there?").await;
        let (_, own) = world.responder.page(&room).await;
        assert!(!own.contains("Since you were here"));
        let decision = json!({ "decision": "Wipe it from afar", "reason": "It holds names" });
        world.manager.post(&format!("/api/v1{room}/decisions"), decision).await.expect(201);
        say(&world.manager, &id, "Done <b>now</b>").await;
        let (_, page) = world.responder.page(&room).await;
        assert!(page.contains("Since you were here") && page.contains("Wipe it from afar"), "{page}");
        assert!(page.contains("Done &lt;b&gt;now&lt;/b&gt;"));
        let (_, other) = world.observer.page(&room).await;
        assert!(!other.contains("Since you were here"), "it is their first visit");
    })
    .await;
}

#[tokio::test]
async fn the_timeline_is_narrowed_drawn_and_taken_out() {
    everywhere(|world| async move {
        let id = declare(&world, false).await;
        let path = |rest: &str| format!("/api/v1/incidents/{id}{rest}");
        for (at, text, techniques) in [
            ("2026-11-24T02:00:00Z", "=HYPERLINK(\"http://203.0.113.9\") seen", json!(["T1059.001"])),
            ("2026-11-24T02:00:01Z", "100%_sure it was her, EVD-1", json!(["T1486"])),
            ("2026-11-24T05:00:00Z", "Nothing more <script>", json!([])),
        ] {
            let entry = json!({ "kind": "event", "at": at, "text": text, "techniques": techniques });
            world.responder.post(&path("/entries"), entry).await.expect(201);
        }
        let found = async |query: &str| {
            let items = world.observer.get(&path(&format!("/entries?{query}"))).await.list();
            let at = |entry: &Value| entry["at"].as_str().unwrap()[11..19].to_owned();
            items.as_array().unwrap().iter().map(at).collect::<Vec<_>>()
        };
        let by = format!("by={}&lane=adversary", world.responder.id);
        assert_eq!(found(&by).await, ["02:00:00", "02:00:01", "05:00:00"], "{}", world.store);
        assert_eq!(found("technique=T1059").await, ["02:00:00"], "with its sub-techniques");
        assert_eq!(found("technique=T1059.003").await, [""; 0]);
        assert_eq!(found("q=100%25_SURE").await, ["02:00:01"]);
        assert_eq!(found("q=100xxsure").await, [""; 0]);
        assert_eq!(
            found("from=2026-11-24T02:00:01Z&to=2026-11-24T05:00:00Z&kind=event").await,
            ["02:00:01", "05:00:00"]
        );
        assert_eq!(found("kind=&q=&lane=adversary").await.len(), 3, "blank is left out");
        for bad in ["from=soon", "technique=T1", "by=rita", "kind=x", "colour=red"] {
            world.observer.get(&path(&format!("/entries?{bad}"))).await.expect(422);
        }

        let csv = world.manager.bytes(&path("/timeline?format=csv&lane=adversary")).await;
        let csv = String::from_utf8(csv.1).unwrap();
        assert_eq!(csv.lines().count(), 4, "{csv}");
        assert!(csv.contains("\"'=HYPERLINK(\"\"http://203.0.113.9\"\") seen\""), "{csv}");
        assert!(csv.contains("Command and Scripting Interpreter: PowerShell"), "{csv}");
        let whole = world.manager.get(&path("/timeline?format=json&technique=T1486")).await.expect(200);
        assert_eq!(whole.as_array().unwrap().len(), 1);
        let (status, svg) = world.manager.bytes(&path("/timeline?format=svg")).await;
        let svg = String::from_utf8(svg).unwrap();
        assert_eq!(status, 200);
        assert!(
            svg.starts_with("<svg") && svg.contains("&lt;script&gt;") && !svg.contains("<script"),
            "{svg}"
        );
        world.responder.get(&path("/timeline")).await.expect(403);
        world.manager.get(&path("/timeline?format=exe")).await.expect(422);

        let (_, page) = world.observer.page(&format!("/incidents/{id}/timeline?lane=adversary&q=sure")).await;
        assert!(page.contains("figure-mark") && page.contains("Data Encrypted for Impact"), "{page}");
        assert!(
            page.contains("<a href=\"/evidence/EVD-1\">EVD-1</a>") && !page.contains("Nothing more"),
            "{page}"
        );
        assert!(!page.contains("/timeline/export"), "an observer takes nothing out");
        let (_, table) = world.manager.page(&format!("/incidents/{id}/timeline?view=table")).await;
        assert!(table.contains("<th>ATT&amp;CK</th>") && table.contains("/timeline/export"), "{table}");
        let (_, empty) = world.manager.page(&format!("/incidents/{id}/timeline?q=nowhere")).await;
        assert!(empty.contains("No entry is like this"), "{empty}");
    })
    .await;
}

#[tokio::test]
async fn a_text_that_somebody_else_changed_is_not_overwritten() {
    everywhere(|world| async move {
        let id = declare(&world, false).await;
        let path = format!("/api/v1/incidents/{id}");
        let read = world.responder.get(&path).await.expect(200)["edition"].clone();
        let hers = json!({ "summary": "It was in the car.", "edition": read });
        let now = world.responder.patch(&path, hers).await.expect(200)["edition"].clone();
        assert_ne!(now, read);
        let his = json!({ "summary": "It was in the train.", "edition": read });
        let refused = world.manager.patch(&path, his.clone()).await.expect(409);
        assert!(refused["detail"].as_str().unwrap().contains("It was in the car."), "{refused}");
        assert_eq!(
            world.observer.get(&path).await.expect(200)["summary"],
            "It was in the car.",
            "{}",
            world.store
        );

        // Another phase is no other wording; and once he knows hers, his is taken.
        world.manager.post(&format!("{path}/phase"), json!({ "phase": "assessment" })).await.expect(200);
        let mut his = his;
        his["edition"] = now;
        world.manager.patch(&path, his).await.expect(200);
        world.manager.patch(&path, json!({ "title": "Laptop lost in a train" })).await.expect(200);
    })
    .await;
}
