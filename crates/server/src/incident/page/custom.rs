//! The page on which the organisation says which fields and statuses its incidents have, and what the forms of an
//! incident send.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Redirect;
use domain::custom::{FieldKey, FieldKind, Needed};
use domain::{FieldId, IncidentId, IncidentType, Permission, Phase, StatusId};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::inputs::word;
use super::super::custom::values;
use super::super::custom::{self, Field, FieldWords, Status, StatusWords};
use super::{choices, select};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

const HERE: &str = "/settings/incidents";

/// `GET /settings/incidents`
pub async fn page(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let fields = custom::fields(&app, &actor).await?;
    let statuses = custom::statuses(&app, &actor).await?;
    let edits = actor.may(Permission::EditPlan);
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/settings" { "Settings" } } li { "Incidents" } } }
                h1 { "Fields and statuses" }
                p class="page-sub" { "What your organisation adds to its incidents. Each change stands in the ledger; what is retired keeps what it holds." }
            }
        }
        div class="stack" {
            section class="card" aria-labelledby="fields" {
                div class="card-head" { h2 id="fields" { "Fields" } span class="muted" { "Filled in on the incident's page, shown in its report" } }
                @if fields.is_empty() { div class="card-body" { p class="muted" { "No field of your own yet. A ticket's number, a business unit, the insurer's case: whatever you ask of every incident." } } }
                @else { ul class="lines" { @for field in &fields { (field_line(field, edits)) } } }
                @if edits { div class="card-body" { details { summary class="button" { (parts::icon("plus")) "Add a field" } (field_form(None)) } } }
            }
            section class="card" aria-labelledby="statuses" {
                div class="card-head" { h2 id="statuses" { "Statuses" } span class="muted" { "More closely than the phase: what the incident stands at" } }
                @if statuses.is_empty() { div class="card-body" { p class="muted" { "No status of your own yet. “Waiting for the supplier” or “Monitoring” says at a glance why nothing seems to happen." } } }
                @else { ul class="lines" { @for status in &statuses { (status_line(status, edits)) } } }
                @if edits { div class="card-body" { details { summary class="button" { (parts::icon("plus")) "Add a status" } (status_form()) } } }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Settings, "Fields and statuses", &[], &content).await)
}

fn field_line(field: &Field, edits: bool) -> Markup {
    let types: Vec<&str> = field.types.iter().map(|one| one.label()).collect();
    html! {
        li id=(field.id) {
            div class="line-main" {
                strong { (field.label) } " " code { (field.key) }
                @if field.retired_at.is_some() { " " span class="badge" data-status="closed" { "Retired" } }
                @if field.needed == Needed::Closing { " " span class="badge" data-kind="warning" { "Needed to close" } }
                p class="line-sub" {
                    (field.kind.label())
                    @if !field.choices.is_empty() { ": " (field.choices.join(", ")) }
                    " · " @if types.is_empty() { "all types of incident" } @else { (types.join(", ")) }
                    @if let Some(help) = &field.help { " · " (help) }
                }
                @if edits && field.retired_at.is_none() { details class="gap-top" { summary { "Change" } (field_form(Some(field))) } }
            }
            @if edits { span class="line-end" { (retire("fields", &field.id.to_string(), &field.label, field.retired_at.is_some())) } }
        }
    }
}

fn status_line(status: &Status, edits: bool) -> Markup {
    let phases: Vec<&str> = status.phases.iter().map(|phase| phase.label()).collect();
    html! {
        li id=(status.id) {
            div class="line-main" {
                strong { (status.label) }
                @if status.waits { " " span class="badge" data-kind="warning" { "Waits for others" } }
                @if status.retired_at.is_some() { " " span class="badge" data-status="closed" { "Retired" } }
                p class="line-sub" { @if phases.is_empty() { "In any phase while the incident is open" } @else { "In " (phases.join(", ").to_lowercase()) } }
            }
            @if edits { span class="line-end" { (retire("statuses", &status.id.to_string(), &status.label, status.retired_at.is_some())) } }
        }
    }
}

