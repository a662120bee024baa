//! An event tried on one rule and explained: pasted, and read as the intake would read it, or one that is
//! stored. Nothing of a pasted one is kept.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use domain::{Actor, EventId, Permission};
use maud::{Markup, html};
use serde::Serialize;
use sigma::{Explanation, Line};
use telemetry::{Event, Format, LogSource, Options, Value};
use utoipa::ToSchema;

use super::rules::KnownRule;
use crate::app::App;
use crate::error::{Error, Result};
use crate::event::{self, StoredEvent};
use crate::identity::need;
use crate::web::parts;

/// The most that is tried at once.
const LARGEST: usize = 256 * 1024;
const MOST_EVENTS: usize = 1000;

/// What came of trying a text on a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct Tried {
    pub fires: bool,
    /// Which of the events is explained, counted from 1.
    pub event: usize,
    /// How many events the text holds.
    pub of: usize,
    /// What decided.
    pub reasons: Vec<String>,
    /// The whole condition, line by line.
    #[schema(value_type = Vec<Object>)]
    pub lines: Vec<Line>,
    /// The same as a tree.
    #[schema(value_type = Object)]
    pub explanation: Explanation,
}

/// Reads the text and explains the first event on which the rule fires; where there is none, the first
/// that is of the rule's log source, or else the first. `assume` takes them for that log source.
pub async fn explain(app: &App, actor: &Actor, id: &str, text: String, assume: bool) -> Result<Tried> {
    if text.trim().is_empty() {
        return Err(Error::Invalid(
            "Paste an event first: one record as its log has it, or JSON.".to_owned(),
        ));
    }
    if text.len() > LARGEST {
        return Err(Error::Invalid(
            "That is more than 256 KiB; paste the one record that matters.".to_owned(),
        ));
    }
    let options = Options::new(app.clock.now()).with_mappings(Arc::clone(&app.mappings));
    on_rule(app, actor, id, assume, move || read(text, &options)).await
}

/// Explains an event that is stored, as it was read when it came in. With its record as text.
pub async fn explain_stored(app: &App, actor: &Actor, id: &str, event: EventId) -> Result<(String, Tried)> {
    let stored = event::get(app, actor, event).await?;
    let text = String::from_utf8_lossy(stored.raw.get(..LARGEST).unwrap_or(&stored.raw)).into_owned();
    let tried = on_rule(app, actor, id, false, move || Ok(vec![restored(stored)])).await?;
    Ok((text, tried))
}

async fn on_rule(
    app: &App,
    actor: &Actor,
    id: &str,
    assume: bool,
    events: impl FnOnce() -> Result<Vec<Event>> + Send + 'static,
) -> Result<Tried> {
    need(actor, Permission::ReadAlerts, "trying events on rules")?;
    let number = app.rules.all().iter().position(|rule| rule.id == id).ok_or(Error::NotFound("rule"))?;
    if app.rules.all().get(number).is_some_and(|rule| rule.is_correlation) {
        return Err(Error::Invalid(
            "A correlation looks at many events. Try an event on one of the rules that it names.".to_owned(),
        ));
    }
    let engine = Arc::clone(&app.engine);
    // A hostile expression may take its bounded time.
    let tried = tokio::task::spawn_blocking(move || {
        let rule = engine.rule(number).ok_or(Error::NotFound("rule"))?;
        let events = events()?;
        let of = events.len();
        let mut best: Option<(usize, Explanation)> = None;
        for (number, mut event) in events.into_iter().enumerate() {
            if assume {
                event.source = rule.logsource.clone();
            }
            let explained = rule.explain(&event);
            let better = best.as_ref().is_none_or(|(_, known)| interest(known) < interest(&explained));
            if better {
                let enough = explained.fires;
                best = Some((number + 1, explained));
                if enough {
                    break;
                }
            }
        }
        let (event, explanation) = best.ok_or_else(no_event)?;
        let (reasons, lines) = (explanation.reasons(), explanation.lines());
        Ok(Tried { fires: explanation.fires, event, of, reasons, lines, explanation })
    });
    tried.await.map_err(|_| Error::Invalid("The event could not be tried.".to_owned()))?
}

/// A stored event as rules see it.
pub fn restored(stored: StoredEvent) -> Event {
    let format = stored.format.parse().unwrap_or(Format::JsonLines);
    let mut event = Event::new(stored.raw.into(), format);
    for (name, field) in stored.fields {
        event.set(name, value(field));
    }
    let part = |part: Option<String>| part.map(Cow::Owned);
    let source = stored.source;
    event.source = LogSource {
        product: part(source.product),
        category: part(source.category),
        service: part(source.service),
    };
    event
}

