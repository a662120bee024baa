//! The chain of custody: attest, offer, accept, check out, return, seal, unseal, and destroy. What may
//! follow what is the domain's word; here a link is signed by whoever acts and added to a chain that
//! holds. A person signs by giving their password (see `identity::signing`).

use domain::evidence::{CustodyAct, may_be_destroyed};
use domain::{Actor, EvidenceId, Permission, UserId};

use super::store::keys::Keyed;
use super::{Evidence, Link, Signature, TOPIC, get, store};
use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::event;
use crate::identity::signing::{self, Signer};
use crate::identity::{self, need, scope};

/// What somebody does with an item.
#[derive(Debug, Clone)]
pub struct Act {
    pub act: CustodyAct,
    /// Who receives it: an account where it is offered, a name where it is checked out.
    pub to: Option<String>,
    pub reason: Option<String>,
}

/// Adds a signed link to the chain. Destroying makes the bytes unreadable for good.
pub async fn act(app: &App, actor: &Actor, id: EvidenceId, act: Act, password: &str) -> Result<Evidence> {
    need(actor, Permission::WorkIncident, "handling evidence")?;
    let item = get(app, actor, id).await?;
    if let CustodyAct::Collected | CustodyAct::Transferred = act.act {
        return Err(Error::Conflict(match act.act {
            CustodyAct::Collected => {
                "The item is collected already. To confirm a collection, attest it.".to_owned()
            }
            _ => "A transfer takes two signatures: offer the item (`offered`); the receiver then accepts it."
                .to_owned(),
        }));
    }
    if matches!(act.act, CustodyAct::DestructionProposed | CustodyAct::Destroyed) && item.delivery.is_some() {
        return Err(Error::Conflict(
            "This item is a delivery of telemetry: its events stand in the store of events and serve other incidents. \
             It goes when they do, and cannot be destroyed alone."
                .to_owned(),
        ));
    }
    let signer = signing::unlock(app, actor, password).await?;
    let who = actor.clone();
    let (item, orphan) = app
        .change(actor, move |change| {
            Box::pin(async move {
                let mut item =
                    store::get_in(change.tx, &who, id).await?.ok_or(Error::NotFound("evidence item"))?;
                let link = link(change, &who, &item, act).await?;
                add(change, &mut item, link, &signer).await
            })
        })
        .await?;
    if let Some(blob) = orphan {
        let blobs = app.blobs.clone();
        super::collect::blocking(move || blobs.remove(&blob)).await?;
    }
    Ok(item)
}

/// The link before it is signed.
async fn link(change: &mut Change<'_>, who: &Actor, item: &Evidence, act: Act) -> Result<Link> {
    let (to, to_account) = match (act.act, given(act.to)) {
        (CustodyAct::Offered, Some(to)) => {
            let receiver = receiver(change, item, &to).await?;
            (Some(receiver.1), Some(receiver.0))
        }
        (_, to) => (to, None),
    };
    Ok(Link {
        act: act.act,
        by: who.name().to_owned(),
        account: who.user(),
        to,
        to_account,
        reason: given(act.reason),
        at: change.at,
        signature: None,
    })
}

/// Who is to sign for an item: somebody who may know of its incident and work on it.
async fn receiver(change: &mut Change<'_>, item: &Evidence, to: &str) -> Result<(UserId, String)> {
    let account: UserId = to.parse().map_err(|_| {
        Error::Invalid(
            "Name the receiver by their account, such as USR-3: they have to sign for the item.".to_owned(),
        )
    })?;
    let person = identity::person(change, account).await?;
    if !person.role.may(Permission::WorkIncident)
        || !scope::account_sees_in(change, account, item.incident.get()).await?
    {
        return Err(Error::Conflict(format!(
            "{} could not sign for it: they do not work on {}. Add them to the incident first.",
            person.name, item.incident
        )));
    }
    Ok((account, person.name))
}

/// Signs a link and adds it. Gives the blob that is nobody's any more, if there is one.
async fn add(
    change: &mut Change<'_>,
    item: &mut Evidence,
    mut link: Link,
    signer: &Signer,
) -> Result<(Evidence, Option<String>)> {
    let before = item.chain()?;
    let destroys = link.act == CustodyAct::Destroyed;
    if destroys || link.act == CustodyAct::DestructionProposed {
        let held = store::keeping::is_held(change, item.incident, item.id).await?;
        may_be_destroyed(&before, held).map_err(refused)?;
    }
    let custody = before.after(&link.entry()?).map_err(refused)?;
    let said = ledger::person::statement(
        &item.id.to_string(),
        &item.sha256.to_string(),
        item.custody.len() + 1,
        &serde_json::to_value(&link)?,
    );
    link.signature = Some(Signature {
        key: signer.public.id,
        public_key: signer.public.public_key.clone(),
        signature: signer.sign(&said),
    });
    store::insert_link(change, item.id, &link).await?;
    store::set_custody(change, item.id, &custody).await?;
    let mut orphan = None;
    if destroys {
        store::keys::destroy(change, item.id).await?;
        orphan = orphaned(change, item).await?;
        item.destroyed_at = Some(change.at);
    }
    item.status = custody.status();
    item.custodian = custody.custodian().to_string();
    item.holder = custody.holder().to_string();
    item.pending = custody.pending().cloned();
    let act = link.act;
    item.custody.push(link);
    let (record, scope) = (item.id.to_string(), Some(item.incident.get()));
    change.record(&record, &format!("evidence.{act}"), &*item, scope).await?;
    change.tell(TOPIC, &record, scope).await?;
    Ok((item.clone(), orphan))
}

/// The blob of a destroyed item, unless something else is kept in it.
async fn orphaned(change: &mut Change<'_>, item: &Evidence) -> Result<Option<String>> {
    let Some(place) = store::keys::place_in(change.tx, item.id).await? else { return Ok(None) };
    let Keyed::Destroyed = place.key else { return Ok(None) };
    let open = !item.encrypted;
    let used = open
        && (store::keys::is_used_openly(change.tx, &place.blob).await?
            || event::is_delivery_in(change.tx, &place.blob).await?);
    Ok((!used).then_some(place.blob))
}

/// A field left blank is a field not given.
fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What the present state forbids is a conflict; what the link lacks is the caller's to add.
fn refused(error: domain::Error) -> Error {
    use domain::Error as E;
    match error {
        E::NotAllowed { .. } | E::NotTheReceiver(_) | E::SecondPersonNeeded | E::UnderHold => {
            Error::Conflict(sentence(&error.to_string()))
        }
        other => other.into(),
    }
}

/// As it stands at the beginning of a line.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}
