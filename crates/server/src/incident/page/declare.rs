//! The form by which an incident is declared: what the alerts suggest, the facts that decide the
//! severity, and the plan's proposal as they change.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::severity::{FunctionalImpact, InformationImpact, Recoverability};
use domain::{Actor, AlertId, IncidentId, IncidentType, Permission, Severity, SeverityFacts, Tlp, UserId};
use maud::{Markup, html};

use super::super::api::inputs::word;
use super::super::declare::add_alerts;
use super::super::{Declaration, IncidentView, declare, optional, read, response};
use super::{choices, observables, select};
use crate::alert::{self, Alert};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::PageQuery;
use crate::web::parts;
use crate::{identity, plan};

/// How many open incidents are offered to take the alerts in.
const OPEN_NAMED: u16 = 8;

/// What is in the form: empty at first, what was sent when something was wrong with it.
#[derive(Debug, Clone, Default)]
struct Said {
    title: String,
    incident_type: String,
    functional: String,
    information: String,
    recoverability: String,
    severity: String,
    severity_reason: String,
    tlp: String,
    commander: String,
    restricted: bool,
    members: Vec<String>,
    summary: String,
    alerts: Vec<String>,
}

impl Said {
    /// A form's pairs; a name that the form does not have is refused.
    fn read(pairs: Vec<(String, String)>) -> Result<Self> {
        let mut said = Said::default();
        for (name, value) in pairs {
            match name.as_str() {
                "title" => said.title = value,
                "type" => said.incident_type = value,
                "functional" => said.functional = value,
                "information" => said.information = value,
                "recoverability" => said.recoverability = value,
                "severity" => said.severity = value,
                "severity_reason" => said.severity_reason = value,
                "tlp" => said.tlp = value,
                "commander" => said.commander = value,
                "restricted" => said.restricted = value == "true",
                "member" => said.members.push(value),
                "summary" => said.summary = value,
                "alert" => said.alerts.push(value),
                _ => return Err(Error::Invalid(format!("The form has no field {name:?}."))),
            }
        }
        Ok(said)
    }

    /// The facts, if all three are chosen.
    fn facts(&self) -> Result<Option<SeverityFacts>> {
        let functional = word::<FunctionalImpact>(Some(&self.functional))?;
        let information = word::<InformationImpact>(Some(&self.information))?;
        let recoverability = word::<Recoverability>(Some(&self.recoverability))?;
        Ok(match (functional, information, recoverability) {
            (Some(functional), Some(information), Some(recoverability)) => {
                Some(SeverityFacts { functional, information, recoverability })
            }
            _ => None,
        })
    }

    fn declaration(&self) -> Result<Declaration> {
        let missing = |what: &str| Error::Invalid(format!("Choose {what}."));
        Ok(Declaration {
            title: self.title.clone(),
            incident_type: word::<IncidentType>(Some(&self.incident_type))?
                .ok_or_else(|| missing("the type"))?,
            facts: self.facts()?.ok_or_else(|| missing("one answer to each of the three questions"))?,
            severity: word::<Severity>(Some(&self.severity))?,
            severity_reason: optional(Some(self.severity_reason.clone())),
            tlp: word::<Tlp>(Some(&self.tlp))?,
            commander: word::<UserId>(Some(&self.commander))?,
            restricted: self.restricted,
            members: ids(&self.members)?,
            summary: optional(Some(self.summary.clone())),
            alerts: ids(&self.alerts)?,
        })
    }
}

fn ids<T: std::str::FromStr<Err = domain::Error>>(texts: &[String]) -> Result<Vec<T>> {
    Ok(texts.iter().map(|text| text.trim().parse()).collect::<domain::Result<Vec<T>>>()?)
}

/// `GET /incidents/declare?alert=ALR-1&alert=ALR-2`
pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Markup> {
    identity::need(&actor, Permission::DeclareIncident, "declaring incidents")?;
    let mut said = Said::read(pairs)?;
    let alerts = alerts(&app, &actor, &said).await?;
    if said.title.is_empty() {
        said.title = proposed_title(&alerts);
    }
    if said.incident_type.is_empty() {
        said.incident_type = proposed_type(&alerts).map(|kind| kind.as_str().to_owned()).unwrap_or_default();
    }
    draw(&app, &actor, &said, &alerts, None).await
}

/// `POST /incidents`
pub async fn send(
    State(app): State<App>,
    Who(actor): Who,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let said = Said::read(pairs)?;
    let declared = match said.declaration() {
        Ok(declaration) => declare(&app, &actor, declaration).await,
        Err(error) => Err(error),
    };
    match declared {
        Ok(view) => Ok(Redirect::to(&format!("/incidents/{}", view.record.id)).into_response()),
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let alerts = alerts(&app, &actor, &said).await.unwrap_or_default();
            let page = draw(&app, &actor, &said, &alerts, Some(&error.detail())).await?;
            Ok((error.status(), page).into_response())
        }
        Err(error) => Err(error),
    }
}

