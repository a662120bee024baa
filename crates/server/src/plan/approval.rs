//! How a draft comes into force: it is sent to the roles that the plan names as approvers, each of which
//! says yes or sends it back with a reason. With the last yes it is published, and binds from that moment.
//! The approvers are those of the version in force: a draft does not choose its own judges.

use domain::plan::{DraftStatus, Refusal, Seat, Word, given, speaks_for};
use domain::{Actor, Permission, PlanVersionId, UserId};
use serde_json::json;

use super::draft::{Draft, Returned, person, the_draft, writing};
use super::files::listed;
use super::{in_force, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;

/// How it stands with the approval of the draft.
#[derive(Debug, Clone)]
pub struct Standing {
    pub seats: Vec<Seat>,
    pub words: Vec<Word>,
    pub authors: Vec<UserId>,
    /// The refusal, if whoever asks cannot approve now.
    pub yours: Result<(), Refusal>,
}

/// Who approves, who has, and whether the actor may.
pub async fn standing(app: &App, actor: &Actor, draft: &Draft) -> Result<Standing> {
    let plan = in_force(app).await?.plan;
    let holders = store::holders(&app.db).await?;
    let standing = store::standing_accounts(&app.db).await?;
    let of = |role: &domain::plan::RoleKey| -> Vec<UserId> {
        let people = holders.get(role).into_iter().flatten().copied();
        people.filter(|person| standing.contains(person)).collect()
    };
    let seats: Vec<Seat> = plan
        .approvers()
        .into_iter()
        .map(|role| {
            let mut people = of(role);
            if people.is_empty() {
                people = plan.role(role).into_iter().flat_map(|role| &role.alternates).flat_map(&of).collect();
            }
            Seat { role: role.clone(), people }
        })
        .collect();
    let words = store::drafts::words(&app.db, draft.id).await?;
    let authors = store::drafts::authors(&app.db, draft.id).await?;
    let yours = match actor.user() {
        Some(user) => speaks_for(user, &authors, &seats, &words).map(|_| ()),
        None => Err(Refusal::NoSeat),
    };
    Ok(Standing { seats, words, authors, yours })
}

/// The approving roles with those who speak for them: their holders, or the alternates' where a role has nobody.
async fn seats_in(change: &mut Change<'_>, plan: &domain::plan::Plan) -> Result<Vec<Seat>> {
    let mut seats = Vec::new();
    for role in plan.approvers() {
        let mut people = store::holders_in(change.tx, role).await?;
        if people.is_empty() {
            for alternate in plan.role(role).into_iter().flat_map(|role| &role.alternates) {
                people.extend(store::holders_in(change.tx, alternate).await?);
            }
        }
        seats.push(Seat { role: role.clone(), people });
    }
    Ok(seats)
}

/// Sends the draft to its approvers. It must hold together, differ from what is in force, carry a version of
/// its own, and every approving role must have somebody.
pub async fn send(app: &App, actor: &Actor, edition: i64) -> Result<Draft> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    let by = person(actor)?;
    let now = in_force(app).await?;
    let base = super::files_of(app, now.id).await?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = writing(change).await?;
            draft.advance(edition, by, change.at)?;
            let written = draft.files.read().map_err(|problems| {
                Error::Conflict(format!("The draft does not hold together yet.\n{}", listed(&problems)))
            })?;
            if draft.files == base {
                return Err(Error::Conflict("The draft says what is in force already; change it first.".to_owned()));
            }
            if written.head.version == now.plan.head.version {
                return Err(Error::Conflict(format!(
                    "Version {} is in force; give the draft another version in its head.",
                    now.plan.head.version
                )));
            }
            for seat in seats_in(change, &now.plan).await?.iter().filter(|seat| seat.people.is_empty()) {
                let title = now.plan.role(&seat.role).map_or(seat.role.as_str(), |role| &role.title);
                return Err(Error::Conflict(format!(
                    "{title} approves the plan, and nobody fills that role or stands in for it. Name somebody under \
                     Plan › People."
                )));
            }
            draft.status = DraftStatus::Waiting;
            draft.sent_by = Some(by);
            draft.sent_at = Some(change.at);
            draft.returned = None;
            store::drafts::clear_words(change, draft.id).await?;
            store::drafts::save(change, &draft).await?;
            draft.keep(change, "draft.send", None).await?;
            change.tell("mine", &draft.id.to_string(), None).await?;
            Ok(draft)
        })
    })
    .await
}

