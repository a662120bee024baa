//! The tab of the timeline, with both lanes, and that of decisions.

use axum::extract::State;
use domain::IncidentId;
use domain::timeline::{EntryKind, Lane};
use jiff::tz::Offset;
use maud::{Markup, html};

use super::super::api::inputs::EntriesQuery;
use super::super::{Decision, Entry, read};
use super::related::origin;
use super::{Shown, Tab, paragraphs, select, tab, text_field};
use crate::app::App;
use crate::error::Result;
use crate::web::extract::{Path, Query, Who};
use crate::web::paging::PageQuery;
use crate::web::parts;

/// How many entries a page shows.
const A_PAGE: u16 = 300;

pub async fn page(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<EntriesQuery>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let page = PageQuery { cursor: query.cursor.clone(), limit: query.limit.or(Some(A_PAGE)) };
    let entries = read::entries(&app, &actor, id, query.lane, query.kind, &page).await?;
    let trigger = format!("live:{} from:body", super::topic(id));
    let own = own_query(&query);
    let here = match &query.cursor {
        Some(cursor) => format!("{}?{own}&cursor={}", shown.path("/timeline"), digits(cursor)),
        None => format!("{}?{own}", shown.path("/timeline")),
    };
    let content = html! {
        header class="page-head" {
            div class="page-title" { h2 { "Timeline" } p class="page-sub" { (shown.view.entries) " entries. What the adversary did, and what we did." } }
        }
        @if shown.works { (form(&shown)) }
        (chips(&shown, &query))
        div id="timeline" data-refresh="timeline" hx-get=(here) hx-select="#timeline" hx-trigger=(trigger) {
            @if entries.items.is_empty() { (parts::empty("clock", "Nothing here", "No entry is of this kind yet.", None)) }
            @else {
                div class="timeline gap-top" {
                    div class="timeline-lanes" aria-hidden="true" { span { "Adversary" } span { "Response" } }
                    ol { (lines(&shown, &entries.items)) }
                }
            }
            @if let Some(next) = &entries.next {
                nav class="pager" aria-label="Pages of the timeline" { span class="pager-links" { a class="button" rel="next" href={ (shown.path("/timeline")) "?" (own) "&cursor=" (next) } { "Later" (parts::icon("chevron")) } } }
            }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Timeline, &content).await)
}

/// The filter of this page, as its links repeat it. All of it is words of vocabularies.
fn own_query(query: &EntriesQuery) -> String {
    let lane = query.lane.map(|lane| format!("lane={lane}"));
    let kind = query.kind.map(|kind| format!("kind={kind}"));
    [lane, kind].into_iter().flatten().collect::<Vec<_>>().join("&")
}

fn digits(cursor: &str) -> String {
    cursor.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).collect()
}

fn chips(shown: &Shown, query: &EntriesQuery) -> Markup {
    let here = shown.path("/timeline");
    let all = query.lane.is_none() && query.kind.is_none();
    let kinds = [
        EntryKind::Decision,
        EntryKind::Action,
        EntryKind::Note,
        EntryKind::Communication,
        EntryKind::Evidence,
        EntryKind::Status,
    ];
    html! {
        nav class="chips gap-top" aria-label="Show" {
            a class="chip" href=(here) aria-current=[all.then_some("true")] { "All" }
            @for lane in Lane::ALL {
                a class="chip" data-lane=(lane.as_str()) href={ (here) "?lane=" (lane) } aria-current=[(query.lane == Some(*lane)).then_some("true")] { (lane.label()) }
            }
            @for kind in kinds {
                a class="chip" href={ (here) "?kind=" (kind) } aria-current=[(query.kind == Some(kind)).then_some("true")] { (kind.label()) }
            }
        }
    }
}

/// The entries, with a line wherever a day begins.
fn lines(shown: &Shown, entries: &[Entry]) -> Markup {
    let day = |entry: &Entry| Offset::UTC.to_datetime(entry.at).date();
    html! {
        @for (n, entry) in entries.iter().enumerate() {
            @if n == 0 || entries.get(n - 1).is_some_and(|before| day(before) != day(entry)) {
                li class="timeline-day" { span { time datetime=(day(entry)) { (day(entry).strftime("%A %-d %B %Y")) } } }
            }
            (line(shown, entry))
        }
    }
}

