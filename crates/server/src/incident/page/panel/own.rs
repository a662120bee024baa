//! The organisation's own fields and status: what they hold, and the forms that change them.

use domain::custom::{FieldKind, Needed};
use maud::{Markup, html};

use super::super::fields::paragraphs;
use super::{Drawing, Room, card};
use crate::error::Result;
use crate::incident::custom::values::{self, Held};

pub fn draw<'r>(room: &'r Room<'r>) -> Drawing<'r> {
    Box::pin(async move { panel(room).await })
}

async fn panel(room: &Room<'_>) -> Result<Markup> {
    let shown = room.shown;
    let record = &shown.view.record;
    let held = values::held(room.app, room.actor, record.id).await?;
    let statuses = values::open_to(room.app, room.actor, record).await?;
    let writes = shown.works && shown.view.merged_into.is_none();
    if held.is_empty() && statuses.is_empty() && record.status.is_none() {
        return Ok(html! {});
    }
    let below = html! {
        div class="card-body stack-s" {
            @if !held.is_empty() {
                dl class="facts" {
                    @for one in &held {
                        dt { (one.field.label) }
                        dd { (value(one)) }
                    }
                }
            }
            @if writes && !held.is_empty() {
                details id="own-fill" {
                    summary { "Fill in" }
                    form class="form gap-top" method="post" action=(shown.path("/fields")) data-stay="" data-done="Saved" {
                        @for one in held.iter().filter(|one| one.field.retired_at.is_none()) { (input(one)) }
                        div class="form-actions" { button class="button" type="submit" { "Save" } }
                    }
                }
            }
            @if writes && !statuses.is_empty() {
                details id="own-status" {
                    summary { "Status" @if let Some(label) = &shown.view.status_label { ": " (label) } }
                    form class="form gap-top" method="post" action=(shown.path("/status")) data-stay="" data-done="Status set" {
                        div class="field" {
                            label for="own-status-to" { "Status" }
                            select id="own-status-to" name="status" {
                                option value="" { "None" }
                                @for status in &statuses { option value=(status.id) selected[record.status == Some(status.id)] { (status.label) } }
                            }
                        }
                        div class="field" { label for="own-status-why" { "Reason " span class="optional" { "(optional)" } } input id="own-status-why" name="reason" autocomplete="off"; }
                        div class="form-actions" { button class="button" type="submit" { "Set status" } }
                    }
                }
            }
        }
    };
    Ok(card("panel-own", "Own fields", &html! {}, &below))
}

fn value(one: &Held) -> Markup {
    html! {
        @match (&one.value, one.field.kind) {
            (Some(value), FieldKind::Text) => (paragraphs(value)),
            (Some(value), FieldKind::YesNo) => @if value == "yes" { "Yes" } @else { "No" },
            (Some(value), _) => (value),
            (None, _) if one.field.needed == Needed::Closing => span class="badge" data-kind="warning" { "needed to close" },
            (None, _) => span class="muted" { "–" },
        }
    }
}

fn input(one: &Held) -> Markup {
    let field = &one.field;
    let id = format!("own-{}", field.key);
    let value = one.value.as_deref().unwrap_or_default();
    html! {
        div class="field" {
            label for=(id) { (field.label) }
            @match field.kind {
                FieldKind::Text => textarea id=(id) name=(field.key) rows="3" { (value) },
                FieldKind::Choice => select id=(id) name=(field.key) {
                    option value="" { "–" }
                    @for choice in &field.choices { option value=(choice) selected[choice == value] { (choice) } }
                },
                FieldKind::YesNo => select id=(id) name=(field.key) {
                    option value="" { "–" }
                    option value="yes" selected[value == "yes"] { "Yes" }
                    option value="no" selected[value == "no"] { "No" }
                },
                FieldKind::Date => input id=(id) type="date" name=(field.key) value=(value);,
                FieldKind::Number => input id=(id) name=(field.key) inputmode="decimal" value=(value) autocomplete="off";,
                FieldKind::Line => input id=(id) name=(field.key) maxlength="200" value=(value) autocomplete="off";,
            }
            @if let Some(help) = &field.help { p class="help" { (help) } }
        }
    }
}
