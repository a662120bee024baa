//! What the pages' forms do: read, call the verb, go back to where the form stood. A form sends blank
//! text where the API leaves a field out.

use axum::extract::{RawForm, State};
use axum::response::Redirect;
use domain::asset::AssetState;
use domain::attack::TechniqueId;
use domain::observable::Standing;
use domain::plan::RoleKey;
use domain::timeline::EntryKind;
use domain::{
    AssetId, EntryId, IncidentId, ObservableId, ObservableKind, Phase, Severity, TaskId, Tlp, UserId,
};
use serde::Deserialize;

use super::super::api::inputs::{
    CloseInput, CommanderInput, MemberInput, PhaseInput, ReopenInput, RestrictInput, SeverityInput,
    TypeInput, moment as time, word,
};
use super::super::assets::{self, To};
use super::super::command::{self, Edit};
use super::super::findings::{self, NewAsset, NewObservable, Word};
use super::super::record::{self, NewDecision, NewEntry};
use super::super::tasks::{self, Act, NewTask};
use super::observables::split_tags;
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Who};

fn back(id: IncidentId, tab: &str) -> Redirect {
    Redirect::to(&format!("/incidents/{id}{tab}"))
}

fn techniques(text: &str) -> Result<Vec<TechniqueId>> {
    let words = text.split([' ', ',', ';']).filter(|word| !word.is_empty());
    Ok(words.map(str::parse).collect::<domain::Result<Vec<_>>>()?)
}

pub async fn move_phase(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<PhaseInput>,
) -> Result<Redirect> {
    command::move_to(&app, &actor, id, form.phase, form.reason).await?;
    Ok(back(id, ""))
}

pub async fn close(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<CloseInput>,
) -> Result<Redirect> {
    command::close(&app, &actor, id, form.into()).await?;
    Ok(back(id, ""))
}

pub async fn reopen(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<ReopenInput>,
) -> Result<Redirect> {
    command::reopen(&app, &actor, id, form.phase, &form.reason).await?;
    Ok(back(id, ""))
}

/// The form sends blank facts where they have not changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeverityForm {
    severity: Severity,
    reason: String,
    #[serde(default)]
    functional: String,
    #[serde(default)]
    information: String,
    #[serde(default)]
    recoverability: String,
}

pub async fn set_severity(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<SeverityForm>,
) -> Result<Redirect> {
    let facts = SeverityInput {
        severity: form.severity,
        reason: String::new(),
        functional: word(Some(&form.functional))?,
        information: word(Some(&form.information))?,
        recoverability: word(Some(&form.recoverability))?,
    };
    let facts = facts.facts()?;
    command::set_severity(&app, &actor, id, form.severity, facts, &form.reason).await?;
    Ok(back(id, "/response"))
}

