//! The chain of custody: transfer, check out, return, seal, unseal. What may follow what is the
//! domain's word; here a link is added to a chain that holds.

use domain::evidence::CustodyAct;
use domain::{Actor, EvidenceId, Permission};

use super::{Evidence, Link, TOPIC, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

/// Adds a link to the chain.
pub async fn act(
    app: &App,
    actor: &Actor,
    id: EvidenceId,
    act: CustodyAct,
    to: Option<String>,
    reason: Option<String>,
) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "handling evidence")?;
    let who = actor.clone();
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut item =
                store::get_in(change.tx, &who, id).await?.ok_or(Error::NotFound("evidence item"))?;
            let link = Link {
                act,
                by: who.name().to_owned(),
                account: who.user(),
                to: given(to),
                reason: given(reason),
                at: change.at,
            };
            let custody = item.chain()?.after(&link.entry()?).map_err(refused)?;
            store::insert_link(change, id, &link).await?;
            store::set_custody(change, id, &custody).await?;
            item.status = custody.status();
            item.custodian = custody.custodian().to_string();
            item.holder = custody.holder().to_string();
            item.custody.push(link);
            let (record, scope) = (id.to_string(), Some(item.incident.get()));
            change.record(&record, &format!("evidence.{act}"), &item, scope).await?;
            change.tell(TOPIC, &record, scope).await?;
            Ok(item)
        })
    })
    .await
}

/// A field left blank is a field not given.
fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What the present state forbids is a conflict; what the link lacks is the caller's to add.
fn refused(error: domain::Error) -> Error {
    match error {
        domain::Error::NotAllowed { .. } => Error::Conflict(error.to_string()),
        other => other.into(),
    }
}
