//! The times that an incident owes: when each began, when it is due, when it was met. A breach is told
//! once, on the timeline and in the outbox. What a clock was stays on record when another replaces it.

use std::time::Duration;

use domain::plan::SeverityLevel;
use domain::response::{Clock, ClockKind, ClockState};
use domain::timeline::EntryKind;
use domain::{Actor, ClockId, IncidentId, Period, Phase, Severity};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{Record, keep, read, store};
use crate::alert::Alert;
use crate::app::App;
use crate::change::Change;
use crate::error::Result;

/// How often clocks are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// Where the outbox tells of a breach.
const BREACHED: &str = "clock.breached";

/// A time that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Owed {
    #[schema(value_type = String, example = "CLK-1")]
    pub id: ClockId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    /// `acknowledge`, `assign`, `contain` or `update`.
    #[schema(value_type = String, example = "contain")]
    pub kind: ClockKind,
    /// The severity whose target it has.
    #[schema(value_type = String, example = "high")]
    pub severity: Severity,
    #[schema(value_type = String, format = DateTime)]
    pub starts: Timestamp,
    #[schema(value_type = String, example = "4h")]
    pub target: Period,
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub met_at: Option<Timestamp>,
    /// When it ceased to count without being met …
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// … and why.
    pub why: Option<String>,
    /// When its breach was told.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub alarmed_at: Option<Timestamp>,
}

/// The same with how it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockView {
    #[serde(flatten)]
    pub clock: Owed,
    /// `running`, `breached`, `met`, `met_late` or `ended`.
    #[schema(value_type = String, example = "running")]
    pub state: ClockState,
    /// Seconds until it is due; below zero once it is overdue. None when it no longer runs.
    pub left: Option<i64>,
    /// Seconds that it took, once it is met.
    pub took: Option<i64>,
}

impl Owed {
    fn new(record: &Record, kind: ClockKind, from: Timestamp, target: Period) -> Result<Self> {
        let clock = Clock::start(from, target);
        Ok(Owed {
            id: keep::unnumbered()?,
            incident: record.id,
            kind,
            severity: record.severity,
            starts: clock.starts,
            target,
            due: clock.due,
            met_at: None,
            ended_at: None,
            why: None,
            alarmed_at: None,
        })
    }

    pub const fn clock(&self) -> Clock {
        Clock { starts: self.starts, due: self.due, met_at: self.met_at, ended_at: self.ended_at }
    }

    pub fn view(self, now: Timestamp) -> ClockView {
        let clock = self.clock();
        ClockView {
            state: clock.state(now),
            left: clock.is_open().then(|| clock.due.duration_since(now).as_secs()),
            took: clock.took().map(|took| took.as_secs()),
            clock: self,
        }
    }
}

/// All clocks of an incident, those that were replaced as well.
pub async fn list(app: &App, actor: &Actor, id: IncidentId) -> Result<Vec<ClockView>> {
    read::get(app, actor, id).await?;
    let now = app.clock.now();
    Ok(store::clock::of_incident(&app.db, id).await?.into_iter().map(|clock| clock.view(now)).collect())
}

/// The clocks of a new incident: what is met by the declaration itself is met.
pub(super) async fn begin(change: &mut Change<'_>, record: &Record, level: &SeverityLevel) -> Result<()> {
    for kind in ClockKind::ALL {
        let Some(target) = level.target(*kind) else { continue };
        let mut clock = Owed::new(record, *kind, record.declared_at, target)?;
        let met = match kind {
            ClockKind::Acknowledge => true,
            ClockKind::Assign => record.commander.is_some(),
            ClockKind::Contain | ClockKind::Update => false,
        };
        clock.met_at = met.then_some(record.declared_at);
        insert(change, clock).await?;
    }
    Ok(())
}