pub async fn set_type(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<TypeInput>,
) -> Result<Redirect> {
    command::set_type(&app, &actor, id, form.incident_type, &form.reason).await?;
    Ok(back(id, ""))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditForm {
    title: String,
    summary: String,
    #[serde(default)]
    tlp: String,
    #[serde(default)]
    edition: String,
}

pub async fn edit(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<EditForm>,
) -> Result<Redirect> {
    let tlp = word::<Tlp>(Some(&form.tlp))?;
    let edition = Some(form.edition).filter(|edition| !edition.is_empty());
    let edit = Edit { title: Some(form.title), summary: Some(form.summary), tlp, edition };
    command::edit(&app, &actor, id, edit).await?;
    Ok(back(id, ""))
}

pub async fn set_commander(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<CommanderInput>,
) -> Result<Redirect> {
    command::assign_commander(&app, &actor, id, form.commander).await?;
    Ok(back(id, "/people"))
}

pub async fn restrict(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<RestrictInput>,
) -> Result<Redirect> {
    command::restrict(&app, &actor, id, form.restricted).await?;
    Ok(back(id, "/people"))
}

pub async fn add_member(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<MemberInput>,
) -> Result<Redirect> {
    command::add_member(&app, &actor, id, form.member).await?;
    Ok(back(id, "/people"))
}

pub async fn remove_member(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, user)): Path<(IncidentId, UserId)>,
) -> Result<Redirect> {
    command::remove_member(&app, &actor, id, user).await?;
    // Who takes themselves out of a restricted incident sees it no longer.
    let gone = super::super::get(&app, &actor, id).await.is_err();
    Ok(if gone { Redirect::to("/incidents") } else { back(id, "/people") })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskForm {
    title: String,
    instructions: String,
    phase: String,
    role: String,
    due: String,
    owner: String,
}

pub async fn add_task(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<TaskForm>,
) -> Result<Redirect> {
    let new = NewTask {
        title: form.title,
        instructions: Some(form.instructions),
        phase: word::<Phase>(Some(&form.phase))?,
        role: word::<RoleKey>(Some(&form.role))?,
        due: time(&form.due)?,
        owner: word::<UserId>(Some(&form.owner))?,
    };
    tasks::add(&app, &actor, id, new).await?;
    Ok(back(id, "/tasks"))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ActForm {
    reason: String,
    owner: String,
}

/// `POST /tasks/TSK-1/done`
pub async fn act(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, verb)): Path<(TaskId, String)>,
    Form(form): Form<ActForm>,
) -> Result<Redirect> {
    let act = match verb.as_str() {
        "start" => Act::Start,
        "release" => Act::Release,
        "done" => Act::Finish,
        "skip" => Act::Skip { reason: form.reason },
        "reopen" => Act::Reopen,
        "want" => Act::Want,
        "owner" => Act::Assign { owner: word::<UserId>(Some(&form.owner))? },
        _ => return Err(Error::NotFound("page")),
    };
    let task = tasks::act(&app, &actor, id, act).await?;
    Ok(back(task.incident, &format!("/tasks#{id}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryForm {
    kind: EntryKind,
    text: String,
    at: String,
    techniques: String,
}

pub async fn add_entry(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<EntryForm>,
) -> Result<Redirect> {
    let new = NewEntry {
        kind: form.kind,
        at: time(&form.at)?,
        text: form.text,
        techniques: techniques(&form.techniques)?,
    };
    let entry = record::add_entry(&app, &actor, id, new).await?;
    Ok(back(id, &format!("/timeline#{}", entry.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorrectionForm {
    text: String,
    at: String,
}

pub async fn correct(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, entry)): Path<(IncidentId, EntryId)>,
    Form(form): Form<CorrectionForm>,
) -> Result<Redirect> {
    let entry = record::correct_entry(&app, &actor, id, entry, time(&form.at)?, &form.text).await?;
    Ok(back(id, &format!("/timeline#{}", entry.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TechniquesForm {
    techniques: String,
}

pub async fn set_techniques(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, entry)): Path<(IncidentId, EntryId)>,
    Form(form): Form<TechniquesForm>,
) -> Result<Redirect> {
    record::set_techniques(&app, &actor, id, entry, techniques(&form.techniques)?).await?;
    Ok(back(id, &format!("/timeline#{entry}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionForm {
    decision: String,
    reason: String,
    #[serde(default)]
    act: String,
    maker: String,
    at: String,
}

pub async fn decide(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<DecisionForm>,
) -> Result<Redirect> {
    let new = NewDecision {
        decision: form.decision,
        reason: form.reason,
        act: word(Some(&form.act))?,
        maker: Some(form.maker),
        at: time(&form.at)?,
    };
    record::decide(&app, &actor, id, new).await?;
    Ok(back(id, "/decisions"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservableForm {
    value: String,
    kind: String,
    standing: Standing,
    note: String,
    #[serde(default)]
    tlp: String,
    #[serde(default)]
    tags: String,
}

/// Adds the observables that are ticked: each field `observable` is a kind, a colon and a value.
pub async fn add_observables(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    RawForm(form): RawForm,
) -> Result<Redirect> {
    let (mut ticked, mut standing, mut note) = (Vec::new(), Standing::Unknown, String::new());
    for (name, value) in form_urlencoded::parse(&form) {
        match name.as_ref() {
            "observable" => {
                let (kind, value) = value.split_once(':').unwrap_or(("", value.as_ref()));
                ticked.push((word::<ObservableKind>(Some(kind))?, value.to_owned()));
            }
            "standing" => standing = value.parse()?,
            "note" => note = value.into_owned(),
            other => return Err(Error::Invalid(format!("The form has no field `{other}`."))),
        }
    }
    let new = ticked.into_iter().map(|(kind, value)| NewObservable {
        value,
        kind,
        standing,
        note: Some(note.clone()),
        tlp: None,
        tags: Vec::new(),
    });
    findings::add_several(&app, &actor, id, new.collect()).await?;
    Ok(back(id, "/things"))
}

pub async fn add_observable(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<ObservableForm>,
) -> Result<Redirect> {
    let kind = word::<ObservableKind>(Some(&form.kind))?;
    let new = NewObservable {
        value: form.value,
        kind,
        standing: form.standing,
        note: Some(form.note),
        tlp: word::<Tlp>(Some(&form.tlp))?,
        tags: split_tags(&form.tags),
    };
    let added = findings::add_observable(&app, &actor, id, new).await?;
    Ok(back(id, &format!("/things?added={0}#{0}", added.id)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandingForm {
    standing: Standing,
    note: String,
    tlp: String,
    tags: String,
}

pub async fn set_standing(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, observable)): Path<(IncidentId, ObservableId)>,
    Form(form): Form<StandingForm>,
) -> Result<Redirect> {
    let said = Word {
        standing: form.standing,
        note: Some(form.note),
        tags: Some(split_tags(&form.tags)),
        tlp: Some(word::<Tlp>(Some(&form.tlp))?),
    };
    findings::set_standing(&app, &actor, id, observable, said).await?;
    Ok(back(id, &format!("/things#{observable}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssetForm {
    kind: ObservableKind,
    name: String,
    state: AssetState,
    note: String,
}

pub async fn add_asset(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<AssetForm>,
) -> Result<Redirect> {
    let new = NewAsset { kind: form.kind, name: form.name, state: form.state, note: Some(form.note) };
    findings::add_asset(&app, &actor, id, new).await?;
    Ok(back(id, "/things"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateForm {
    state: AssetState,
    note: String,
}

pub async fn set_state(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, asset)): Path<(IncidentId, AssetId)>,
    Form(form): Form<StateForm>,
) -> Result<Redirect> {
    assets::move_all(&app, &actor, id, vec![asset], To::Word(form.state), Some(form.note)).await?;
    Ok(back(id, "/things"))
}

/// `POST /incidents/INC-1/assets/move`: those ticked.
pub async fn move_assets(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let (mut ticked, mut compromise, mut containment, mut reason) = (Vec::new(), None, None, None);
    for (name, value) in pairs {
        match name.as_str() {
            "asset" => ticked.push(value.parse()?),
            "compromise" => compromise = word(Some(&value))?,
            "containment" => containment = word(Some(&value))?,
            "reason" => reason = Some(value),
            _ => return Err(Error::Invalid(format!("The form has no field {name:?}."))),
        }
    }
    assets::move_all(&app, &actor, id, ticked, To::Stand { compromise, containment }, reason).await?;
    Ok(back(id, "/things"))
}

#[cfg(test)]
mod tests {
    use super::{techniques, time};

    #[test]
    fn times_are_read_as_browsers_write_them() {
        assert_eq!(time(" ").unwrap(), None);
        assert_eq!(time("2026-11-24T03:04").unwrap(), Some("2026-11-24T03:04:00Z".parse().unwrap()));
        assert_eq!(time("2026-11-24T03:04:05+01:00").unwrap(), Some("2026-11-24T02:04:05Z".parse().unwrap()));
        assert!(time("yesterday").is_err());
        assert_eq!(techniques("T1059.001, t1486").unwrap().len(), 2);
        assert!(techniques("T1").is_err());
    }
}
