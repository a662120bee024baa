//! Merging one incident into another, and parting them again. Nothing moves: each keeps its records, numbers and
//! chains of custody, and the head is read together with what is merged into it. So parting restores both as they
//! are, with what was done to each meanwhile. While they are merged, only who may know of both sees either.

use std::collections::BTreeSet;

use domain::incident::Outcome;
use domain::kinship::{Membership, Readers, narrower};
use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, UserId};

use super::{Admitted, Ended, Merge, readers};
use crate::alert;
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::{self, scope};
use crate::incident::{IncidentView, Person, keep, read, store, text};

/// What somebody says to merge an incident into another.
pub struct NewMerge {
    pub part: IncidentId,
    pub reason: String,
    /// Needed where one of the two is restricted.
    pub members: Option<Membership>,
}

pub async fn merge(app: &App, actor: &Actor, head: IncidentId, new: NewMerge) -> Result<IncidentView> {
    if new.reason.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb: "merging incidents" }.into());
    }
    let reason = text("the reason", &new.reason)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let by = who.user().ok_or(Error::Forbidden("only a person merges incidents"))?;
            let sides = Sides::of(change, &who, head, new.part).await?;
            sides.check(new.members)?;
            let admitted = match new.members {
                Some(Membership::Unite) => unite(change, &sides.families).await?,
                _ => Vec::new(),
            };
            let told = Told::of(change, &sides.families).await?;
            let merge = Merge {
                id: keep::unnumbered()?,
                part: new.part,
                head,
                reason: reason.to_string(),
                by,
                at: change.at,
                admitted,
                ended: None,
            };
            let merge = store::kin::insert_merge(change, merge).await?;
            scope::join(change, new.part, head).await?;
            change
                .record(&merge.id.to_string(), "incident.merge", &merge, told.scope(head, new.part))
                .await?;
            if told.head {
                let line = format!("{} merged into this incident: {}\n{reason}", new.part, sides.title);
                keep::line(change, &who, head, EntryKind::Status, line).await?;
            }
            if told.part {
                let line = format!("Merged into {head}\n{reason}");
                keep::line(change, &who, new.part, EntryKind::Status, line).await?;
            }
            announce(change, head, new.part).await
        })
    })
    .await?;
    read::get(app, actor, head).await
}

/// Takes an incident out of the one that it is merged into.
pub async fn unmerge(app: &App, actor: &Actor, part: IncidentId, why: &str) -> Result<IncidentView> {
    if why.trim().is_empty() {
        return Err(domain::Error::ReasonNeeded { verb: "parting incidents" }.into());
    }
    let why = text("the reason", why)?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let by = who.user().ok_or(Error::Forbidden("only a person parts incidents"))?;
            let record = keep::commanded(change, &who, part).await?;
            let mut merge = store::kin::merge_in(change.tx, part)
                .await?
                .ok_or_else(|| Error::Conflict(format!("{part} is not merged into any other incident.")))?;
            let head = merge.head;
            keep::commanded(change, &who, head).await?;
            scope::part(change, part).await?;
            let families = [scope::family_in(change, head).await?, scope::family_in(change, part).await?];
            let told = Told::of(change, &families).await?;
            let_out(change, &merge.admitted).await?;
            merge.ended = Some(Ended { by, at: change.at, reason: Some(why.to_string()) });
            store::kin::end_merge(change, &merge).await?;
            change.record(&merge.id.to_string(), "incident.unmerge", &merge, told.scope(head, part)).await?;
            // The head's closing spoke for its alerts; now its own does again.
            for one in families.into_iter().skip(1).flatten() {
                alert::noise::judge(change, one, record.outcome.map(Outcome::verdict)).await?;
            }
            if told.head {
                let line = format!("{part} parted from this incident\n{why}");
                keep::line(change, &who, head, EntryKind::Status, line).await?;
            }
            if told.part {
                let line = format!("Parted from {head}\n{why}");
                keep::line(change, &who, part, EntryKind::Status, line).await?;
            }
            announce(change, head, part).await
        })
    })
    .await?;
    read::get(app, actor, part).await
}

/// The two incidents that are to be merged, each with its family.
struct Sides {
    ids: [IncidentId; 2],
    /// Who may know of the head's family, and of the part's.
    head: Readers,
    part: Readers,
    families: [Vec<IncidentId>; 2],
    /// The part's.
    title: String,
}

impl Sides {
    async fn of(change: &mut Change<'_>, actor: &Actor, head: IncidentId, part: IncidentId) -> Result<Sides> {
        if head == part {
            return Err(Error::Invalid("An incident is not merged into itself.".to_owned()));
        }
        let into = keep::to_command(change, actor, head).await?;
        let from = keep::to_command(change, actor, part).await?;
        if into.is_closed() {
            return Err(Error::Conflict(format!("{head} is closed; reopen it first.")));
        }
        let families = [scope::family_in(change, head).await?, scope::family_in(change, part).await?];
        let [upper, lower] = &families;
        let (upper, lower) = (readers(change, upper).await?, readers(change, lower).await?);
        Ok(Sides { ids: [head, part], head: upper, part: lower, families, title: from.title })
    }

    /// Refuses where what is to become of the members must be said, or cannot be so.
    fn check(&self, members: Option<Membership>) -> Result<()> {
        let [head, part] = self.ids;
        if self.head == self.part || members == Some(Membership::Unite) {
            return Ok(());
        }
        if members.is_none() {
            return Err(Error::Conflict(format!(
                "{head} and {part} are not open to the same people. Say what becomes of the members: `unite` lets the \
                 members of each into both; with `keep` only who may know of both sees them while they are merged."
            )));
        }
        if narrower(&self.head, &self.part).is_none() {
            return Err(Error::Conflict(format!(
                "Both {head} and {part} are restricted, and each has members whom the other has not. Unite the members, \
                 or let the members of one into the other first."
            )));
        }
        Ok(())
    }
}