/// The acknowledgement counts from the first alert. An alert that came before those known so far makes it
/// count from then.
pub(in super::super) async fn alerts_came(
    change: &mut Change<'_>,
    record: &Record,
    alerts: &[Alert],
) -> Result<()> {
    let Some(first) = alerts.iter().map(|alert| alert.created_at).min() else { return Ok(()) };
    let Some(known) = store::clock::last_in(change.tx, record.id, ClockKind::Acknowledge).await? else {
        return Ok(());
    };
    if first >= known.starts {
        return Ok(());
    }
    let mut counted = Owed::new(record, ClockKind::Acknowledge, first, known.target)?;
    counted.severity = known.severity;
    let taken = alerts.iter().filter_map(|alert| alert.acknowledged_at).min();
    counted.met_at = [taken, known.met_at, Some(record.declared_at)].into_iter().flatten().min();
    end(change, known, "An earlier alert belongs to the incident.").await?;
    insert(change, counted).await
}

/// What a clock waits for is done.
pub(in super::super) async fn met(change: &mut Change<'_>, record: &Record, kind: ClockKind) -> Result<()> {
    let Some(mut clock) = store::clock::last_in(change.tx, record.id, kind).await? else { return Ok(()) };
    if !clock.clock().is_open() {
        return Ok(());
    }
    clock.met_at = Some(change.at);
    if clock.clock().state(change.at) == ClockState::MetLate && clock.alarmed_at.is_none() {
        alarm(change, &mut clock).await?;
    }
    save(change, &clock, "clock.meet").await
}

/// A situation report settles the update that is owed; the next is owed from now on.
pub(in super::super) async fn reported(
    change: &mut Change<'_>,
    record: &Record,
    level: Option<&SeverityLevel>,
) -> Result<()> {
    met(change, record, ClockKind::Update).await?;
    let every = level.and_then(|level| level.update_every).filter(|_| !record.is_closed());
    let Some(every) = every else { return Ok(()) };
    let next = Owed::new(record, ClockKind::Update, change.at, every)?;
    insert(change, next).await
}

/// Containment is met once its phase is behind the incident, and owed again if it goes back.
pub(in super::super) async fn moved(change: &mut Change<'_>, record: &Record) -> Result<()> {
    if record.phase > Phase::Containment {
        return met(change, record, ClockKind::Contain).await;
    }
    let Some(last) = store::clock::last_in(change.tx, record.id, ClockKind::Contain).await? else {
        return Ok(());
    };
    if last.met_at.is_none() {
        return Ok(());
    }
    let again = Owed { met_at: None, ended_at: None, why: None, severity: record.severity, ..last };
    insert(change, again).await
}

/// Another severity has other targets. Clocks that run are replaced; what was met stays as it was.
pub(super) async fn retarget(change: &mut Change<'_>, record: &Record, level: &SeverityLevel) -> Result<()> {
    for kind in ClockKind::ALL {
        let last = store::clock::last_in(change.tx, record.id, *kind).await?;
        let target = level.target(*kind);
        match (last.filter(|last| last.clock().is_open()), target) {
            (Some(last), Some(target)) if last.target == target => {}
            (Some(last), Some(target)) => {
                let next = last.clock().retargeted(target, change.at);
                // Whoever was told that it is late is not told again while it stays late.
                let alarmed_at = last.alarmed_at.filter(|_| next.due < change.at);
                let next =
                    Owed { severity: record.severity, target, due: next.due, alarmed_at, ..last.clone() };
                end(
                    change,
                    last,
                    &format!("The severity is {} now.", record.severity.label().to_lowercase()),
                )
                .await?;
                insert(change, next).await?;
            }
            (Some(last), None) => {
                let why = format!("Nothing is owed at {}.", record.severity.label().to_lowercase());
                end(change, last, &why).await?;
            }
            // Updates begin where a level wants them and the former did not.
            (None, Some(target)) if *kind == ClockKind::Update => {
                let clock = Owed::new(record, *kind, change.at, target)?;
                insert(change, clock).await?;
            }
            (None, _) => {}
        }
    }
    Ok(())
}

