//! The tab of people: who commands, who belongs to the incident, and whether others may know of it.

use axum::extract::State;
use domain::IncidentId;
use maud::{Markup, html};

use super::super::read;
use super::{Shown, Tab, person_select, tab};
use crate::app::App;
use crate::error::Result;
use crate::identity::scope;
use crate::web::extract::{Path, Who};
use crate::web::parts;

pub async fn page(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let members = read::members(&app, &actor, id).await?;
    let mut merged = Vec::new();
    for part in scope::family(&app, id).await?.into_iter().skip(1) {
        let of_part = read::members(&app, &actor, part).await?;
        merged.push((part, of_part));
    }
    let record = &shown.view.record;
    let (confirm, action, word) = if record.restricted {
        (
            "Everyone with the right to read incidents will see it, and all of its record.",
            "Open to all",
            "false",
        )
    } else {
        (
            "Only its members will see that it exists, administrators included. Its alerts vanish for others too.",
            "Restrict",
            "true",
        )
    };
    let content = html! {
        div class="columns" {
            section class="card" {
                div class="card-head" { h2 { "People" } span class="muted" { (members.len()) } }
                div class="card-body stack" {
                    ul class="stack-s" {
                        @for member in &members {
                            li class="row-spread" {
                                (parts::person(&member.name))
                                @if record.commander == Some(member.id) { span class="badge" data-role="commander" { "Commander" } }
                                @else if shown.commands {
                                    form method="post" action=(shown.path(&format!("/members/{}/remove", member.id))) data-done={ (member.name) " is taken out" } data-confirm="They no longer belong to it; if it is restricted they no longer see it." data-confirm-title={ "Take " (member.name) " out?" } {
                                        button class="button" data-size="small" data-kind="quiet" type="submit" { "Take out" }
                                    }
                                }
                            }
                        }
                    }
                    @for (part, of_part) in &merged {
                        div class="stack-s" {
                            h3 { "Of " a href={ "/incidents/" (part) } { (part) } }
                            ul class="row" { @for member in of_part { li { (parts::person(&member.name)) } } }
                        }
                    }
                    @if shown.commands {
                        form class="form" method="post" action=(shown.path("/members")) data-done="Added" {
                            (person_select(&shown, "member", "Add somebody", Some("Choose …"), None))
                            div class="form-actions" { button class="button" type="submit" { "Add" } }
                        }
                    }
                }
            }
            aside class="stack" aria-label="Command and need to know" {
                section class="card" {
                    div class="card-head" { h2 { "Command" } }
                    div class="card-body stack-s" {
                        @match &shown.view.commander_name { Some(name) => (parts::person(name)), None => span class="person-none" { "nobody yet" } }
                        @if shown.commands && !record.is_closed() {
                            form class="form" method="post" action=(shown.path("/commander")) data-done="Command handed over" {
                                (person_select(&shown, "commander", "Hand over to", None, None))
                                div class="form-actions" { button class="button" type="submit" { "Hand over" } }
                            }
                        }
                    }
                }
                section class="card" {
                    div class="card-head" { h2 { "Need to know" } }
                    div class="card-body stack-s" {
                        p { @if record.restricted { "Restricted: only the people named here know of it." } @else { "Open to everyone with the right to read incidents." } }
                        @if shown.commands {
                            form method="post" action=(shown.path("/restrict")) data-done="Changed who sees this incident" data-confirm=(confirm) data-confirm-title={ (action) "?" } {
                                input type="hidden" name="restricted" value=(word);
                                button class="button" type="submit" { (parts::icon("lock")) (action) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::People, &content).await)
}