/// The button that retires, or offers again; what it does can be undone by its counterpart.
fn retire(what: &str, id: &str, label: &str, retired: bool) -> Markup {
    html! {
        form method="post" action={ (HERE) "/" (what) "/" (id) "/retire" } data-done=(if retired { "Offered again" } else { "Retired; what incidents hold stays" }) {
            input type="hidden" name="retired" value=(!retired);
            button class="button" data-size="small" data-kind="quiet" type="submit" aria-label={ (if retired { "Offer again: " } else { "Retire: " }) (label) } { @if retired { "Offer again" } @else { "Retire" } }
        }
    }
}

fn field_form(known: Option<&Field>) -> Markup {
    let id = known.map_or_else(|| "new".to_owned(), |field| field.id.to_string());
    let action =
        known.map_or_else(|| format!("{HERE}/fields"), |field| format!("{HERE}/fields/{}", field.id));
    let for_type = |one: IncidentType| known.is_some_and(|field| field.types.contains(&one));
    let listed = known.map(|field| field.choices.join("\n")).unwrap_or_default();
    html! {
        form class="form gap-top" method="post" action=(action) data-done="Saved" {
            div class="field-row" {
                div class="field" { label for={ "label-" (id) } { "Name" } input id={ "label-" (id) } name="label" required maxlength="200" autocomplete="off" value=(known.map(|field| field.label.as_str()).unwrap_or_default()); }
                @if known.is_none() {
                    div class="field" { label for="key" { "Key" } input id="key" name="key" class="mono" required maxlength="64" pattern="[a-z][a-z0-9_\\-]*" autocomplete="off" placeholder="change_ticket"; p class="help" { "For programs; it never changes." } }
                    (select("kind", "Holds", None, &choices!(FieldKind), Some(FieldKind::Line)))
                }
            }
            @if known.is_none_or(|field| field.kind == FieldKind::Choice) {
                div class="field" { label for={ "choices-" (id) } { "Choices" @if known.is_none() { " " span class="optional" { "(for one of a list)" } } } textarea id={ "choices-" (id) } name="choices" rows="3" { (listed) } p class="help" { "One a line." } }
            }
            div class="field" { label for={ "help-" (id) } { "What to write there " span class="optional" { "(optional)" } } input id={ "help-" (id) } name="help" autocomplete="off" value=(known.and_then(|field| field.help.as_deref()).unwrap_or_default()); }
            fieldset {
                legend { "Types of incident " span class="optional" { "(none ticked: all)" } }
                div class="row" {
                    @for one in IncidentType::ALL { label class="check" { input type="checkbox" name="type" value=(one.as_str()) checked[for_type(*one)]; (one.label()) } }
                }
            }
            label class="check" { input type="checkbox" name="needed" value="closing" checked[known.is_some_and(|field| field.needed == Needed::Closing)]; "Must be filled in before the incident is closed" }
            div class="form-actions" { button class="button" type="submit" { @if known.is_some() { "Save" } @else { "Add the field" } } }
        }
    }
}

fn status_form() -> Markup {
    html! {
        form class="form gap-top" method="post" action={ (HERE) "/statuses" } data-done="Added" {
            div class="field" { label for="status-label" { "Name" } input id="status-label" name="label" required maxlength="200" autocomplete="off" placeholder="Waiting for the supplier"; }
            fieldset {
                legend { "Phases " span class="optional" { "(none ticked: any while it is open)" } }
                div class="row" { @for phase in Phase::ALL { label class="check" { input type="checkbox" name="phase" value=(phase.as_str()); (phase.label()) } } }
            }
            label class="check" { input type="checkbox" name="waits" value="yes"; "The response waits for somebody else" }
            div class="form-actions" { button class="button" type="submit" { "Add the status" } }
        }
    }
}

/// What the form of a field sends: single fields by name, ticked types one by one.
#[derive(Default)]
struct Sent {
    one: BTreeMap<String, String>,
    ticked: Vec<String>,
}