/// Takes the draft back from its approvers to write further; what they said is void.
pub async fn withdraw(app: &App, actor: &Actor, edition: i64) -> Result<Draft> {
    need(actor, Permission::EditPlan, "changing the plan")?;
    let by = person(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = waiting(change, edition, by).await?;
            back(change, &mut draft, "draft.withdraw").await?;
            Ok(draft)
        })
    })
    .await
}

/// An approver sends the draft back with a reason.
pub async fn send_back(app: &App, actor: &Actor, reason: String, edition: i64) -> Result<Draft> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let by = person(actor)?;
    let reason = domain::Text::new("the reason", &reason)?.to_string();
    let now = in_force(app).await?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = waiting(change, edition, by).await?;
            if !seats_in(change, &now.plan).await?.iter().any(|seat| seat.people.contains(&by)) {
                return Err(Error::Conflict(Refusal::NoSeat.to_string()));
            }
            draft.returned = Some(Returned { by, at: change.at, reason });
            back(change, &mut draft, "draft.send_back").await?;
            Ok(draft)
        })
    })
    .await
}

/// What came of a yes.
pub enum Approved {
    /// Other roles have to speak yet.
    Waits(Draft),
    Published(PlanVersionId),
}

/// An approver says yes for every approving role that they hold. The last one puts the draft in force.
pub async fn approve(app: &App, actor: &Actor, edition: i64) -> Result<Approved> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let by = person(actor)?;
    let draft = the_draft(app, actor).await?;
    let now = in_force(app).await?;
    if draft.base != now.id {
        return Err(Error::Conflict(format!("{} is in force by now; discard this draft.", now.id)));
    }
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = waiting(change, edition, by).await?;
            let seats = seats_in(change, &now.plan).await?;
            let authors = store::drafts::authors_in(change.tx, draft.id).await?;
            let words = store::drafts::words_in(change.tx, draft.id).await?;
            let roles = speaks_for(by, &authors, &seats, &words)
                .map_err(|refusal| Error::Conflict(refusal.to_string()))?;
            for role in &roles {
                store::drafts::add_word(change, draft.id, role, by).await?;
            }
            let words = store::drafts::words_in(change.tx, draft.id).await?;
            change.tell("mine", &draft.id.to_string(), None).await?;
            if !given(&seats, &words) {
                store::drafts::save(change, &draft).await?;
                draft.keep(change, "draft.approve", None).await?;
                return Ok(Approved::Waits(draft));
            }
            let id = publish(change, &mut draft, &words).await?;
            Ok(Approved::Published(id))
        })
    })
    .await
}

async fn publish(change: &mut Change<'_>, draft: &mut Draft, words: &[Word]) -> Result<PlanVersionId> {
    let plan = draft.files.read().map_err(|problems| {
        Error::Conflict(format!("The draft does not hold together.\n{}", listed(&problems)))
    })?;
    let id = store::insert(change, &serde_json::to_string(&plan)?).await?;
    store::drafts::insert_files(change, id, &draft.files).await?;
    draft.status = DraftStatus::Published;
    draft.plan = Some(id);
    store::drafts::save(change, draft).await?;
    draft.keep(change, "draft.publish", None).await?;
    let body = json!({ "id": id, "since": change.at, "draft": draft.id, "approved": words, "plan": plan });
    change.record(&id.to_string(), "plan.put_in_force", &body, None).await?;
    change.tell("plan", &id.to_string(), None).await?;
    Ok(id)
}

async fn waiting(change: &mut Change<'_>, edition: i64, by: UserId) -> Result<Draft> {
    let mut draft = store::drafts::open_in(change.tx).await?.ok_or(Error::NotFound("draft of the plan"))?;
    if draft.status != DraftStatus::Waiting {
        return Err(Error::Conflict("The draft does not wait for approval.".to_owned()));
    }
    let author = draft.changed_by;
    draft.advance(edition, by, change.at)?;
    // Judging is no writing: whoever wrote last stays named.
    draft.changed_by = author;
    Ok(draft)
}

/// Back to be written; words that were given are void.
async fn back(change: &mut Change<'_>, draft: &mut Draft, act: &str) -> Result<()> {
    draft.status = DraftStatus::Writing;
    draft.sent_by = None;
    draft.sent_at = None;
    store::drafts::clear_words(change, draft.id).await?;
    store::drafts::save(change, draft).await?;
    draft.keep(change, act, None).await?;
    change.tell("mine", &draft.id.to_string(), None).await
}