/// The plan's proposal for the facts chosen so far: a fragment.
pub async fn severity(
    State(app): State<App>,
    Who(actor): Who,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Markup> {
    let said = Said::read(pairs)?;
    proposal(&app, &actor, &said).await
}

async fn proposal(app: &App, actor: &Actor, said: &Said) -> Result<Markup> {
    let Some(facts) = said.facts()? else {
        return Ok(html! {
            output class="proposal" id="proposal" aria-live="polite" {
                span class="proposal-why" { strong { "Answer the three questions." } " The plan proposes a severity from them." }
            }
        });
    };
    let now = plan::read(app, actor).await?;
    let proposal = now.plan.severity.matrix.propose(&facts);
    let starts = response::preview_new(app, proposal.severity).await?;
    let word = proposal.severity.label().to_lowercase();
    Ok(html! {
        output class="proposal" id="proposal" data-severity=(proposal.severity.as_str()) aria-live="polite" {
            (parts::severity(proposal.severity))
            span class="proposal-why" {
                strong { "The plan proposes " (word) ". " }
                (proposal.because)
                " Declaring " (starts.summary) "."
            }
        }
    })
}

async fn alerts(app: &App, actor: &Actor, said: &Said) -> Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    for id in ids::<AlertId>(&said.alerts)? {
        alerts.push(alert::get(app, actor, id).await?);
    }
    Ok(alerts)
}

/// The worst alert and where it was.
fn proposed_title(alerts: &[Alert]) -> String {
    let Some(worst) = alerts.iter().max_by_key(|alert| (alert.severity, alert.count)) else {
        return String::new();
    };
    let mut hosts: Vec<&str> = alerts.iter().map(|alert| alert.entity.name()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let place = match hosts.as_slice() {
        [one] => format!(" on {one}"),
        more => format!(" on {} and {} more", worst.entity.name(), more.len() - 1),
    };
    format!("{}{place}", worst.title).chars().take(domain::Line::LIMIT).collect()
}

/// The type that the worst alert with a suggestion suggests.
fn proposed_type(alerts: &[Alert]) -> Option<IncidentType> {
    alerts
        .iter()
        .filter(|alert| alert.suggested_type.is_some())
        .max_by_key(|alert| (alert.severity, alert.count))
        .and_then(|alert| alert.suggested_type)
}

async fn draw(
    app: &App,
    actor: &Actor,
    said: &Said,
    alerts: &[Alert],
    wrong: Option<&str>,
) -> Result<Markup> {
    let names = identity::names(app).await?;
    let open = open_incidents(app, actor, alerts).await?;
    let named: Vec<AlertId> = alerts.iter().map(|alert| alert.id).collect();
    let like = if named.is_empty() {
        html! {}
    } else {
        observables::like_card(app, actor, &named).await?
    };
    let content = html! {
        header class="page-head" {
            div class="page-title" {
                h1 { "Declare an incident" }
                p class="page-sub" {
                    @if alerts.is_empty() { "From a report. " } @else { "From " (alerts.len()) @if alerts.len() == 1 { " alert. " } @else { " alerts. " } }
                    "You can change every answer later; each change is kept."
                }
            }
        }
        div class="columns" {
            form class="form" method="post" action="/incidents" data-done="The incident is declared; these are its first steps" {
                @if let Some(wrong) = wrong {
                    div class="error-summary" role="alert" { h2 { "This was not done" } p { (wrong) } }
                }
                @for alert in &said.alerts { input type="hidden" name="alert" value=(alert); }
                div class="field" {
                    label for="title" { "Name" }
                    input id="title" name="title" value=(said.title) required maxlength="200" autocomplete="off" aria-describedby="title-help";
                    p class="help" id="title-help" { "What happened and where, in a few words." }
                }
                div class="field-row" {
                    (select("type", "Type", Some("Choose …"), &choices!(IncidentType), word::<IncidentType>(Some(&said.incident_type)).ok().flatten()))
                    (select("tlp", "Marking", None, &choices!(Tlp), Some(word::<Tlp>(Some(&said.tlp)).ok().flatten().unwrap_or(Tlp::Amber))))
                    div class="field" {
                        label for="commander" { "Commander" }
                        select id="commander" name="commander" {
                            option value="" { "Me, until somebody takes over" }
                            @for (id, name) in &names { option value=(id) selected[said.commander == id.to_string()] { (name) } }
                        }
                    }
                }
                section class="form-section" hx-get="/incidents/severity" hx-trigger="change" hx-target="#proposal" hx-swap="outerHTML" hx-include="closest form" {
                    h2 { "How bad is it?" }
                    p class="help" { "The plan proposes the severity from three facts. Choose what you know now." }
                    div class="stack gap-top" {
                        (facts("functional", "Functional impact", &FunctionalImpact::ALL.iter().map(|word| (word.as_str(), word.label(), word.help())).collect::<Vec<_>>(), &said.functional))
                        (facts("information", "Information impact", &InformationImpact::ALL.iter().map(|word| (word.as_str(), word.label(), word.help())).collect::<Vec<_>>(), &said.information))
                        (facts("recoverability", "Recoverability", &Recoverability::ALL.iter().map(|word| (word.as_str(), word.label(), word.help())).collect::<Vec<_>>(), &said.recoverability))
                        (proposal(app, actor, said).await?)
                        div class="field-row" {
                            (select("severity", "Severity", Some("As the plan proposes"), &choices!(Severity), word::<Severity>(Some(&said.severity)).ok().flatten()))
                            div class="field" {
                                label for="severity_reason" { "Why another severity " span class="optional" { "(only then)" } }
                                input id="severity_reason" name="severity_reason" value=(said.severity_reason) autocomplete="off";
                            }
                        }
                    }
                }
                section class="form-section" {
                    div class="field" {
                        label for="summary" { "What is known " span class="optional" { "(optional)" } }
                        textarea id="summary" name="summary" rows="4" { (said.summary) }
                    }
                    label class="check" {
                        input type="checkbox" name="restricted" value="true" checked[said.restricted];
                        span { "Need to know only" small { "Only you, the commander and the people ticked below will see that this incident exists." } }
                    }
                    details {
                        summary { "Who else belongs to it" }
                        div class="stack-s gap-top" {
                            @for (id, name) in &names {
                                label class="check" { input type="checkbox" name="member" value=(id) checked[said.members.contains(&id.to_string())]; span { (name) } }
                            }
                        }
                    }
                }
                div class="form-actions" data-sticky="" {
                    button class="button" data-kind="primary" type="submit" { (parts::icon("flag")) "Declare incident" }
                    a class="button" href="/" { "Cancel" }
                }
            }
            (aside(alerts, &open, &like))
        }
    };
    Ok(frame::page(app, actor, Nav::Incidents, "Declare an incident", &[], &content).await)
}

fn facts(name: &str, legend: &str, answers: &[(&str, &str, &str)], chosen: &str) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            div class="choices" {
                @for (word, label, help) in answers {
                    label class="choice" {
                        input type="radio" name=(name) value=(word) checked[*word == chosen] required;
                        span class="choice-name" { (label) }
                        span class="choice-text" { (help) }
                    }
                }
            }
        }
    }
}

