//! What was found: observables, and the assets that are affected. Most come from events; people add
//! what they learn otherwise, and say what each is.

use domain::asset::{self, AssetState};
use domain::observable::Standing;
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Observable, ObservableId, ObservableKind, Tlp};

use super::{Asset, Observed, keep, optional, store, text};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;

/// An observable that somebody gives.
pub struct NewObservable {
    pub value: String,
    /// Told from the value if left out.
    pub kind: Option<ObservableKind>,
    pub standing: Standing,
    pub note: Option<String>,
    pub tlp: Option<Tlp>,
    pub tags: Vec<String>,
}

/// An observable that no event shows yet.
pub(super) fn unseen(incident: IncidentId, value: &Observable) -> Result<Observed> {
    Ok(Observed {
        id: keep::unnumbered()?,
        incident,
        kind: value.kind(),
        value: value.value().to_owned(),
        standing: Standing::Unknown,
        note: None,
        tlp: None,
        tags: Vec::new(),
        count: 0,
        first_seen: None,
        last_seen: None,
        parts: Vec::new(),
        events: Vec::new(),
        united: Vec::new(),
    })
}

/// Tags as they are kept: each once, in order.
pub(super) fn tags(given: &[String]) -> Result<Vec<String>> {
    Ok(domain::observable::tags(given)?)
}

pub async fn add_observable(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    new: NewObservable,
) -> Result<Observed> {
    let value = observable(new.kind, &new.value)?;
    let note = note(new.note)?;
    let tags = tags(&new.tags)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, incident).await?;
            let known = store::things::known_in(change.tx, incident, &[value.value().to_owned()]).await?;
            if let Some(known) = known.iter().find(|known| known.kind == value.kind()) {
                return Err(Error::Conflict(format!(
                    "{} {} is an observable of this incident already: {}.",
                    value.kind().label(),
                    value.value(),
                    known.id
                )));
            }
            let observed =
                Observed { standing: new.standing, note, tlp: new.tlp, tags, ..unseen(incident, &value)? };
            let stored = store::things::insert(change, vec![observed]).await?.pop();
            let observed = stored.ok_or_else(|| Error::Damaged("an observable was not stored".to_owned()))?;
            commit(change, &observed, "observable.add").await?;
            let line = format!("Observable added: {}", told(&observed));
            keep::line(change, &actor, incident, EntryKind::Action, line).await?;
            keep::tell(change, incident).await?;
            Ok(observed)
        })
    })
    .await
}

/// The most observables that are added at once.
pub const MOST_AT_ONCE: usize = 300;
/// How many of them the line on the timeline names.
const NAMED: usize = 8;

/// Adds observables, as a mail or a list gives them. Those of this incident already stay as they are.
/// Gives the ones that were added.
pub async fn add_several(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    new: Vec<NewObservable>,
) -> Result<Vec<Observed>> {
    if new.is_empty() || new.len() > MOST_AT_ONCE {
        return Err(Error::Invalid(format!("Choose 1 to {MOST_AT_ONCE} observables.")));
    }
    let mut wanted: Vec<Observed> = Vec::with_capacity(new.len());
    for one in new {
        let value = observable(one.kind, &one.value)?;
        if wanted.iter().any(|known| known.kind == value.kind() && known.value == value.value()) {
            continue;
        }
        let (note, tags) = (note(one.note)?, tags(&one.tags)?);
        wanted.push(Observed {
            standing: one.standing,
            note,
            tlp: one.tlp,
            tags,
            ..unseen(incident, &value)?
        });
    }
    let added = add_fresh(app, actor, incident, wanted).await?;
    if added.is_empty() {
        return Err(Error::Conflict("All of these are observables of this incident already.".to_owned()));
    }
    Ok(added)
}

/// Adds those of them that the incident does not have yet, and gives these; with one line on the timeline.
pub(super) async fn add_fresh(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    mut wanted: Vec<Observed>,
) -> Result<Vec<Observed>> {
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, incident).await?;
            let values: Vec<String> = wanted.iter().map(|one| one.value.clone()).collect();
            let known = store::things::known_in(change.tx, incident, &values).await?;
            wanted
                .retain(|one| !known.iter().any(|known| known.kind == one.kind && known.value == one.value));
            if wanted.is_empty() {
                return Ok(wanted);
            }
            let added = store::things::insert(change, wanted).await?;
            for observed in &added {
                commit(change, observed, "observable.add").await?;
            }
            let mut line = match added.len() {
                1 => "Observable added:".to_owned(),
                many => format!("{many} observables added:"),
            };
            for observed in added.iter().take(NAMED) {
                line.push('\n');
                line.push_str(&told(observed));
            }
            if added.len() > NAMED {
                line.push_str("\n…");
            }
            keep::line(change, &actor, incident, EntryKind::Action, line).await?;
            keep::tell(change, incident).await?;
            Ok(added)
        })
    })
    .await
}

