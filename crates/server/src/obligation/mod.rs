//! Who must be told: the organisation's profile, the facts of an incident, which duties follow from them, their
//! clocks, the decisions that none is owed, and the notices. What applies and until when is the domain's to say;
//! here it is asked each time anew, so a corrected fact corrects every clock. Beside this file: [`profile`],
//! [`facts`], [`waiver`], [`notice`] (the verbs of each), [`watch`] (the clocks' alarms).

pub mod api;
pub mod facts;
pub mod notice;
pub mod page;
pub mod profile;
mod shipped;
mod store;
pub mod waiver;
pub mod watch;

use std::collections::BTreeMap;

use domain::obligation::approval::{NoticeState, WaiverState};
use domain::obligation::clock::State;
use domain::obligation::notice::{Draft, Subject};
use domain::obligation::{
    Answers, Book, Decision, Duty, DutyKey, FactKey, Known, Profile, SectionKey, StageKey, Verdict,
    decide_all,
};
use domain::{Actor, IncidentId, IncidentType, NoticeId, Permission, Text, UserId, WaiverId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use shipped::book;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need};
use crate::incident::{self, Record, above};

/// The kind of deadline that this slice sets on an incident.
const KIND: &str = "obligation";

/// A decision that a duty is not met, for a reason, by two people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiver {
    #[schema(value_type = String, example = "NND-1")]
    pub id: WaiverId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "gdpr_33")]
    pub duty: DutyKey,
    /// Not notifiable because …
    pub reason: String,
    #[schema(value_type = String, example = "proposed")]
    pub state: WaiverState,
    #[schema(value_type = String, example = "USR-2")]
    pub proposed_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub proposed_at: Timestamp,
    /// Who approved, rejected or withdrew it.
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub settled_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub settled_at: Option<Timestamp>,
}

/// When a notice went out, to whom and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sending {
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(example = "Data Protection Commission")]
    pub to: String,
    #[schema(example = "Web form")]
    pub how: String,
    /// What came back: a reference number, or the evidence item that holds the receipt.
    #[schema(example = "BN-2026-3-77, EVD-4")]
    pub receipt: Option<String>,
    #[schema(value_type = String, example = "USR-2")]
    pub by: UserId,
}

/// A notice for one stage of a duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice {
    #[schema(value_type = String, example = "NTC-1")]
    pub id: NoticeId,
    #[schema(value_type = String, example = "INC-1")]
    pub incident: IncidentId,
    #[schema(value_type = String, example = "gdpr_33")]
    pub duty: DutyKey,
    #[schema(value_type = String, example = "notification")]
    pub stage: StageKey,
    #[schema(value_type = String, example = "draft")]
    pub state: NoticeState,
    /// What it words differently from the fact sheet, by section.
    #[schema(value_type = Object)]
    pub own: BTreeMap<SectionKey, Text>,
    /// Its text since it was sent for approval.
    #[schema(value_type = Option<Object>)]
    pub frozen: Option<Draft>,
    #[schema(value_type = String, example = "USR-2")]
    pub begun_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub begun_at: Timestamp,
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub routed_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub routed_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, example = "USR-3")]
    pub approved_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub approved_at: Option<Timestamp>,
    pub sending: Option<Sending>,
}

/// Everything that decides the duties of one incident.
#[derive(Debug, Clone)]
pub struct Case {
    pub record: Record,
    /// None as long as nobody has said who the organisation is.
    pub profile: Option<profile::Version>,
    known_of_us: Profile,
    /// The duties of the contracts.
    contracts: Vec<Duty>,
    /// What people answered.
    pub answers: Answers,
    /// The same, and what follows from the incident's record where nobody answered.
    all_answers: Answers,
    pub sheet: BTreeMap<SectionKey, Text>,
    pub waivers: Vec<Waiver>,
    pub notices: Vec<Notice>,
    sent: Vec<(DutyKey, StageKey, Timestamp)>,
    pub organisation: String,
    pub now: Timestamp,
}

