//! Tells a story: sends its records through the ordinary intake when they are due, and says what
//! happens and which alerts arise.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use tokio::time::Instant;

use super::scenario::{Act, Scenario};
use crate::client::{Api, Connection};
use crate::text::{FAINT, YELLOW, paint, plain};

#[derive(Deserialize)]
struct Answer {
    deliveries: Vec<Receipt>,
}

#[derive(Deserialize)]
struct Receipt {
    alerts: Vec<String>,
}

#[derive(Deserialize)]
struct Alert {
    title: String,
    severity: String,
}

pub async fn play(scenario: &Scenario, connection: &Connection, speed: f64) -> anyhow::Result<()> {
    let api = connection.open().await?;
    let begun = Instant::now();
    let told_in = scenario.length().div_f64(speed);
    // However fast it is told, nothing of it lies in the future: it ends now.
    let head_start = SignedDuration::try_from(scenario.length().saturating_sub(told_in))?;
    let start = Timestamp::now().checked_sub(head_start)?;
    let mut known = BTreeSet::new();
    for (at, act) in scenario.acts(start)? {
        tokio::time::sleep_until(begun + at.div_f64(speed)).await;
        match act {
            Act::Tell(note) => super::say(&format!("{} {note}", paint(FAINT, &clock(at))))?,
            Act::Send { name, content } => {
                for alert in send(&api, &name, content).await? {
                    if known.insert(alert.clone()) {
                        show(&api, &alert).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

/// Sends one small file; gives the alerts that it belongs to.
async fn send(api: &Api, name: &str, content: String) -> anyhow::Result<Vec<String>> {
    let request = api.request(Method::POST, "api/v1/intake")?.query(&[("name", name)]).body(content);
    let answer: Answer =
        api.send(request).await?.json().await.context("the intake's answer is not understood")?;
    Ok(answer.deliveries.into_iter().flat_map(|receipt| receipt.alerts).collect())
}

async fn show(api: &Api, id: &str) -> anyhow::Result<()> {
    let request = api.request(Method::GET, &format!("api/v1/alerts/{id}"))?;
    let alert: Alert = api.send(request).await?.json().await.context("the alert is not understood")?;
    let words = format!("{id} {}: {}", alert.severity, alert.title);
    super::say(&format!("      {} {}", paint(YELLOW, "alert"), plain(&words)))?;
    Ok(())
}
