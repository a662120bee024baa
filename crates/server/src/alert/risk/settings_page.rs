//! How risk is reckoned: in words, as a form, and what was set before.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::risk::{Points, Settings};
use domain::{Permission, Severity};
use maud::{Markup, html};

use crate::alert::page::{Pairs, value};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::web::extract::{Form, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub async fn form(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    let history = super::settings_history(&app, &actor).await?;
    let names = event::page::names(&app, &actor).await?;
    let settings = history.first().map(|set| set.settings).unwrap_or_default();
    let sets = actor.may(Permission::EditPlan);
    let content = html! {
        header class="page-head" { div class="page-title" {
            nav aria-label="Where you are" { ol class="breadcrumb" { li { a href="/entities" { "Entities" } } li { "How risk is reckoned" } } }
            h1 { "How risk is reckoned" }
        } }
        div class="columns" {
            div class="stack" {
                section class="card" aria-labelledby="words" {
                    div class="card-head" { h2 id="words" { "In words" } }
                    div class="card-body prose" {
                        p { "Every detection is a sign about the host, the account and the address in its event. Its points come from the rule's level, less as verdicts show the rule to be wrong. They fade by half in " (settings.half_life_hours) " hours." }
                        p { "A rule counts once a day, and a quarter for further days: a flood says no more than its first detection. Each further technique adds a tenth, each further tactic a quarter to the whole, up to twice." }
                        p { "When " (settings.rules_needed) " different rules or more bring an entity to " (settings.threshold) ", one alert lists the signs, and goes on listing new ones while it is open. After a verdict they count no more." }
                    }
                }
                @if sets { (fields(&settings)) } @else { (readings(&settings)) }
            }
            aside class="stack" aria-label="What was set" {
                section class="card" aria-labelledby="history" {
                    div class="card-head" { h2 id="history" { "What was set" } }
                    div class="card-body" {
                        @if history.is_empty() { p class="muted" { "Nothing yet: these are the defaults." } }
                        @else { ul class="changes" { @for set in &history {
                            li data-change="same" { span class="break" { (set.reason) span class="cell-sub muted" { "threshold " (set.settings.threshold) ", half-life " (set.settings.half_life_hours) " h. " (names.get(&set.set_by).map_or("somebody", String::as_str)) ", " (parts::ago(set.set_at)) } } }
                        } } }
                    }
                }
            }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Entities, "How risk is reckoned", &[], &content).await)
}

fn number(name: &str, label: &str, value: i64, most: i64) -> Markup {
    html! { div class="field" { label for=(name) { (label) } input id=(name) name=(name) type="number" min="0" max=(most) required value=(value); } }
}

fn fields(settings: &Settings) -> Markup {
    html! {
        form class="form" method="post" action="/entities/settings" data-done="Set" {
            div class="field-row" {
                (number("threshold", "Threshold", settings.threshold, 100_000))
                (number("rules_needed", "By at least so many rules", settings.rules_needed, 20))
                (number("half_life_hours", "Half-life in hours", settings.half_life_hours, 8760))
            }
            fieldset {
                legend { "Points of a detection by its rule's level" }
                div class="field-row" { @for level in Severity::ALL { (number(level.as_str(), level.label(), settings.points.of(*level), 10_000)) } }
            }
            div class="field" { label for="alerts_from" { "Alerts of their own from" }
                select id="alerts_from" name="alerts_from" { @for level in Severity::ALL { option value=(level.as_str()) selected[*level == settings.alerts_from] { (level.label()) } } }
                p class="help" { "What rules below this level detect raises no alert by itself: it is a sign alone." }
            }
            div class="field" { label for="reason" { "Why" } textarea id="reason" name="reason" rows="2" required maxlength="20000" {} }
            div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Set" } a class="button" href="/entities" { "Cancel" } }
        }
    }
}

fn readings(settings: &Settings) -> Markup {
    html! {
        section class="card" aria-labelledby="now" {
            div class="card-head" { h2 id="now" { "Now" } }
            div class="card-body" { dl class="facts" data-layout="stacked" {
                dt { "Threshold" } dd { (settings.threshold) }
                dt { "By at least" } dd { (settings.rules_needed) " rules" }
                dt { "Half-life" } dd { (settings.half_life_hours) " hours" }
                @for level in Severity::ALL { dt { "Points, " (level.label().to_lowercase()) } dd { (settings.points.of(*level)) } }
                dt { "Alerts of their own from" } dd { (settings.alerts_from.label()) }
            } }
        }
    }
}

pub async fn set(State(app): State<App>, Who(actor): Who, Form(form): Form<Pairs>) -> Result<Response> {
    let number = |name: &str| -> Result<i64> {
        let told = value(&form, name).unwrap_or_default().trim().parse();
        told.map_err(|_| Error::Invalid(format!("Say {} as a whole number.", name.replace('_', " "))))
    };
    let settings = Settings {
        threshold: number("threshold")?,
        rules_needed: number("rules_needed")?,
        half_life_hours: number("half_life_hours")?,
        points: Points {
            informational: number("informational")?,
            low: number("low")?,
            medium: number("medium")?,
            high: number("high")?,
            critical: number("critical")?,
        },
        alerts_from: value(&form, "alerts_from").unwrap_or_default().parse()?,
    };
    super::set(&app, &actor, settings, value(&form, "reason").unwrap_or_default()).await?;
    Ok(Redirect::to("/entities/settings").into_response())
}
