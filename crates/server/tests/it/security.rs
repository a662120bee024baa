//! What an attacker would try at the door and behind it: who gets in, and who is told. Each weakness that
//! other platforms had, and each that was found here, is a story that shows it shut; what is sent in
//! stands in `hostile.rs`.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use server::Config;

use crate::case::declare;
use crate::harness::{PASSWORD, World, answer, client, everywhere, sign_in, spawn};
use crate::intake::{SHADOWS, lines, sysmon};

fn guess(world: &World, email: &str, password: &str) -> RequestBuilder {
    let form = [("email", email), ("password", password), ("next", "")];
    client(None).post(format!("{}/login", world.base)).form(&form)
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

pub fn shadows(minute: u8, host: &str) -> String {
    lines(&[sysmon(&format!("2026-03-01T10:{minute:02}:00Z"), host, SHADOWS)])
}

// Who gets in.

#[tokio::test]
async fn an_empty_password_lets_nobody_in() {
    let world = spawn().await;
    for password in ["", " ", "\0"] {
        assert_eq!(status(guess(&world, "admin@example.org", password)).await, 422, "{password:?}");
    }
    for email in ["", " ", "admin@example.org\0", "%"] {
        assert_eq!(status(guess(&world, email, "")).await, 422, "{email:?}");
    }
}

#[tokio::test]
async fn guesses_sent_at_once_are_slowed_as_those_one_by_one() {
    let world = spawn().await;
    let spellings = ["admin@example.org", " ADMIN@example.org ", "Admin@Example.Org"];
    let guesses = (0..30).map(|n| status(guess(&world, spellings[n % 3], "a wrong guess")));
    slowed(&join_all(guesses).await);
}

#[tokio::test]
async fn the_present_password_cannot_be_guessed_with_a_session_or_key() {
    let world = spawn().await;
    let cookie = sign_in(&world.base, "rita.responder@example.org").await;
    let guesses = (0..30).map(|_| {
        let form = [("old", "a wrong guess"), ("new", "another long password")];
        let request = client(None).post(format!("{}/settings/password", world.base));
        status(request.header("cookie", &cookie).form(&form))
    });
    slowed(&join_all(guesses).await);
}

/// Five guesses are free; a slow machine lets a further one through for each second that it takes.
fn slowed(told: &[StatusCode]) {
    let looked_at = told.iter().filter(|status| **status == 422).count();
    assert!(looked_at <= 10, "{looked_at} of {} guesses were compared with the password", told.len());
    assert_eq!(told.iter().filter(|status| **status == 429).count(), told.len() - looked_at);
}

#[tokio::test]
async fn an_endless_address_is_refused_and_not_remembered() {
    let world = spawn().await;
    let endless = format!("{}@example.org", "a".repeat(300_000));
    for _ in 0..8 {
        // Were it remembered, it would have to wait by now.
        assert_eq!(status(guess(&world, &endless, "a wrong guess")).await, 422);
    }
}

#[tokio::test]
async fn basic_authentication_opens_nothing() {
    let world = spawn().await;
    // A browser sends these by itself, from any site's page.
    let me = format!("{}/api/v1/me", world.base);
    answer(client(None).get(&me).basic_auth("admin@example.org", Some(PASSWORD))).await.expect(401);
    let cookie = sign_in(&world.base, "admin@example.org").await;
    let both = client(None).get(&me).header("cookie", cookie).basic_auth("x", Some("y"));
    answer(both).await.expect(401);
}

#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let world = spawn().await;
    let right = || guess(&world, "admin@example.org", PASSWORD);
    for (name, value) in
        [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
    {
        let response = right().header(name, value).send().await.unwrap();
        assert_eq!(response.status(), 403, "{name}: {value}");
        assert!(response.headers().get("set-cookie").is_none());
    }
    assert_eq!(status(right()).await, 303);
}

#[tokio::test]
async fn signing_in_opens_a_session_of_its_own_and_leads_nowhere_else() {
    let world = spawn().await;
    let planted = "__Host-watchbell=0000000000000000000000000000000000000000000000000000000000000000";
    for (next, leads) in [
        ("/incidents", "/incidents"),
        ("/\\evil.example", "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ] {
        let form = [("email", "admin@example.org"), ("password", PASSWORD), ("next", next)];
        let request =
            client(None).post(format!("{}/login", world.base)).header("cookie", planted).form(&form);
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["location"]),
            (303, &leads.parse().unwrap())
        );
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(!cookie.starts_with(planted), "a planted session was taken over");
        for part in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
}

#[tokio::test]
async fn two_setups_at_once_make_one_administrator() {
    let data = tempfile::tempdir().unwrap();
    let config = Config::new(data.path());
    let server = server::serve::Server::bind(&config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let (app, token) = (server.app.clone(), server.setup_token.clone().unwrap());
    let first = |number: usize| server::identity::NewAccount {
        name: format!("Administrator {number}"),
        email: format!("admin{number}@example.org"),
        password: "a long enough password".to_owned(),
        role: domain::Role::Observer,
    };
    let told = join_all((0..4).map(|n| server::identity::set_up(&app, &token, "Sample", first(n)))).await;
    assert_eq!(told.iter().filter(|one| one.is_ok()).count(), 1);
    let accounts = server::identity::accounts(&app, &domain::Actor::Watchbell).await.unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!(accounts[0].role, domain::Role::Administrator);
    let key = std::fs::read_to_string(data.path().join(server::identity::CLI_KEY_FILE)).unwrap();
    let actor = server::identity::actor_of_key(&app, &key).await.unwrap().unwrap();
    assert_eq!(actor.user(), Some(accounts[0].id));
    assert!(!server::identity::setup_is_open(&app, &token));
}

#[tokio::test]
async fn a_key_is_as_weak_as_its_owner_has_become() {
    let world = spawn().await;
    let as_observer = json!({ "role": "observer" });
    world.admin.patch(&format!("/api/v1/accounts/{}", world.manager.id), as_observer).await.expect(200);
    assert_eq!(world.manager.get("/api/v1/me").await.expect(200)["role"], "observer");
    world.manager.get("/api/v1/ledger/leaves").await.expect(403);
    world.manager.send_file("x.jsonl", shadows(0, "ws01")).await.expect(403);
}

#[tokio::test]
async fn a_stolen_key_makes_no_further_keys() {
    let world = spawn().await;
    world.responder.post("/api/v1/keys", json!({ "name": "spare", "role": "observer" })).await.expect(403);
    assert_eq!(
        world.responder.form("/settings/keys", &[("name", "spare"), ("role", "observer")]).await.0,
        403
    );
    let keys = world.responder.get("/api/v1/keys").await.expect(200);
    let keys = keys.as_array().or_else(|| keys["items"].as_array()).unwrap();
    assert_eq!(keys.len(), 1);
}

// Who is told.

/// What a live page has heard when nothing came for a moment; `true` once its stream has ended.
async fn heard(response: &mut reqwest::Response) -> (String, bool) {
    let mut told = String::new();
    loop {
        match tokio::time::timeout(Duration::from_millis(1500), response.chunk()).await {
            Ok(Ok(Some(piece))) => told.push_str(&String::from_utf8_lossy(&piece)),
            Ok(_) => return (told, true),
            Err(_) => return (told, false),
        }
    }
}

#[tokio::test]
async fn a_live_page_falls_silent_when_its_account_is_disabled() {
    everywhere(|world| async move {
        let live = "/live?topics=alerts,incident-1";
        let mut disabled = world.observer.request(Method::GET, live).send().await.unwrap();
        let mut stays = world.manager.request(Method::GET, live).send().await.unwrap();
        let path = format!("/api/v1/accounts/{}", world.observer.id);
        world.admin.patch(&path, json!({ "disabled": true })).await.expect(200);
        world.responder.send_file("1.jsonl", shadows(0, "ws01")).await.expect(201);
        assert!(heard(&mut stays).await.0.contains("data: alerts"), "{}", world.store);
        let (told, ended) = heard(&mut disabled).await;
        assert!(ended && !told.contains("alerts"), "{}: {told}", world.store);
    })
    .await;
}

#[tokio::test]
async fn a_member_who_was_removed_hears_and_changes_nothing_more() {
    everywhere(|world| async move {
        let id = declare(&world, "Insider", SHADOWS, true).await;
        let members = format!("/api/v1/incidents/{id}/members");
        world.manager.post(&members, json!({ "member": world.responder.id })).await.expect(200);
        let topic = format!("incident-{}", id.rsplit('-').next().unwrap());
        let live = format!("/live?topics={topic}");
        let mut page = world.responder.request(Method::GET, &live).send().await.unwrap();
        world.manager.delete(&format!("{members}/{}", world.responder.id)).await.expect(204);
        heard(&mut page).await;
        let note = json!({ "kind": "note", "text": "Not for everyone" });
        world.responder.post(&format!("/api/v1/incidents/{id}/entries"), note.clone()).await.expect(404);
        world.manager.post(&format!("/api/v1/incidents/{id}/entries"), note).await.expect(201);
        assert_eq!(heard(&mut page).await.0, "", "{}", world.store);
    })
    .await;
}

#[tokio::test]
async fn the_ledger_keeps_an_alerts_past_from_who_may_not_see_the_alert() {
    everywhere(|world| async move {
        world.responder.send_file("1.jsonl", shadows(0, "quiet-host")).await.expect(201);
        world.responder.post("/api/v1/alerts/ALR-1/acknowledge", json!({})).await.expect(200);
        let of = "/api/v1/ledger/leaves?record=ALR-1";
        let before = world.admin.get(of).await.expect(200);
        let index = before["items"][0]["index"].as_u64().unwrap();
        assert_eq!(before["items"].as_array().unwrap().len(), 2, "{}", world.store);
        let said = json!({ "title": "Insider", "type": "insider", "functional": "low", "information": "none",
            "recoverability": "regular", "alerts": ["ALR-1"], "restricted": true });
        world.manager.post("/api/v1/incidents", said).await.expect(201);
        world.admin.get("/api/v1/alerts/ALR-1").await.expect(404);
        assert_eq!(world.admin.get(of).await.expect(200)["items"], json!([]), "{}", world.store);
        world.admin.get(&format!("/api/v1/ledger/leaves/{index}")).await.expect(404);
        world.admin.get(&format!("/api/v1/ledger/proof/inclusion?index={index}")).await.expect(404);
        assert!(!world.admin.page("/ledger").await.1.contains("/ledger?record=ALR-1"));
        assert_eq!(world.admin.page(&format!("/ledger/{index}")).await.0, 404);
        assert_eq!(world.manager.get(of).await.expect(200)["items"].as_array().unwrap().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn no_leaf_holds_a_secret() {
    let world = spawn().await;
    let cookie = sign_in(&world.base, "rita.responder@example.org").await;
    let form = [("old", PASSWORD), ("new", "another long password")];
    let change = client(None).post(format!("{}/settings/password", world.base)).header("cookie", cookie);
    assert_eq!(status(change.form(&form)).await, 303);
    let leaves = world.admin.get("/api/v1/ledger/leaves?limit=500").await.expect(200);
    let leaves = leaves["items"].as_array().unwrap();
    assert!(leaves.iter().any(|leaf| leaf["act"] == "account.password"));
    assert!(leaves.iter().any(|leaf| leaf["act"] == "key.create"));
    for leaf in leaves {
        let whole = world.admin.get(&format!("/api/v1/ledger/leaves/{}", leaf["index"])).await.expect(200);
        let body = whole["body"].as_str().unwrap();
        assert!(!body.contains("argon2"), "{body}");
        // The plan speaks of passwords and tokens, as it should; accounts and keys must not.
        if ["USR", "KEY", "ORG"].iter().any(|kind| leaf["record"].as_str().unwrap().starts_with(kind)) {
            for secret in ["password", "token", "hash", "secret"] {
                assert!(!body.contains(secret), "{body}");
            }
        }
    }
}
