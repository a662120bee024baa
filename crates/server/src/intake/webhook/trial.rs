//! Trying a mapping on a body: which events come of it, which rules would fire, and which alerts would be
//! raised. Nothing is stored.

use std::collections::BTreeSet;

use bytes::Bytes;
use domain::{Actor, Permission, Severity, SourceId};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Told, read};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::identity::need;
use crate::source::{self, mapping};

/// The longest body that can be tried, in bytes.
pub const LONGEST: usize = 512 << 10;
/// How many records are shown.
const SHOWN: usize = 20;

/// What would come of a body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Trial {
    pub events: usize,
    /// Records that do not fit; they would be held in the quarantine.
    pub refused: usize,
    /// The first records.
    pub records: Vec<Tried>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Tried {
    /// Where it stands in the body.
    #[schema(example = "record 1")]
    pub record: String,
    /// Why it does not fit.
    pub problem: Option<String>,
    pub logsource: event::Source,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    pub host: Option<String>,
    /// By name; those of the record itself, then those that the mapping gives.
    #[schema(value_type = Object)]
    pub fields: serde_json::Map<String, Value>,
    /// The names that the mapping gives.
    pub given: Vec<String>,
    pub rules: Vec<Fired>,
    pub alert: Option<Raised>,
}

/// A rule that fires.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Fired {
    pub id: String,
    pub title: String,
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
}

/// The alert that a record reports.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Raised {
    pub title: String,
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    #[schema(example = "host ws-1")]
    pub entity: String,
    /// What is told again under this key is the same alert.
    pub key: String,
}

/// Tries a text on a body.
pub async fn try_out(app: &App, actor: &Actor, id: SourceId, text: &str, body: &str) -> Result<Trial> {
    need(actor, Permission::TriageAlerts, "trying what a webhook's records mean")?;
    let source = source::get(app, actor, id).await?;
    mapping::check_kind(&source)?;
    let mappings = mapping::compile(app, text).map_err(|error| mapping::refusal(&error))?;
    if body.trim().is_empty() {
        return Err(Error::Invalid("Paste a body to try the mapping on.".to_owned()));
    }
    if body.len() > LONGEST {
        return Err(Error::Invalid(format!("A body of up to {} KiB can be tried.", LONGEST >> 10)));
    }
    let (here, body) = (app.clone(), Bytes::from(body.to_owned()));
    let trial = tokio::task::spawn_blocking(move || {
        let read = read(&source, &body, &mappings, here.clock.now())?;
        let refused = read.iter().filter(|one| one.outcome.is_err()).count();
        let events = read.len() - refused;
        let records = read.into_iter().take(SHOWN).map(|one| tried(&here, one)).collect();
        Some(Trial { events, refused, records })
    });
    let trial = trial.await.map_err(|error| std::io::Error::other(error.to_string()))?;
    trial.ok_or_else(|| Error::Invalid("The body holds more records than one request may bring.".to_owned()))
}

fn tried(app: &App, one: super::Read) -> Tried {
    let mut tried = Tried {
        record: one.place,
        problem: None,
        logsource: event::Source { product: None, category: None, service: None },
        time: None,
        host: None,
        fields: serde_json::Map::new(),
        given: Vec::new(),
        rules: Vec::new(),
        alert: None,
    };
    let Told { event, reported } = match one.outcome {
        Ok(told) => told,
        Err(problem) => {
            tried.problem = Some(problem);
            return tried;
        }
    };
    let mut own = BTreeSet::new();
    if let Ok(record) = serde_json::from_slice(&one.raw) {
        names(&record, &mut String::new(), &mut own);
    }
    for (name, value) in event.fields() {
        if !own.contains(name) {
            tried.given.push(name.to_owned());
        }
        tried.fields.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
    }
    let text = |part: &Option<std::borrow::Cow<'static, str>>| part.as_deref().map(str::to_owned);
    tried.logsource = event::Source {
        product: text(&event.source.product),
        category: text(&event.source.category),
        service: text(&event.source.service),
    };
    (tried.time, tried.host) = (event.time, event.host.clone());
    for index in app.engine.matches(&event) {
        if let Some(rule) = app.rules.at(index) {
            tried.rules.push(Fired {
                id: rule.id.clone(),
                title: rule.title.clone(),
                severity: rule.severity,
            });
        }
    }
    tried.alert = reported.map(|outside| Raised {
        title: outside.title,
        severity: outside.severity,
        entity: outside.entity.to_string(),
        key: outside.key,
    });
    tried
}

/// The names that a record's own fields have.
fn names(value: &Value, path: &mut String, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let outer = path.len();
                if outer > 0 {
                    path.push('.');
                }
                path.push_str(key);
                names(value, path, found);
                path.truncate(outer);
            }
        }
        Value::Array(items) => {
            found.insert(path.clone());
            items.iter().for_each(|item| names(item, path, found));
        }
        _ => {
            found.insert(path.clone());
        }
    }
}
