//! Every route with every role, on an object of one's own and on a foreign one. The list is the
//! router's: a route that is not told here what stands for its parameters fails the test.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::router::{Needs, ROUTES};

use crate::harness::{As, World, answer, client, spawn};
use crate::intake::sysmon;

/// Records of an incident, by the prefix of their names.
struct Things(Vec<String>);

impl Things {
    /// The first record whose name begins so, such as `TSK`.
    fn named(&self, prefix: &str) -> &str {
        let found = self.0.iter().find(|name| name.split('-').next() == Some(prefix));
        found.unwrap_or_else(|| panic!("no {prefix} among {:?}", self.0))
    }

    /// Names like these, of records that do not exist.
    fn none_of_them(&self) -> Self {
        let missing = |name: &String| format!("{}-999999", name.split('-').next().unwrap_or_default());
        Things(self.0.iter().map(missing).collect())
    }

    /// The path with its parameters filled in. `None` for paths that name no record of an incident.
    fn fill(&self, path: &str) -> Option<String> {
        let kinds = [
            ("/incidents/{id}", "INC"),
            ("/alerts/{id}", "ALR"),
            ("/evidence/{id}", "EVD"),
            ("/runs/{id}", "RUN"),
            ("/tasks/{id}", "TSK"),
            ("/entries/{id}", "ENT"),
            ("/observables/{id}", "OBS"),
            ("/assets/{id}", "AST"),
            ("/decisions/{id}", "DEC"),
            ("/muster/{id}", "MUS"),
            ("/approvals/{id}", "APR"),
        ];
        let (parent, prefix) = kinds.iter().find(|(parent, _)| path.contains(parent))?;
        let filled = path.replace(parent, &parent.replace("{id}", self.named(prefix)));
        let filled = filled.replace("{role}", "scribe").replace("/{kind}/{record}/", "/data/DAT-1/");
        let filled = ["data/{record}", "effort/{record}", "cost/{record}"]
            .iter()
            .zip(["data/DAT-1", "effort/EFF-1", "cost/CST-1"])
            .fold(filled, |path, (hole, number)| path.replace(hole, number));
        Some(
            filled
                .replace("{user}", "USR-1")
                .replace("{member}", "USR-1")
                .replace("{link}", "LNK-1")
                .replace("{way}", "hex")
                .replace("{line}", "CHT-1"),
        )
    }
}

/// Paths with parameters that belong to no incident.
fn fill_common(path: &str) -> String {
    let path = path
        .replace("/assets/{*path}", "/assets/app.css")
        .replace("/accounts/{id}", "/accounts/USR-4")
        .replace("/keys/{id}", "/keys/KEY-1")
        .replace("/deliveries/{id}", "/deliveries/INT-1")
        .replace("/intake/{id}", "/intake/INT-1")
        .replace("/events/{id}", "/events/EVT-1")
        .replace("/playbooks/{id}", "/playbooks/PBK-1")
        .replace("/suppressions/{id}", "/suppressions/SUP-1")
        .replace("/rules/{id}", "/rules/none")
        .replace("/entities/{kind}/{name}", "/entities/host/nobody")
        .replace("/sources/{name}", "/sources/edge")
        .replace("/sources/{id}", "/sources/SRC-1")
        .replace("/quarantine/{number}", "/quarantine/1")
        .replace("/leaves/{index}", "/leaves/0")
        .replace("/ledger/{index}", "/ledger/0")
        .replace("/alert/{id}", "/alert/~1")
        .replace("/elastic/{index}/", "/elastic/logs/")
        .replace("/uploads/{upload}", "/uploads/0123")
        .replace("/holds/{hold}", "/holds/HLD-1")
        .replace("/{name}", "/logs")
        .replace("/library/{saved}", "/library/LIB-1")
        .replace("/task-library/{id}", "/task-library/LIB-1")
        .replace("/fields/{field}", "/fields/FLD-1")
        .replace("/statuses/{status}", "/statuses/STS-1")
        .replace("/incident-fields/{id}", "/incident-fields/FLD-1")
        .replace("/incident-statuses/{id}", "/incident-statuses/STS-1")
        .replace("/procedures/{type}", "/procedures/malware")
        .replace("/{*file}", "/roles.yaml")
        .replace("/versions/{version}", "/versions/PLAN-1")
        .replace("/{role}", "/scribe");
    assert!(!path.contains('{'), "say in this test what stands for the parameter of {path}");
    path
}