/// What was stored about an incident.
#[derive(Debug, Clone, Default)]
struct Stored {
    answers: BTreeMap<String, String>,
    sheet: BTreeMap<SectionKey, Text>,
}

impl Case {
    fn new(
        record: Record,
        profile: Option<profile::Version>,
        stored: Stored,
        (waivers, notices): (Vec<Waiver>, Vec<Notice>),
        organisation: String,
        now: Timestamp,
    ) -> Result<Self> {
        let book = book()?;
        let known_of_us = profile.as_ref().map(|version| version.profile.kept(book)).unwrap_or_default();
        let answers = kept(book, &stored.answers);
        let sent = notices.iter().filter_map(|notice| {
            let sending = notice.sending.as_ref()?;
            Some((notice.duty.clone(), notice.stage.clone(), sending.at))
        });
        Ok(Case {
            contracts: known_of_us.contract_duties(book)?,
            all_answers: with_derived(book, &record, &answers),
            sent: sent.collect(),
            record,
            profile,
            known_of_us,
            answers,
            sheet: stored.sheet,
            waivers,
            notices,
            organisation,
            now,
        })
    }

    pub fn known(&self, book: &'static Book) -> Known<'_> {
        Known {
            book,
            profile: &self.known_of_us,
            incident: &self.all_answers,
            sent: &self.sent,
            now: self.now,
        }
    }

    /// Every duty, of the laws and of the contracts.
    pub fn duties(&self) -> Result<impl Iterator<Item = &Duty>> {
        Ok(book()?.duties().iter().chain(&self.contracts))
    }

    pub fn duty(&self, id: &DutyKey) -> Result<&Duty> {
        self.duties()?.find(|duty| duty.id == *id).ok_or(Error::NotFound("duty"))
    }

    pub fn decisions(&self) -> Result<Vec<Decision<'_>>> {
        Ok(decide_all(self.duties()?, &self.known(book()?)))
    }

    /// The decision, if two people made it, that this duty is not met.
    pub fn waived(&self, duty: &DutyKey) -> Option<&Waiver> {
        self.waivers.iter().rev().find(|one| one.duty == *duty && one.state == WaiverState::Approved)
    }

    pub fn zone(&self) -> jiff::tz::TimeZone {
        self.known_of_us.zone()
    }

    /// The text of a notice: as it was frozen, or as it would be now.
    pub fn draft(&self, notice: &Notice) -> Result<Draft> {
        match &notice.frozen {
            Some(frozen) => Ok(frozen.clone()),
            None => self.drawn(&notice.duty, &notice.stage, &notice.own),
        }
    }

    fn drawn(&self, duty: &DutyKey, stage: &StageKey, own: &BTreeMap<SectionKey, Text>) -> Result<Draft> {
        let duty = self.duty(duty)?;
        let stage = duty.stage(stage).ok_or(Error::NotFound("stage of the duty"))?;
        let incident = format!("{} {}", self.record.id, self.record.title);
        let subject = Subject { organisation: &self.organisation, incident: &incident };
        Ok(domain::obligation::notice::draft(duty, stage, &self.known(book()?), subject, &self.sheet, own))
    }

    /// The clocks that can alarm: duties that bind and are not decided to be owed to nobody, not sent yet.
    fn running(&self) -> Result<Vec<Running>> {
        if self.profile.is_none() {
            return Ok(Vec::new());
        }
        let mut running = Vec::new();
        for decision in self.decisions()? {
            let duty = decision.duty;
            if decision.verdict == Verdict::DoesNotApply
                || !decision.standing.binds()
                || self.waived(&duty.id).is_some()
            {
                continue;
            }
            for clock in &decision.stages {
                let alarms = matches!(clock.state(self.now), State::Running | State::Breached);
                let times = clock.strict().and_then(|reading| Some((reading.start?, reading.deadline?)));
                if let (true, Some((start, deadline))) = (alarms, times) {
                    running.push(Running {
                        duty: duty.id.clone(),
                        stage: clock.stage.id.clone(),
                        name: format!("{}: {}", duty.title, clock.stage.title),
                        certain: decision.verdict == Verdict::Applies,
                        start,
                        deadline,
                    });
                }
            }
        }
        running.sort_by_key(|one| one.deadline);
        Ok(running)
    }
}