/// A closed incident owes nothing more: what still ran is met by its end, updates just end.
pub(in super::super) async fn closed(change: &mut Change<'_>, record: &Record) -> Result<()> {
    for kind in [ClockKind::Acknowledge, ClockKind::Assign, ClockKind::Contain] {
        met(change, record, kind).await?;
    }
    if let Some(update) = store::clock::last_in(change.tx, record.id, ClockKind::Update).await?
        && update.clock().is_open()
    {
        end(change, update, "The incident was closed.").await?;
    }
    Ok(())
}

/// A reopened incident owes containment and updates anew.
pub(in super::super) async fn reopened(
    change: &mut Change<'_>,
    record: &Record,
    level: Option<&SeverityLevel>,
) -> Result<()> {
    let Some(level) = level else { return Ok(()) };
    let contains = record.phase <= Phase::Containment;
    for kind in [ClockKind::Contain, ClockKind::Update] {
        if let Some(target) = level.target(kind).filter(|_| kind != ClockKind::Contain || contains) {
            let clock = Owed::new(record, kind, change.at, target)?;
            insert(change, clock).await?;
        }
    }
    Ok(())
}

/// Looks for clocks that ran out, again and again.
pub async fn watch(app: App) {
    loop {
        if let Err(error) = check(&app).await {
            tracing::error!(%error, "clocks that ran out cannot be looked for");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Tells of each clock that ran out; says how many did.
pub async fn check(app: &App) -> Result<usize> {
    let mut told = 0;
    for owed in store::clock::ran_out(&app.db, app.clock.now()).await? {
        let rang = app
            .change(&Actor::Watchbell, move |change| {
                Box::pin(async move {
                    let Some(mut clock) = store::clock::clock_in(change.tx, owed.id).await? else {
                        return Ok(false);
                    };
                    // It may have been met between the look and the change.
                    let late = clock.clock().state(change.at) == ClockState::Breached;
                    if !late || clock.alarmed_at.is_some() {
                        return Ok(false);
                    }
                    alarm(change, &mut clock).await?;
                    save(change, &clock, "clock.breach").await?;
                    Ok(true)
                })
            })
            .await;
        // One that cannot be told of keeps no other from being told of.
        match rang {
            Ok(rang) => told += usize::from(rang),
            Err(error) => tracing::error!(%error, clock = %owed.id, "a clock that ran out cannot be told of"),
        }
    }
    Ok(told)
}

async fn alarm(change: &mut Change<'_>, clock: &mut Owed) -> Result<()> {
    clock.alarmed_at = Some(change.at);
    let line = format!(
        "Overdue: {} within {} at {}, due {}",
        clock.kind.label().to_lowercase(),
        clock.target.words(),
        clock.severity.label().to_lowercase(),
        clock.due.strftime("%Y-%m-%d %H:%M UTC")
    );
    keep::line(change, &Actor::Watchbell, clock.incident, EntryKind::Status, line).await?;
    change.tell(BREACHED, &clock.id.to_string(), Some(clock.incident.get())).await
}

async fn end(change: &mut Change<'_>, mut clock: Owed, why: &str) -> Result<()> {
    if clock.met_at.is_none() {
        clock.ended_at = Some(change.at);
    }
    clock.why = Some(why.to_owned());
    save(change, &clock, "clock.end").await
}

async fn insert(change: &mut Change<'_>, mut clock: Owed) -> Result<()> {
    clock.id = store::clock::insert(change, &clock).await?;
    commit(change, &clock, "clock.start").await
}

async fn save(change: &mut Change<'_>, clock: &Owed, act: &str) -> Result<()> {
    store::clock::update(change, clock).await?;
    commit(change, clock, act).await
}

async fn commit(change: &mut Change<'_>, clock: &Owed, act: &str) -> Result<()> {
    change.record(&clock.id.to_string(), act, clock, Some(clock.incident.get())).await?;
    keep::tell(change, clock.incident).await
}
