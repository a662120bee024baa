//! The verbs of notices: begun from the fact sheet, sent for approval (from then on the text stands still), approved
//! by somebody else, recorded as sent. What notices say differently from each other is told on the way.

use std::collections::BTreeMap;

use domain::obligation::approval::{NoticeState, NoticeVerb};
use domain::obligation::notice::{Contradiction, Draft, contradictions};
use domain::obligation::{DutyKey, SectionKey, StageKey};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Line, NoticeId, Permission, UserId};
use jiff::{SignedDuration, Timestamp};
use paper::{Document, Format, Marking, Rich};
use serde::Serialize;

use super::{Case, Notice, Sending, case, case_in, facts, settle, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, need};
use crate::incident::above;
use crate::web::press;

/// Clocks of people and machines differ a little; the future is not known.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// What somebody says about a notice that went out.
pub struct Sent {
    /// Now if left out.
    pub at: Option<Timestamp>,
    pub to: String,
    pub how: String,
    pub receipt: Option<String>,
}

/// Begins a notice for a stage of a duty.
pub async fn begin(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    duty: DutyKey,
    stage: StageKey,
) -> Result<Notice> {
    let by = actor.user().ok_or(Error::SignInFirst)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = above::to_add(change, &who, id).await?;
            let case = case_in(change, record, String::new()).await?;
            let title =
                case.duty(&duty)?.stage(&stage).ok_or(Error::NotFound("stage of the duty"))?.title.clone();
            let open =
                |one: &&Notice| one.duty == duty && one.stage == stage && one.state != NoticeState::Sent;
            if let Some(other) = case.notices.iter().find(open) {
                return Err(Error::Conflict(format!("{} is this notice, and not sent yet.", other.id)));
            }
            let name = format!("{}: {title}", case.duty(&duty)?.title);
            let notice = Notice {
                id: NoticeId::try_from(1)?,
                incident: id,
                duty,
                stage,
                state: NoticeState::Draft,
                own: BTreeMap::new(),
                frozen: None,
                begun_by: by,
                begun_at: change.at,
                routed_by: None,
                routed_at: None,
                approved_by: None,
                approved_at: None,
                sending: None,
            };
            let notice = store::insert_notice(change, notice).await?;
            change.record(&notice.id.to_string(), "obligation.notice_begin", &notice, Some(id.get())).await?;
            let line = format!("{} begun: {name}", notice.id);
            above::line(change, &who, id, EntryKind::Note, line).await?;
            Ok(notice)
        })
    })
    .await
}

/// Words sections of a draft differently from the fact sheet; an empty text goes back to the sheet's.
pub async fn reword(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    notice: NoticeId,
    given: BTreeMap<SectionKey, String>,
) -> Result<Notice> {
    let texts = facts::sections(given)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = above::to_work(change, &who, id).await?;
            let case = case_in(change, record, String::new()).await?;
            let mut notice = case.notice(notice)?.clone();
            if notice.state != NoticeState::Draft {
                return Err(Error::Conflict(format!(
                    "{} is {}; give it back to change its text.",
                    notice.id,
                    notice.state.label().to_lowercase()
                )));
            }
            facts::overlay(&mut notice.own, texts);
            // What says the same as the sheet is no wording of its own.
            notice.own.retain(|section, text| case.sheet.get(section) != Some(text));
            keep(change, &notice, "obligation.notice_reword").await?;
            Ok(notice)
        })
    })
    .await
}

/// Sends for approval, approves, or gives back.
pub async fn act(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    notice: NoticeId,
    verb: NoticeVerb,
) -> Result<Notice> {
    if verb == NoticeVerb::Send {
        return Err(Error::Invalid("Say when, to whom and how it was sent.".to_owned()));
    }
    let organisation = identity::organisation(app).await?.unwrap_or_default();
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = match verb {
                NoticeVerb::Approve => above::to_command(change, &who, id).await?,
                _ => above::to_work(change, &who, id).await?,
            };
            let case = case_in(change, record, organisation).await?;
            let mut notice = case.notice(notice)?.clone();
            notice.state = after(&notice, verb, &who)?;
            match verb {
                NoticeVerb::Route => {
                    notice.frozen = Some(case.drawn(&notice.duty, &notice.stage, &notice.own)?);
                    (notice.routed_by, notice.routed_at) = (who.user(), Some(change.at));
                }
                NoticeVerb::Approve => {
                    (notice.approved_by, notice.approved_at) = (who.user(), Some(change.at));
                }
                NoticeVerb::Return | NoticeVerb::Send => {
                    notice.frozen = None;
                    (notice.routed_by, notice.routed_at) = (None, None);
                    (notice.approved_by, notice.approved_at) = (None, None);
                }
            }
            keep(change, &notice, &format!("obligation.notice_{verb}")).await?;
            let name = case.name(&notice);
            let line = format!("{} is {}: {name}", notice.id, notice.state.label().to_lowercase());
            above::line(change, &who, id, EntryKind::Note, line).await?;
            Ok(notice)
        })
    })
    .await
}

