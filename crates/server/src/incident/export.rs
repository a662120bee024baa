//! That an incident left the house: on its timeline and in the ledger. What left is `report`'s business.

use domain::timeline::EntryKind;
use domain::{Actor, IncidentId, Permission};

use super::keep;
use crate::app::App;
use crate::error::Result;
use crate::identity::need;

/// Records that somebody takes out a bundle of the incident, before they get it.
pub async fn exported(app: &App, actor: &Actor, id: IncidentId) -> Result<()> {
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let record = keep::seen(change, &who, id).await?;
            need(&who, Permission::ExportIncident, "exporting incidents")?;
            keep::commit(change, &record, "incident.export").await?;
            let line = "Bundle exported: records, evidence and proofs".to_owned();
            keep::line(change, &who, id, EntryKind::Status, line).await?;
            Ok(())
        })
    })
    .await
}
