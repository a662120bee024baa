//! A field of a form for each kind of fact, and the way back from a form to answers.

use std::collections::BTreeMap;

use domain::obligation::{Answer, Fact, FactKind};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::Pairs;
use crate::error::{Error, Result};

/// Draws the field; `hint` stands under it.
pub fn field(fact: &Fact, answer: Option<&Answer>, zone: &TimeZone, hint: Option<&str>) -> Markup {
    let name = format!("fact.{}", fact.id);
    let id = format!("fact-{}", fact.id);
    let now = shown(answer, zone);
    let helps = fact.help.is_some() || hint.is_some() || fact.kind == FactKind::Moment;
    let help = format!("{id}-help");
    html! {
        @match fact.kind {
            FactKind::Words => {
                fieldset class="field" aria-describedby=[helps.then_some(&help)] {
                    legend { (fact.question) }
                    div class="checks" data-many[fact.options.len() > 11] {
                        @for option in &fact.options {
                            label class="check" { input type="checkbox" name=(name) value=(option.word) checked[has(answer, option.word.as_str())]; span { (option.label) } }
                        }
                        label class="check" { input type="checkbox" name=(name) value="none" checked[now == "none"]; span { "None of these" } }
                    }
                    (helping(fact, hint, zone, &help))
                }
            }
            _ => {
                div class="field" {
                    label for=(id) { (fact.question) }
                    @match fact.kind {
                        FactKind::YesNo => { select id=(id) name=(name) aria-describedby=[helps.then_some(&help)] {
                            option value="" selected[now.is_empty()] { "Not known" }
                            option value="yes" selected[now == "yes"] { "Yes" }
                            option value="no" selected[now == "no"] { "No" }
                        } }
                        FactKind::OneOf => { select id=(id) name=(name) aria-describedby=[helps.then_some(&help)] {
                            option value="" selected[now.is_empty()] { "Not known" }
                            @for option in &fact.options { option value=(option.word) selected[now == option.word.as_str()] { (option.label) } }
                        } }
                        FactKind::Moment => { input id=(id) name=(name) type="datetime-local" step="1" value=(now) aria-describedby=(help); }
                        FactKind::Number => { input id=(id) name=(name) value=(now) placeholder="300, 300-1000 or 500+" autocomplete="off" aria-describedby=[helps.then_some(&help)]; }
                        _ => { input id=(id) name=(name) value=(now) placeholder="DE, IE, US-CA" autocomplete="off" aria-describedby=[helps.then_some(&help)]; }
                    }
                    (helping(fact, hint, zone, &help))
                }
            }
        }
    }
}

fn helping(fact: &Fact, hint: Option<&str>, zone: &TimeZone, id: &str) -> Markup {
    let zone = (fact.kind == FactKind::Moment).then(|| zone.iana_name().unwrap_or("UTC"));
    html! {
        @if fact.help.is_some() || hint.is_some() || zone.is_some() {
            p class="help" id=(id) {
                @if let Some(help) = &fact.help { (help) " " }
                @if let Some(zone) = zone { "Time of " (zone) ". " }
                @if let Some(hint) = hint { (hint) }
            }
        }
    }
}

fn has(answer: Option<&Answer>, word: &str) -> bool {
    matches!(answer, Some(Answer::Words(words)) if words.contains(word))
}

/// The answer as a field holds it.
pub fn shown(answer: Option<&Answer>, zone: &TimeZone) -> String {
    match answer {
        None => String::new(),
        Some(Answer::Moment(at)) => {
            at.to_zoned_datetime(zone.clone()).datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string()
        }
        Some(answer) => answer.to_string(),
    }
}

/// The answers in a form. What still holds what it held when the form was drawn (`was.` and the fact's name) is left
/// out: nobody changed it here, and somebody else may have meanwhile.
pub fn answers<'a>(
    pairs: &Pairs,
    zone: &TimeZone,
    fact: impl Fn(&str) -> Option<&'a Fact>,
    asked: &[String],
) -> Result<BTreeMap<String, String>> {
    let mut given: BTreeMap<String, Vec<&str>> =
        asked.iter().map(|name| (name.clone(), Vec::new())).collect();
    for (name, text) in pairs {
        if let Some(name) = name.strip_prefix("fact.") {
            given.entry(name.to_owned()).or_default().push(text.trim());
        }
    }
    let mut answers = BTreeMap::new();
    for (name, texts) in given {
        let Some(fact) = fact(&name) else {
            return Err(Error::Invalid(format!("There is no fact {name}.")));
        };
        let text = texts.join(",");
        if super::unchanged(pairs, &name, &text) {
            continue;
        }
        let text =
            if fact.kind == FactKind::Moment && !text.is_empty() { moment(&text, zone)? } else { text };
        answers.insert(name, text);
    }
    Ok(answers)
}

/// What a browser's field for date and time gives, in the organisation's zone; RFC 3339 too.
pub fn moment(text: &str, zone: &TimeZone) -> Result<String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at.to_string());
    }
    let civil = text.parse::<DateTime>().ok().and_then(|civil| zone.to_timestamp(civil).ok());
    civil
        .map(|at| at.to_string())
        .ok_or_else(|| Error::Invalid(format!("{text:?} is no time; write it like 2026-03-01T09:30.")))
}
