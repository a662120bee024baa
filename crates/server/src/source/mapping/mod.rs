//! What a webhook's records mean, as people wrote it: in versions, of which the newest is in force. Only what
//! can be used is kept. The language is `telemetry`'s.

mod store;

use std::sync::Arc;

use domain::{Actor, Permission, SourceId, SourceKind, UserId};
use jiff::Timestamp;
use serde::Serialize;
use telemetry::{Mapping, MappingError, Mappings};
use utoipa::ToSchema;

use super::Source;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

/// The longest text, in bytes.
pub const LONGEST: usize = 64 << 10;
/// What errors call the text.
const NAME: &str = "mapping";

/// A mapping as it was saved.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Version {
    #[schema(value_type = String, example = "SRC-1")]
    pub source: SourceId,
    /// Counted from 1; the highest is in force.
    pub version: i64,
    /// The mapping itself, as YAML.
    pub text: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub created_by: Option<UserId>,
}

/// Makes a text ready, with the shipped mappings and the operator's to hand on to.
pub fn compile(app: &App, text: &str) -> std::result::Result<Arc<Mappings>, MappingError> {
    if text.len() > LONGEST {
        let reason = format!("it is longer than {} KiB", LONGEST >> 10);
        return Err(MappingError { file: NAME.to_owned(), line: 1, reason });
    }
    // A form's lines end as the network's do.
    let text = text.replace("\r\n", "\n");
    let mapping = Mapping::read(NAME, &text)?;
    app.mappings.for_source(NAME, mapping)
}

/// What is wrong with a text, for whoever wrote it.
pub fn refusal(error: &MappingError) -> Error {
    Error::Invalid(format!("The mapping cannot be used. Line {}: {}.", error.line, error.reason))
}

/// The mapping in force; `None` as long as there is none.
pub async fn newest(app: &App, actor: &Actor, id: SourceId) -> Result<Option<Version>> {
    super::get(app, actor, id).await?;
    store::newest(&app.db, id).await
}

/// The newest versions, newest first.
pub async fn versions(app: &App, actor: &Actor, id: SourceId) -> Result<Vec<Version>> {
    super::get(app, actor, id).await?;
    store::all(&app.db, id).await
}

pub async fn version(app: &App, actor: &Actor, id: SourceId, version: i64) -> Result<Version> {
    super::get(app, actor, id).await?;
    store::get(&app.db, id, version).await?.ok_or(Error::NotFound("version of the mapping"))
}

/// What records of this source mean; `None`: the mappings that all sources have. An error says why the one
/// that is in force cannot be used any more.
pub async fn in_force(
    app: &App,
    source: &Source,
) -> Result<Option<std::result::Result<Arc<Mappings>, MappingError>>> {
    if source.kind != SourceKind::Webhook {
        return Ok(None);
    }
    Ok(store::newest(&app.db, source.id).await?.map(|version| compile(app, &version.text)))
}

/// Puts a text in force as the next version. The text that is in force already makes none.
pub async fn save(app: &App, actor: &Actor, id: SourceId, text: &str) -> Result<Version> {
    need(actor, Permission::TriageAlerts, "changing what a webhook's records mean")?;
    let source = super::get(app, actor, id).await?;
    check_kind(&source)?;
    let text = text.replace("\r\n", "\n").replace('\0', "\u{fffd}");
    compile(app, &text).map_err(|error| refusal(&error))?;
    let by = actor.user();
    app.change(actor, move |change| {
        Box::pin(async move {
            let before = store::newest_in(change.tx, id).await?;
            let number = match before {
                Some(before) if before.text == text => return Ok(before),
                Some(before) => before.version + 1,
                None => 1,
            };
            let version =
                Version { source: id, version: number, text, created_at: change.at, created_by: by };
            store::insert(change, &version).await?;
            change.record(&id.to_string(), "source.map", &version, None).await?;
            change.tell("sources", &id.to_string(), None).await?;
            Ok(version)
        })
    })
    .await
}

/// Only a webhook's records have a mapping of their own.
pub fn check_kind(source: &Source) -> Result<()> {
    if source.kind == SourceKind::Webhook {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{} is no webhook ({}), and its records are read by their format. Make a webhook on the page Sources, \
         and send there.",
        source.id,
        source.kind.label()
    )))
}
