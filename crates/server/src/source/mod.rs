//! Sources of telemetry: what is known of a shipper, a listener's peer or a followed file, how much
//! comes from it and when it last spoke. How its records are read is `intake`'s business.

pub mod api;
pub mod mapping;
mod store;

use std::collections::HashMap;
use std::str::FromStr;

use domain::{Actor, Line, Permission, SourceId, SourceKind, SourceState, UserId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::paging::{Page, PageQuery};

/// How many sources there may be: whoever may send must not be able to make them without end.
pub const MOST: i64 = 2000;
/// The width of a bucket of the rate, and for how long buckets are kept.
pub const BUCKET: SignedDuration = SignedDuration::from_mins(5);
pub const HISTORY: SignedDuration = SignedDuration::from_hours(48);
/// The shortest and the longest silence that an alarm can be set for, in seconds.
const SILENCE: std::ops::RangeInclusive<i64> = 60..=30 * 86_400;

/// Where telemetry comes from, again and again.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Source {
    #[schema(value_type = String, example = "SRC-1")]
    pub id: SourceId,
    /// What its sender calls it; it never changes. Text from outside.
    #[schema(example = "firewall")]
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    #[schema(value_type = String, example = "http")]
    pub kind: SourceKind,
    /// The format that its records are expected in; null: told by the bytes.
    #[schema(example = "syslog")]
    pub format: Option<String>,
    #[schema(value_type = String, example = "active")]
    pub state: SourceState,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub created_by: Option<UserId>,
    /// When the last record was received.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen: Option<Timestamp>,
    /// The time that the newest event tells.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub newest_event: Option<Timestamp>,
    /// How long after its own time the newest event was received, in seconds.
    pub lag: Option<i64>,
    pub batches: i64,
    pub events: i64,
    /// Records that could not be read.
    pub refused: i64,
    pub bytes: i64,
    pub detections: i64,
    /// Messages that were lost before they could be kept (UDP), as far as they could be counted.
    pub dropped: i64,
    /// After how many seconds without a record an alarm is raised; null: never.
    pub silence_after: Option<i64>,
    /// Since when it is silent for longer than it may be.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub silent_since: Option<Timestamp>,
}

impl Source {
    /// What people call it.
    pub fn title(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// What came from a source in five minutes.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rate {
    /// When the five minutes began.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    pub events: i64,
    pub refused: i64,
    pub bytes: i64,
    pub detections: i64,
}

/// A time when a source was silent for longer than it may be.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Silence {
    /// The last record before it.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub alarmed_at: Timestamp,
    /// The first record after it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// What a batch adds to its source.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    pub batches: i64,
    pub events: i64,
    pub refused: i64,
    pub bytes: i64,
    pub detections: i64,
    pub newest: Option<Timestamp>,
}

/// What people set. A part that is left out stays as it is; null empties it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>)]
    pub label: Option<Option<String>>,
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<String>, example = "syslog")]
    pub format: Option<Option<String>>,
    /// In seconds, from a minute to thirty days.
    #[serde(default, deserialize_with = "set")]
    #[schema(value_type = Option<i64>, example = 3600)]
    pub silence_after: Option<Option<i64>>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "paused")]
    pub state: Option<SourceState>,
}

/// Tells what is null from what is left out.
fn set<'de, D, T>(from: D) -> std::result::Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(from).map(Some)
}

/// All sources, newest first; retired ones only where asked for.
pub async fn list(app: &App, actor: &Actor, retired: bool, page: &PageQuery) -> Result<Page<Source>> {
    need(actor, Permission::ReadAlerts, "seeing sources")?;
    let limit = page.limit()?;
    let before = page.position::<1>()?.map(|[id]| id);
    let found = store::list(&app.db, retired, before, limit + 1).await?;
    Ok(Page::of(found, limit, |source| [source.id.get()]))
}

pub async fn get(app: &App, actor: &Actor, id: SourceId) -> Result<Source> {
    need(actor, Permission::ReadAlerts, "seeing sources")?;
    store::get(&app.db, id).await?.ok_or(Error::NotFound("source"))
}

/// The rate of the last two days, oldest first; five minutes in which nothing came are left out.
pub async fn rates(app: &App, actor: &Actor, id: SourceId) -> Result<Vec<Rate>> {
    get(app, actor, id).await?;
    store::rates(&app.db, id, app.clock.now() - HISTORY).await
}

/// As [`rates`], of the sources of one page of the list.
pub async fn rates_of(app: &App, actor: &Actor, page: &[Source]) -> Result<HashMap<SourceId, Vec<Rate>>> {
    need(actor, Permission::ReadAlerts, "seeing sources")?;
    let ids = page.iter().map(|source| source.id);
    let (Some(first), Some(last)) = (ids.clone().min(), ids.max()) else { return Ok(HashMap::new()) };
    store::rates_between(&app.db, first, last, app.clock.now() - HISTORY).await
}

/// The newest silences of a source.
pub async fn silences(app: &App, actor: &Actor, id: SourceId) -> Result<Vec<Silence>> {
    get(app, actor, id).await?;
    store::silences(&app.db, id).await
}

