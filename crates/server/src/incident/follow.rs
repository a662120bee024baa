//! Alerts in an incident go on taking in detections; what they take in becomes part of the incident.

use domain::timeline::EntryKind;
use domain::{Actor, IncidentId};

use super::declare::more_in;
use super::gather::{self, EVENTS_AN_ALERT, Found};
use super::{keep, store};
use crate::alert::Touched;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::scope;

/// Takes the new matches of alerts in incidents over into these. A closed incident gets a line that
/// says so, and nothing else: whether it is to be reopened is for people to decide.
pub async fn follow(change: &mut Change<'_>, touched: &[Touched]) -> Result<()> {
    let mut incidents: Vec<IncidentId> = touched.iter().filter_map(|one| one.alert.incident).collect();
    incidents.sort_unstable();
    incidents.dedup();
    for incident in incidents {
        let of_it = touched.iter().filter(|one| one.alert.incident == Some(incident) && !one.new.is_empty());
        follow_one(change, incident, of_it.collect()).await?;
    }
    Ok(())
}

async fn follow_one(change: &mut Change<'_>, incident: IncidentId, touched: Vec<&Touched>) -> Result<()> {
    // Of merged incidents the head says whether the response goes on.
    let head = scope::heads_in(change, incident).await?.first().copied().unwrap_or(incident);
    let record = store::record_in(change.tx, head).await?.ok_or(Error::NotFound("incident"))?;
    let mut found = Vec::with_capacity(touched.len());
    let mut lines = Vec::new();
    for one in touched {
        if record.is_closed() {
            lines.push(format!(
                "{} more events of {} ({}) after the incident was closed",
                one.new.len(),
                one.alert.id,
                one.alert.title
            ));
            continue;
        }
        let there = store::timeline::count_of_alert(change.tx, incident, one.alert.id).await?;
        let room = usize::try_from(EVENTS_AN_ALERT - there).unwrap_or(0);
        // Said once, when the timeline has no more room for this alert.
        if room > 0 && one.new.len() > room {
            lines.push(more_in(&one.alert, one.alert.count - EVENTS_AN_ALERT));
        }
        found.push(Found { alert: one.alert.clone(), matches: one.new.clone(), room });
    }
    if !found.is_empty() {
        gather::take_in(change, &Actor::Watchbell, incident, &found).await?;
    }
    for line in lines {
        keep::line(change, &Actor::Watchbell, incident, EntryKind::Status, line).await?;
    }
    keep::tell(change, incident).await
}