impl Sent {
    /// Sorts what was sent; `many` is the name that may come more than once.
    fn read(pairs: Vec<(String, String)>, many: &str, known: &[&str]) -> Result<Self> {
        let mut sent = Sent::default();
        for (name, value) in pairs {
            if name == many {
                sent.ticked.push(value);
            } else if known.contains(&name.as_str()) {
                sent.one.insert(name, value);
            } else {
                return Err(Error::Invalid(format!("The form has no field {name:?}.")));
            }
        }
        Ok(sent)
    }

    fn take(&mut self, name: &str) -> String {
        self.one.remove(name).unwrap_or_default()
    }

    fn ticked<T: std::str::FromStr<Err = domain::Error>>(&self) -> Result<Vec<T>> {
        Ok(self.ticked.iter().map(|value| value.parse()).collect::<Result<Vec<T>, _>>()?)
    }

    fn words(&mut self) -> Result<FieldWords> {
        let lines = self.take("choices");
        Ok(FieldWords {
            label: self.take("label"),
            choices: lines
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            types: self.ticked()?,
            help: Some(self.take("help")),
            needed: word::<Needed>(Some(&self.take("needed")))?.unwrap_or(Needed::Never),
        })
    }
}

const FIELD: [&str; 6] = ["label", "key", "kind", "choices", "help", "needed"];

/// `POST /settings/incidents/fields`
pub async fn add_field(
    State(app): State<App>,
    Who(actor): Who,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut sent = Sent::read(pairs, "type", &FIELD)?;
    let key: FieldKey = sent.take("key").parse()?;
    let kind = word::<FieldKind>(Some(&sent.take("kind")))?.unwrap_or(FieldKind::Line);
    let field = custom::add_field(&app, &actor, key, kind, sent.words()?).await?;
    Ok(Redirect::to(&format!("{HERE}#{}", field.id)))
}

/// `POST /settings/incidents/fields/FLD-1`
pub async fn change_field(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<FieldId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut sent = Sent::read(pairs, "type", &FIELD)?;
    custom::change_field(&app, &actor, id, sent.words()?).await?;
    Ok(Redirect::to(&format!("{HERE}#{id}")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetireForm {
    retired: bool,
}

/// `POST /settings/incidents/fields/FLD-1/retire`
pub async fn retire_field(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<FieldId>,
    Form(form): Form<RetireForm>,
) -> Result<Redirect> {
    custom::retire_field(&app, &actor, id, form.retired).await?;
    Ok(Redirect::to(&format!("{HERE}#{id}")))
}

/// `POST /settings/incidents/statuses`
pub async fn add_status(
    State(app): State<App>,
    Who(actor): Who,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut sent = Sent::read(pairs, "phase", &["label", "waits"])?;
    let waits = sent.take("waits") == "yes";
    let words = StatusWords { label: sent.take("label"), phases: sent.ticked()?, waits };
    let status = custom::add_status(&app, &actor, words).await?;
    Ok(Redirect::to(&format!("{HERE}#{}", status.id)))
}

/// `POST /settings/incidents/statuses/STS-1/retire`
pub async fn retire_status(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<StatusId>,
    Form(form): Form<RetireForm>,
) -> Result<Redirect> {
    custom::retire_status(&app, &actor, id, form.retired).await?;
    Ok(Redirect::to(&format!("{HERE}#{id}")))
}

/// `POST /incidents/INC-1/fields`: values by the keys of their fields.
pub async fn fill(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut written = BTreeMap::new();
    for (key, value) in pairs {
        written.insert(key.parse::<FieldKey>()?, Some(value));
    }
    values::fill(&app, &actor, id, written).await?;
    Ok(Redirect::to(&format!("/incidents/{id}#panel-own")))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusForm {
    status: String,
    #[serde(default)]
    reason: String,
}

/// `POST /incidents/INC-1/status`
pub async fn set_status(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<StatusForm>,
) -> Result<Redirect> {
    values::set_status(&app, &actor, id, word::<StatusId>(Some(&form.status))?, Some(form.reason)).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")))
}
