//! From a finished draft to the plan in force: sent to the approvers that the plan in force names (a draft cannot choose
//! its own), heard, and put in force with the last word that it needs.

use std::collections::BTreeSet;

use domain::plan::{DraftStatus, Votes};
use domain::{Actor, Permission, PlanDraftId, Text, UserId};

use super::{Draft, Opened, State, Word, open, record, store, unchanged, writer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, need};
use crate::plan::folder::listed;
use crate::plan::{in_force, store as versions};

/// Whose word the draft needs and has. For a role that nobody fills, whoever may change the plan can speak.
pub async fn votes(app: &App, draft: &Draft, states: &[State], words: &[Word]) -> Result<Votes> {
    let plan = in_force(app).await?.plan;
    let accounts = identity::accounts(app, &Actor::Watchbell).await?;
    let active: BTreeSet<UserId> =
        accounts.iter().filter(|account| !account.disabled).map(|account| account.id).collect();
    let editors: BTreeSet<UserId> = accounts
        .iter()
        .filter(|account| !account.disabled && account.role.may(Permission::EditPlan))
        .map(|account| account.id)
        .collect();
    let holders = versions::holders(&app.db).await?;
    let mut votes =
        Votes { writers: states.iter().map(|state| state.person).collect(), ..Votes::default() };
    for role in plan.approvers() {
        let people = holders.get(&role).into_iter().flatten().copied();
        let people: BTreeSet<UserId> = people.filter(|person| active.contains(person)).collect();
        votes.seats.insert(role, if people.is_empty() { editors.clone() } else { people });
    }
    let said = words.iter().filter(|word| word.approved && word.state == draft.state);
    votes.given = said.map(|word| word.role.clone()).collect();
    Ok(votes)
}

/// Sends a draft to its approvers.
pub async fn submit(app: &App, actor: &Actor, id: PlanDraftId) -> Result<Draft> {
    writer(actor)?;
    let opened = open(app, actor, id).await?;
    ready(&opened)?;
    let state = opened.draft.state;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = unchanged(change, id, state).await?;
            draft.status = draft.status.submit()?;
            store::update(change, &draft).await?;
            record(change, &draft, "plan.submit_draft", &serde_json::Value::Null).await?;
            Ok(draft)
        })
    })
    .await
}

/// Whether a draft could be put in force as it stands.
fn ready(opened: &Opened) -> Result<()> {
    if let Some(newest) = opened.overtaken_by {
        return Err(Error::Conflict(format!(
            "{newest} was put in force after this draft was begun. Carry its changes over first."
        )));
    }
    if !opened.faults.is_empty() {
        return Err(Error::Conflict(format!("Mend this first:\n{}", listed(&opened.faults))));
    }
    if opened.files == opened.base {
        return Err(Error::Conflict(format!("Nothing in this draft differs from {}.", opened.draft.base)));
    }
    Ok(())
}

/// Takes a draft back from its approvers to write in it again.
pub async fn give_back(app: &App, actor: &Actor, id: PlanDraftId) -> Result<Draft> {
    writer(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = store::get_in(change.tx, id).await?.ok_or(Error::NotFound("draft of the plan"))?;
            draft.status = draft.status.give_back()?;
            store::update(change, &draft).await?;
            record(change, &draft, "plan.take_back_draft", &serde_json::Value::Null).await?;
            Ok(draft)
        })
    })
    .await
}

/// An approver's word, for every role for which they can speak. A no needs a reason and gives the draft back to its writers;
/// the last yes puts it in force.
pub async fn decide(app: &App, actor: &Actor, id: PlanDraftId, state: i64, yes: bool, reason: &str) -> Result<Draft> {
    need(actor, Permission::ReadPlan, "reading the plan")?;
    let person = actor.user().ok_or(Error::Forbidden("only people approve the plan"))?;
    let opened = open(app, actor, id).await?;
    if opened.draft.status != DraftStatus::Review {
        return Err(Error::Conflict(format!("{id} does not wait for approval.")));
    }
    let roles = opened.votes.open_to(person);
    if roles.is_empty() {
        return Err(Error::Conflict(no_seat(&opened, person)));
    }
    let reason = reason.trim().to_owned();
    if !yes {
        Text::new("the reason why not", &reason)?;
    } else if !reason.is_empty() {
        Text::new("the reason", &reason)?;
    }
    if yes {
        ready(&opened)?;
    }
    let plan = serde_json::to_string(&opened.plan)?;
    let (folder, votes) = (opened.files, opened.votes);
    let base = opened.draft.base;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut draft = unchanged(change, id, state).await?;
            if draft.status != DraftStatus::Review {
                return Err(Error::Conflict(format!("{id} does not wait for approval.")));
            }
            for role in &roles {
                store::add_word(change, &draft, role, person, yes, &reason).await?;
            }
            let said = serde_json::json!({ "roles": roles, "approved": yes, "reason": reason });
            if !yes {
                draft.status = draft.status.give_back()?;
                store::update(change, &draft).await?;
                record(change, &draft, "plan.refuse_draft", &said).await?;
                return Ok(draft);
            }
            let given = store::approved_in(change.tx, id, state).await?.into_iter().collect();
            if !(Votes { given, ..votes }).complete() {
                record(change, &draft, "plan.approve_draft", &said).await?;
                return Ok(draft);
            }
            if versions::newest_in(change.tx).await? != Some(base) {
                return Err(Error::Conflict("Another version was put in force just now. Load the page again.".to_owned()));
            }
            draft.status = draft.status.publish()?;
            store::update(change, &draft).await?;
            record(change, &draft, "plan.approve_draft", &said).await?;
            let kept = versions::keep_folder(change, folder.files()).await?;
            let version = versions::insert(change, &plan, kept, Some(id)).await?;
            let body = serde_json::json!({ "id": version, "since": change.at, "draft": id, "files": folder.files() });
            change.record(&version.to_string(), "plan.put_in_force", &body, None).await?;
            change.tell("plan", &version.to_string(), None).await?;
            Ok(draft)
        })
    })
    .await
}

/// Why this person has no word to give, and who has.
fn no_seat(opened: &Opened, person: UserId) -> String {
    if opened.votes.writers.contains(&person) {
        return "You wrote in this draft, so somebody else has to approve it.".to_owned();
    }
    "The plan in force names others to approve it. They are listed on the draft's page.".to_owned()
}
