//! Sending pieces to a server, until it has stored them.

use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::follow::Piece;
use crate::client::{Api, Connection};
use crate::text;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A server that does not answer in this time is taken for gone; what it may have stored it knows again.
const ANSWER: Duration = Duration::from_secs(120);
/// The server takes no longer names.
const LONGEST_NAME: usize = 200;

pub struct Shipper {
    connection: Connection,
    api: Option<Api>,
    machine: String,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    detail: Option<String>,
}

/// What an answer means for the piece.
enum Answer {
    Stored,
    /// It will never be taken; why.
    Refused(String),
    Later(String),
}

impl Shipper {
    /// # Errors
    /// When the address is none, or there is no key.
    pub fn new(
        server: &str,
        key: Option<String>,
        data: &Path,
        source: Option<String>,
    ) -> anyhow::Result<Shipper> {
        let connection = Connection { server: server.to_owned(), key, data: data.to_owned() };
        connection.check()?;
        Ok(Shipper { connection, api: None, machine: machine(), source })
    }

    /// Sends a piece of the file of this name until the server has an answer for it. It waits longer from
    /// one attempt to the next, and goes on for as long as the server is away: the file keeps what is new.
    pub async fn ship(&mut self, file: &str, piece: &Piece) {
        let source = self.source.clone().unwrap_or_else(|| self.name_of(file));
        let mut wait = FIRST_WAIT;
        let mut said = String::new();
        loop {
            let why = match self.attempt(&source, piece).await {
                Ok(Answer::Stored) => {
                    if !said.is_empty() {
                        text::say("the server takes records again");
                    }
                    return;
                }
                Ok(Answer::Refused(why)) => {
                    text::complain(&format!(
                        "{}: the server refuses what stands before byte {}: {}; it is passed over",
                        text::plain(file),
                        piece.end,
                        text::plain(&why)
                    ));
                    return;
                }
                Ok(Answer::Later(why)) => why,
                Err(error) => {
                    self.api = None;
                    format!("{error:#}")
                }
            };
            if why != said {
                text::warn(&format!("{}; trying again", text::plain(&why)));
                said = why;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn attempt(&mut self, source: &str, piece: &Piece) -> anyhow::Result<Answer> {
        let api = match &self.api {
            Some(api) => api,
            None => self.api.insert(self.connection.open().await?),
        };
        let request = api
            .request_in(Method::POST, &["api", "v1", "sources", source, "events"])?
            .query(&[("format", piece.format.name()), ("kind", "tail")])
            .header("Idempotency-Key", &piece.key)
            .header("Content-Type", "application/octet-stream")
            .timeout(ANSWER)
            .body(piece.body.clone());
        let answer = request.send().await.map_err(|error| anyhow!("the connection broke: {error}"))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(Answer::Stored);
        }
        let said = answer.text().await.unwrap_or_default();
        let detail = serde_json::from_str::<Problem>(&said).ok().and_then(|problem| problem.detail);
        let why = detail.unwrap_or_else(|| format!("the server answered {status}"));
        Ok(match status {
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::PAYLOAD_TOO_LARGE => Answer::Refused(why),
            // A key may be given its right back, a retired source be taken up again.
            _ => Answer::Later(why),
        })
    }

    /// Which machine's which file; of a long path the end, which tells more.
    fn name_of(&self, file: &str) -> String {
        let file =
            std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string());
        let name: String =
            format!("{}:{file}", self.machine).chars().filter(|sign| !sign.is_control()).collect();
        let surplus = name.chars().count().saturating_sub(LONGEST_NAME);
        name.chars().skip(surplus).collect()
    }
}

/// This machine's name.
fn machine() -> String {
    let told = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let told = told.or_else(|| std::env::var("COMPUTERNAME").ok()).or_else(|| std::env::var("HOSTNAME").ok());
    told.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "here".to_owned())
}
