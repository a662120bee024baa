//! The tab of what the incident did and cost.

use axum::extract::State;
use axum::response::Redirect;
use domain::impact::{
    Confidence, CostKind, Country, DataKind, DataSubject, DoneToData, PeopleCount, Protection,
};
use domain::{AffectedId, CostId, EffortId, IncidentId};
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::api::inputs::word;
use super::super::impact::{
    self, Affected, Cost, Effort, Impact, NewAffected, NewCost, NewEffort, Recorded, Which, hours,
};
use super::{Shown, Tab, choices, select, tab, text_field};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let all = impact::impact(&app, &actor, id).await?;
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        header class="page-head" { div class="page-title" { h2 { "Impact" } p class="page-sub" { "Which data of whose, how much work, how much money. The report has it all." } } }
        div class="stack" id="impact" data-refresh="impact" hx-get=(shown.path("/impact")) hx-select="#impact" hx-trigger=(trigger) {
            (data_card(&shown, &all))
            div class="halves" { (effort_card(&shown, &all)) (cost_card(&shown, &all)) }
        }
        @if shown.works { div class="stack gap-top" { (data_form(&shown)) (effort_form(&shown)) (cost_form(&shown)) } }
    };
    Ok(tab(&app, &actor, &shown, Tab::Impact, &content).await)
}

fn data_card(shown: &Shown, all: &Impact) -> Markup {
    html! {
        section class="card" aria-labelledby="data" {
            div class="card-head" { h2 id="data" { "Data and people concerned" } span class="muted" { (all.data.iter().filter(|one| one.recorded.counts()).count()) } }
            @if all.data.is_empty() { div class="card-body" { p class="muted" { "Nothing is recorded yet. Record what is known as soon as it is, with how sure you are; correct it later." } } }
            @else {
                div class="table-scroll" role="region" aria-label="Records of data" tabindex="0" {
                    table class="table" data-narrow="list" {
                        thead { tr { th { "Data" } th { "People" } th { "Where" } th { "What was done" } th { "Known from" } th { span class="visually-hidden" { "Withdraw" } } } }
                        tbody { @for one in &all.data { (data_row(shown, one)) } }
                    }
                }
            }
        }
    }
}

fn data_row(shown: &Shown, one: &Affected) -> Markup {
    let countries: Vec<&str> = one.countries.iter().map(Country::as_str).collect();
    html! {
        tr id=(one.id) data-struck[!one.recorded.counts()] {
            td class="cell-main" {
                div class="row" { @for kind in &one.kinds { span class="badge" { (kind.label()) } } }
                span class="cell-sub" { (one.id) ", " (one.protection.label().to_lowercase()) }
            }
            td data-label="People" {
                @match one.people { Some(people) => (people.words()), None => span class="muted" { "not known" } }
                @if !one.subjects.is_empty() { span class="cell-sub" { @for (n, subject) in one.subjects.iter().enumerate() { @if n > 0 { ", " } (subject.label()) } } }
            }
            td data-label="Where" { (countries.join(", ")) }
            td data-label="What was done" { @for (n, done) in one.done.iter().enumerate() { @if n > 0 { ", " } (done.label()) } }
            td data-label="Known from" {
                span class="badge" data-status=(sure(one.confidence)) { (one.confidence.label()) }
                span class="cell-sub break" { (one.source) @if let Some(note) = &one.note { br; (note) } br; (by(shown, &one.recorded)) }
            }
            td data-type="actions" { (withdraw(shown, "data", &one.id.to_string(), &one.recorded)) }
        }
    }
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Confirmed => "good",
        Confidence::Likely => "waiting",
        Confidence::Possible => "closed",
    }
}

fn by(shown: &Shown, recorded: &Recorded) -> Markup {
    html! {
        (shown.name(recorded.recorded_by)) " " (parts::ago(recorded.recorded_at))
        @if let Some(why) = &recorded.why { br; "Withdrawn: " (why) }
    }
}

fn withdraw(shown: &Shown, kind: &str, id: &str, recorded: &Recorded) -> Markup {
    html! {
        @if shown.works && recorded.counts() {
            details class="menu" {
                summary class="button" data-size="small" data-kind="quiet" aria-label={ "Withdraw " (id) } { "Withdraw" }
                form class="menu-list menu-form" method="post" action=(shown.path(&format!("/impact/{kind}/{id}/withdraw"))) data-stay="" data-done={ (id) " withdrawn" } {
                    input name="reason" required aria-label={ "Why " (id) " is withdrawn" } placeholder="Why";
                    button class="button" data-size="small" type="submit" { "Withdraw" }
                }
            }
        }
    }
}

