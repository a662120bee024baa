//! Runs of playbooks on an incident. What may happen to a run is `cacao`'s word; here each event is stored with the
//! state that follows from it, committed to the ledger and told on the incident's timeline, in one change. Whoever
//! acts does so only after that. What people do to a run is in [`act`], playbooks that call each other in [`call`],
//! the words on the timeline in [`lines`].

pub mod act;
pub(super) mod call;
mod lines;

use std::collections::BTreeMap;

use cacao::{Effect, Ending, Event, Flight, Limits, Phase, Run, RunRefusal, Status, Strand, VisitResult};
use domain::{Actor, IncidentId, Permission, PlaybookId, RunId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::store::runs as store;
use super::{Kept, TOPIC, carry, store as library};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{need, scope};
use crate::incident;

pub use act::{Act, act};

/// How many open runs one list shows.
const MOST_OPEN: i64 = 200;

/// A run as it is stored.
#[derive(Debug, Clone)]
pub struct Record {
    pub id: RunId,
    pub incident: IncidentId,
    pub playbook: PlaybookId,
    pub version: i64,
    /// The playbook's name when it was started.
    pub name: String,
    pub state: Run,
    pub wake: Option<Timestamp>,
    pub events: i64,
    /// The run whose step this one is, with that step's key.
    pub parent: Option<(RunId, String)>,
    pub started_by: Option<UserId>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A run as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunView {
    #[schema(value_type = String, example = "RUN-1")]
    pub id: RunId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "PBK-1")]
    pub playbook: PlaybookId,
    pub version: i64,
    pub name: String,
    /// `running`, `waiting`, `doubt`, `closing`, `undoing`, `completed`, `failed` or `stopped`.
    #[schema(example = "running")]
    pub status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// How many steps that act were done so far.
    pub steps_done: usize,
    /// What may have happened and waits for a person to say so, by its key.
    pub doubts: Vec<String>,
}

/// Something that happened to a run.
#[derive(Debug, Clone)]
pub struct Line {
    pub number: i64,
    pub at: Timestamp,
    /// Who brought it about, as the ledger names people.
    pub actor: String,
    pub event: Event,
}

impl Record {
    pub fn status(&self) -> &'static str {
        match &self.state.status {
            Status::Running if !self.state.doubts().is_empty() => "doubt",
            Status::Running if self.waits_for_people() => "waiting",
            Status::Running => "running",
            Status::Closing { .. } => "closing",
            Status::Undoing { .. } => "undoing",
            Status::Ended { ending } => match ending {
                Ending::Completed => "completed",
                Ending::Failed { .. } => "failed",
                Ending::Stopped { .. } => "stopped",
            },
        }
    }

    /// How many steps that act were done. An identifier begins with its step's type (CACAO v2.0 §10.10).
    fn steps_done(&self) -> usize {
        let acts = |step: &str| step.starts_with("action--") || step.starts_with("playbook-action--");
        let visits = self.state.visits().iter();
        visits.filter(|visit| visit.result == VisitResult::Done && acts(&visit.step)).count()
    }

    /// Whether nothing goes on before somebody answers.
    fn waits_for_people(&self) -> bool {
        let asks = |strand: &Strand| match &strand.phase {
            Phase::Approval { .. } => Some(true),
            Phase::Act { call, flight: Flight::Away { .. }, .. } if call.kind == "manual" => Some(true),
            // Branches wait for what is in them.
            Phase::Branches { .. } => None,
            _ => Some(false),
        };
        let asked: Vec<bool> = self.state.strands().filter_map(asks).collect();
        !asked.is_empty() && asked.into_iter().all(|asks| asks)
    }

    pub fn state_text(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.state)?)
    }

    pub fn view(&self) -> RunView {
        RunView {
            id: self.id,
            incident: self.incident,
            playbook: self.playbook,
            version: self.version,
            name: self.name.clone(),
            status: self.status(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            steps_done: self.steps_done(),
            doubts: self.state.doubts().into_iter().map(|(key, ..)| key.to_string()).collect(),
        }
    }
}

/// The topic that the page of one run follows.
pub fn topic(run: RunId) -> String {
    format!("run-{}", run.get())
}

/// Starts the present version of a playbook on an incident.
pub async fn start(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    playbook: PlaybookId,
    values: BTreeMap<String, String>,
) -> Result<Record> {
    need(actor, Permission::WorkIncident, "running playbooks")?;
    let kept = super::get(app, actor, playbook, None).await?;
    let who = actor.clone();
    let record = app
        .change(actor, move |change| {
            Box::pin(async move {
                incident::record::adding(change, &who, incident).await?;
                begin(change, &who, &kept, incident, values, None).await
            })
        })
        .await?;
    carry::advance(app, record.id).await;
    get(app, actor, record.id).await
}

