//! The pages of duties to notify: an incident's [`duties`], each [`duty`] and what is [`asked`] with the [`fields`] of
//! its facts, the fact [`sheet`], a [`notice`], and the organisation's [`profile`].

mod asked;
mod duties;
mod duty;
mod fields;
mod notice;
mod profile;
mod sheet;

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::{get, post};
use domain::obligation::SectionKey;

use super::api;
use crate::app::App;
use crate::error::{Error, Result};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings/obligations", get(profile::page).post(profile::set))
        .route("/settings/obligations/contracts", post(profile::add_contract))
        .route("/settings/obligations/contracts/{duty}/remove", post(profile::remove_contract))
        .route("/incidents/{id}/obligations", get(duties::page))
        .route("/incidents/{id}/obligations/facts", post(asked::answer))
        .route("/incidents/{id}/obligations/sheet", get(sheet::page).post(sheet::write))
        .route("/incidents/{id}/obligations/waivers", post(duty::waive))
        .route("/incidents/{id}/obligations/waivers/{waiver}/{verb}", post(duty::act_on_waiver))
        .route("/incidents/{id}/obligations/notices", post(notice::begin))
        .route("/incidents/{id}/obligations/notices/{notice}", get(notice::page).post(notice::reword))
        .route("/incidents/{id}/obligations/notices/{notice}/sent", post(notice::sent))
        .route("/incidents/{id}/obligations/notices/{notice}/{verb}", post(notice::act))
        .route("/incidents/{id}/obligations/notices/{notice}/file", get(api::file))
}

/// The fields of a form; a name may come several times.
type Pairs = Vec<(String, String)>;

fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

/// Whether a field still holds what it held when the form was drawn, which stands in `was.` and its name.
fn unchanged(pairs: &Pairs, name: &str, text: &str) -> bool {
    let was = pairs.iter().find(|(known, _)| known.strip_prefix("was.") == Some(name));
    was.is_some_and(|(_, was)| was.replace("\r\n", "\n").trim() == text.replace("\r\n", "\n").trim())
}

/// The sections of the fact sheet in a form, such as `section.nature`, that were changed in it.
fn sections(pairs: &Pairs) -> Result<BTreeMap<SectionKey, String>> {
    let named = pairs.iter().filter_map(|(name, text)| Some((name.strip_prefix("section.")?, text)));
    named
        .filter(|(name, text)| !unchanged(pairs, name, text))
        .map(|(name, text)| {
            let section = name.parse().map_err(|error: domain::Error| Error::Invalid(error.to_string()))?;
            Ok((section, text.clone()))
        })
        .collect()
}