#[tokio::test]
async fn every_route_keeps_every_role_in_its_place() {
    let world = spawn().await;
    let own = incident(&world, "dc01", false).await;
    let foreign = incident(&world, "dc02", true).await;
    link(&world, &foreign, &own).await;
    let nothing = foreign.none_of_them();
    let roles = [&world.admin, &world.manager, &world.responder, &world.observer];
    for (method, path, needs) in ROUTES {
        // Signing out, revoking and disabling would end the test's own clients.
        let ends_clients =
            path.ends_with("/logout") || path.contains("/keys/{id}") || path.contains("/accounts/{id}");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let open = own.fill(path).unwrap_or_else(|| fill_common(path));
        nobody_gets_in(&world, &method, &open, *needs).await;
        for (place, who) in roles.iter().enumerate() {
            if ends_clients && allowed(*needs, place) {
                continue;
            }
            let status = status(who, &method, &open).await;
            check_role(*needs, place, status, &format!("{method} {open} as number {place}"));
            // The foreign incident's members are its commander, the manager, and nobody else.
            if let Some(hidden) = foreign.fill(path).filter(|_| place != 1) {
                let missing = nothing.fill(path).unwrap();
                let answer = told(who, &method, &hidden).await;
                let of_nothing = told(who, &method, &missing).await;
                assert!(!answer.0.is_success(), "{method} {hidden} as number {place}: {}", answer.0);
                assert_eq!(answer, of_nothing, "{method} {hidden} as number {place} differs from {missing}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_hidden_stays_out_of_lists_and_pages() {
    let world = spawn().await;
    let open = incident(&world, "dc01", false).await;
    let secret = incident(&world, "dc02", true).await;
    link(&world, &secret, &open).await;
    let number = secret.named("INC").to_owned();
    for (path, _) in
        ROUTES.iter().filter(|(method, ..)| *method == "GET").map(|(_, path, needs)| (path, needs))
    {
        if path.contains('{') || *path == "/live" {
            continue;
        }
        for who in [&world.admin, &world.responder, &world.observer] {
            let (_, page) = who.page(path).await;
            assert!(!page.contains(&number), "{path} tells {} of {number}", who.id);
            assert!(!page.contains("Only for a few"), "{path} tells {} the title of {number}", who.id);
        }
    }
    // Nor do the pages of what it is linked with tell of it, whatever kind of record they are about.
    for path in
        ROUTES.iter().filter(|(method, ..)| *method == "GET").filter_map(|(_, path, _)| open.fill(path))
    {
        for who in [&world.admin, &world.responder, &world.observer] {
            let (_, page) = who.page(&path).await;
            let names = page.contains(&format!("{number}\"")) || page.contains(&format!("{number}<"));
            assert!(!names && !page.contains("Only for a few"), "{path} tells {} of {number}", who.id);
        }
    }
    let (status, list) = world.manager.page("/incidents").await;
    assert!(list.contains(&number), "{status}: {list}");
}

fn allowed(needs: Needs, place: usize) -> bool {
    let role = domain::Role::ALL[place];
    match needs {
        Needs::Nothing | Needs::SignIn => true,
        Needs::May(permission) => role.may(permission),
    }
}

fn check_role(needs: Needs, place: usize, status: StatusCode, what: &str) {
    assert!(!status.is_server_error(), "{what}: {status}");
    if allowed(needs, place) {
        assert!(status != 401 && status != 405, "{what}: {status}");
    } else {
        assert_eq!(status, 403, "{what}");
    }
}

async fn nobody_gets_in(world: &World, method: &Method, path: &str, needs: Needs) {
    if needs == Needs::Nothing {
        return;
    }
    let request = client(None).request(method.clone(), format!("{}{path}", world.base));
    let told = answer(request).await;
    assert_eq!(told.status, 401, "{method} {path} without a key");
}

async fn status(who: &As, method: &Method, path: &str) -> StatusCode {
    told(who, method, path).await.0
}

/// The answer's status and text. Bodies are empty objects or forms: most verbs then refuse with 422,
/// which is as good as yes here, for the right was there.
async fn told(who: &As, method: &Method, path: &str) -> (StatusCode, String) {
    let mut request = who.request(method.clone(), path);
    if *method != Method::GET {
        request =
            if path.starts_with("/api/") { request.json(&json!({})) } else { request.form(&[("x", "")]) };
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    // A live page's stream has no end to wait for.
    let text = if path == "/live" { String::new() } else { response.text().await.unwrap() };
    (status, text)
}

/// Sends telemetry of one host, declares an incident from what fires, and names all its records.
async fn incident(world: &World, host: &str, restricted: bool) -> Things {
    let command = "vssadmin.exe delete shadows /all /quiet";
    let line = sysmon("2026-11-24T03:00:00Z", &format!("{host}.example.org"), command);
    let told = world.responder.send_file(&format!("{host}.jsonl"), line).await.expect(201);
    let alert = told["deliveries"][0]["alerts"][0].as_str().expect("a rule fires").to_owned();
    let title = if restricted { "Only for a few" } else { "For all" };
    let declaration = json!({
        "title": title, "type": "malware", "alerts": [alert], "restricted": restricted,
        "functional": "low", "information": "none", "recoverability": "regular",
    });
    let made = world.manager.post("/api/v1/incidents", declaration).await.expect(201);
    let number = made["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/incidents/{number}");
    let decision = json!({ "decision": "Isolate the host", "reason": "It beacons" });
    world.manager.post(&format!("{path}/decisions"), decision).await.expect(201);
    let ask = json!({ "act": "public_statement", "what": "A statement" });
    world.manager.post(&format!("{path}/approvals"), ask).await.expect(201);
    let playbook = crate::playbook::kept(&world.manager).await;
    let start = json!({ "playbook": playbook });
    world.manager.post(&format!("{path}/runs"), start).await.expect(201);
    let mut names = vec![number, alert];
    let lists =
        ["muster", "approvals", "tasks", "entries", "observables", "assets", "decisions", "evidence", "runs"];
    for list in lists {
        let told = world.manager.get(&format!("{path}/{list}")).await.expect(200);
        names.extend(ids(&told));
    }
    Things(names)
}

/// Links a hidden incident with an open one.
async fn link(world: &World, hidden: &Things, open: &Things) {
    let said = json!({ "kind": "caused_by", "other": open.named("INC"), "reason": "Only for a few" });
    let path = format!("/api/v1/incidents/{}/links", hidden.named("INC"));
    world.manager.post(&path, said).await.expect(201);
}

/// All values of members called `id`, wherever they stand.
fn ids(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(ids).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member {
                Value::String(text) if name == "id" => vec![text.clone()],
                other => ids(other),
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn the_description_tells_of_every_route_of_the_api_and_of_no_other() {
    let world = spawn().await;
    let told = answer(client(None).get(format!("{}/api/openapi.json", world.base))).await.expect(200);
    assert!(told["openapi"].as_str().unwrap().starts_with("3.1"), "{}", told["openapi"]);
    let mut described: Vec<String> = told["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, verbs)| {
            verbs.as_object().unwrap().keys().map(move |verb| format!("{} {path}", verb.to_uppercase()))
        })
        .collect();
    let mut listed: Vec<String> = ROUTES
        .iter()
        .filter(|(_, path, _)| path.starts_with("/api/v1/"))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    described.sort();
    listed.sort();
    assert_eq!(described, listed);
}
