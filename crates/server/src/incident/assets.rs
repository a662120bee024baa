//! Where assets stand: whether the intruder had them, and how far their containment is. One act moves
//! one asset or many; each step is kept with who, when and why.

use domain::asset::{AssetState, Compromise, Containment, Standing};
use domain::timeline::EntryKind;
use domain::{Actor, AssetId, IncidentId, Text, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Asset, keep, optional, read, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;

/// How many assets one act moves.
const MOST: usize = 200;

/// Which of an asset's two states a step changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Machine {
    Compromise,
    Containment,
}

impl Machine {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compromise => "compromise",
            Self::Containment => "containment",
        }
    }
}

impl std::str::FromStr for Machine {
    type Err = domain::Error;

    fn from_str(text: &str) -> domain::Result<Self> {
        match text {
            "compromise" => Ok(Self::Compromise),
            "containment" => Ok(Self::Containment),
            _ => Err(domain::Error::Inconsistent { what: "step of an asset", why: "it is of no known kind" }),
        }
    }
}

/// A step of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "AST-1")]
    pub asset: AssetId,
    pub machine: Machine,
    #[schema(example = "suspected")]
    pub before: String,
    #[schema(example = "confirmed")]
    pub after: String,
    pub reason: Option<String>,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// Every step of every asset of an incident, the newest first.
pub async fn steps(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<Step>> {
    read::get(app, actor, id).await?;
    store::things::steps(&app.db, &scope::family(app, id).await?).await
}

/// Where assets are to stand.
#[derive(Debug, Clone, Copy)]
pub enum To {
    /// Either or both.
    Stand { compromise: Option<Compromise>, containment: Option<Containment> },
    /// Both in one word.
    Word(AssetState),
}

/// Moves assets. One that stands so already is left out; one that may not refuses the whole act.
pub async fn move_all(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    mut ids: Vec<AssetId>,
    to: To,
    why: Option<String>,
) -> Result<Vec<Asset>> {
    let why = optional(why).map(|why| text("the reason", &why)).transpose()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() || ids.len() > MOST {
        return Err(Error::Invalid(format!("Choose from 1 to {MOST} assets.")));
    }
    if matches!(to, To::Stand { compromise: None, containment: None }) {
        return Err(Error::Invalid(
            "Say what the assets are: their compromise, their containment, or both.".to_owned(),
        ));
    }
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_work(change, &actor, incident).await?;
            let family = scope::family_in(change, incident).await?;
            let mut moved = Vec::with_capacity(ids.len());
            let mut lines = Vec::new();
            for id in ids {
                let found = store::things::asset_in(change.tx, &family, id).await?;
                let mut asset = found.ok_or(Error::NotFound("asset"))?;
                let steps = one(change, &actor, &mut asset, to, why.as_ref())?;
                if steps.is_empty() {
                    continue;
                }
                store::things::update_asset(change, &asset).await?;
                store::things::insert_steps(change, &steps).await?;
                change.record(&id.to_string(), "asset.move", &asset, Some(asset.incident.get())).await?;
                lines.push(format!("{} {}: {}", asset.kind.label(), asset.name, words(asset.standing())));
                moved.push(asset);
            }
            if moved.is_empty() {
                return Err(Error::Conflict("Nothing changes: they stand so already.".to_owned()));
            }
            let because = why.as_ref().map(|why| format!("\n{why}")).unwrap_or_default();
            let line = match lines.as_slice() {
                [line] => format!("{line}{because}"),
                many => format!("{} assets moved\n{}{because}", many.len(), many.join("\n")),
            };
            keep::line(change, &actor, incident, EntryKind::Action, line).await?;
            keep::tell(change, incident).await?;
            Ok(moved)
        })
    })
    .await
}

/// Moves one asset as far as it does not stand so already, and says which steps that took.
fn one(
    change: &Change<'_>,
    actor: &Actor,
    asset: &mut Asset,
    to: To,
    why: Option<&Text>,
) -> Result<Vec<Step>> {
    let before = asset.standing();
    let (compromise, containment) = match to {
        To::Stand { compromise, containment } => (compromise, containment),
        To::Word(state) if before.summary() == state => (None, None),
        To::Word(state) => {
            let meant = before.meant_by(state);
            (Some(meant.compromise), Some(meant.containment))
        }
    };
    let named = |error: domain::Error| Error::Invalid(format!("{}: {error}", asset.name));
    let mut now = before;
    if let Some(to) = compromise.filter(|to| *to != now.compromise) {
        now = now.found(to, why).map_err(named)?;
    }
    if let Some(to) = containment.filter(|to| *to != now.containment) {
        now = now.contained(to, why).map_err(named)?;
    }
    let step = |machine: Machine, before: &str, after: &str| Step {
        incident: asset.incident,
        asset: asset.id,
        machine,
        before: before.to_owned(),
        after: after.to_owned(),
        reason: why.map(ToString::to_string),
        by: actor.user(),
        at: change.at,
    };
    let mut steps = Vec::new();
    if now.compromise != before.compromise {
        steps.push(step(Machine::Compromise, before.compromise.as_str(), now.compromise.as_str()));
    }
    if now.containment != before.containment {
        steps.push(step(Machine::Containment, before.containment.as_str(), now.containment.as_str()));
    }
    asset.stand(now);
    if let (false, Some(why)) = (steps.is_empty(), why) {
        asset.note = Some(why.to_string());
    }
    Ok(steps)
}

/// Both states as a line says them.
fn words(standing: Standing) -> String {
    format!("{}, {}", standing.compromise.label().to_lowercase(), standing.containment.label().to_lowercase())
}