/// Stores a new run with its first event.
pub(super) async fn begin(
    change: &mut Change<'_>,
    actor: &Actor,
    kept: &Kept,
    incident: IncidentId,
    values: BTreeMap<String, String>,
    parent: Option<(RunId, String)>,
) -> Result<Record> {
    let playbook = kept.read()?;
    in_time(&playbook, change.at)?;
    let limits = Limits::default();
    let (state, effects) = Run::start(&playbook, change.at, &values, limits, false).map_err(refused)?;
    let event = Event::Started { at: change.at, values, limits, rehearsal: false };
    let mut record = Record {
        id: RunId::try_from(1)?,
        incident,
        playbook: kept.playbook.id,
        version: kept.version.version,
        name: playbook.name.clone(),
        wake: wake(&effects, change.at),
        events: 1,
        ended_at: state.is_over().then_some(change.at),
        state,
        parent,
        started_by: actor.user(),
        started_at: change.at,
    };
    record.id = store::insert(change, &record).await?;
    store::add_event(change, &record, actor.name(), &event).await?;
    commit(change, &record, &event).await?;
    let line = format!("Playbook started: {} ({}, version {})", record.name, record.id, record.version);
    incident::record::worked(change, actor, incident, line).await?;
    Ok(record)
}

/// A playbook that its maker revoked, or whose time is not now, is not run.
fn in_time(playbook: &cacao::Playbook, now: Timestamp) -> Result<()> {
    let time = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    if playbook.revoked == Some(true) {
        return Err(Error::Conflict("Its maker has revoked this playbook; it is not run.".to_owned()));
    }
    if time(&playbook.valid_from).is_some_and(|from| now < from)
        || time(&playbook.valid_until).is_some_and(|until| now >= until)
    {
        return Err(Error::Conflict(
            "The playbook is not valid at this time (`valid_from`, `valid_until`).".to_owned(),
        ));
    }
    Ok(())
}

/// When the run must be looked at by itself: at once where something is to be carried out.
fn wake(effects: &[Effect], now: Timestamp) -> Option<Timestamp> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Do(_) | Effect::Playbook { .. } => Some(now),
            Effect::Wake { at } => Some(*at),
            Effect::Approve { .. } => None,
        })
        .min()
}

/// Takes an event in: the state that follows, the log, the ledger, the timeline, in this change.
pub(super) async fn happen(
    change: &mut Change<'_>,
    actor: &Actor,
    run: &mut Record,
    event: Event,
) -> Result<()> {
    let kept = library::get_in(change.tx, run.playbook, run.version).await?;
    let playbook = kept.read()?;
    let before = lines::Before::of(run);
    run.state.apply(&playbook, &event).map_err(refused)?;
    run.events += 1;
    run.wake = wake(&run.state.pending(&playbook), change.at);
    run.ended_at = run.state.is_over().then_some(change.at);
    store::update(change, run).await?;
    store::add_event(change, run, actor.name(), &event).await?;
    commit(change, run, &event).await?;
    for line in lines::of(run, &playbook, &before, &event, actor.name()) {
        incident::record::worked(change, actor, run.incident, line).await?;
    }
    Ok(())
}

/// What the ledger commits to: the event, and how the run stands after it.
#[derive(Serialize)]
struct Leaf<'a> {
    #[serde(flatten)]
    view: RunView,
    number: i64,
    event: &'a Event,
}

async fn commit(change: &mut Change<'_>, run: &Record, event: &Event) -> Result<()> {
    let act = match event {
        Event::Started { .. } => "run.start",
        Event::Intended { .. } => "run.intend",
        Event::Outcome { .. } => "run.outcome",
        Event::Interrupted { .. } => "run.interrupt",
        Event::Tick { .. } => "run.tick",
        Event::Settled { .. } => "run.settle",
        Event::Approval { .. } => "run.approve",
        Event::Delegated { .. } => "run.hand_on",
        Event::Stopped { .. } => "run.stop",
        Event::RollBack { .. } => "run.roll_back",
    };
    let scope = Some(run.incident.get());
    let leaf = Leaf { view: run.view(), number: run.events, event };
    change.record(&run.id.to_string(), act, &leaf, scope).await?;
    change.tell(&topic(run.id), &run.id.to_string(), scope).await?;
    change.tell(TOPIC, &run.id.to_string(), scope).await
}

/// What a run refuses is a conflict with its present state, or the caller's to mend.
pub(super) fn refused(refusal: RunRefusal) -> Error {
    match refusal {
        RunRefusal::NotExternal(_) | RunRefusal::WrongValue { .. } | RunRefusal::NotAnOutput(_) => {
            Error::Invalid(refusal.to_string())
        }
        other => Error::Conflict(other.to_string()),
    }
}

pub async fn get(app: &App, actor: &Actor, id: RunId) -> Result<Record> {
    need(actor, Permission::ReadIncident, "reading runs")?;
    store::one(&app.db, actor, id).await?.ok_or(Error::NotFound("run"))
}

/// The runs of an incident, and of those that are merged into it, newest first.
pub async fn of_incident(app: &App, actor: &Actor, incident: IncidentId) -> Result<Vec<Record>> {
    incident::get(app, actor, incident).await?;
    store::of_family(&app.db, actor, &scope::family(app, incident).await?).await
}

/// The runs that are not over, of all incidents that the actor may see.
pub async fn open(app: &App, actor: &Actor) -> Result<Vec<Record>> {
    need(actor, Permission::ReadIncident, "reading runs")?;
    store::open_of(&app.db, actor, MOST_OPEN).await
}

pub async fn log(app: &App, actor: &Actor, id: RunId) -> Result<Vec<Line>> {
    get(app, actor, id).await?;
    store::events(&app.db, id).await
}
