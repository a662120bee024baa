//! The frame around every page: navigation, the top bar, and what a browser must load. Pages that
//! stand alone (set-up, sign-in) use [`bare`].

use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use domain::{Actor, Permission};
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::parts::{self, icon};
use crate::app::App;
use crate::incident::page::mentions;
use crate::incident::{self, chat};
use crate::{alert, identity};

/// Where in the navigation a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nav {
    Mine,
    Alerts,
    Incidents,
    Evidence,
    Intake,
    Sources,
    Entities,
    Observables,
    Plan,
    Playbooks,
    Rules,
    Ledger,
    Settings,
    None,
}

struct Place {
    nav: Nav,
    href: &'static str,
    icon: &'static str,
    label: &'static str,
    needs: Permission,
}

const PLACES: [Place; 12] = [
    Place { nav: Nav::Alerts, href: "/", icon: "alert", label: "Alerts", needs: Permission::ReadAlerts },
    Place {
        nav: Nav::Incidents,
        href: "/incidents",
        icon: "incident",
        label: "Incidents",
        needs: Permission::ReadIncident,
    },
    Place { nav: Nav::Mine, href: "/mine", icon: "user", label: "For you", needs: Permission::ReadIncident },
    Place {
        nav: Nav::Evidence,
        href: "/evidence",
        icon: "evidence",
        label: "Evidence",
        needs: Permission::ReadIncident,
    },
    Place {
        nav: Nav::Intake,
        href: "/intake",
        icon: "intake",
        label: "Intake",
        needs: Permission::ReadAlerts,
    },
    Place {
        nav: Nav::Sources,
        href: "/sources",
        icon: "host",
        label: "Sources",
        needs: Permission::ReadAlerts,
    },
    Place {
        nav: Nav::Entities,
        href: "/entities",
        icon: "graph",
        label: "Entities",
        needs: Permission::ReadAlerts,
    },
    Place {
        nav: Nav::Observables,
        href: "/observables",
        icon: "search",
        label: "Observables",
        needs: Permission::ReadIncident,
    },
    Place { nav: Nav::Plan, href: "/plan", icon: "plan", label: "Plan", needs: Permission::ReadPlan },
    Place {
        nav: Nav::Playbooks,
        href: "/playbooks",
        icon: "play",
        label: "Playbooks",
        needs: Permission::ReadPlan,
    },
    Place { nav: Nav::Rules, href: "/rules", icon: "rules", label: "Rules", needs: Permission::ReadAlerts },
    Place {
        nav: Nav::Ledger,
        href: "/ledger",
        icon: "ledger",
        label: "Ledger",
        needs: Permission::ReadAudit,
    },
];

/// What waits, as the navigation counts it.
#[derive(Clone, Copy)]
struct Waiting {
    /// Alerts that nobody has in hand.
    alerts: i64,
    /// Questions to the reader: whether they come, whether they approve.
    questions: usize,
}

/// A whole page, ready to be sent. `live` names the topics whose changes the page follows.
pub async fn page(
    app: &App,
    actor: &Actor,
    nav: Nav,
    title: &str,
    live: &[&str],
    content: &Markup,
) -> Markup {
    framed(app, actor, (nav, title, live), "", content).await
}

/// A page of the search: what was typed stands in the frame's box too.
pub async fn searched(
    app: &App,
    actor: &Actor,
    nav: Nav,
    title: &str,
    typed: &str,
    content: &Markup,
) -> Markup {
    framed(app, actor, (nav, title, &[]), typed, content).await
}

async fn framed(
    app: &App,
    actor: &Actor,
    (nav, title, live): (Nav, &str, &[&str]),
    typed: &str,
    content: &Markup,
) -> Markup {
    let organisation = identity::organisation(app).await.ok().flatten().unwrap_or_default();
    let waiting = Waiting {
        alerts: alert::count_new(app).await.unwrap_or(0),
        questions: incident::response::mine::count(app, actor).await.unwrap_or(0),
    };
    let named = mentions::badge(app, actor).await;
    // Only on pages that are live anyway: every open stream is one of a browser's few connections.
    let mine = actor.user().filter(|_| !live.is_empty()).map(chat::topic_of);
    let topics = live.iter().copied().chain(mine.as_deref()).collect::<Vec<_>>().join(",");
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body data-live=[(!topics.is_empty()).then_some(topics)] {
                a class="skip-link" href="#main" { "Skip to content" }
                div class="frame" {
                    nav class="sidebar" id="nav" popover aria-label="Main" {
                        a class="brand" href="/" { img src=(assets::url("favicon.svg")) alt="" width="26" height="26"; "Watchbell" }
                        div class="nav" {
                            @for place in PLACES.iter().filter(|place| actor.may(place.needs)) {
                                (nav_link(place, nav, waiting, "nav"))
                            }
                        }
                        div class="nav" {
                            a href="/settings" aria-current=[(nav == Nav::Settings).then_some("page")] {
                                (icon("settings")) "Settings"
                            }
                        }
                        p class="sidebar-foot" { (organisation) br; "Watchbell " (env!("CARGO_PKG_VERSION")) }
                    }
                    (topbar(actor, &organisation, &named, typed))
                    main class="main" id="main" tabindex="-1" { @if nav == Nav::Alerts { (mentions::notice(app, actor).await) } (content) }
                    (tabbar(actor, nav, waiting))
                }
                div class="toasts" id="toasts" role="status" aria-live="polite" {}
            }
        }
    }
}