/// The observable that somebody gives, of the kind that they say or that it looks like.
fn observable(kind: Option<ObservableKind>, value: &str) -> Result<Observable> {
    match kind {
        Some(kind) => Ok(Observable::new(kind, value)?),
        None => Observable::classify(value).ok_or_else(|| {
            Error::Invalid("What kind of value this is cannot be told from it; say the kind.".to_owned())
        }),
    }
}

/// What somebody says of an observable; what is left out stays.
pub struct Word {
    pub standing: Standing,
    pub note: Option<String>,
    pub tags: Option<Vec<String>>,
    /// `Some(None)`: as its incident.
    pub tlp: Option<Option<Tlp>>,
}

/// Says what an observable is: an indicator (known bad), harmless, or neither; how far it may be passed on, and
/// the tags by which it is found.
pub async fn set_standing(
    app: &App,
    actor: &Actor,
    incident: IncidentId,
    id: ObservableId,
    word: Word,
) -> Result<Observed> {
    let given = note(word.note)?;
    let (standing, tlp) = (word.standing, word.tlp);
    let given_tags = word.tags.as_deref().map(tags).transpose()?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_work(change, &actor, incident).await?;
            let family = scope::family_in(change, incident).await?;
            let same = store::things::same_in(change.tx, &family, id).await?;
            let shown = same.first().cloned().ok_or(Error::NotFound("observable"))?;
            let as_it_is = |one: &Observed| {
                one.standing == standing
                    && tlp.is_none_or(|tlp| tlp == one.tlp)
                    && given_tags.as_ref().is_none_or(|tags| *tags == one.tags)
            };
            if given.is_none() && same.iter().all(as_it_is) {
                return Err(
                    domain::Error::NothingChanges { what: "standing", value: standing.label() }.into()
                );
            }
            // A value of merged incidents is one thing: what is said of it is said of each.
            let said = |observed: Observed| Observed {
                standing,
                note: given.clone().or(observed.note),
                tlp: tlp.unwrap_or(observed.tlp),
                tags: given_tags.clone().unwrap_or(observed.tags),
                ..observed
            };
            for observed in same.into_iter().map(said) {
                store::things::update(change, &observed).await?;
                commit(change, &observed, "observable.set_standing").await?;
            }
            let observed = said(shown);
            let line = format!("Observable marked: {}", told(&observed));
            keep::line(change, &actor, observed.incident, EntryKind::Action, line).await?;
            keep::tell(change, observed.incident).await?;
            Ok(observed)
        })
    })
    .await
}

/// An asset that somebody names.
pub struct NewAsset {
    /// A host or an account.
    pub kind: ObservableKind,
    pub name: String,
    pub state: AssetState,
    pub note: Option<String>,
}

pub async fn add_asset(app: &App, actor: &Actor, incident: IncidentId, new: NewAsset) -> Result<Asset> {
    if !new.kind.is_asset() {
        return Err(Error::Invalid("An asset is a host or an account.".to_owned()));
    }
    let name = Observable::new(new.kind, &new.name)?;
    let standing = asset::Standing::NEW.meant_by(new.state);
    let note = note(new.note)?;
    let actor = actor.clone();
    app.change(&actor.clone(), move |change| {
        Box::pin(async move {
            keep::to_add(change, &actor, incident).await?;
            let mut asset = Asset {
                id: keep::unnumbered()?,
                incident,
                kind: name.kind(),
                name: name.value().to_owned(),
                state: new.state,
                compromise: standing.compromise,
                containment: standing.containment,
                note,
                first_seen: None,
                last_seen: None,
            };
            asset.id = store::things::insert_asset(change, &asset).await?;
            change.record(&asset.id.to_string(), "asset.add", &asset, Some(incident.get())).await?;
            let line = format!("Asset added: {} {}, {}", asset.kind.label(), asset.name, asset.state.label());
            keep::line(change, &actor, incident, EntryKind::Action, line).await?;
            keep::tell(change, incident).await?;
            Ok(asset)
        })
    })
    .await
}

/// Commits an observable to the ledger. The events in which it was seen stand on the timeline.
pub(super) async fn commit(change: &mut Change<'_>, observed: &Observed, act: &str) -> Result<()> {
    let body = Observed { events: Vec::new(), united: Vec::new(), ..observed.clone() };
    change.record(&observed.id.to_string(), act, &body, Some(observed.incident.get())).await
}

fn told(observed: &Observed) -> String {
    format!("{} {}, {}", observed.kind.label(), observed.value, observed.standing.label().to_lowercase())
}

fn note(note: Option<String>) -> Result<Option<String>> {
    Ok(optional(note).map(|given| text("the note", &given)).transpose()?.map(|text| text.to_string()))
}
