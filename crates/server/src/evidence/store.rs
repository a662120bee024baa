//! The SQL of evidence.

pub mod keeping;
pub mod keys;
pub mod uploads;

use std::collections::HashMap;

use domain::evidence::{Acquisition, Custody, CustodyStatus, Sha256};
use domain::{Actor, EvidenceId, IncidentId, IntakeId, Line, SigningKeyId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{Any, AssertSqlSafe, Executor, Row};

use super::{Check, Derived, Evidence, Link, Signature};
use crate::change::{Change, time};
use crate::error::{Error, Result};
use crate::identity::scope::{account, listed, visible};

/// An item before it has a number.
pub struct NewItem {
    pub incident: IncidentId,
    pub name: String,
    pub sha256: Sha256,
    pub bytes: i64,
    pub acquisition: Acquisition,
    pub note: Option<String>,
    pub delivery: Option<IntakeId>,
    pub derived: Option<Derived>,
    pub collected_by: Option<UserId>,
    pub status: CustodyStatus,
    pub custodian: String,
    pub sealed: Option<Sealed>,
}

/// What is stored of bytes that lie under a key.
pub struct Sealed {
    pub sha1: String,
    pub md5: String,
    pub blob: String,
    /// The item's key, sealed under the incident's.
    pub key: Vec<u8>,
    pub under: i64,
}

macro_rules! items {
    ($rest:literal, $account:literal) => {
        concat!(
            "select e.id, e.incident, e.name, e.sha256, e.bytes, e.method, e.tool, e.place, e.acquired_by,
                    e.acquired_at, e.note, e.delivery, e.collected_by, e.status, e.custodian, e.holder,
                    e.checked_at, e.checked_by, e.intact, e.derived_from, e.part, e.sha1, e.md5, e.blob,
                    e.tool_version, e.device, e.serial, e.write_blocker, e.destroyed_at
             from evidence e where ",
            visible!("e.incident", $account),
            $rest
        )
    };
}

/// Whether there is such an incident that this actor may know of. Incidents stand above evidence, so
/// this asks their table for nothing but that.
pub async fn incident_is_there(db: &Db, actor: &Actor, incident: IncidentId) -> Result<bool> {
    there(db.readers(), actor, incident).await
}

pub async fn incident_is_there_in(tx: &mut Tx, actor: &Actor, incident: IncidentId) -> Result<bool> {
    there(tx, actor, incident).await
}

async fn there(on: impl Executor<'_, Database = Any>, actor: &Actor, incident: IncidentId) -> Result<bool> {
    let row = sqlx::query(concat!("select 1 from incident i where i.id = $1 and ", visible!("i.id", "$2")))
        .bind(incident.get())
        .bind(account(actor))
        .fetch_optional(on)
        .await?;
    Ok(row.is_some())
}

pub async fn holds_delivery(tx: &mut Tx, incident: IncidentId, delivery: IntakeId) -> Result<bool> {
    let row = sqlx::query("select 1 from evidence where incident = $1 and delivery = $2 limit 1")
        .bind(incident.get())
        .bind(delivery.get())
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

pub async fn insert(change: &mut Change<'_>, item: &NewItem) -> Result<EvidenceId> {
    let row = sqlx::query(
        "insert into evidence (incident, name, sha256, bytes, method, tool, place, acquired_by, acquired_at,
                               note, delivery, collected_by, status, custodian, holder, tool_version, device, serial,
                               write_blocker, check_due, derived_from, part)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14, $15, $16, $17, $18, $19, $20, $21)
         returning id",
    )
    .bind(item.incident.get())
    .bind(&item.name)
    .bind(item.sha256.to_string())
    .bind(item.bytes)
    .bind(&*item.acquisition.method)
    .bind(&*item.acquisition.tool)
    .bind(&*item.acquisition.place)
    .bind(&*item.acquisition.by)
    .bind(item.acquisition.at.as_microsecond())
    .bind(item.note.clone())
    .bind(item.delivery.map(IntakeId::get))
    .bind(item.collected_by.map(UserId::get))
    .bind(item.status.as_str())
    .bind(&item.custodian)
    .bind(item.acquisition.tool_version.as_deref().map(str::to_owned))
    .bind(item.acquisition.device.as_deref().map(str::to_owned))
    .bind(item.acquisition.serial.as_deref().map(str::to_owned))
    .bind(item.acquisition.write_blocker.as_deref().map(str::to_owned))
    .bind(super::recheck::next(change.at).as_microsecond())
    .bind(item.derived.as_ref().map(|derived| derived.from.get()))
    .bind(item.derived.as_ref().map(|derived| derived.part.clone()))
    .fetch_one(&mut *change.tx)
    .await?;
    let id = EvidenceId::try_from(row.try_get::<i64, _>(0)?)?;
    if let Some(sealed) = &item.sealed {
        seal(change, id, sealed).await?;
    }
    Ok(id)
}