fn value(json: serde_json::Value) -> Value {
    use serde_json::Value as Json;
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Str(number.to_string()),
        },
        Json::String(text) => Value::Str(text),
        Json::Array(items) => Value::List(items.into_iter().map(value).collect()),
        // A stored event's fields are flat.
        other @ Json::Object(_) => Value::Str(other.to_string()),
    }
}

fn interest(explained: &Explanation) -> u8 {
    if explained.fires { 2 } else { u8::from(explained.log_source.holds) }
}

fn no_event() -> Error {
    Error::Invalid(
        "No event could be read from that. Paste a record as its log has it: JSON, a line of syslog, a Windows event as XML, …"
            .to_owned(),
    )
}

fn read(text: String, options: &Options) -> Result<Vec<Event>> {
    let reader =
        telemetry::from_bytes("pasted", Bytes::from(text.into_bytes()), options).map_err(|_| no_event())?;
    let mut events = Vec::new();
    let mut wrong = None;
    for event in reader.take(MOST_EVENTS) {
        match event {
            Ok(event) => events.push(event),
            Err(error) => wrong = wrong.or_else(|| Some(error.to_string())),
        }
    }
    match wrong {
        Some(reason) if events.is_empty() => {
            Err(Error::Invalid(format!("The event cannot be read: {reason}")))
        }
        _ => Ok(events),
    }
}

/// What was typed, and what came of it.
#[derive(Default)]
pub struct Shown {
    pub text: String,
    pub assume: bool,
    pub tried: Option<Result<Tried>>,
}

/// The box on a rule's page.
pub fn card(rule: &KnownRule, shown: &Shown) -> Markup {
    let error = match &shown.tried {
        Some(Err(error)) => Some(error.detail()),
        _ => None,
    };
    html! {
        section class="card" id="try" aria-labelledby="try-head" {
            div class="card-head" { h2 id="try-head" { "Try an event" } span class="muted" { "nothing is kept" } }
            div class="card-body stack" {
                @if let Some(Ok(tried)) = &shown.tried { (outcome(tried)) }
                form class="form" method="post" data-plain="" action={ "/rules/" (super::page::encode(&rule.id)) "#try" } {
                    div class="field" {
                        label for="try-text" { "A record as its log has it" }
                        textarea id="try-text" name="event" rows="6" data-mono="" spellcheck="false" required aria-invalid=[error.as_ref().map(|_| "true")] aria-describedby="try-help" placeholder="{\"EventID\": 1, \"Image\": \"C:\\\\Windows\\\\…\"}" { (shown.text) }
                        @if let Some(error) = &error { p class="error" { (error) } }
                        p class="help" id="try-help" { "JSON, a Windows event as XML, a line of syslog, CEF, … Of several records, the first on which the rule fires is explained." }
                    }
                    label class="check" {
                        input type="checkbox" name="assume" value="yes" checked[shown.assume];
                        span { "Take it for " (rule.logsource) small { "For fields without the surroundings that tell where they come from." } }
                    }
                    div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Explain" } }
                }
            }
        }
    }
}

/// Reasons that stand above the tree.
const REASONS: usize = 6;

fn outcome(tried: &Tried) -> Markup {
    html! {
        div class="explain" role="status" {
            p class="explain-verdict" data-holds=(tried.fires) {
                (parts::icon(if tried.fires { "check" } else { "x" }))
                strong { @if tried.fires { "The rule fires" } @else { "The rule does not fire" } }
                @if tried.of > 1 { span class="muted" { "event " (tried.event) " of " (tried.of) } }
            }
            ul class="explain-reasons" {
                @for reason in tried.reasons.iter().take(REASONS) { li { (reason) } }
                @if tried.reasons.len() > REASONS { li class="muted" { "and " (tried.reasons.len() - REASONS) " more, below" } }
            }
            ol class="explain-tree" aria-label="The condition, part by part" {
                @for line in &tried.lines {
                    li data-depth=(line.depth.min(8)) data-holds=[line.holds] {
                        @match line.holds {
                            Some(true) => { span class="visually-hidden" { "Holds: " } }
                            Some(false) => { span class="visually-hidden" { "Does not hold: " } }
                            None => {}
                        }
                        (line.text)
                    }
                }
            }
        }
    }
}
