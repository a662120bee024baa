//! Talking to a running Watchbell over its API: where it is, with which key, and what its answers mean
//! in words for a terminal.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use crate::serve::DATA;

/// Which server to talk to. The options are the same for every command that does.
#[derive(clap::Args, Debug, Clone)]
pub struct Connection {
    /// The address of the server.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:7311", env = "WATCHBELL_SERVER")]
    pub server: String,
    /// An API key; better given by the environment, where other people do not see it. Without one, the
    /// key in the data folder of the server on this machine is used.
    #[arg(long, value_name = "KEY", env = "WATCHBELL_KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// The data folder of the server on this machine.
    #[arg(long, value_name = "FOLDER", default_value = DATA, env = "WATCHBELL_DATA")]
    pub data: PathBuf,
}

/// A server that answers, and a key for it.
pub struct Api {
    client: Client,
    base: Url,
}

/// RFC 9457.
#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
    title: Option<String>,
}

impl Connection {
    pub async fn open(&self) -> anyhow::Result<Api> {
        let base = self.address()?;
        let plain = builder(&base).build()?;
        let health = plain.get(base.join("healthz")?).timeout(Duration::from_secs(10)).send().await;
        match health {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => {
                bail!("{base} answers, but not as a Watchbell does ({}); check --server", answer.status())
            }
            Err(error) => {
                return Err(anyhow!(
                    "no Watchbell answers at {base} ({}).\nStart one with `watchbell serve` or `./run`, or name \
                     another with --server.",
                    innermost(&error)
                ));
            }
        }
        let key = self.key()?;
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| anyhow!("the API key holds signs that no key has; copy it again"))?;
        value.set_sensitive(true);
        let client =
            builder(&base).default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)])).build()?;
        Ok(Api { client, base })
    }

    /// Whether there is an address and a key, without asking the server.
    pub fn check(&self) -> anyhow::Result<()> {
        self.address()?;
        self.key()?;
        Ok(())
    }

    fn address(&self) -> anyhow::Result<Url> {
        let wrong = || format!("--server {} is not an address such as http://127.0.0.1:7311", self.server);
        let mut base: Url = self.server.parse().with_context(wrong)?;
        if !matches!(base.scheme(), "http" | "https") || base.host().is_none() {
            bail!(wrong());
        }
        if !base.path().ends_with('/') {
            let path = format!("{}/", base.path());
            base.set_path(&path);
        }
        Ok(base)
    }

    fn key(&self) -> anyhow::Result<String> {
        if let Some(key) = self.key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            return Ok(key.to_owned());
        }
        let file = self.data.join(server::identity::CLI_KEY_FILE);
        match std::fs::read_to_string(&file) {
            Ok(key) => Ok(key.trim().to_owned()),
            Err(error) => bail!(
                "there is no API key: {} cannot be read ({error}).\nIf the server was never set up, open the link \
                 that it printed. If its data is elsewhere, say --data FOLDER. For a server on another machine, make \
                 an API key on its settings page and set WATCHBELL_KEY.",
                file.display()
            ),
        }
    }
}

fn builder(base: &Url) -> reqwest::ClientBuilder {
    // A redirect would carry what is sent to where nobody meant it to go.
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .user_agent(concat!("watchbell/", env!("CARGO_PKG_VERSION")));
    let here = base.host_str().is_some_and(|host| {
        let host = host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    });
    if here { builder.no_proxy() } else { builder }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl Api {
    /// A request to a path under the server's address, such as `api/v1/intake`.
    pub fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        Ok(self.client.request(method, self.base.join(path)?))
    }

    /// A request to a path whose parts may hold any sign.
    pub fn request_in(&self, method: Method, parts: &[&str]) -> anyhow::Result<RequestBuilder> {
        let mut address = self.base.clone();
        if let Ok(mut path) = address.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        Ok(self.client.request(method, address))
    }

    /// Sends it; an answer that says no becomes an error in the server's own words.
    pub async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let answer = request
            .send()
            .await
            .map_err(|error| anyhow!("the connection to {} broke: {}", self.base, innermost(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let said = answer.text().await.unwrap_or_default();
        let problem: Option<Problem> = serde_json::from_str(&said).ok();
        let detail = problem.and_then(|problem| problem.detail.or(problem.title));
        Err(match (status, detail) {
            (StatusCode::UNAUTHORIZED, _) => {
                anyhow!(
                    "the server does not know this API key; make one on its settings page and set WATCHBELL_KEY"
                )
            }
            (_, Some(detail)) => anyhow!(detail),
            (status, None) => anyhow!("the server answered {status}"),
        })
    }
}