fn effort_card(shown: &Shown, all: &Impact) -> Markup {
    html! {
        section class="card" aria-labelledby="effort" {
            div class="card-head" { h2 id="effort" { "Work" } span class="muted" { (hours(all.minutes)) } }
            @if all.efforts.is_empty() { div class="card-body" { p class="muted" { "No work is written down yet." } } }
            ul class="lines" { @for one in &all.efforts { (effort_line(shown, one)) } }
        }
    }
}

fn effort_line(shown: &Shown, one: &Effort) -> Markup {
    html! {
        li id=(one.id) data-struck[!one.recorded.counts()] {
            div class="line-main" { (one.what) p class="line-sub" { (one.who) ", " (one.day) @if let Some(why) = &one.recorded.why { ". Withdrawn: " (why) } } }
            span class="line-end" { (hours(one.minutes)) }
            (withdraw(shown, "effort", &one.id.to_string(), &one.recorded))
        }
    }
}

fn cost_card(shown: &Shown, all: &Impact) -> Markup {
    html! {
        section class="card" aria-labelledby="costs" {
            div class="card-head" { h2 id="costs" { "Costs" } span class="muted" { @for (n, sum) in all.sums.iter().enumerate() { @if n > 0 { " and " } (sum.money) } } }
            @if all.costs.is_empty() { div class="card-body" { p class="muted" { "No cost is written down yet." } } }
            ul class="lines" { @for one in &all.costs { (cost_line(shown, one)) } }
        }
    }
}

fn cost_line(shown: &Shown, one: &Cost) -> Markup {
    html! {
        li id=(one.id) data-struck[!one.recorded.counts()] {
            div class="line-main" {
                (one.what)
                p class="line-sub" { (one.kind.label()) @if let Some(vendor) = &one.vendor { ", " (vendor) } ", " (one.day) @if let Some(why) = &one.recorded.why { ". Withdrawn: " (why) } }
            }
            span class="line-end" { (one.money) }
            (withdraw(shown, "cost", &one.id.to_string(), &one.recorded))
        }
    }
}

// Forms.

fn ticks(name: &str, legend: &str, words: &[(&str, &str)]) -> Markup {
    html! {
        fieldset {
            legend { (legend) }
            div class="ticks" { @for (word, label) in words { label class="check" { input type="checkbox" name=(name) value=(word); span { (label) } } } }
        }
    }
}

macro_rules! named {
    ($words:ty) => {
        <$words>::ALL.iter().map(|one| (one.as_str(), one.label())).collect::<Vec<_>>()
    };
}

fn data_form(shown: &Shown) -> Markup {
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Record data and people" }
            form class="form gap-top" method="post" action=(shown.path("/impact/data")) data-done="Recorded" {
                (ticks("kind", "Which data", &named!(DataKind)))
                (ticks("subject", "Whose", &named!(DataSubject)))
                (ticks("done", "What was done to it", &named!(DoneToData)))
                div class="field-row" {
                    div class="field" { label for="people" { "How many people " span class="optional" { "(optional)" } } input id="people" name="people" autocomplete="off"; p class="help" { "1200, about: ~1200, a range: 300-1000, at least: 500+." } }
                    div class="field" { label for="countries" { "Where they live " span class="optional" { "(optional)" } } input id="countries" name="countries" autocomplete="off"; p class="help" { "Codes with commas: DE, AT, US-CA." } }
                    (select("protection", "Readable to others", None, &choices!(Protection), Some(Protection::Unknown)))
                    (select("confidence", "How sure", None, &choices!(Confidence), Some(Confidence::Possible)))
                }
                (text_field("source", "Known from", 1, false, "A log, a listing, a person."))
                (text_field("note", "Note", 2, true, ""))
                div class="form-actions" { button class="button" type="submit" { "Record" } }
            }
        }
    }
}

fn effort_form(shown: &Shown) -> Markup {
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Write down work" }
            form class="form gap-top" method="post" action=(shown.path("/impact/effort")) data-done="Written down" {
                div class="field-row" {
                    (text_field("who", "Who", 1, true, "You, if left out."))
                    div class="field" { label for="minutes" { "Minutes" } input id="minutes" name="minutes" type="number" min="1" required; }
                    div class="field" { label for="effort-day" { "Day " span class="optional" { "(today if left out)" } } input id="effort-day" name="day" type="date"; }
                }
                (text_field("what", "On what", 1, false, ""))
                div class="form-actions" { button class="button" type="submit" { "Write down" } }
            }
        }
    }
}

