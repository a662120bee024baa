//! Values across incidents: pasted texts, where else a value was seen, what is like what, and the graph; and that none
//! of it tells of what somebody may not know.

use serde_json::{Value, json};

use crate::harness::{As, World, everywhere, spawn};
use crate::intake::{SHADOWS, lines};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A process that was started on a host, with its file's digest.
fn started(time: &str, host: &str, digest: &str) -> String {
    json!({
        "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
        "@timestamp": time, "Computer": format!("{host}.example.org"), "User": "EXAMPLE\\anna",
        "Image": "C:\\Windows\\System32\\vssadmin.exe", "CommandLine": SHADOWS,
        "ParentImage": "C:\\Windows\\System32\\cmd.exe", "Hashes": format!("SHA256={digest}"),
    })
    .to_string()
}

async fn alert(world: &World, host: &str, digest: &str) -> String {
    let record = started("2026-11-24 03:10:00.000", host, digest);
    let told = world.responder.send_file(&format!("{host}.jsonl"), lines(&[record])).await.expect(201);
    told["deliveries"][0]["alerts"][0].as_str().unwrap().to_owned()
}

async fn incident(world: &World, host: &str, digest: &str, restricted: bool) -> String {
    let alert = alert(world, host, digest).await;
    let said = json!({ "title": format!("On {host}"), "type": "ransomware", "functional": "low", "information": "none",
        "recoverability": "regular", "alerts": [alert], "restricted": restricted });
    world.manager.post("/api/v1/incidents", said).await.expect(201)["id"].as_str().unwrap().to_owned()
}

fn at(incident: &str, rest: &str) -> String {
    format!("/api/v1/incidents/{incident}/{rest}")
}

async fn value(by: &As, value: &str) -> Value {
    by.get(&format!("/api/v1/observables/value?kind=sha256&value={value}")).await.expect(200)
}