/// Which of the two may be told of the other: one whose readers all may know of both.
struct Told {
    head: bool,
    part: bool,
}

impl Told {
    async fn of(change: &mut Change<'_>, [head, part]: &[Vec<IncidentId>; 2]) -> Result<Told> {
        let (upper, lower) = (readers(change, head).await?, readers(change, part).await?);
        Ok(Told { head: upper.within(&lower), part: lower.within(&upper) })
    }

    /// The incident with which the act is kept.
    fn scope(&self, head: IncidentId, part: IncidentId) -> Option<i64> {
        Some(if self.head && !self.part { head.get() } else { part.get() })
    }
}

/// Makes the members of all these incidents members of each; gives who is new where.
async fn unite(change: &mut Change<'_>, families: &[Vec<IncidentId>]) -> Result<Vec<Admitted>> {
    let mut everybody = BTreeSet::new();
    for incident in families.iter().flatten() {
        everybody.extend(scope::members_in(change, *incident).await?);
    }
    let mut admitted = Vec::new();
    for incident in families.iter().flatten().copied() {
        let there: BTreeSet<UserId> = scope::members_in(change, incident).await?.into_iter().collect();
        for member in everybody.difference(&there).copied() {
            scope::add_member(change, incident, member).await?;
            admitted.push(Admitted { incident, member });
        }
    }
    Ok(admitted)
}

/// Lets those out again who were let in for a merge, but for whoever commands by now.
async fn let_out(change: &mut Change<'_>, admitted: &[Admitted]) -> Result<()> {
    for Admitted { incident, member } in admitted {
        let record = store::record_in(change.tx, *incident).await?.ok_or(Error::NotFound("incident"))?;
        if record.commander != Some(*member) {
            scope::remove_member(change, *incident, *member).await?;
        }
    }
    Ok(())
}

async fn announce(change: &mut Change<'_>, head: IncidentId, part: IncidentId) -> Result<()> {
    keep::tell(change, head).await?;
    keep::tell(change, part).await?;
    for incident in [head, part] {
        change.tell("alerts", &incident.to_string(), Some(incident.get())).await?;
        change.tell("evidence", &incident.to_string(), Some(incident.get())).await?;
    }
    Ok(())
}

/// What merging would bring, and for whom.
pub struct Preview {
    pub head: IncidentView,
    pub part: IncidentView,
    pub alerts: usize,
    pub evidence: usize,
    pub observables: usize,
    /// Of these, how many values both have.
    pub shared: usize,
    pub decisions: usize,
    pub assets: usize,
    /// Whether the two are open to the same people.
    pub same_readers: bool,
    /// Who is a member of the one and not of the other: of the head alone, of the part alone.
    pub only: [Vec<Person>; 2],
}

/// Looks at a merge before it is done.
pub async fn preview(app: &App, actor: &Actor, head: IncidentId, part: IncidentId) -> Result<Preview> {
    let (upper, lower) = (read::get(app, actor, head).await?, read::get(app, actor, part).await?);
    let of_head = read::observables(app, actor, head).await?;
    let of_part = read::observables(app, actor, part).await?;
    let values: BTreeSet<_> = of_head.iter().map(|one| (one.kind, one.value.as_str())).collect();
    let shared = of_part.iter().filter(|one| values.contains(&(one.kind, one.value.as_str()))).count();
    let members = [read::members(app, actor, head).await?, read::members(app, actor, part).await?];
    let [of_upper, of_lower] = &members;
    let without = |these: &[Person], those: &[Person]| -> Vec<Person> {
        these.iter().filter(|one| those.iter().all(|other| other.id != one.id)).cloned().collect()
    };
    let only = [without(of_upper, of_lower), without(of_lower, of_upper)];
    let restricted = [upper.record.restricted, lower.record.restricted];
    let same_members = only.iter().all(Vec::is_empty);
    Ok(Preview {
        alerts: alert::of_incident(app, part).await?.len(),
        evidence: crate::evidence::of_incident(app, actor, part).await?.len(),
        observables: of_part.len(),
        shared,
        decisions: read::decisions(app, actor, part).await?.len(),
        assets: read::assets(app, actor, part).await?.len(),
        same_readers: restricted == [false, false] || (restricted == [true, true] && same_members),
        only,
        head: upper,
        part: lower,
    })
}

/// Lets somebody who joins an incident into those that are merged into it, until they part.
pub async fn admit(change: &mut Change<'_>, actor: &Actor, head: IncidentId, member: UserId) -> Result<()> {
    let family = scope::family_in(change, head).await?;
    for part in family.into_iter().skip(1) {
        if scope::members_in(change, part).await?.contains(&member) {
            continue;
        }
        keep::commanded(change, actor, part).await?;
        let Some(mut merge) = store::kin::merge_in(change.tx, part).await? else { continue };
        scope::add_member(change, part, member).await?;
        merge.admitted.push(Admitted { incident: part, member });
        store::kin::set_admitted(change, &merge).await?;
        change.record(&merge.id.to_string(), "incident.admit", &merge, Some(part.get())).await?;
    }
    Ok(())
}

/// Why a merge was, for the page of the one that is merged.
pub async fn of_part(app: &App, part: IncidentId) -> Result<Option<(Merge, String)>> {
    let Some(merge) = store::kin::merge_of(&app.db, part).await? else { return Ok(None) };
    let name = identity::names(app).await?.get(&merge.by).cloned();
    let name = name.unwrap_or_else(|| merge.by.to_string());
    Ok(Some((merge, name)))
}