/// A page without navigation, for somebody who is not in yet.
pub fn bare(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body {
                main class="lone" id="main" { (content) }
                div class="toasts" id="toasts" role="status" aria-live="polite" {}
            }
        }
    }
}

/// A page that no cache may keep.
pub fn private(page: Markup) -> Response {
    ([(CACHE_CONTROL, "no-store")], page).into_response()
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="referrer" content="same-origin";
            meta name="htmx-config" content=r#"{"allowEval":false,"includeIndicatorStyles":false}"#;
            meta name="icons" content=(assets::url("icons.svg"));
            title { (title) " · Watchbell" }
            link rel="icon" type="image/svg+xml" href=(assets::url("favicon.svg"));
            link rel="stylesheet" href=(assets::url("app.css"));
            script src=(assets::url("theme.js")) {}
            script src=(assets::url("app.js")) defer {}
        }
    }
}

/// `bar` tells the two places apart in which the same link stands.
fn nav_link(place: &Place, current: Nav, waiting: Waiting, bar: &str) -> Markup {
    html! {
        a href=(place.href) aria-current=[(place.nav == current).then_some("page")] {
            (icon(place.icon)) (place.label)
            @if place.nav == Nav::Alerts {
                span id={ (bar) "-alerts" } class=[(waiting.alerts > 0).then_some("nav-count")] data-urgent {
                    @if waiting.alerts > 0 { (waiting.alerts) span class="visually-hidden" { " new" } }
                }
            }
            @if place.nav == Nav::Mine && waiting.questions > 0 {
                span class="nav-count" data-urgent { (waiting.questions) span class="visually-hidden" { " to answer" } }
            }
        }
    }
}

fn tabbar(actor: &Actor, current: Nav, waiting: Waiting) -> Markup {
    html! {
        nav class="tabbar" aria-label="Main, short" {
            @for place in PLACES.iter().take(4).filter(|place| actor.may(place.needs)) {
                (nav_link(place, current, waiting, "tab"))
            }
            button type="button" popovertarget="nav" { (icon("menu")) "More" }
        }
    }
}

fn topbar(actor: &Actor, organisation: &str, named: &Markup, typed: &str) -> Markup {
    html! {
        header class="topbar" {
            a class="topbar-brand" href="/" aria-label="Watchbell, start page" {
                img src=(assets::url("favicon.svg")) alt="" width="28" height="28";
            }
            span class="topbar-org" { (organisation) }
            form class="topbar-search" role="search" aria-label="Everywhere" action="/search" {
                (icon("search"))
                input type="search" name="q" value=(typed) maxlength="200" aria-label="Search everything" placeholder="Search: host, address, hash, INC-…" autocomplete="off";
                kbd aria-hidden="true" { "/" }
            }
            div class="topbar-end" {
                span class="live" role="status" { span class="live-text" {} }
                (named)
                button class="button needs-script" type="button" data-kind="quiet" data-only="icon" data-theme-switch aria-label="Theme" {
                    (icon("contrast"))
                }
                (account_menu(actor))
            }
        }
    }
}

fn account_menu(actor: &Actor) -> Markup {
    html! {
        details class="menu" {
            summary class="button" data-kind="quiet" data-only="icon" {
                (parts::person_mark(actor.name()))
                span class="visually-hidden" { "Your account: " (actor.name()) }
            }
            div class="menu-list" {
                div class="menu-head" { strong { (actor.name()) } span { (role_label(actor)) } }
                hr;
                a href="/settings" { (icon("settings")) "Settings" }
                a href="/api" { (icon("link")) "API" }
                button class="needs-script" type="button" data-show-keys { (icon("keyboard")) "Keys" }
                hr;
                form method="post" action="/logout" { button type="submit" { (icon("lock")) "Sign out" } }
            }
        }
    }
}

fn role_label(actor: &Actor) -> &'static str {
    match actor {
        Actor::User { role, .. } => role.label(),
        Actor::Watchbell => "Watchbell itself",
    }
}
