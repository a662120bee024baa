//! How a rule is grouped: a card on the rule's page, and the form with its preview.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::grouping::{By, Grouping};
use domain::{Actor, Permission, UserId};
use maud::{Markup, html};

use super::{Preview, Setting};
use crate::alert::page::{Pairs, encode, value};
use crate::alert::rules::KnownRule;
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

/// How far back the form can look.
const LOOKS: [i64; 4] = [1, 7, 30, 90];

/// A grouping in a sentence.
fn words(grouping: &Grouping) -> String {
    let window = match grouping.window_minutes() {
        minutes if minutes % 1440 == 0 => count(minutes / 1440, "day"),
        minutes if minutes % 60 == 0 => count(minutes / 60, "hour"),
        minutes => count(minutes, "minute"),
    };
    let by: Vec<String> = grouping.by().iter().map(part).collect();
    match by.split_last() {
        None => format!("All its detections together, while no more than {window} lie between them"),
        Some((last, [])) => format!("One alert for each {last}, while no more than {window} lie between"),
        Some((last, others)) => format!(
            "One alert for each {} and {last}, while no more than {window} lie between",
            others.join(", ")
        ),
    }
}

fn part(by: &By) -> String {
    match by {
        By::Field(name) => name.clone(),
        other => other.label().to_lowercase(),
    }
}

fn count(number: i64, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

/// On the rule's page: how it is grouped, who set it so, and the way to change it.
pub fn card(actor: &Actor, rule: &KnownRule, history: &[Setting], names: &HashMap<UserId, String>) -> Markup {
    let grouping = history.first().map(|set| set.grouping.clone()).unwrap_or_default();
    let name = |set: &Setting| names.get(&set.set_by).map_or("somebody", String::as_str).to_owned();
    let here = format!("/rules/{}/grouping", encode(&rule.id));
    html! {
        section class="card" aria-labelledby="grouping" {
            div class="card-head" { h2 id="grouping" { "Grouping" } @if history.is_empty() { span class="muted" { "default" } } }
            div class="card-body stack" {
                p { (words(&grouping)) "." }
                @if !history.is_empty() {
                    ul class="changes" {
                        @for set in history.iter().take(5) {
                            li data-change="same" { span class="break" { (set.reason) span class="cell-sub muted" { (words(&set.grouping)) ". " (name(set)) ", " (parts::ago(set.set_at)) } } }
                        }
                    }
                }
                @if actor.may(Permission::TriageAlerts) {
                    div class="row" {
                        a class="button" data-size="small" href=(here) { (parts::icon("edit")) "Change" }
                        @if !history.is_empty() {
                            form method="post" action={ (here) "/undo" } data-done="As it was before" { button class="button" data-size="small" data-kind="quiet" type="submit" { "Undo the last change" } }
                        }
                    }
                }
            }
        }
    }
}

/// What the form says.
fn wanted(pairs: &Pairs) -> Result<Option<Grouping>> {
    if value(pairs, "window").is_none() {
        return Ok(None);
    }
    let mut by: Vec<By> = pairs
        .iter()
        .filter(|(name, _)| name == "by")
        .map(|(_, word)| Ok(word.parse()?))
        .collect::<Result<_>>()?;
    let fields = value(pairs, "fields").unwrap_or_default();
    for name in fields.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        by.push(format!("field:{name}").parse()?);
    }
    let window = value(pairs, "window").unwrap_or_default().trim().parse();
    let window = window.map_err(|_| Error::Invalid("Say the window in whole minutes.".to_owned()))?;
    Ok(Some(Grouping::new(by, window)?))
}