async fn seal(change: &mut Change<'_>, id: EvidenceId, sealed: &Sealed) -> Result<()> {
    sqlx::query("update evidence set sha1 = $2, md5 = $3, blob = $4, sealed_key = $5, sealed_under = $6 where id = $1")
        .bind(id.get())
        .bind(&sealed.sha1)
        .bind(&sealed.md5)
        .bind(&sealed.blob)
        .bind(sealed.key.clone())
        .bind(sealed.under)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// Digests of an item from before they were made.
pub async fn set_digests(change: &mut Change<'_>, id: EvidenceId, sha1: &str, md5: &str) -> Result<()> {
    sqlx::query("update evidence set sha1 = $2, md5 = $3 where id = $1")
        .bind(id.get())
        .bind(sha1)
        .bind(md5)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn insert_link(change: &mut Change<'_>, id: EvidenceId, link: &Link) -> Result<()> {
    sqlx::query(
        "insert into custody (evidence, act, person, account, receiver, reason, at, receiver_account, signing_key,
                              public_key, signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id.get())
    .bind(link.act.as_str())
    .bind(&link.by)
    .bind(link.account.map(UserId::get))
    .bind(link.to.clone())
    .bind(link.reason.clone())
    .bind(link.at.as_microsecond())
    .bind(link.to_account.map(UserId::get))
    .bind(link.signature.as_ref().map(|signature| signature.key.get()))
    .bind(link.signature.as_ref().map(|signature| signature.public_key.clone()))
    .bind(link.signature.as_ref().map(|signature| signature.signature.clone()))
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn set_custody(change: &mut Change<'_>, id: EvidenceId, custody: &Custody) -> Result<()> {
    sqlx::query("update evidence set status = $2, custodian = $3, holder = $4 where id = $1")
        .bind(id.get())
        .bind(custody.status().as_str())
        .bind(&**custody.custodian())
        .bind(&**custody.holder())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn set_check(change: &mut Change<'_>, id: EvidenceId, check: &Check) -> Result<()> {
    sqlx::query(
        "update evidence set checked_at = $2, checked_by = $3, intact = $4, check_due = $5 where id = $1",
    )
    .bind(id.get())
    .bind(check.at.as_microsecond())
    .bind(&check.by)
    .bind(i64::from(check.intact))
    .bind(super::recheck::next(check.at).as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

/// Items that failed their last hashing, of incidents that the actor may know of.
pub async fn altered(db: &Db, actor: &Actor) -> Result<Vec<EvidenceId>> {
    let rows = sqlx::query(concat!(
        "select e.id from evidence e where e.intact = 0 and e.destroyed_at is null and ",
        visible!("e.incident", "$1"),
        " order by e.id limit 100"
    ))
    .bind(account(actor))
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(|row| Ok(EvidenceId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The item whose bytes have waited longest to be hashed again, if its time has come.
pub async fn check_due(db: &Db, now: Timestamp) -> Result<Option<EvidenceId>> {
    let row = sqlx::query(
        "select id from evidence where check_due <= $1 and destroyed_at is null order by check_due, id limit 1",
    )
    .bind(now.as_microsecond())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| Ok(EvidenceId::try_from(row.try_get::<i64, _>(0)?)?)).transpose()
}

pub async fn get(db: &Db, actor: &Actor, id: EvidenceId) -> Result<Option<Evidence>> {
    let row = sqlx::query(items!(" and e.id = $2", "$1"))
        .bind(account(actor))
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    let Some(mut item) = row.as_ref().map(evidence).transpose()? else { return Ok(None) };
    let rows = sqlx::query(links_of(&[id.get()])).persistent(false).fetch_all(db.readers()).await?;
    set_chain(&mut item, rows.iter().map(link).collect::<Result<_>>()?);
    Ok(Some(item))
}

pub async fn get_in(tx: &mut Tx, actor: &Actor, id: EvidenceId) -> Result<Option<Evidence>> {
    let row = sqlx::query(items!(" and e.id = $2", "$1"))
        .bind(account(actor))
        .bind(id.get())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(mut item) = row.as_ref().map(evidence).transpose()? else { return Ok(None) };
    let rows = sqlx::query(links_of(&[id.get()])).persistent(false).fetch_all(tx).await?;
    set_chain(&mut item, rows.iter().map(link).collect::<Result<_>>()?);
    Ok(Some(item))
}

pub async fn of_incidents(db: &Db, actor: &Actor, incidents: &[IncidentId]) -> Result<Vec<Evidence>> {
    let statement = format!(items!(" and e.incident in ({}) order by e.id", "$1"), listed(incidents));
    let rows = sqlx::query(AssertSqlSafe(statement))
        .persistent(false)
        .bind(account(actor))
        .fetch_all(db.readers())
        .await?;
    with_chains(db, rows.iter().map(evidence).collect::<Result<_>>()?).await
}

pub async fn derived_of(db: &Db, actor: &Actor, id: EvidenceId) -> Result<Vec<Evidence>> {
    let rows = sqlx::query(items!(" and e.derived_from = $2 order by e.id", "$1"))
        .bind(account(actor))
        .bind(id.get())
        .fetch_all(db.readers())
        .await?;
    with_chains(db, rows.iter().map(evidence).collect::<Result<_>>()?).await
}

/// The parts of this item that are items already.
pub async fn parts_taken(tx: &mut Tx, id: EvidenceId) -> Result<Vec<(EvidenceId, String, String)>> {
    let rows = sqlx::query("select id, part, sha256 from evidence where derived_from = $1 order by id")
        .bind(id.get())
        .fetch_all(tx)
        .await?;
    rows.iter()
        .map(|row| Ok((EvidenceId::try_from(row.try_get::<i64, _>(0)?)?, row.try_get(1)?, row.try_get(2)?)))
        .collect()
}

/// The newest items that are these bytes, or one of these deliveries.
pub async fn holding(
    db: &Db,
    actor: &Actor,
    sha256: &str,
    deliveries: &[IntakeId],
) -> Result<Vec<EvidenceId>> {
    let mut list: Vec<String> = deliveries.iter().map(|id| id.get().to_string()).collect();
    // No delivery has this number.
    list.push("0".to_owned());
    let statement = format!(
        concat!(
            "select e.id from evidence e where (e.sha256 = $2 or e.delivery in ({})) and ",
            visible!("e.incident", "$1"),
            " order by e.id desc limit 50"
        ),
        list.join(", ")
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .persistent(false)
        .bind(account(actor))
        .bind(sha256)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(|row| Ok(EvidenceId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

pub async fn list(db: &Db, actor: &Actor, before: Option<i64>, limit: i64) -> Result<Vec<Evidence>> {
    let rows = sqlx::query(items!(
        " and (cast($2 as bigint) is null or e.id < $2) order by e.id desc limit $3",
        "$1"
    ))
    .bind(account(actor))
    .bind(before)
    .bind(limit)
    .fetch_all(db.readers())
    .await?;
    with_chains(db, rows.iter().map(evidence).collect::<Result<_>>()?).await
}

async fn with_chains(db: &Db, mut items: Vec<Evidence>) -> Result<Vec<Evidence>> {
    let numbers: Vec<i64> = items.iter().map(|item| item.id.get()).collect();
    let mut chains: HashMap<i64, Vec<Link>> = HashMap::new();
    for some in numbers.chunks(500) {
        for row in sqlx::query(links_of(some)).persistent(false).fetch_all(db.readers()).await? {
            chains.entry(row.try_get("evidence")?).or_default().push(link(&row)?);
        }
    }
    for item in &mut items {
        set_chain(item, chains.remove(&item.id.get()).unwrap_or_default());
    }
    Ok(items)
}

/// Gives an item its chain, and what follows from it.
fn set_chain(item: &mut Evidence, chain: Vec<Link>) {
    item.custody = chain;
    item.pending = item.chain().ok().and_then(|custody| custody.pending().cloned());
}

/// The statement that reads the chains of these items. Numbers need no placeholders.
fn links_of(items: &[i64]) -> AssertSqlSafe<String> {
    let list = items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    AssertSqlSafe(format!(
        "select evidence, act, person, account, receiver, reason, at, receiver_account, signing_key, public_key, signature
         from custody where evidence in ({list}) order by id"
    ))
}

fn evidence(row: &AnyRow) -> Result<Evidence> {
    let checked = match row.try_get::<Option<i64>, _>("checked_at")? {
        Some(at) => Some(Check {
            at: time(at)?,
            by: row.try_get("checked_by")?,
            intact: row.try_get::<i64, _>("intact")? == 1,
        }),
        None => None,
    };
    let words = |column| Ok::<String, Error>(row.try_get(column)?);
    let stored = |text: &str| Line::new("a stored line", text).map_err(|error| damaged(&error));
    let line = |column| stored(&words(column)?);
    let may = |column| row.try_get::<Option<String>, _>(column)?.as_deref().map(stored).transpose();
    Ok(Evidence {
        id: EvidenceId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        name: words("name")?,
        sha256: words("sha256")?.parse().map_err(|error| damaged(&error))?,
        sha1: row.try_get("sha1")?,
        md5: row.try_get("md5")?,
        encrypted: row.try_get::<Option<String>, _>("blob")?.is_some(),
        bytes: row.try_get("bytes")?,
        acquisition: Acquisition {
            method: line("method")?,
            tool: line("tool")?,
            tool_version: may("tool_version")?,
            place: line("place")?,
            device: may("device")?,
            serial: may("serial")?,
            write_blocker: may("write_blocker")?,
            by: line("acquired_by")?,
            at: time(row.try_get("acquired_at")?)?,
        },
        note: row.try_get("note")?,
        delivery: row.try_get::<Option<i64>, _>("delivery")?.map(IntakeId::try_from).transpose()?,
        derived: match row.try_get::<Option<i64>, _>("derived_from")? {
            Some(from) => Some(Derived { from: EvidenceId::try_from(from)?, part: words("part")? }),
            None => None,
        },
        collected_by: row.try_get::<Option<i64>, _>("collected_by")?.map(UserId::try_from).transpose()?,
        status: words("status")?.parse().map_err(|error| damaged(&error))?,
        custodian: words("custodian")?,
        holder: words("holder")?,
        pending: None,
        destroyed_at: row.try_get::<Option<i64>, _>("destroyed_at")?.map(time).transpose()?,
        checked,
        custody: Vec::new(),
    })
}

fn link(row: &AnyRow) -> Result<Link> {
    Ok(Link {
        act: row.try_get::<String, _>("act")?.parse().map_err(|error| damaged(&error))?,
        by: row.try_get("person")?,
        account: row.try_get::<Option<i64>, _>("account")?.map(UserId::try_from).transpose()?,
        to: row.try_get("receiver")?,
        to_account: row.try_get::<Option<i64>, _>("receiver_account")?.map(UserId::try_from).transpose()?,
        reason: row.try_get("reason")?,
        at: time(row.try_get("at")?)?,
        signature: signature(row)?,
    })
}

fn signature(row: &AnyRow) -> Result<Option<Signature>> {
    let Some(key) = row.try_get::<Option<i64>, _>("signing_key")? else { return Ok(None) };
    let (public_key, signature) = (row.try_get("public_key")?, row.try_get("signature")?);
    Ok(Some(Signature { key: SigningKeyId::try_from(key)?, public_key, signature }))
}

fn damaged(error: &domain::Error) -> Error {
    Error::Damaged(error.to_string())
}
