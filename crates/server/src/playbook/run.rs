//! Runs of playbooks on an incident. What may happen to a run is `cacao`'s word; here each event is stored with the
//! state that follows from it, committed to the ledger and told on the incident's timeline, in one change. Whoever
//! acts does so only after that.

use std::collections::BTreeMap;

use cacao::{Effect, Ending, Event, Key, Limits, Outcome, Run, RunRefusal, Status, Verdict, VisitResult};
use domain::{Actor, IncidentId, Permission, PlaybookId, RunId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Kept, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::incident;

/// How deep playbooks may call each other.
const DEEPEST: u32 = 5;
/// How much of an output stands on the timeline, in characters.
const SHOWN: usize = 400;

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
    /// How many steps were left so far.
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
            steps_done: self.state.visits().iter().filter(|visit| visit.left.is_some()).count(),
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
                let record = incident::record::working(change, &who, incident).await?;
                if record.is_closed() {
                    return Err(Error::Conflict("The incident is closed; reopen it to run a playbook on it.".to_owned()));
                }
                begin(change, &who, &kept, incident, values, None).await
            })
        })
        .await?;
    app.playbooks.notify_one();
    Ok(record)
}

/// Stores a new run with its first event.
async fn begin(
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
    record.id = store::insert_run(change, &record).await?;
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
        return Err(Error::Conflict("The playbook is not valid at this time (`valid_from`, `valid_until`).".to_owned()));
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
pub(super) async fn happen(change: &mut Change<'_>, actor: &Actor, run: &mut Record, event: Event) -> Result<()> {
    let kept = store::get_in(change.tx, run.playbook, run.version).await?;
    let playbook = kept.read()?;
    let (left, doubts) = (closed(run), run.state.doubts().len());
    run.state.apply(&playbook, &event).map_err(refused)?;
    run.events += 1;
    run.wake = wake(&run.state.pending(&playbook), change.at);
    run.ended_at = run.state.is_over().then_some(change.at);
    store::update_run(change, run).await?;
    store::add_event(change, run, actor.name(), &event).await?;
    commit(change, run, &event).await?;
    for line in lines(run, &playbook, &left, doubts, &event) {
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
        Event::Stopped { .. } => "run.stop",
        Event::RollBack { .. } => "run.roll_back",
    };
    let scope = Some(run.incident.get());
    let leaf = Leaf { view: run.view(), number: run.events, event };
    change.record(&run.id.to_string(), act, &leaf, scope).await?;
    change.tell(&topic(run.id), &run.id.to_string(), scope).await?;
    Ok(())
}

/// The numbers of the visits that were left.
fn closed(run: &Record) -> Vec<usize> {
    let numbered = run.state.visits().iter().enumerate();
    numbered.filter(|(_, visit)| visit.left.is_some()).map(|(number, _)| number).collect()
}

/// What the timeline says of an event: steps that were done or failed, doubts, settlements, the end.
fn lines(run: &Record, playbook: &cacao::Playbook, left: &[usize], doubts: usize, event: &Event) -> Vec<String> {
    let title = |id: &str| playbook.step(id).map_or_else(|| id.to_owned(), |step| step.title().to_owned());
    let mut lines = Vec::new();
    match event {
        Event::Settled { key, verdict, .. } => lines.push(match verdict {
            Verdict::Happened { .. } => format!("{}: in doubt, and found done ({key})", run.id),
            Verdict::Again => format!("{}: in doubt, found not done, and tried again ({key})", run.id),
            Verdict::GiveUp => format!("{}: in doubt, and given up ({key})", run.id),
        }),
        Event::Approval { yes, .. } => {
            lines.push(format!("{}: {}", run.id, if *yes { "a step was approved" } else { "a step was refused approval" }));
        }
        Event::RollBack { .. } => lines.push(format!("{}: its steps are being undone", run.id)),
        _ => {}
    }
    for (number, visit) in run.state.visits().iter().enumerate() {
        let acts = playbook.step(&visit.step).is_some_and(|step| matches!(step.type_name(), "action" | "playbook-action"));
        if visit.left.is_none() || left.contains(&number) || !acts {
            continue;
        }
        let what = match &visit.result {
            VisitResult::Done => "done".to_owned(),
            VisitResult::Failed { failure } => format!("failed: {}", failure.message),
            VisitResult::CalledOff => "called off".to_owned(),
            VisitResult::Open => continue,
        };
        let mut line = format!("{}: {}: {what}", run.id, title(&visit.step));
        for (name, value) in &visit.outputs {
            line.push_str(&format!("\n{name} = {}", shortened(value)));
        }
        lines.push(line);
    }
    if run.state.doubts().len() > doubts {
        for (key, step, _) in run.state.doubts() {
            lines.push(format!("{}: {} may have happened, and nobody knows: look, and settle it ({key})", run.id, title(&step)));
        }
    }
    if let Status::Ended { ending } = &run.state.status {
        lines.push(match ending {
            Ending::Completed => format!("Playbook completed: {} ({})", run.name, run.id),
            Ending::Failed { failure } => format!("Playbook failed: {} ({}): {}", run.name, run.id, failure.message),
            Ending::Stopped { reason, .. } => format!("Playbook stopped: {} ({}): {reason}", run.name, run.id),
        });
    }
    lines
}

fn shortened(text: &str) -> String {
    let clean: String = text.chars().filter(|letter| !letter.is_control() || *letter == '\n').collect();
    match clean.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", clean.get(..cut).unwrap_or_default()),
        None => clean,
    }
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
    store::run(&app.db, actor, id).await?.ok_or(Error::NotFound("run"))
}

