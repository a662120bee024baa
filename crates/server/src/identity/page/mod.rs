//! Identity's pages: the [`door`] (set-up, sign-in, sign-out) and the [`settings`] (people, keys, one's
//! own password).

mod door;
mod settings;

use axum::Router;
use maud::{Markup, html};

use super::password;
use crate::app::App;

pub fn routes() -> Router<App> {
    door::routes().merge(settings::routes())
}

fn password_help() -> String {
    format!("At least {} characters. A few words make a good one.", password::SHORTEST)
}

fn field(name: &str, label: &str, kind: &str, autocomplete: &str, value: &str, help: Option<&str>) -> Markup {
    let help_id = help.map(|_| format!("{name}-help"));
    html! {
        div class="field" {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) autocomplete=(autocomplete) value=(value) required aria-describedby=[help_id.as_deref()];
            @if let Some(help) = help { p class="help" id=[help_id.as_deref()] { (help) } }
        }
    }
}
