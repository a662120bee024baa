//! Many observables at once: what stands in a text that somebody pastes, looked at before it is added.

use std::collections::BTreeMap;

use domain::observable::{Standing, find_in_text};
use domain::{Actor, IncidentId, Observable, ObservableId, Tlp};
use serde::Serialize;
use utoipa::ToSchema;

use super::findings::{self, tags};
use super::seen::{self, Elsewhere};
use super::{Observed, read};
use crate::app::App;
use crate::error::{Error, Result};

/// How long a pasted text may be, in bytes.
const LONGEST: usize = 200_000;
/// How many values one request adds.
const MOST: usize = domain::observable::MOST_IN_TEXT;

/// A value in a pasted text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Candidate {
    #[schema(value_type = Object)]
    pub observable: Observable,
    /// As it was written.
    #[schema(example = "evil[.]example[.]org")]
    pub written: String,
    /// How often it stands in the text.
    pub times: usize,
    /// It is an observable of this incident already.
    #[schema(value_type = Option<String>, example = "OBS-7")]
    pub known: Option<ObservableId>,
    /// Where else it was seen.
    pub elsewhere: Elsewhere,
}

/// What a pasted text holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Pasted {
    pub found: Vec<Candidate>,
    /// There are more values than one text may give.
    pub more: bool,
}

/// Looks for values in a text. Nothing is changed.
pub async fn look(app: &App, actor: &Actor, id: IncidentId, text: &str) -> Result<Pasted> {
    if text.len() > LONGEST {
        return Err(Error::TooLarge(format!(
            "A pasted text has at most {LONGEST} bytes; paste it in parts."
        )));
    }
    let own: BTreeMap<Observable, ObservableId> = read::observables(app, actor, id)
        .await?
        .into_iter()
        .filter_map(|one| Some((Observable::new(one.kind, &one.value).ok()?, one.id)))
        .collect();
    let (found, more) = find_in_text(text);
    let values: Vec<Observable> = found.iter().map(|one| one.observable.clone()).collect();
    let family = crate::identity::scope::family(app, id).await?;
    let mut elsewhere = seen::elsewhere(app, actor, &values, &family, &[]).await?;
    let found = found
        .into_iter()
        .map(|one| Candidate {
            known: own.get(&one.observable).copied(),
            elsewhere: elsewhere.remove(&one.observable).unwrap_or_default(),
            written: one.written,
            times: one.times,
            observable: one.observable,
        })
        .collect();
    Ok(Pasted { found, more })
}

/// Several values with what is said of all of them.
pub struct NewObservables {
    pub values: Vec<Observable>,
    pub standing: Standing,
    pub tlp: Option<Tlp>,
    pub tags: Vec<String>,
}

/// Adds values; those that the incident has already stay as they are.
pub async fn add(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    new: NewObservables,
) -> Result<Vec<Observed>> {
    let mut values = new.values;
    values.sort_unstable();
    values.dedup();
    if values.is_empty() || values.len() > MOST {
        return Err(Error::Invalid(format!("Choose from 1 to {MOST} values.")));
    }
    let tags = tags(&new.tags)?;
    let wanted = values
        .iter()
        .map(|value| {
            let observed = findings::unseen(incident, value)?;
            Ok(Observed { standing: new.standing, tlp: new.tlp, tags: tags.clone(), ..observed })
        })
        .collect::<Result<Vec<_>>>()?;
    findings::add_fresh(app, actor, incident, wanted).await
}