fn cost_form(shown: &Shown) -> Markup {
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Write down a cost" }
            form class="form gap-top" method="post" action=(shown.path("/impact/cost")) data-done="Written down" {
                div class="field-row" {
                    (select("kind", "Kind", None, &choices!(CostKind), Some(CostKind::Response)))
                    div class="field" { label for="amount" { "Amount" } input id="amount" name="amount" inputmode="decimal" required autocomplete="off"; }
                    div class="field" { label for="currency" { "Currency" } input id="currency" name="currency" required maxlength="3" autocomplete="off" placeholder="EUR"; }
                    div class="field" { label for="vendor" { "Paid to " span class="optional" { "(optional)" } } input id="vendor" name="vendor" autocomplete="off"; }
                    div class="field" { label for="cost-day" { "Day " span class="optional" { "(today if left out)" } } input id="cost-day" name="day" type="date"; }
                }
                div class="field" { label for="cost-what" { "What for" } input id="cost-what" name="what" required autocomplete="off"; }
                div class="form-actions" { button class="button" type="submit" { "Write down" } }
            }
        }
    }
}

fn day(text: &str) -> Result<Option<Date>> {
    match text.trim() {
        "" => Ok(None),
        text => {
            text.parse().map(Some).map_err(|_| Error::Invalid("Write the day like 2026-11-24.".to_owned()))
        }
    }
}

fn back(id: IncidentId) -> Redirect {
    Redirect::to(&format!("/incidents/{id}/impact"))
}

/// The form's pairs: ticks come several times under one name.
pub async fn add_data(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Redirect> {
    let mut new = NewAffected {
        kinds: Vec::new(),
        done: Vec::new(),
        subjects: Vec::new(),
        countries: Vec::new(),
        people: None,
        protection: Protection::Unknown,
        confidence: Confidence::Possible,
        source: String::new(),
        note: None,
    };
    for (name, value) in pairs {
        match name.as_str() {
            "kind" => new.kinds.push(value.parse()?),
            "done" => new.done.push(value.parse()?),
            "subject" => new.subjects.push(value.parse()?),
            "people" => new.people = word::<PeopleCount>(Some(&value))?,
            "protection" => new.protection = value.parse()?,
            "confidence" => new.confidence = value.parse()?,
            "source" => new.source = value,
            "note" => new.note = Some(value),
            "countries" => {
                let codes = value.split([',', ';', ' ']).filter(|code| !code.is_empty());
                new.countries = codes.map(str::parse).collect::<domain::Result<_>>()?;
            }
            _ => return Err(Error::Invalid(format!("The form has no field {name:?}."))),
        }
    }
    impact::add_data(&app, &actor, id, new).await?;
    Ok(back(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EffortForm {
    who: String,
    minutes: i64,
    what: String,
    day: String,
}

pub async fn add_effort(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<EffortForm>,
) -> Result<Redirect> {
    let day = day(&form.day)?;
    let new = NewEffort { who: Some(form.who), minutes: form.minutes, what: form.what, day };
    impact::add_effort(&app, &actor, id, new).await?;
    Ok(back(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostForm {
    kind: CostKind,
    amount: String,
    currency: String,
    vendor: String,
    what: String,
    day: String,
}

pub async fn add_cost(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Form(form): Form<CostForm>,
) -> Result<Redirect> {
    let new = NewCost {
        kind: form.kind,
        amount: form.amount,
        currency: form.currency.parse()?,
        vendor: Some(form.vendor),
        what: form.what,
        day: day(&form.day)?,
    };
    impact::add_cost(&app, &actor, id, new).await?;
    Ok(back(id))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawForm {
    reason: String,
}

/// `POST /incidents/INC-1/impact/cost/CST-1/withdraw`
pub async fn take_back(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, kind, record)): Path<(IncidentId, String, String)>,
    Form(form): Form<WithdrawForm>,
) -> Result<Redirect> {
    let missing = |_| Error::NotFound("record");
    let which = match kind.as_str() {
        "data" => Which::Data(record.parse::<AffectedId>().map_err(missing)?),
        "effort" => Which::Effort(record.parse::<EffortId>().map_err(missing)?),
        "cost" => Which::Cost(record.parse::<CostId>().map_err(missing)?),
        _ => return Err(Error::NotFound("record")),
    };
    impact::withdraw(&app, &actor, id, which, &form.reason).await?;
    Ok(back(id))
}
