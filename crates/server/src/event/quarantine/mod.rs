//! The quarantine: records that could not be read, with their bytes. They never change; they are
//! replayed by `intake` once they can be read, or discarded with a reason.

mod store;

use std::fmt;

use domain::{Actor, IntakeId, Permission, SourceId, Text, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Delivery;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::paging::{Page, PageQuery};

/// How many records one replay takes.
pub const AT_ONCE: i64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeldState {
    Held,
    Replayed,
    Discarded,
}

impl HeldState {
    pub const fn as_str(self) -> &'static str {
        match self {
            HeldState::Held => "held",
            HeldState::Replayed => "replayed",
            HeldState::Discarded => "discarded",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        [HeldState::Held, HeldState::Replayed, HeldState::Discarded]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Error::Damaged(format!("no state of a refused record is called {text:?}")))
    }
}

impl fmt::Display for HeldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A record in the quarantine.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldRecord {
    pub number: i64,
    #[schema(value_type = String, example = "INT-1")]
    pub delivery: IntakeId,
    #[schema(value_type = Option<String>, example = "SRC-1")]
    pub source: Option<SourceId>,
    /// Where it stands in its delivery.
    #[schema(example = "line 7")]
    pub record: String,
    pub cause: String,
    pub state: HeldState,
    /// How long it is; null where its bytes are not kept beside the delivery.
    pub bytes: Option<i64>,
    /// Whether only its beginning is kept here. The delivery's bytes hold all of it.
    pub cut: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "USR-1")]
    pub settled_by: Option<UserId>,
    /// Why it was discarded.
    pub reason: Option<String>,
    /// The delivery in which it became an event.
    #[schema(value_type = Option<String>, example = "INT-2")]
    pub replayed_in: Option<IntakeId>,
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// Which records are meant: those of a source, of a delivery, or by number. At least one must be said.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "SRC-1")]
    pub source: Option<SourceId>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "INT-1")]
    pub delivery: Option<IntakeId>,
    #[serde(default)]
    pub record: Option<i64>,
}

impl Which {
    pub fn check(&self) -> Result<()> {
        if self.source.is_none() && self.delivery.is_none() && self.record.is_none() {
            return Err(Error::Invalid("Name a `source`, a `delivery` or a `record`.".to_owned()));
        }
        Ok(())
    }
}

/// Records in the quarantine, oldest first.
pub async fn held(
    app: &App,
    actor: &Actor,
    which: &Which,
    state: Option<HeldState>,
    page: &PageQuery,
) -> Result<Page<HeldRecord>> {
    need(actor, Permission::ReadAlerts, "seeing the quarantine")?;
    let limit = page.limit()?;
    let after = page.position::<1>()?.map(|[id]| id);
    let found = store::list(&app.db, which, state, after, limit + 1).await?;
    Ok(Page::of(found, limit, |record| [record.number]))
}

pub async fn held_record(app: &App, actor: &Actor, number: i64) -> Result<HeldRecord> {
    need(actor, Permission::ReadAlerts, "seeing the quarantine")?;
    let which = Which { record: Some(number), ..Which::default() };
    let found = store::list(&app.db, &which, None, None, 1).await?;
    found.into_iter().next().ok_or(Error::NotFound("record"))
}

/// How many records are held.
pub async fn count_held(app: &App, which: &Which) -> Result<i64> {
    store::count_held(&app.db, which).await
}

/// Gives held records up. Their bytes stay where they are.
pub async fn discard(app: &App, actor: &Actor, which: Which, reason: &str) -> Result<i64> {
    need(actor, Permission::TriageAlerts, "discarding records")?;
    which.check()?;
    let reason = Text::new("the reason", reason)?;
    let by = actor.user();
    app.change(actor, move |change| {
        Box::pin(async move {
            let told = store::discard(change, &which, &reason, by).await?;
            if told > 0 {
                announce(change, &which, "quarantine.discard", &format!("{told} records: {}", &*reason))
                    .await?;
            }
            Ok(told)
        })
    })
    .await
}

/// The next held records of which all bytes are kept.
pub async fn to_replay(app: &App, which: &Which) -> Result<Vec<HeldRecord>> {
    store::whole(&app.db, which, AT_ONCE).await
}

/// Notes that records became events of a delivery. Refused if one of them is not held any more.
pub async fn note_replayed(
    change: &mut Change<'_>,
    which: &Which,
    records: &[i64],
    delivery: &Delivery,
    by: Option<UserId>,
) -> Result<()> {
    let noted = store::note_replayed(change, records, delivery.id, by).await?;
    if noted != records.len() {
        return Err(Error::Conflict("Somebody else has settled these records meanwhile.".to_owned()));
    }
    let text = format!("{noted} records in {}", delivery.id);
    announce(change, which, "quarantine.replay", &text).await
}

async fn announce(change: &mut Change<'_>, which: &Which, act: &str, told: &str) -> Result<()> {
    let named = [which.source.map(|id| id.to_string()), which.delivery.map(|id| id.to_string())];
    let name = named.into_iter().flatten().next().unwrap_or_else(|| "QUARANTINE-1".to_owned());
    change.record(&name, act, &serde_json::json!({ "done": told, "record": which.record }), None).await?;
    change.tell("deliveries", &name, None).await?;
    change.tell("sources", &name, None).await
}