/// The incidents that the alerts may belong to instead, the newest first.
async fn open_incidents(app: &App, actor: &Actor, alerts: &[Alert]) -> Result<Vec<IncidentView>> {
    if alerts.is_empty() || !actor.may(Permission::WorkIncident) {
        return Ok(Vec::new());
    }
    let filter = read::Filter { open: Some(true), ..read::Filter::default() };
    let page = PageQuery { cursor: None, limit: Some(OPEN_NAMED) };
    Ok(read::list(app, actor, filter, &page).await?.items)
}

/// The alerts may be more of what is known already.
fn instead(alerts: &[Alert], open: &[IncidentView]) -> Markup {
    html! {
        section class="card" {
            div class="card-head" { h2 { "Or add to an open incident" } }
            form class="card-body stack-s" method="post" data-done="The alerts are part of this incident now" {
                @for alert in alerts { input type="hidden" name="alert" value=(alert.id); }
                @for view in open {
                    @let id = view.record.id;
                    div class="row-spread" {
                        a class="break" href={ "/incidents/" (id) } { (id) " " (view.record.title) }
                        button class="button" data-size="small" type="submit" formaction={ "/incidents/" (id) "/alerts" } aria-label={ "Add to " (id) } { (parts::icon("plus")) "Add" }
                    }
                }
            }
        }
    }
}

/// `POST /incidents/INC-1/alerts`
pub async fn add(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    // Whether there is such an incident comes before what is wrong with the form.
    read::get(&app, &actor, id).await?;
    let said = Said::read(pairs)?;
    add_alerts(&app, &actor, id, ids(&said.alerts)?).await?;
    Ok(Redirect::to(&format!("/incidents/{id}")))
}

fn aside(alerts: &[Alert], open: &[IncidentView], like: &Markup) -> Markup {
    html! {
        aside class="stack" aria-label="What the incident begins with" {
            (like)
            @if !open.is_empty() { (instead(alerts, open)) }
            section class="card" {
                div class="card-head" { h2 { "From these alerts" } }
                div class="card-body" {
                    @if alerts.is_empty() { p class="muted" { "None. Alerts can be taken in later." } }
                    ul class="stack-s" {
                        @for alert in alerts {
                            li { (parts::severity(alert.severity)) " " a href={ "/alerts/" (alert.id) } { (alert.title) } div class="small muted break" { (alert.entity.name()) ", " (alert.count) @if alert.count == 1 { " event" } @else { " events" } } }
                        }
                    }
                }
            }
            section class="card" {
                div class="card-head" { h2 { "What happens then" } }
                div class="card-body" {
                    ul class="stack-s" {
                        li { "The plan's procedure for the type becomes tasks for its roles." }
                        li { "The log files behind the alerts become evidence, with a chain of custody." }
                        li { "Matched events, hosts, accounts and addresses stand on the timeline and in the lists." }
                    }
                }
            }
        }
    }
}