/// A clock that runs.
struct Running {
    duty: DutyKey,
    stage: StageKey,
    name: String,
    /// The duty applies; otherwise it may.
    certain: bool,
    start: Timestamp,
    deadline: Timestamp,
}

/// Answers as they were stored. What the content no longer asks, or asks otherwise, is unknown again.
fn kept(book: &Book, stored: &BTreeMap<String, String>) -> Answers {
    let mut answers = Answers::default();
    for (fact, text) in stored {
        if let Ok((fact, answer)) = book.answer(fact, text) {
            answers.set(fact, Some(answer));
        }
    }
    answers
}

/// The facts that an incident's record settles until somebody says otherwise: whoever declares an incident is
/// aware of it by then, and ransomware is ransomware.
fn derived(record: &Record) -> Vec<(&'static str, String)> {
    let declared = record.declared_at.to_string();
    let mut facts = vec![("aware", declared.clone()), ("discovered", declared)];
    if record.incident_type == IncidentType::Ransomware {
        facts.push(("ransomware", "yes".to_owned()));
        facts.push(("malicious", "yes".to_owned()));
    }
    facts
}

fn with_derived(book: &Book, record: &Record, answers: &Answers) -> Answers {
    let mut all = answers.clone();
    for (fact, text) in derived(record) {
        if let Ok((fact, answer)) = book.answer(fact, &text)
            && all.get(&fact).is_none()
        {
            all.set(fact, Some(answer));
        }
    }
    all
}

/// Whether nobody answered this fact and it follows from the incident's record.
pub fn is_derived(case: &Case, fact: &FactKey) -> bool {
    case.answers.get(fact).is_none() && case.all_answers.get(fact).is_some()
}

/// All that decides the duties of an incident, for whoever may see it.
pub async fn case(app: &App, actor: &Actor, id: IncidentId) -> Result<Case> {
    need(actor, Permission::ReadIncident, "reading incidents")?;
    let record = incident::get(app, actor, id).await?.record;
    let mut connection = app.db.readers().acquire().await?;
    let profile = store::profiles(&mut connection, 1).await?.pop();
    let stored = store::facts(&mut connection, id).await?.unwrap_or_default();
    let papers = (store::waivers(&mut connection, id).await?, store::notices(&mut connection, id).await?);
    drop(connection);
    let organisation = identity::organisation(app).await?.unwrap_or_default();
    Case::new(record, profile, stored, papers, organisation, app.clock.now())
}

/// The same within a change, as it stands by then.
async fn case_in(change: &mut Change<'_>, record: Record, organisation: String) -> Result<Case> {
    let id = record.id;
    let profile = store::profiles(change.tx, 1).await?.pop();
    let stored = store::facts(change.tx, id).await?.unwrap_or_default();
    let papers = (store::waivers(change.tx, id).await?, store::notices(change.tx, id).await?);
    Case::new(record, profile, stored, papers, organisation, change.at)
}

/// After something changed: calls the alarms that are due, and says when the next one is and what is due next.
async fn settle(change: &mut Change<'_>, record: Record) -> Result<()> {
    let id = record.id;
    let case = case_in(change, record, String::new()).await?;
    let running = case.running()?;
    watch::call(change, id, &running).await?;
    let due = running.first().map(|one| above::Due {
        what: if one.certain { one.name.clone() } else { format!("{} (may apply)", one.name) },
        href: format!("/incidents/{id}/obligations#{}", one.duty),
        at: one.deadline,
    });
    above::set_due(change, id, KIND, due.as_ref()).await?;
    let calls = running.iter().filter_map(|one| watch::next_call(one, change.at)).min();
    store::set_next_call(change, id, calls).await?;
    Ok(())
}
