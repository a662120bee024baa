//! The fields of a part's form, drawn from what stands in the draft. Items of a list fold; the last, blank one adds.

use domain::plan::Plan;
use maud::{Markup, html};
use serde_json::Value;

use super::super::super::form::shape::{Field, From, Shape};
use super::super::super::form::{choices, within};

/// The fields of a whole part.
pub fn part(shape: Shape, value: &Value, plan: &Plan) -> Markup {
    match shape {
        Shape::Record(fields) => record(fields, "", value, plan),
        Shape::List(fields, title) => items(fields, title, "", value, plan),
        _ => html! {},
    }
}

fn record(fields: &[Field], name: &str, value: &Value, plan: &Plan) -> Markup {
    html! {
        @for field in fields {
            (one(field, &within(name, field.name), value.get(field.name).unwrap_or(&Value::Null), plan))
        }
    }
}

fn one(field: &Field, name: &str, value: &Value, plan: &Plan) -> Markup {
    match field.shape {
        Shape::Record(fields) => html! {
            details class="draft-more" open[!value.is_null() && value.as_object().is_some_and(|map| !map.is_empty())] {
                summary { (field.label) span class="optional" { " (optional)" } }
                div class="field-row" { (record(fields, name, value, plan)) }
            }
        },
        Shape::List(fields, title) => html! {
            section class="draft-list" aria-label=(field.label) {
                h3 { (field.label) }
                @if !field.help.is_empty() { p class="help" { (field.help) } }
                (items(fields, title, name, value, plan))
            }
        },
        Shape::Many(from) => html! {
            fieldset { legend { (field.label) } @if !field.help.is_empty() { p class="help" { (field.help) } }
                div class="draft-ticks" {
                    @for (word, label) in choices(from, plan) {
                        label class="check" { input type="checkbox" name=(name) value=(word) checked[holds(value, &word)]; span { (label) } }
                    }
                }
            }
        },
        Shape::Picks(from) => html! {
            fieldset { legend { (field.label) @if !field.needed { span class="optional" { " (optional)" } } }
                @if !field.help.is_empty() { p class="help" { (field.help) } }
                div class="draft-picks" {
                    @for (number, chosen) in texts(value).into_iter().chain([""]).enumerate() {
                        (select(name, &format!("{}, choice {}", field.label, number + 1), chosen, from, plan, "–"))
                    }
                }
            }
        },
        Shape::Texts | Shape::Lines => html! {
            fieldset { legend { (field.label) @if !field.needed { span class="optional" { " (optional)" } } }
                @if !field.help.is_empty() { p class="help" { (field.help) } }
                div class="draft-texts" {
                    @for (number, text) in texts(value).into_iter().chain([""]).enumerate() {
                        textarea rows="1" name=(name) aria-label={ (field.label) ", " (number + 1) } placeholder=[text.is_empty().then_some("One more")] { "\n" (text) }
                    }
                }
            }
        },
        _ => html! {
            div class="field" {
                label for=(name) { (field.label) @if !field.needed { span class="optional" { " (optional)" } } }
                (input(field, name, value, plan))
                @if !field.help.is_empty() { p class="help" { (field.help) } }
            }
        },
    }
}

fn input(field: &Field, name: &str, value: &Value, plan: &Plan) -> Markup {
    let text = value.as_str().unwrap_or_default();
    match field.shape {
        Shape::Text => html! { textarea id=(name) name=(name) rows="2" { "\n" (text) } },
        Shape::Choice(from) => html! {
            select id=(name) name=(name) { (options(text, from, plan, "–")) }
        },
        Shape::Codes => html! { input id=(name) name=(name) value=(texts(value).join(", ")) data-mono; },
        Shape::Date => html! { input id=(name) name=(name) type="date" value=(text); },
        _ => html! { input id=(name) name=(name) value=(text); },
    }
}

fn select(name: &str, label: &str, chosen: &str, from: From, plan: &Plan, none: &str) -> Markup {
    html! { select name=(name) aria-label=(label) { (options(chosen, from, plan, none)) } }
}

fn options(chosen: &str, from: From, plan: &Plan, none: &str) -> Markup {
    let all = choices(from, plan);
    html! {
        option value="" { (none) }
        @if !chosen.is_empty() && !all.iter().any(|(word, _)| word == chosen) {
            option value=(chosen) selected { (chosen) " (unknown)" }
        }
        @for (word, label) in all { option value=(word) selected[word == chosen] { (label) } }
    }
}

fn items(fields: &[Field], title: &str, name: &str, value: &Value, plan: &Plan) -> Markup {
    let blank = Value::Null;
    let list: Vec<&Value> = value.as_array().into_iter().flatten().collect();
    let titled = fields.iter().find(|field| field.name == title);
    html! {
        input type="hidden" name={ (name) "#" } value=(list.len() + 1);
        @for (number, item) in list.iter().copied().chain([&blank]).enumerate() {
            @let own = within(name, &number.to_string());
            @let called = titled.map_or_else(String::new, |field| label(field, item, plan));
            details class="draft-item" id={ "item-" (own) } data-new[item.is_null()] {
                summary {
                    @if item.is_null() { "Add one" } @else {
                        span class="draft-item-name" { (called) }
                        @if let Some(role) = fields.iter().find(|field| field.name == "role") { span class="badge" data-role="" { (label(role, item, plan)) } }
                        @if let Some(phase) = item.get("phase").and_then(Value::as_str) { span class="badge" data-phase=(phase) { (label_of(From::Phases, phase, plan)) } }
                    }
                }
                div class="draft-item-body" {
                    (record(fields, &own, item, plan))
                    @if !item.is_null() {
                        div class="row draft-item-foot" {
                            label { "Place " input type="number" name={ (own) "#place" } min="1" value=((number + 1) * 10) aria-label={ "Place of " (called) }; }
                            label class="check" { input type="checkbox" name={ (own) "#out" } value="yes"; span { "Take out" } }
                        }
                    }
                }
            }
        }
    }
}

/// What a field says, in the words of its choice.
fn label(field: &Field, item: &Value, plan: &Plan) -> String {
    let text = item.get(field.name).and_then(Value::as_str).unwrap_or_default();
    match field.shape {
        Shape::Choice(from) => label_of(from, text, plan),
        _ => text.to_owned(),
    }
}

fn label_of(from: From, word: &str, plan: &Plan) -> String {
    let found = choices(from, plan).into_iter().find(|(one, _)| one == word);
    found.map_or_else(|| word.to_owned(), |(_, label)| label)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn holds(value: &Value, word: &str) -> bool {
    texts(value).contains(&word)
}
