//! Who gets in, and who does not.

use platform::clock::Clock;
use reqwest::Method;
use serde_json::json;
use server::Config;

use crate::harness::{answer, client, everywhere, sign_in, spawn, spawn_with};

#[tokio::test]
async fn the_setup_link_works_once() {
    everywhere(|world| async move {
        let again = client(None).get(format!("{}/setup?token=x", world.base)).send().await.unwrap();
        assert_eq!(again.status(), 303, "{}", world.store);
        let form = [
            ("token", "x"),
            ("organisation", "Evil"),
            ("name", "E"),
            ("email", "e@e.e"),
            ("password", "long enough password"),
        ];
        let second = client(None).post(format!("{}/setup", world.base)).form(&form).send().await.unwrap();
        assert_eq!(second.status(), 404);
        assert_eq!(world.admin.get("/api/v1/accounts").await.list().as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn without_a_key_nothing_answers() {
    let world = spawn().await;
    let nobody = client(None);
    for path in ["/api/v1/me", "/api/v1/accounts", "/live?topics=alerts"] {
        let told = answer(nobody.get(format!("{}{path}", world.base))).await.expect(401);
        assert_eq!(told["status"], 401);
    }
    let wrong = client(Some(&"0".repeat(64)));
    answer(wrong.get(format!("{}/api/v1/me", world.base))).await.expect(401);
    let settings = format!("{}/settings", world.base);
    let page = nobody.get(settings).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.headers()["location"], "/login?next=/settings");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let world = spawn().await;
    let mut told = Vec::new();
    for email in ["admin@example.org", "nobody@example.org"] {
        let form = [("email", email), ("password", "not the password")];
        let response = client(None).post(format!("{}/login", world.base)).form(&form).send().await.unwrap();
        assert_eq!(response.status(), 422);
        told.push(response.text().await.unwrap().replace(email, "…"));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn guessing_is_slowed() {
    let clock = Clock::manual("2026-03-01T10:00:00Z".parse().unwrap());
    let world = spawn_with(move |config| Config { clock, ..config }).await;
    for _ in 0..6 {
        let form = [("email", "admin@example.org"), ("password", "a wrong guess")];
        client(None).post(format!("{}/login", world.base)).form(&form).send().await.unwrap();
    }
    let form = [("email", "admin@example.org"), ("password", "a wrong guess")];
    let response = client(None).post(format!("{}/login", world.base)).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 429);
}

#[tokio::test]
async fn a_disabled_account_and_a_revoked_key_are_out_at_once() {
    everywhere(|world| async move {
        let cookie = sign_in(&world.base, "olaf.observer@example.org").await;
        let me = || client(None).get(format!("{}/api/v1/me", world.base)).header("cookie", &cookie);
        answer(me()).await.expect(200);
        let path = format!("/api/v1/accounts/{}", world.observer.id);
        world.admin.patch(&path, json!({ "disabled": true })).await.expect(200);
        answer(me()).await.expect(401);
        world.observer.get("/api/v1/me").await.expect(401);

        let keys = world.responder.get("/api/v1/keys").await.list();
        let key = keys[0]["id"].as_str().unwrap().to_owned();
        world.manager.delete(&format!("/api/v1/keys/{key}")).await.expect(404);
        world.responder.delete(&format!("/api/v1/keys/{key}")).await.expect(200);
        world.responder.get("/api/v1/me").await.expect(401);
    })
    .await;
}

#[tokio::test]
async fn nobody_makes_themselves_stronger() {
    let world = spawn().await;
    let stronger = json!({ "name": "x", "role": "administrator" });
    world.manager.post("/api/v1/keys", stronger).await.expect(403);
    let path = format!("/api/v1/accounts/{}", world.manager.id);
    world.manager.patch(&path, json!({ "role": "administrator" })).await.expect(403);
    world.admin.patch("/api/v1/accounts/USR-1", json!({ "role": "observer" })).await.expect(409);
    let unknown = json!({ "name": "x", "role": "observer", "owner": "USR-1" });
    world.manager.post("/api/v1/keys", unknown).await.expect(422);
}

#[tokio::test]
async fn another_sites_page_cannot_act_with_our_cookie() {
    let world = spawn().await;
    let cookie = sign_in(&world.base, "admin@example.org").await;
    let make = |name: &'static str, value: &'static str| {
        client(None)
            .request(Method::POST, format!("{}/api/v1/keys", world.base))
            .header("cookie", &cookie)
            .header(name, value)
            .json(&json!({ "name": "x", "role": "observer" }))
    };
    answer(make("sec-fetch-site", "cross-site")).await.expect(403);
    answer(make("sec-fetch-site", "same-site")).await.expect(403);
    answer(make("origin", "http://evil.example")).await.expect(403);
    answer(make("sec-fetch-site", "same-origin")).await.expect(201);
}