/// The source of this name. It is made when its first request comes.
pub async fn ensure(app: &App, actor: &Actor, kind: SourceKind, name: &str) -> Result<Source> {
    need(actor, Permission::Ingest, "sending telemetry")?;
    if let Some(known) = store::by_name(&app.db, name).await? {
        return Ok(known);
    }
    let name = Line::new("a source's name", name).map_err(|_| {
        Error::Invalid("A source's name is a line of 1 to 200 characters, without line breaks.".to_owned())
    })?;
    let by = actor.user();
    app.change(actor, move |change| {
        Box::pin(async move {
            // Another request may have been faster.
            if let Some(known) = store::by_name_in(change.tx, &name).await? {
                return Ok(known);
            }
            if store::count(change.tx).await? >= MOST {
                return Err(Error::Conflict(format!(
                    "There are {MOST} sources already, and no more are made by themselves. Send under a name \
                     that is known."
                )));
            }
            let source = store::insert(change, &name, kind, by).await?;
            announce(change, &source, "source.appear").await?;
            Ok(source)
        })
    })
    .await
}

/// A webhook that nothing was sent to yet, so that its mapping can be written first.
pub async fn make_webhook(app: &App, actor: &Actor, name: &str) -> Result<Source> {
    need(actor, Permission::TriageAlerts, "making a webhook")?;
    let known = store::by_name(&app.db, name.trim()).await?;
    if let Some(known) = known.filter(|known| known.kind != SourceKind::Webhook) {
        return Err(Error::Conflict(format!(
            "{} is the name of {}, which is no webhook ({}). Choose another name.",
            known.name,
            known.id,
            known.kind.label()
        )));
    }
    ensure(app, actor, SourceKind::Webhook, name.trim()).await
}

/// Whether a source is listened to. What a paused one sends is to be kept by its sender.
pub fn check_listening(source: &Source) -> Result<()> {
    match source.state {
        SourceState::Active => Ok(()),
        SourceState::Paused => Err(Error::Unavailable(format!(
            "The source {} is paused here. Keep what you have and send it later.",
            source.name
        ))),
        SourceState::Retired => Err(Error::Conflict(format!(
            "The source {} is retired. Make it active on its page, or send under another name.",
            source.name
        ))),
    }
}

pub async fn edit(app: &App, actor: &Actor, id: SourceId, edit: Edit) -> Result<Source> {
    need(actor, Permission::TriageAlerts, "changing sources")?;
    let label =
        edit.label.map(|label| label.map(|text| Line::new("the name", &text)).transpose()).transpose()?;
    if let Some(Some(format)) = &edit.format {
        telemetry::Format::from_str(format).map_err(|error| Error::Invalid(format!("{error}.")))?;
    }
    if let Some(Some(seconds)) = edit.silence_after
        && !SILENCE.contains(&seconds)
    {
        return Err(Error::Invalid("A silence alarm is set for 60 seconds to 30 days.".to_owned()));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut source = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("source"))?;
            if let Some(label) = label {
                source.label = label.map(|label| label.to_string());
            }
            if let Some(format) = edit.format {
                source.format = format;
            }
            if let Some(after) = edit.silence_after {
                source.silence_after = after;
            }
            if let Some(state) = edit.state {
                source.state = state;
            }
            // Whoever is not expected to speak is not silent.
            if source.silence_after.is_none() || source.state != SourceState::Active {
                source.silent_since = None;
            }
            store::set(change.tx, &source).await?;
            announce(change, &source, "source.edit").await?;
            Ok(source)
        })
    })
    .await
}

/// Adds what was heard to a source. Ends its silence.
pub async fn heard(change: &mut Change<'_>, id: SourceId, heard: &Heard) -> Result<()> {
    let before = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("source"))?;
    store::add(change, id, heard).await?;
    let width = i64::try_from(BUCKET.as_micros()).unwrap_or(i64::MAX);
    let bucket = change.at_micros().div_euclid(width) * width;
    if store::add_rate(change.tx, id, bucket, heard).await? {
        let oldest = change.at - HISTORY;
        store::forget_rates(change.tx, id, oldest).await?;
    }
    if before.silent_since.is_some() {
        store::end_silence(change, id).await?;
        let now = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("source"))?;
        announce(change, &now, "source.speak").await?;
    } else {
        change.tell("sources", &id.to_string(), None).await?;
    }
    Ok(())
}

/// Counts messages that were lost before they could be kept.
pub async fn dropped(app: &App, id: SourceId, messages: i64) -> Result<()> {
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move {
            store::add_dropped(change.tx, id, messages).await?;
            change.tell("sources", &id.to_string(), None).await
        })
    })
    .await
}

/// The sources that have been silent for longer than they may be and of which nobody is told yet.
pub async fn fallen_silent(app: &App) -> Result<Vec<Source>> {
    store::fallen_silent(&app.db, app.clock.now()).await
}

/// Notes that a source fell silent, unless it has spoken meanwhile; says whether it was noted.
pub async fn note_silence(change: &mut Change<'_>, id: SourceId) -> Result<Option<Source>> {
    let Some(mut source) = store::get_in(change.tx, id).await? else { return Ok(None) };
    let (Some(after), Some(last)) = (source.silence_after, source.last_seen) else { return Ok(None) };
    let due = last + SignedDuration::from_secs(after) <= change.at;
    if !due || source.silent_since.is_some() || source.state != SourceState::Active {
        return Ok(None);
    }
    source.silent_since = Some(last);
    store::set(change.tx, &source).await?;
    store::insert_silence(change, id, last).await?;
    announce(change, &source, "source.fall_silent").await?;
    Ok(Some(source))
}

async fn announce(change: &mut Change<'_>, source: &Source, act: &str) -> Result<()> {
    change.record(&source.id.to_string(), act, source, None).await?;
    change.tell("sources", &source.id.to_string(), None).await
}