pub async fn of_incident(app: &App, actor: &Actor, incident: IncidentId) -> Result<Vec<RunView>> {
    incident::get(app, actor, incident).await?;
    store::runs_of(&app.db, actor, incident).await
}

pub async fn log(app: &App, actor: &Actor, id: RunId) -> Result<Vec<Line>> {
    get(app, actor, id).await?;
    store::events(&app.db, id).await
}

/// What a person does to a run.
#[derive(Debug, Clone)]
pub enum Act {
    /// Answers a manual step.
    Answer { key: String, outcome: Outcome },
    /// Says yes or no to a step.
    Approve { key: String, yes: bool },
    /// Says whether what is in doubt happened.
    Settle { key: String, verdict: Verdict },
    Stop { reason: String },
    RollBack,
}

pub async fn act(app: &App, actor: &Actor, id: RunId, act: Act) -> Result<Record> {
    need(actor, Permission::WorkIncident, "running playbooks")?;
    // Whoever may not see the incident learns nothing of its runs.
    get(app, actor, id).await?;
    let who = actor.clone();
    let record = app
        .change(actor, move |change| {
            Box::pin(async move {
                let mut run = store::run_in(change.tx, id).await?.ok_or(Error::NotFound("run"))?;
                let event = event(change, &who, &run, act).await?;
                happen(change, &who, &mut run, event).await?;
                tell_parent(change, &run).await?;
                Ok(run)
            })
        })
        .await?;
    app.playbooks.notify_one();
    Ok(record)
}

async fn event(change: &mut Change<'_>, actor: &Actor, run: &Record, act: Act) -> Result<Event> {
    let (at, by) = (change.at, actor.name().to_owned());
    Ok(match act {
        Act::Answer { key, outcome } => {
            if !is_manual(run, &key) {
                return Err(Error::Conflict("This step is not a person's to answer, or it was answered already.".to_owned()));
            }
            Event::Outcome { at, key: Key::from(key), outcome }
        }
        Act::Approve { key, yes } => {
            // Plan's roles are held by people; in Watchbell whoever may steer the incident speaks for them.
            incident::record::steering(change, actor, run.incident).await?;
            Event::Approval { at, key: Key::from(key), by: by_account(actor, by), yes }
        }
        Act::Settle { key, verdict } => Event::Settled { at, key: Key::from(key), by, verdict },
        Act::Stop { reason } => {
            let reason = reason.trim().to_owned();
            if reason.is_empty() {
                return Err(Error::Invalid("Say why the run is stopped.".to_owned()));
            }
            Event::Stopped { at, by, reason }
        }
        Act::RollBack => {
            incident::record::steering(change, actor, run.incident).await?;
            Event::RollBack { at, by }
        }
    })
}

