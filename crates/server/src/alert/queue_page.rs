//! The alert queue: the page on which a responder's day begins.

use axum::extract::State;
use domain::alert::AlertStatus;
use domain::{Actor, Permission, Severity};
use maud::{Markup, html};
use serde::Deserialize;

use super::page::{encode, status};
use super::{Alert, Filter, Tally};
use crate::app::App;
use crate::error::{Error, Result};
use crate::event;
use crate::web::extract::{Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::paging::{Page, PageQuery};
use crate::web::parts;

/// What the queue's address may say.
#[derive(Debug, Default, Deserialize)]
pub struct QueueQuery {
    #[serde(default)]
    q: String,
    /// A status, `open` (new or acknowledged) or `all`.
    #[serde(default)]
    status: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    rule: String,
    cursor: Option<String>,
}

/// What else on the page counts alerts; it is drawn anew together with the list.
const LIVE_COUNTS: &str = "#queue-sub,#tiles,#queue-chips,#nav-alerts,#tab-alerts";

const OPEN: [AlertStatus; 2] = [AlertStatus::New, AlertStatus::Acknowledged];

impl QueueQuery {
    fn chosen(&self) -> &str {
        if self.status.is_empty() { "open" } else { &self.status }
    }

    fn filter(&self) -> Result<Filter> {
        let some = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let statuses = match self.chosen() {
            "open" => OPEN.to_vec(),
            "all" => Vec::new(),
            word => vec![word.parse()?],
        };
        let at_least = match self.severity.as_str() {
            "" => None,
            word => Some(word.parse()?),
        };
        Ok(Filter { statuses, at_least, rule: some(&self.rule), text: some(&self.q), ..Filter::default() })
    }

    fn is_narrowed(&self) -> bool {
        !self.q.trim().is_empty() || !self.severity.is_empty() || !self.rule.is_empty()
    }

    /// The address of this list with another status, and without its place in it.
    fn address(&self, status: &str) -> String {
        let parts =
            [("q", self.q.as_str()), ("status", status), ("severity", &self.severity), ("rule", &self.rule)];
        let query: Vec<String> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if query.is_empty() { "/?".to_owned() } else { format!("/?{}&", query.join("&")) }
    }
}

pub async fn queue(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<QueueQuery>,
) -> Result<Markup> {
    let filter = query.filter().map_err(|error| Error::Invalid(error.to_string()))?;
    let page = PageQuery { cursor: query.cursor.clone(), limit: None };
    let alerts = super::list(&app, &actor, &filter, &page).await?;
    let tally = super::tally(&app, &actor).await?;
    let is_fresh = alerts.items.is_empty() && !event::any_delivery(&app).await?;
    let here =
        format!("{}cursor={}", query.address(&query.status), query.cursor.as_deref().unwrap_or_default());
    let here = here.trim_end_matches("cursor=").trim_end_matches(['&', '?']).to_owned();
    let content = html! {
        header class="page-head" {
            div class="page-title" { h1 { "Alerts" } p class="page-sub" id="queue-sub" { (summary(&tally)) } }
            div class="page-actions" {
                a class="button" href="/suppressions" { (parts::icon("skip")) "Suppressions" }
                a class="button" href="/intake" { (parts::icon("upload")) "Bring in logs" }
            }
        }
        div id="tiles" class="tiles" { (tiles(&tally)) }
        (filter_bar(&query, &tally))
        div id="queue" data-refresh="alerts" hx-get=(here) hx-select="#queue" hx-select-oob=(LIVE_COUNTS) hx-swap="outerHTML" hx-trigger="live:alerts from:body, live:deliveries from:body" {
            @if is_fresh { (first_time()) }
            @else if alerts.items.is_empty() { (nothing(&query)) }
            @else { (table(&actor, &query, &alerts)) }
        }
    };
    Ok(frame::page(&app, &actor, Nav::Alerts, "Alerts", &["alerts", "deliveries"], &content).await)
}

fn summary(tally: &Tally) -> String {
    match tally.new {
        0 => "Nothing waits for triage.".to_owned(),
        1 => "One waits for triage.".to_owned(),
        many => format!("{many} wait for triage."),
    }
}

fn tiles(tally: &Tally) -> Markup {
    html! {
        a class="tile" href="/?status=new" { span class="tile-label" { "New" } span class="tile-value" { (tally.new) } span class="tile-note" { "nobody looks at them yet" } }
        div class="tile" {
            span class="tile-label" { "Oldest waiting" }
            span class="tile-value" {
                @match tally.oldest { Some(at) => time datetime=(at) data-elapsed="" { (at.strftime("%Y-%m-%d %H:%M UTC")) }, None => "none" }
            }
            span class="tile-note" { "since it was raised" }
        }
        a class="tile" href="/?status=acknowledged" { span class="tile-label" { "Acknowledged" } span class="tile-value" { (tally.acknowledged) } span class="tile-note" { "somebody looks at them" } }
        a class="tile" href="/?severity=critical" data-tone=[(tally.critical > 0).then_some("bad")] { span class="tile-label" { "Critical" } span class="tile-value" { (tally.critical) } span class="tile-note" { "new or acknowledged" } }
    }
}

fn filter_bar(query: &QueueQuery, tally: &Tally) -> Markup {
    let open = tally.new + tally.acknowledged;
    let chips = [
        ("open", "Open", open),
        ("new", "New", tally.new),
        ("acknowledged", "Acknowledged", tally.acknowledged),
        ("in_incident", "In an incident", tally.in_incident),
        ("dismissed", "Dismissed", tally.dismissed),
        ("all", "All", open + tally.in_incident + tally.dismissed),
    ];
    html! {
        form class="filter-bar" method="get" action="/" {
            input type="hidden" name="status" value=(query.status);
            @if !query.rule.is_empty() { input type="hidden" name="rule" value=(query.rule); }
            div class="field" data-grow="" {
                label for="f-q" { "Find" }
                input id="f-q" type="search" name="q" value=(query.q) placeholder="Title, host, account, technique";
            }
            div class="field" {
                label for="f-severity" { "Severity" }
                select id="f-severity" name="severity" {
                    option value="" { "Any" }
                    @for severity in Severity::ALL.iter().skip(1) {
                        option value=(severity.as_str()) selected[query.severity == severity.as_str()] {
                            (severity.label()) @if *severity != Severity::Critical { " and above" }
                        }
                    }
                }
            }
            button class="button" type="submit" { "Filter" }
            div class="chips filter-end" id="queue-chips" role="group" aria-label="Status" {
                @for (word, label, count) in chips {
                    a class="chip" href=(query.address(word).trim_end_matches('&')) aria-current=[(query.chosen() == word).then_some("true")] {
                        (label) " " span class="chip-count" { (count) }
                    }
                }
            }
        }
    }
}

fn first_time() -> Markup {
    html! {
        div class="card" {
            div class="empty" {
                (parts::icon("alert"))
                h2 { "No logs have come in yet" }
                p { "Drop a log file on the intake page, run " code { "watchbell import FILE" } " in a terminal, or start " code { "./run demo" } " to watch a small intrusion arise. What the rules find in the logs appears here." }
                div class="row" {
                    a class="button" data-kind="primary" href="/intake" { "Bring in logs" }
                    a class="button" href="/rules" { "See the rules" }
                }
            }
        }
    }
}

fn nothing(query: &QueueQuery) -> Markup {
    if query.is_narrowed() || query.chosen() != "open" {
        parts::empty(
            "alert",
            "No alert matches",
            "Nothing here fits this filter.",
            Some(("/", "Show all open alerts")),
        )
    } else {
        parts::empty(
            "check",
            "No alert waits",
            "Everything that the rules found was dealt with.",
            Some(("/?status=all", "Look at all alerts")),
        )
    }
}

fn table(actor: &Actor, query: &QueueQuery, alerts: &Page<Alert>) -> Markup {
    let triages = actor.may(Permission::TriageAlerts);
    let declares = actor.may(Permission::DeclareIncident);
    html! {
        form class="bulk" method="post" action="/alerts/acknowledge" {
            div class="table-scroll" role="region" aria-label="Alerts" tabindex="0" {
                table class="table" data-narrow="stack" {
                    thead {
                        tr {
                            @if triages { th class="cell-select" { label { input type="checkbox" data-select-all="" aria-label="Select all alerts"; } } }
                            th aria-sort="descending" { "Severity" } th { "Alert" } th { "Entity" } th { "ATT&CK" }
                            th data-type="number" { "Events" } th { "First seen" } th { "Last seen" } th { "Status" }
                            @if triages { th { span class="visually-hidden" { "Actions" } } }
                        }
                    }
                    tbody { @for alert in &alerts.items { (row(alert, triages)) } }
                }
            }
            @if triages {
                div class="bulk-bar" {
                    output class="bulk-count" data-bulk-count="" {}
                    button class="button" type="submit" data-stay="" data-done="The selected alerts are acknowledged" { (parts::icon("check")) "Acknowledge" }
                    button class="button" type="submit" formmethod="get" formaction="/alerts/dismiss" { (parts::icon("x")) "Dismiss" }
                    button class="button" type="submit" formmethod="get" formaction="/alerts/merge" { (parts::icon("link")) "Merge" }
                    @if declares {
                        button class="button" data-kind="primary" type="submit" formmethod="get" formaction="/incidents/declare" data-key="d" { (parts::icon("flag")) "Declare incident" }
                    }
                    button class="button needs-script" type="button" data-kind="quiet" data-select-none="" { "Clear" }
                }
            }
            (parts::next_page(&format!("{}cursor=", query.address(&query.status)), alerts.next.as_deref()))
        }
    }
}

fn row(alert: &Alert, triages: bool) -> Markup {
    let href = format!("/alerts/{}", alert.id);
    let is_new = alert.status == AlertStatus::New;
    html! {
        tr data-href=(href) data-severity=(alert.severity.as_str()) data-unread=[is_new.then_some("")] {
            @if triages {
                td class="cell-select" { label { input type="checkbox" name="alert" value=(alert.id) aria-label={ "Select: " (alert.title) ", " (alert.entity.name()) }; } }
            }
            td data-label="Severity" { (parts::severity(alert.severity)) }
            td class="cell-main" {
                a class="row-link" href=(href) { (alert.title) }
                span class="cell-sub" { (alert.id) @if let Some(kind) = alert.suggested_type { ", looks like " (kind.label().to_lowercase()) } @if let Some(origin) = &alert.origin { ", from " (origin) } @if alert.merged > 0 { ", with " (alert.merged) " merged" } }
            }
            td class="cell-name" data-label="Entity" { span class="observable" { (alert.entity.name()) } }
            td data-label="ATT&CK" { @for technique in alert.techniques.iter().take(3) { span class="badge" data-kind="code" { (technique) } " " } }
            td data-type="number" data-label="Events" { (alert.count) }
            td data-type="time" data-label="First seen" { (parts::ago(alert.first_seen)) }
            td data-type="time" data-label="Last seen" { (parts::ago(alert.last_seen)) }
            td data-label="Status" { (status(alert)) }
            @if triages {
                td data-type="actions" {
                    @if is_new {
                        button class="button" data-size="small" type="submit" name="to" value="queue" formaction={ (href) "/acknowledge" } data-key="a" data-stay="" data-done={ (alert.id) " acknowledged" } { "Acknowledge" }
                    }
                }
            }
        }
    }
}