/// Records that an approved notice went out: when, to whom, how, and what came back.
pub async fn sent(app: &App, actor: &Actor, id: IncidentId, notice: NoticeId, sent: Sent) -> Result<Notice> {
    let by = actor.user().ok_or(Error::SignInFirst)?;
    let to = Line::new("whom it was sent to", &sent.to)?.to_string();
    let how = Line::new("how it was sent", &sent.how)?.to_string();
    let receipt = sent.receipt.filter(|text| !text.trim().is_empty());
    let receipt =
        receipt.map(|text| Line::new("the receipt", &text).map(|line| line.to_string())).transpose()?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = above::to_work(change, &who, id).await?;
            let case = case_in(change, record.clone(), String::new()).await?;
            let mut notice = case.notice(notice)?.clone();
            notice.state = after(&notice, NoticeVerb::Send, &who)?;
            let at = sent.at.unwrap_or(change.at);
            if at > change.at + AHEAD {
                return Err(Error::Invalid("The time lies in the future; say when it was sent.".to_owned()));
            }
            notice.sending = Some(Sending { at, to, how, receipt, by });
            keep(change, &notice, "obligation.notice_send").await?;
            let name = case.draft(&notice)?.name;
            above::line(change, &who, id, EntryKind::Communication, sent_line(&notice, &name)).await?;
            settle(change, record).await?;
            Ok(notice)
        })
    })
    .await
}

fn sent_line(notice: &Notice, name: &str) -> String {
    let mut line = format!("{} sent: {name}", notice.id);
    if let Some(sending) = &notice.sending {
        line += &format!("\nTo {}, by {}", sending.to, sending.how);
        if let Some(receipt) = &sending.receipt {
            line += &format!("; receipt: {receipt}");
        }
    }
    line
}

impl Notice {
    fn after(&self, verb: NoticeVerb, by: Option<UserId>) -> domain::Result<NoticeState> {
        self.state.after(verb, by, &[Some(self.begun_by), self.routed_by])
    }

    /// Whether it waits for an approval that this person may give, if they steer the incident.
    pub fn may_approve(&self, by: Option<UserId>) -> bool {
        self.after(NoticeVerb::Approve, by).is_ok()
    }
}

fn after(notice: &Notice, verb: NoticeVerb, who: &Actor) -> Result<NoticeState> {
    notice.after(verb, who.user()).map_err(|error| Error::Conflict(error.to_string()))
}

async fn keep(change: &mut Change<'_>, notice: &Notice, act: &str) -> Result<()> {
    store::update_notice(change, notice).await?;
    let scope = Some(notice.incident.get());
    change.record(&notice.id.to_string(), act, notice, scope).await?;
    change.tell(&crate::incident::topic(notice.incident), &notice.id.to_string(), scope).await
}

impl Case {
    /// What a notice is called; by its duty where the contract that it was for is gone.
    pub fn name(&self, notice: &Notice) -> String {
        self.draft(notice).map_or_else(|_| notice.duty.to_string(), |draft| draft.name)
    }

    pub fn notice(&self, id: NoticeId) -> Result<&Notice> {
        self.notices.iter().find(|one| one.id == id).ok_or(Error::NotFound("notice"))
    }

    /// What the incident's notices say differently from each other, and those that stand still from the facts as
    /// they are now.
    pub fn contradictions(&self) -> Result<Vec<Contradiction>> {
        let mut drafts: Vec<Draft> = Vec::new();
        for notice in &self.notices {
            // A contract that is gone leaves its notices without a form to draw them from.
            let Ok(mut draft) = self.draft(notice) else { continue };
            draft.name = format!("{} ({})", notice.id, draft.name);
            if notice.frozen.is_some()
                && let Ok(mut now) = self.drawn(&notice.duty, &notice.stage, &notice.own)
            {
                now.name = "The fact sheet now".to_owned();
                drafts.push(now);
            }
            drafts.push(draft);
        }
        let all: Vec<&Draft> = drafts.iter().collect();
        let mut found = contradictions(&all);
        // The sheet now cannot contradict itself; where two notices differ from it alike, each is told once.
        found.retain(|one| one.first.0 != one.second.0);
        Ok(found)
    }
}

/// A notice with its text, and what contradicts it.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    pub notice: Notice,
    pub draft: Draft,
}

/// One notice, for whoever may see the incident.
pub async fn get(app: &App, actor: &Actor, id: IncidentId, notice: NoticeId) -> Result<(Case, Shown)> {
    let case = case(app, actor, id).await?;
    let notice = case.notice(notice)?.clone();
    let draft = case.draft(&notice)?;
    Ok((case, Shown { notice, draft }))
}

/// The notice as a file: Markdown as its form says, or a document of the press.
pub async fn print(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    notice: NoticeId,
    format: Format,
) -> Result<Vec<u8>> {
    need(actor, Permission::WorkIncident, "taking notices out")?;
    let (case, shown) = get(app, actor, id, notice).await?;
    if format == Format::Markdown {
        return Ok(shown.draft.markdown.into_bytes());
    }
    press::print(document(&case, &shown, actor), format).await
}

fn document(case: &Case, shown: &Shown, actor: &Actor) -> Document {
    let draft = &shown.draft;
    let mut document = Document::new(draft.name.clone());
    document.subtitle = format!("{}, {}", shown.notice.id, shown.notice.state.label().to_lowercase());
    document.organisation.clone_from(&case.organisation);
    document.marking = Some(Marking::new(case.record.tlp.label()));
    document.prepared_by = actor.name().to_owned();
    document.date = Some(case.now);
    document.cover_fact("To", draft.to.as_str());
    document.cover_fact("Incident", format!("{} {}", case.record.id, case.record.title));
    for section in &draft.sections {
        document.heading(1, section.title.as_str());
        if !section.facts.is_empty() {
            document.facts(section.facts.iter().map(|(label, words)| (label.as_str(), words.as_str())));
        }
        match &section.text {
            Some(text) => {
                for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
                    document.paragraph(paragraph);
                }
            }
            None if section.facts.is_empty() => {
                document.paragraph(Rich::new().strong("To be written."));
            }
            None => {}
        }
    }
    document
}