fn line(shown: &Shown, entry: &Entry) -> Markup {
    let (title, text) = entry.text.split_once('\n').unwrap_or((&entry.text, ""));
    html! {
        li class="entry" id=(entry.id) data-lane=(entry.lane.as_str()) data-kind=(entry.kind.as_str()) data-struck[entry.corrected_by.is_some()] {
            span class="entry-time" { time datetime=(entry.at) data-local="time" { (entry.at.strftime("%H:%M:%S")) } }
            div class="entry-body" {
                span class="visually-hidden" { (entry.lane.label()) ": " }
                div class="entry-title" { (title) @for technique in &entry.techniques { " " span class="badge" data-kind="code" { (technique) } } }
                @if !text.is_empty() {
                    div class="entry-text" {
                        @if entry.alert.is_some() { @for field in text.lines() { code { (field) } br; } } @else { (paragraphs(text)) }
                    }
                }
                div class="entry-foot" {
                    @if entry.lane == Lane::Response || entry.account.is_some() { (parts::person(&entry.by)) }
                    span { (entry.kind.label()) }
                    (origin(shown, entry.incident))
                    @if let Some(event) = entry.event { a href={ "/events/" (event) } { (event) } }
                    @if let Some(alert) = entry.alert { a href={ "/alerts/" (alert) } { (alert) } }
                    @if let Some(wrong) = entry.corrects { a href={ "#" (wrong) } { "corrects " (wrong) } }
                    @if let Some(better) = entry.corrected_by { a href={ "#" (better) } { "corrected by " (better) } }
                    span { (entry.id) }
                }
                @if shown.works && entry.corrected_by.is_none() { (mend(shown, entry)) }
            }
        }
    }
}

fn mend(shown: &Shown, entry: &Entry) -> Markup {
    let path = shown.path(&format!("/entries/{}", entry.id));
    html! {
        details class="task-how" {
            summary { "Correct or tag" }
            form class="stack-s" method="post" action={ (path) "/correct" } data-done={ (entry.id) " is corrected" } {
                textarea name="text" rows="3" required aria-label={ "What " (entry.id) " should say" } { (entry.text) }
                input type="hidden" name="at" value="";
                button class="button" data-size="small" type="submit" { "Correct by a new entry" }
            }
            form class="row gap-top" method="post" action={ (path) "/techniques" } data-done={ "Techniques of " (entry.id) " are set" } {
                input name="techniques" value=(entry.techniques.join(" ")) aria-label={ "ATT&CK techniques of " (entry.id) } placeholder="T1059.001 T1486" data-mono="";
                button class="button" data-size="small" type="submit" { "Set techniques" }
            }
        }
    }
}

fn form(shown: &Shown) -> Markup {
    let kinds: Vec<_> = [EntryKind::Note, EntryKind::Action, EntryKind::Communication, EntryKind::Event]
        .into_iter()
        .map(|kind| {
            let label =
                if kind == EntryKind::Event { "What a witness saw (adversary)" } else { kind.label() };
            (kind, kind.as_str(), label)
        })
        .collect();
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Add an entry" }
            form class="form gap-top" method="post" action=(shown.path("/entries")) data-done="Added to the timeline" {
                div class="field-row" {
                    (select("kind", "Kind", None, &kinds, Some(EntryKind::Note)))
                    (when_field("at"))
                }
                (text_field("text", "What happened", 3, false, "The first line is its title."))
                (text_field("techniques", "ATT&CK techniques", 1, true, "Such as T1059.001, with blanks between them."))
                div class="form-actions" { button class="button" type="submit" { "Add" } }
            }
        }
    }
}

fn when_field(name: &str) -> Markup {
    html! {
        div class="field" {
            label for=(name) { "When (UTC) " span class="optional" { "(now if left out)" } }
            input id=(name) type="datetime-local" name=(name) step="1";
        }
    }
}

pub async fn decisions(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<Markup> {
    let shown = Shown::load(&app, &actor, id).await?;
    let decisions = read::decisions(&app, &actor, id).await?;
    let trigger = format!("live:{} from:body", super::topic(id));
    let content = html! {
        header class="page-head" { div class="page-title" { h2 { "Decisions" } p class="page-sub" { "What was chosen, why, and by whom." } } }
        @if shown.works { (decision_form(&shown)) }
        div class="stack gap-top" id="decision-list" data-refresh="decisions" hx-get=(shown.path("/decisions")) hx-select="#decision-list" hx-trigger=(trigger) {
            @if decisions.is_empty() { (parts::empty("flag", "No decisions yet", "Write each decision down with its reason while it is fresh.", None)) }
            @for decision in &decisions { (decision_card(&shown, decision)) }
        }
    };
    Ok(tab(&app, &actor, &shown, Tab::Decisions, &content).await)
}

fn decision_card(shown: &Shown, decision: &Decision) -> Markup {
    html! {
        article class="card" id=(decision.id) {
            div class="card-head" { h3 { (decision.decision) } span class="muted" { (origin(shown, decision.incident)) " " (decision.id) } }
            div class="card-body stack-s" {
                (paragraphs(&decision.reason))
                div class="row muted" {
                    (parts::person(&decision.maker)) (parts::time(decision.at))
                    @if decision.by != decision.maker { span { "written down by " (decision.by) } }
                }
            }
        }
    }
}

fn decision_form(shown: &Shown) -> Markup {
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Write down a decision" }
            form class="form gap-top" method="post" action=(shown.path("/decisions")) data-done="The decision is written down" {
                (text_field("decision", "What was decided", 2, false, ""))
                (text_field("reason", "Why", 3, false, "With the choices that were refused."))
                div class="field-row" {
                    (text_field("maker", "Who decided", 1, true, "You, if left out."))
                    (when_field("at"))
                }
                div class="form-actions" { button class="button" type="submit" { "Write down" } }
            }
        }
    }
}
