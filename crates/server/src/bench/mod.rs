//! A store filled to a size, and how fast it answers. The filling goes through real changes under a clock that moves
//! through two years, so that such a store has its ledger, its outbox and its index like any other.

mod chance;
mod made;
mod measure;

use domain::access::Via;
use domain::alert::Verdict;
use domain::{Actor, AlertId, Line, Role, UserId};
use jiff::{SignedDuration, Timestamp};

pub use measure::{Measured, measure};

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, NewAccount};
use crate::{alert, audit, incident, plan};

/// How many alerts, and how many incidents, one change writes.
const ALERTS_AT_ONCE: u64 = 500;
const INCIDENTS_AT_ONCE: u64 = 50;
/// The span of time that a generated store tells of.
const SPAN: SignedDuration = SignedDuration::from_hours(24 * 730);
const PEOPLE: [&str; 8] = [
    "Mara Lindqvist",
    "Jon Abara",
    "Ines Carvalho",
    "Tomasz Wilk",
    "Aiko Tanaka",
    "Yusuf Demir",
    "Clara Brandt",
    "Noor Haddad",
];

/// How large a store is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub incidents: u64,
    pub alerts: u64,
    pub seed: u64,
}

/// Whether there is anything in the store but the plan.
pub async fn is_empty(app: &App) -> Result<bool> {
    let states = audit::states(app, 0, i64::MAX / 2).await?;
    Ok(states.iter().all(|state| state.record.starts_with("PLAN-")))
}

/// When a store that is made now begins.
pub fn begins(now: Timestamp) -> Timestamp {
    now - SPAN
}

/// Fills the store. The clock is to stand at [`begins`]; it is moved to the present. `done` hears of each record.
pub async fn fill(app: &App, size: Size, done: impl Fn(u64)) -> Result<()> {
    let people = people(app).await?;
    let mut chance = chance::Chance::new(size.seed);
    let steps = (size.alerts.div_ceil(ALERTS_AT_ONCE) + size.incidents.div_ceil(INCIDENTS_AT_ONCE)).max(1);
    let step =
        SignedDuration::from_micros(i64::try_from(SPAN.as_micros() / i128::from(steps)).unwrap_or(i64::MAX));
    let (mut alerts, mut incidents) = (0, 0);
    while alerts < size.alerts || incidents < size.incidents {
        app.clock.advance(step);
        // Both grow in step, so that neither is older than the other.
        if incidents * size.alerts <= alerts * size.incidents && incidents < size.incidents {
            let many = INCIDENTS_AT_ONCE.min(size.incidents - incidents);
            write_incidents(app, size, incidents, many, &people).await?;
            incidents += many;
            done(many);
        } else {
            let many = ALERTS_AT_ONCE.min(size.alerts - alerts);
            let raised = raise(app, size.seed, alerts, many).await?;
            triage(app, &mut chance, &people, raised).await?;
            alerts += many;
            done(many);
        }
    }
    audit::sign_now(app).await?;
    Ok(())
}

/// Somebody whose work it is.
async fn people(app: &App) -> Result<Vec<Actor>> {
    let mut people = Vec::with_capacity(PEOPLE.len());
    for name in PEOPLE {
        let email = format!("{}@harbour.example", name.to_lowercase().replace(' ', "."));
        let new = NewAccount {
            name: name.to_owned(),
            email,
            password: platform::secrets::token()?,
            role: Role::IncidentManager,
        };
        let made = identity::add_account(app, &Actor::Watchbell, new).await?;
        let name = Line::new("a name", name)?;
        people.push(Actor::User { user: made.id, name, role: made.role, via: Via::Session });
    }
    Ok(people)
}

async fn raise(app: &App, seed: u64, from: u64, many: u64) -> Result<Vec<AlertId>> {
    let now = app.clock.now();
    let reported = (from..from + many)
        .map(|number| {
            let ago = i64::try_from(number.wrapping_mul(7919) % 3_600).unwrap_or(0);
            made::alert(seed, number, now - SignedDuration::from_secs(ago))
        })
        .collect::<Result<Vec<_>>>()?;
    let raised = app
        .change(&Actor::Watchbell, move |change| {
            Box::pin(async move { alert::outside::raise_outside(change, reported).await })
        })
        .await?;
    Ok(raised.into_iter().map(|touched| touched.alert.id).collect())
}

/// Most alerts are dismissed within the hour, some are in somebody's hands, a few wait.
async fn triage(
    app: &App,
    chance: &mut chance::Chance,
    people: &[Actor],
    raised: Vec<AlertId>,
) -> Result<()> {
    let Some(person) = chance.one_of(people).cloned() else { return Ok(()) };
    app.clock.advance(SignedDuration::from_secs(i64::try_from(60 + chance.skewed(3000)).unwrap_or(60)));
    let (mut wrong, mut allowed, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for id in raised {
        match chance.below(100) {
            0..45 => wrong.push(id),
            45..80 => allowed.push(id),
            80..97 => taken.push(id),
            _ => {}
        }
    }
    for (ids, verdict, reason) in [
        (wrong, Verdict::FalsePositive, "The rule takes a tool of ours for another."),
        (allowed, Verdict::Benign, "Announced work of the night shift."),
    ] {
        if !ids.is_empty() {
            alert::dismiss_all(app, &person, ids, verdict, reason).await?;
        }
    }
    if !taken.is_empty() {
        alert::acknowledge_all(app, &person, taken).await?;
    }
    Ok(())
}

async fn write_incidents(app: &App, size: Size, from: u64, many: u64, people: &[Actor]) -> Result<()> {
    let (at, now) = (app.clock.now(), plan::in_force(app).await?);
    let users: Vec<UserId> = people.iter().filter_map(Actor::user).collect();
    // One in a hundred, the newest, is still open.
    let open_from = size.incidents - size.incidents.div_ceil(100);
    let written = (from..from + many)
        .map(|number| made::incident(size.seed, number, number >= open_from, at, &users))
        .collect::<Result<Vec<_>>>()?;
    let who = people.first().cloned().ok_or_else(|| Error::Damaged("nobody is there".to_owned()))?;
    app.change(&who.clone(), move |change| {
        Box::pin(async move {
            for past in written {
                incident::past::write(change, &who, &now, past).await?;
            }
            Ok(())
        })
    })
    .await
}