#[tokio::test]
async fn a_pasted_text_gives_its_values_once_they_are_looked_at() {
    everywhere(|world| async move {
        let one = incident(&world, "ws01", DIGEST, false).await;
        let other = incident(&world, "ws02", &"ab".repeat(32), false).await;
        let by = &world.responder;
        let text = format!(
            "Seen: hxxps://evil[.]example[.]org/a and evil[.]example[.]org, 203[.]0[.]113[.]9;\n{DIGEST} (twice: {DIGEST})"
        );
        world.observer.post(&at(&other, "observables/look"), json!({ "text": text })).await.expect(403);
        let told = by.post(&at(&other, "observables/look"), json!({ "text": text })).await.expect(200);
        let found = told["found"].as_array().unwrap();
        let values: Vec<&str> = found.iter().map(|one| one["observable"]["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["https://evil.example.org/a", "evil.example.org", "203.0.113.9", DIGEST], "{}", world.store);
        let digest = &found[3];
        assert_eq!((&digest["times"], &digest["known"]), (&json!(2), &Value::Null));
        assert_eq!(digest["elsewhere"], json!({ "incidents": [one], "alerts": [] }));

        let chosen: Vec<&Value> = found.iter().skip(1).map(|one| &one["observable"]).collect();
        let said = json!({ "values": chosen, "standing": "indicator", "tlp": "green", "tags": ["C2", " kit-17 ", "c2"] });
        let added = by.post(&at(&other, "observables/chosen"), said.clone()).await.expect(201);
        assert_eq!(added.as_array().unwrap().len(), 3);
        assert_eq!((&added[0]["tags"], &added[0]["tlp"]), (&json!(["c2", "kit-17"]), &json!("green")));
        // What is there already stays as it is.
        assert_eq!(by.post(&at(&other, "observables/chosen"), said).await.expect(201), json!([]));
        let again = by.post(&at(&other, "observables/look"), json!({ "text": text })).await.expect(200);
        assert!(again["found"][1]["known"].as_str().unwrap().starts_with("OBS-"), "{again}");
        for bad in [json!({ "values": [] }), json!({ "values": [{ "kind": "ipv4", "value": "x" }] }),
            json!({ "values": [chosen[0]], "tags": ["a\"b"] })] {
            by.post(&at(&other, "observables/chosen"), bad).await.expect(422);
        }
        by.post(&at(&other, "observables/look"), json!({ "text": "x ".repeat(150_000) })).await.expect(413);

        // On adding one by hand it is said at once where else it is.
        let added = by.post(&at(&one, "observables"), json!({ "value": "evil[.]example[.]org" })).await.expect(201);
        assert_eq!(added["elsewhere"]["incidents"], json!([other]));
        let id = added["id"].as_str().unwrap();
        let word = json!({ "standing": "benign", "tags": ["ours"], "tlp": "red", "note": "Our own test domain" });
        let told = by.post(&at(&one, &format!("observables/{id}")), word).await.expect(200);
        assert_eq!((&told["tags"], &told["tlp"], &told["standing"]), (&json!(["ours"]), &json!("red"), &json!("benign")));
        let told = by.post(&at(&one, &format!("observables/{id}")), json!({ "standing": "benign", "tlp": "" })).await.expect(200);
        assert_eq!((&told["tlp"], &told["tags"]), (&Value::Null, &json!(["ours"])));
    })
    .await;
}

#[tokio::test]
async fn a_value_is_found_across_the_organisation() {
    everywhere(|world| async move {
        let (one, two) =
            (incident(&world, "ws01", DIGEST, false).await, incident(&world, "ws02", DIGEST, false).await);
        let loose = alert(&world, "ws03", DIGEST).await;
        let by = &world.observer;
        let found = by.get(&format!("/api/v1/observables?q={}", &DIGEST[..12])).await.list();
        assert_eq!(found.as_array().unwrap().len(), 1, "{} {found}", world.store);
        assert_eq!((&found[0]["incidents"], &found[0]["events"]), (&json!(2), &json!(2)));
        let all = by.get("/api/v1/observables?limit=2").await.expect(200);
        let rest = by
            .get(&format!("/api/v1/observables?limit=500&cursor={}", all["next"].as_str().unwrap()))
            .await
            .list();
        let names = |list: &Value| {
            list.as_array()
                .unwrap()
                .iter()
                .map(|one| one["value"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let mut whole = names(&all["items"]);
        whole.extend(names(&rest));
        let count = whole.len();
        whole.sort();
        whole.dedup();
        assert_eq!(whole.len(), count, "each value stands once");
        assert!(
            by.get("/api/v1/observables?kind=host&standing=indicator")
                .await
                .list()
                .as_array()
                .unwrap()
                .is_empty()
        );

        let detail = value(by, DIGEST).await;
        let incidents: Vec<&Value> =
            detail["incidents"].as_array().unwrap().iter().map(|one| &one["incident"]).collect();
        assert_eq!(incidents, [&json!(two), &json!(one)]);
        assert!(detail["alerts"].as_array().unwrap().contains(&json!(loose)), "{detail}");
        assert_eq!(detail["events"].as_array().unwrap().len(), 3);
        assert_eq!(detail["evidence"].as_array().unwrap().len(), 2);
        assert_eq!(detail["sources"].as_array().unwrap().len(), 3);
        by.get("/api/v1/observables/value?kind=sha256&value=00").await.expect(404);
        by.get("/api/v1/observables/value?kind=nonsense&value=00").await.expect(422);
        // What is harmful in a browser is text, and a pattern's signs are signs.
        for text in ["%25", "_", "\\", "%3Cscript%3E", "%00"] {
            by.get(&format!("/api/v1/observables?q={text}")).await.expect(200);
        }
        let (status, page) = by.page(&format!("/observables/value?kind=sha256&value={DIGEST}")).await;
        assert!(status == 200 && page.contains(&loose) && page.contains(&one));
    })
    .await;
}

#[tokio::test]
async fn what_is_alike_says_why() {
    everywhere(|world| async move {
        let one = incident(&world, "ws01", DIGEST, false).await;
        let two = incident(&world, "ws02", DIGEST, false).await;
        let loose = alert(&world, "ws03", DIGEST).await;
        let told = world.observer.get(&at(&one, "similar")).await.expect(200);
        assert_eq!(told["incidents"][0]["incident"]["id"], two.as_str(), "{} {told:#}", world.store);
        let reasons = told["incidents"][0]["reasons"].as_array().unwrap();
        assert!(reasons[0].as_str().unwrap().starts_with("the SHA-256 9f86"), "{reasons:?}");
        assert!(reasons.iter().any(|one| one.as_str().unwrap().starts_with("the rule")), "{reasons:?}");
        assert_eq!(told["alerts"][0]["alert"]["id"], loose.as_str());
        let told = world.observer.get(&format!("/api/v1/alerts/{loose}/similar")).await.expect(200);
        assert_eq!(told.as_array().unwrap().len(), 2);
        let (_, card) = world.observer.page(&format!("/incidents/like?alert={loose}")).await;
        assert!(card.contains(&one) && card.contains(&two), "{card}");
        let (_, form) = world.responder.page(&format!("/incidents/declare?alert={loose}")).await;
        assert!(form.contains("Similar incidents") && form.contains(&two));
        let (_, room) = world.observer.page(&format!("/incidents/{one}")).await;
        assert!(room.contains("panel-similar"));
        world.observer.get("/incidents/like").await.expect(422);
    })
    .await;
}

#[tokio::test]
async fn what_is_restricted_is_neither_named_nor_counted() {
    everywhere(|world| async move {
        let open = incident(&world, "ws01", DIGEST, false).await;
        let secret = incident(&world, "ws02", DIGEST, true).await;
        let hidden = "ALR-2";
        let by = &world.responder;
        for path in [
            at(&open, "similar"),
            "/api/v1/alerts/ALR-1/similar".to_owned(),
            format!("/api/v1/observables/value?kind=sha256&value={DIGEST}"),
            "/api/v1/observables?limit=500".to_owned(),
        ] {
            let told = by.get(&path).await.expect(200).to_string();
            assert!(!told.contains(&secret) && !told.contains(hidden), "{path}: {told}");
        }
        assert_eq!(value(by, DIGEST).await["evidence"].as_array().unwrap().len(), 1, "{}", world.store);
        let list = by.get(&format!("/api/v1/observables?q={DIGEST}")).await.list();
        assert_eq!((&list[0]["incidents"], &list[0]["events"]), (&json!(1), &json!(1)));
        let told = by.post(&at(&open, "observables/look"), json!({ "text": DIGEST })).await.expect(200);
        assert_eq!(told["found"][0]["elsewhere"], json!({ "incidents": [], "alerts": [] }));
        // A value that only a restricted incident holds was never seen.
        let only = json!({ "value": "secret.example.org" });
        world.manager.post(&at(&secret, "observables"), only.clone()).await.expect(201);
        by.get("/api/v1/observables/value?kind=domain&value=secret.example.org").await.expect(404);
        let added = by.post(&at(&open, "observables"), only).await.expect(201);
        assert_eq!(added["elsewhere"], json!({ "incidents": [], "alerts": [] }));
        // Its members see both.
        let told = world.manager.get(&at(&open, "similar")).await.expect(200);
        assert_eq!(told["incidents"][0]["incident"]["id"], secret.as_str());
    })
    .await;
}

#[tokio::test]
async fn the_graph_tells_who_ran_what_where() {
    everywhere(|world| async move {
        let one = incident(&world, "ws01", DIGEST, false).await;
        let by = &world.observer;
        let graph = by.get(&at(&one, "graph")).await.expect(200);
        let node = |label: &str| {
            let found = graph["nodes"].as_array().unwrap().iter().find(|node| node["label"] == label);
            found.unwrap_or_else(|| panic!("no {label} in {graph:#}")).clone()
        };
        let related = |from: &str, relation: &str, to: &str| {
            let (from, to) = (node(from)["id"].clone(), node(to)["id"].clone());
            graph["edges"]
                .as_array()
                .unwrap()
                .iter()
                .any(|edge| edge["from"] == from && edge["to"] == to && edge["relation"] == relation)
        };
        assert!(related("cmd.exe", "starts", "vssadmin.exe"), "{} {graph:#}", world.store);
        assert!(related("example\\anna", "runs", "vssadmin.exe"));
        assert!(related("ws01.example.org", "runs", "cmd.exe"));
        assert!(related("ws01.jsonl", "tells", "ws01.example.org"));
        assert_eq!(node("vssadmin.exe")["on"], "ws01.example.org");
        assert_eq!(by.get(&at(&one, "graph")).await.expect(200), graph, "the same each time");

        let hosts = by.get(&at(&one, "graph?kinds=host")).await.expect(200);
        assert_eq!(
            (hosts["nodes"].as_array().unwrap().len(), hosts["edges"].as_array().unwrap().len()),
            (1, 0)
        );
        let later = by.get(&at(&one, "graph?from=2026-11-25T00:00:00Z")).await.expect(200);
        assert_eq!(later["nodes"], json!([]));
        by.get(&at(&one, "graph?kinds=nonsense")).await.expect(422);

        let (status, page) = by.page(&format!("/incidents/{one}/graph")).await;
        assert!(status == 200 && page.contains("data-graph") && page.contains("The same as a table"));
        for (form, begins) in [("svg", "<?xml"), ("json", "{"), ("graphml", "<?xml")] {
            let (status, bytes) = by.bytes(&format!("/incidents/{one}/graph/file?form={form}")).await;
            let text = String::from_utf8(bytes).unwrap();
            assert!(
                status == 200 && text.starts_with(begins) && text.contains("vssadmin.exe"),
                "{form}: {text}"
            );
        }
        let secret = incident(&world, "ws02", DIGEST, true).await;
        by.get(&at(&secret, "graph")).await.expect(404);
        assert_eq!(by.page(&format!("/incidents/{secret}/graph/file")).await.0, 404);
    })
    .await;
}

#[tokio::test]
async fn a_flood_is_drawn_within_bounds() {
    let world = spawn().await;
    let records: Vec<String> = (0..900)
        .map(|n| {
            json!({
                "EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational",
                "Provider_Name": "Microsoft-Windows-Sysmon", "@timestamp": format!("2026-11-24 03:{:02}:{:02}.000", n / 60 % 60, n % 60),
                "Computer": "ws01.example.org", "User": "EXAMPLE\\anna", "Image": "C:\\Windows\\System32\\vssadmin.exe",
                "CommandLine": SHADOWS, "ParentImage": format!("C:\\x\\<b>{n}</b>\\parent-{n}.exe"),
            })
            .to_string()
        })
        .collect();
    world.responder.send_file("flood.jsonl", lines(&records)).await.expect(201);
    let said = json!({ "title": "Flood", "type": "malware", "functional": "low", "information": "none",
        "recoverability": "regular", "alerts": ["ALR-1"] });
    world.manager.post("/api/v1/incidents", said).await.expect(201);
    let graph = world.observer.get(&at("INC-1", "graph")).await.expect(200);
    let nodes = graph["nodes"].as_array().unwrap();
    assert!(nodes.len() <= 200, "{}", nodes.len());
    let rest = nodes.iter().find(|node| node["stands_for"].as_u64() > Some(1)).unwrap();
    assert_eq!(graph["folded"], rest["stands_for"]);
    let (_, page) = world.observer.page("/incidents/INC-1/graph").await;
    assert!(page.contains("Not every box stands alone") && !page.contains("<b>"));
}