/// Two people with one name are two.
fn by_account(actor: &Actor, name: String) -> String {
    actor.user().map_or(name, |user| user.to_string())
}

fn is_manual(run: &Record, key: &str) -> bool {
    run.state.open_calls().any(|(open, _, call)| open.as_str() == key && call.kind == "manual")
}

/// When a run is over, the step that called it has its outcome; so on up.
pub(super) async fn tell_parent(change: &mut Change<'_>, run: &Record) -> Result<()> {
    let mut child = run.clone();
    while let (Status::Ended { ending }, Some((parent, key))) = (&child.state.status, &child.parent) {
        let mut above = store::run_in(change.tx, *parent).await?.ok_or(Error::NotFound("run"))?;
        let outcome = match ending {
            Ending::Completed => Outcome::Done { outputs: outputs(change, &above, &child).await? },
            Ending::Failed { failure } => Outcome::Failed { message: failure.message.clone(), again: false },
            Ending::Stopped { reason, .. } => Outcome::Failed { message: format!("it was stopped: {reason}"), again: false },
        };
        let event = Event::Outcome { at: change.at, key: Key::from(key.clone()), outcome };
        match happen(change, &Actor::Watchbell, &mut above, event).await {
            Ok(()) => child = above,
            // The step was left meanwhile, or the run is undone a second time: nobody waits any more.
            Err(Error::Conflict(_)) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// The values of a finished run that the step which called it asks for.
async fn outputs(change: &mut Change<'_>, parent: &Record, child: &Record) -> Result<BTreeMap<String, String>> {
    let Some((_, key)) = &child.parent else { return Ok(BTreeMap::new()) };
    let kept = store::get_in(change.tx, parent.playbook, parent.version).await?.read()?;
    let step = key.split('#').next().and_then(|id| kept.step(id));
    let names = step.map(cacao::Step::out_args).unwrap_or_default();
    let held = child.state.values().filter(|(name, _)| names.iter().any(|wanted| wanted == name));
    Ok(held.filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect())
}

/// Starts the run of a playbook that a step calls: the intent and the new run are one change, so it is begun once.
pub(super) async fn call(
    change: &mut Change<'_>,
    parent: &mut Record,
    key: &Key,
    called: &str,
    version: Option<&str>,
    values: BTreeMap<String, String>,
) -> Result<()> {
    happen(change, &Actor::Watchbell, parent, Event::Intended { at: change.at, key: key.clone() }).await?;
    let at = change.at;
    let fails = |message: String| Event::Outcome {
        at,
        key: key.clone(),
        outcome: Outcome::Failed { message, again: false },
    };
    let Some((id, present)) = store::by_cacao_id(change.tx, called).await? else {
        let event = fails(format!("the playbook {called} is not in the library"));
        return happen(change, &Actor::Watchbell, parent, event).await;
    };
    let number = match version {
        Some(modified) => store::modified_in(change.tx, id, modified).await?,
        None => Some(present),
    };
    let deep = store::depth_in(change.tx, Some(parent.id)).await? >= DEEPEST;
    let kept = match number {
        Some(number) if !deep => store::get_in(change.tx, id, number).await?,
        Some(_) => {
            let event = fails(format!("playbooks call each other {DEEPEST} deep at most"));
            return happen(change, &Actor::Watchbell, parent, event).await;
        }
        None => {
            let event = fails(format!("the playbook {called} has no version of {}", version.unwrap_or_default()));
            return happen(change, &Actor::Watchbell, parent, event).await;
        }
    };
    let above = Some((parent.id, key.to_string()));
    match begin(change, &Actor::Watchbell, &kept, parent.incident, values, above).await {
        Ok(child) => tell_parent(change, &child).await,
        Err(Error::Conflict(reason) | Error::Invalid(reason)) => {
            let event = fails(reason);
            happen(change, &Actor::Watchbell, parent, event).await
        }
        Err(other) => Err(other),
    }
}