pub async fn form(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Query(query): Query<Pairs>,
) -> Result<Markup> {
    let rule = app.rules.get(&id).ok_or(Error::NotFound("rule"))?;
    let now = super::of_rule(&app, &actor, &id).await?;
    let wanted = wanted(&query)?;
    let days = value(&query, "days").and_then(|days| days.parse().ok()).unwrap_or(7);
    let shown = wanted.clone().unwrap_or_else(|| now.clone());
    let preview = super::preview(&app, &actor, &id, &shown, days).await?;
    let here = format!("/rules/{}", encode(&rule.id));
    let fields: Vec<&str> = shown
        .by()
        .iter()
        .filter_map(|by| if let By::Field(name) = by { Some(name.as_str()) } else { None })
        .collect();
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/rules" { "Rules" } } li { a href=(here) { (rule.title) } } li { "Grouping" } } }
            h1 { "What becomes one alert?" }
            p class="page-sub" { "Now: " (words(&now)) ". A change holds for what is detected from then on; alerts that are there stay." }
        } }
        form class="form" method="post" action={ (here) "/grouping" } data-done="The rule is grouped so from now on" {
            fieldset {
                legend { "One alert for each" }
                @for (by, help) in [
                    (By::Entity, "whom the event is about: its host, else its address, else its account"),
                    (By::Host, "the machine that reports it"),
                    (By::Account, "the account that acts"),
                    (By::Address, "the address that it comes from"),
                ] {
                    label class="check" { input type="checkbox" name="by" value=(by) checked[shown.by().contains(&by)]; span { (by.label()) ", " span class="muted" { (help) } } }
                }
                p class="help" { "What is ticked keeps alerts apart. With nothing ticked and no field, all of the rule's detections are one alert." }
            }
            div class="field" { label for="fields" { "And for each value of these fields" }
                input id="fields" name="fields" value=(fields.join(", ")) placeholder="Image, TargetUserName" autocomplete="off";
                p class="help" { "By their Sigma names, with commas between." }
            }
            div class="field-row" {
                div class="field" { label for="window" { "Window in minutes" } input id="window" name="window" type="number" min="1" max="10080" required value=(shown.window_minutes()); p class="help" { "After so long without a detection, the next one is a new alert." } }
                div class="field" { label for="days" { "Preview over" } select id="days" name="days" { @for look in LOOKS { option value=(look) selected[look == days] { (count(look, "day")) } } } }
            }
            (told(&preview, wanted.is_some()))
            div class="field" { label for="reason" { "Why" } textarea id="reason" name="reason" rows="2" required maxlength="20000" {} }
            div class="form-actions" {
                button class="button" type="submit" formmethod="get" formnovalidate { "Preview" }
                @if actor.may(Permission::TriageAlerts) { button class="button" data-kind="primary" type="submit" { "Group so from now on" } }
                a class="button" data-kind="quiet" href=(here) { "Cancel" }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Rules, "Grouping", &[], &content).await)
}

fn told(preview: &Preview, is_trial: bool) -> Markup {
    let level = if is_trial && preview.then < preview.now { "good" } else { "info" };
    html! {
        div class="notice" data-level=(level) { (parts::icon("info")) div {
            @if preview.detections == 0 {
                strong { "Nothing to preview with" } "The rule detected nothing in the last " (count(preview.days, "day")) "."
            } @else if is_trial {
                strong { "It would have made " (preview.then) @if preview.then == 1 { " alert" } @else { " alerts" } " instead of " (preview.now) }
                "Looked at: " (preview.detections) " detections of the last " (count(preview.days, "day")) @if preview.more { ", the latest of more" } "."
            } @else {
                strong { (preview.detections) " detections of the last " (count(preview.days, "day")) " made " (preview.now) @if preview.now == 1 { " alert" } @else { " alerts" } }
                "Choose another grouping and press Preview to see what it would have made of them."
            }
        } }
    }
}

pub async fn set(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Form(form): Form<Pairs>,
) -> Result<Response> {
    let grouping =
        wanted(&form)?.ok_or_else(|| Error::Invalid("Say the window in whole minutes.".to_owned()))?;
    super::set(&app, &actor, &id, grouping, value(&form, "reason").unwrap_or_default()).await?;
    Ok(Redirect::to(&format!("/rules/{}", encode(&id))).into_response())
}

pub async fn undo(State(app): State<App>, Who(actor): Who, Path(id): Path<String>) -> Result<Response> {
    super::undo(&app, &actor, &id).await?;
    Ok(Redirect::to(&format!("/rules/{}", encode(&id))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grouping_is_said_in_a_sentence() {
        let by = |parts: Vec<By>, window| words(&Grouping::new(parts, window).unwrap());
        assert_eq!(
            words(&Grouping::default()),
            "One alert for each entity, while no more than 1 hour lie between"
        );
        assert_eq!(
            by(vec![By::Host, By::Field("Image".to_owned())], 90),
            "One alert for each host and Image, while no more than 90 minutes lie between"
        );
        assert!(by(Vec::new(), 2880).starts_with("All its detections together"));
    }
}
