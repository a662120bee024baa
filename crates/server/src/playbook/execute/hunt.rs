//! Sigma commands: a hunt of one rule through all events that are stored. It only reads, so it may be done twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Actor;
use serde_json::json;
use sigma::{Engine, RuleSet};

use super::Fault;
use crate::alert::try_event::restored;
use crate::app::App;
use crate::event;

/// How many events are looked at in one go.
const CHUNK: i64 = 1000;
/// How many of those that match are named.
const NAMED: usize = 50;

/// Reads the rule of a command, or says why it cannot be hunted with.
pub(super) fn compile(text: &str) -> Result<Engine, String> {
    // Variables stand for plain words; for the check any one does.
    let text = cacao::variables_in(text)
        .into_iter()
        .fold(text.to_owned(), |text, name| text.replace(&format!("{name}:value"), "x"));
    let loaded = RuleSet::new().load_str("command", &text);
    if let Some(refused) = loaded.refused.first() {
        return Err(format!("The Sigma rule cannot be used: {}.", refused.reason));
    }
    if !loaded.correlations.is_empty() || !loaded.filters.is_empty() || loaded.rules.len() != 1 {
        return Err(
            "A sigma command holds one Sigma rule; correlations and filters are not hunted with.".to_owned()
        );
    }
    Ok(Engine::new(loaded.rules))
}

/// Says as JSON how many events match, of how many, on which hosts, and which they are.
pub(super) async fn run(app: &App, rule: &str, patience: Duration) -> Result<String, Fault> {
    let engine = Arc::new(compile(rule).map_err(Fault::refused)?);
    let until = Instant::now() + patience;
    let (mut last, mut searched, mut matches) = (0, 0_u64, 0_u64);
    let (mut hosts, mut named) = (BTreeSet::new(), Vec::new());
    loop {
        let events = event::after(app, &Actor::Watchbell, last, CHUNK).await.map_err(|error| {
            Fault::Failed { message: format!("the events cannot be read: {error}"), again: true }
        })?;
        let Some(newest) = events.last() else { break };
        last = newest.id.get();
        searched += u64::try_from(events.len()).unwrap_or(0);
        if Instant::now() > until {
            return Err(Fault::refused(format!(
                "the hunt had looked at {searched} events and found {matches} when its time ran out; give the step a longer `timeout`"
            )));
        }
        let engine = Arc::clone(&engine);
        let found = tokio::task::spawn_blocking(move || {
            events
                .into_iter()
                .filter_map(|stored| {
                    let (id, host) = (stored.id, stored.host.clone());
                    (!engine.matches(&restored(stored)).is_empty()).then_some((id, host))
                })
                .collect::<Vec<_>>()
        });
        let found = found.await.map_err(|_| Fault::refused("the hunt was broken off"))?;
        for (id, host) in found {
            matches += 1;
            hosts.extend(host);
            if named.len() < NAMED {
                named.push(id.to_string());
            }
        }
    }
    let said = json!({ "matches": matches, "searched": searched, "hosts": hosts, "events": named });
    Ok(said.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "title: A\nlogsource: { product: windows }\ndetection:\n  a:\n    Image: __name__:value\n  condition: a\n";

    #[test]
    fn one_rule_is_taken_and_nothing_else() {
        assert!(compile(RULE).is_ok(), "variables are filled later");
        assert!(compile("title: [").is_err_and(|reason| reason.contains("cannot be used")));
        let two = format!("{RULE}---\n{RULE}");
        assert!(compile(&two).is_err_and(|reason| reason.contains("one Sigma rule")));
    }
}
