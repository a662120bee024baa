//! A real server on a free port, a store of its own, and a client for each role. Stories run on
//! SQLite and, where a server answers, on PostgreSQL as well: see [`everywhere`].

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::Role;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use server::serve::Server;
use server::{App, Config};

pub const PASSWORD: &str = "correct horse battery";

pub struct World {
    pub app: App,
    pub base: String,
    pub store: &'static str,
    pub admin: As,
    pub manager: As,
    pub responder: As,
    pub observer: As,
    /// Shared with whoever tells the story: a story that takes only parts of its world must not drop it.
    data: Arc<tempfile::TempDir>,
}

/// Somebody who talks to the server with an API key.
#[derive(Clone)]
pub struct As {
    pub id: String,
    base: String,
    client: Client,
}

/// An answer: its status and its JSON (null where there is none).
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Value,
}

impl Answer {
    /// The body, if the status is the expected one; else fails with what was said instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{:#}", self.body);
        self.body
    }
}

impl Answer {
    /// The items of a page of a list.
    #[track_caller]
    pub fn list(self) -> Value {
        self.expect(200)["items"].take()
    }
}

impl As {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// A page as a browser gets it.
    pub async fn page(&self, path: &str) -> (StatusCode, String) {
        let response = self.request(Method::GET, path).header("accept", "text/html").send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// A file or stream of bytes.
    pub async fn bytes(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let response = self.request(Method::GET, path).send().await.unwrap();
        (response.status(), response.bytes().await.unwrap().to_vec())
    }

    /// Sends a form as a page does; redirects are not followed.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
        let response = self
            .request(Method::POST, path)
            .header("accept", "text/html")
            .form(&fields)
            .send()
            .await
            .unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// Sends a file's content to the intake.
    pub async fn send_file(&self, name: &str, content: impl Into<Vec<u8>>) -> Answer {
        let request = self.request(Method::POST, "/api/v1/intake").query(&[("name", name)]);
        answer(request.body(content.into())).await
    }
}

pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}

pub fn client(key: Option<&str>) -> Client {
    let mut headers = HeaderMap::new();
    if let Some(key) = key {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}")).unwrap());
    }
    Client::builder().default_headers(headers).redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Tells a story on each store that is there.
pub async fn everywhere<F, S>(story: S)
where
    S: Fn(World) -> F,
    F: Future<Output = ()>,
{
    tell(&story, world(None, "SQLite").await).await;
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("it{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    if let Some(address) = platform::testing::postgres(&name).await {
        tell(&story, world(Some(address), "PostgreSQL").await).await;
    }
}

/// The same with a server that is started in another way.
pub async fn everywhere_with<F, S>(change: impl Fn(Config) -> Config, story: S)
where
    S: Fn(World) -> F,
    F: Future<Output = ()>,
{
    tell(&story, started(None, "SQLite", &change).await).await;
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("itw{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    if let Some(address) = platform::testing::postgres(&name).await {
        tell(&story, started(Some(address), "PostgreSQL", &change).await).await;
    }
}

async fn tell<F: Future<Output = ()>>(story: impl Fn(World) -> F, world: World) {
    let _data = Arc::clone(&world.data);
    story(world).await;
}

/// A world on SQLite alone, for stories in which the store does not matter.
pub async fn spawn() -> World {
    world(None, "SQLite").await
}

/// A world on SQLite whose server is started in another way.
pub async fn spawn_with(change: impl FnOnce(Config) -> Config) -> World {
    started(None, "SQLite", change).await
}

async fn world(database: Option<String>, store: &'static str) -> World {
    started(database, store, |config| config).await
}

async fn started(
    database: Option<String>,
    store: &'static str,
    change: impl FnOnce(Config) -> Config,
) -> World {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer().try_init().ok();
    let data = tempfile::tempdir().unwrap();
    let config = change(Config { database, ..Config::new(data.path()) });
    let server = Server::bind(&config, "127.0.0.1:0".parse().unwrap()).await.unwrap();
    let base = format!("http://{}", server.address);
    let (app, token) = (server.app.clone(), server.setup_token.clone().unwrap());
    tokio::spawn(server.run(std::future::pending()));
    let form = [
        ("token", token.as_str()),
        ("organisation", "Sample Organisation"),
        ("name", "Ada Admin"),
        ("email", "admin@example.org"),
        ("password", PASSWORD),
    ];
    let set_up = client(None).post(format!("{base}/setup")).form(&form).send().await.unwrap();
    assert_eq!(set_up.status(), 303, "{}", set_up.text().await.unwrap());
    let key = std::fs::read_to_string(data.path().join(server::identity::CLI_KEY_FILE)).unwrap();
    let admin = As { id: "USR-1".to_owned(), client: client(Some(&key)), base: base.clone() };
    let manager = account(&admin, "Max Manager", Role::IncidentManager).await;
    let responder = account(&admin, "Rita Responder", Role::Responder).await;
    let observer = account(&admin, "Olaf Observer", Role::Observer).await;
    World { app, base, store, admin, manager, responder, observer, data: Arc::new(data) }
}

/// Another person with a key of their own.
pub async fn account(admin: &As, name: &str, role: Role) -> As {
    let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
    let made = admin
        .post(
            "/api/v1/accounts",
            json!({ "name": name, "email": email, "password": PASSWORD, "role": role.as_str() }),
        )
        .await
        .expect(201);
    let session = sign_in(&admin.base, &email).await;
    let request = client(None)
        .post(format!("{}/api/v1/keys", admin.base))
        .header("cookie", session)
        .json(&json!({ "name": "test", "role": role.as_str() }));
    let key = answer(request).await.expect(201)["secret"].as_str().unwrap().to_owned();
    As { id: made["id"].as_str().unwrap().to_owned(), client: client(Some(&key)), base: admin.base.clone() }
}

/// Signs in with the password and gives the cookie.
pub async fn sign_in(base: &str, email: &str) -> String {
    let form = [("email", email), ("password", PASSWORD), ("next", "")];
    let response = client(None).post(format!("{base}/login")).form(&form).send().await.unwrap();
    assert_eq!(response.status(), 303);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}
