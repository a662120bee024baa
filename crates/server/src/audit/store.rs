//! The SQL of the ledger's readers. Leaves are written by `change.rs` alone.

use std::collections::BTreeSet;

use domain::{Actor, IncidentId};
use jiff::Timestamp;
use ledger::{Frontier, StoredHashes};
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{AssertSqlSafe, Row};

use super::{Committed, Signed};
use crate::change::time;
use crate::error::{Error, Result};
use crate::identity::scope::{account, listed, visible};

/// The growing edge of the tree; that of the empty tree before the first change.
pub async fn frontier(db: &Db) -> Result<Frontier> {
    let row = sqlx::query("select frontier from ledger_head").fetch_optional(db.readers()).await?;
    row.map_or_else(|| Ok(Frontier::new()), |row| read_frontier(&row))
}

pub async fn frontier_in(tx: &mut Tx) -> Result<Option<Frontier>> {
    let row = sqlx::query("select frontier from ledger_head").fetch_optional(tx).await?;
    row.map(|row| read_frontier(&row)).transpose()
}

fn read_frontier(row: &AnyRow) -> Result<Frontier> {
    Ok(Frontier::from_bytes(&row.try_get::<Vec<u8>, _>(0)?)?)
}

pub async fn checkpoint_in(tx: &mut Tx, size: u64) -> Result<Option<String>> {
    let row = sqlx::query("select note from ledger_checkpoint where size = $1")
        .bind(signed(size)?)
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

pub async fn insert_checkpoint(tx: &mut Tx, size: u64, note: &str, at: Timestamp) -> Result<()> {
    sqlx::query("insert into ledger_checkpoint (size, note, at) values ($1, $2, $3) on conflict do nothing")
        .bind(signed(size)?)
        .bind(note)
        .bind(at.as_microsecond())
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn newest_checkpoint(db: &Db) -> Result<Option<Signed>> {
    Ok(newest_checkpoints(db, 1).await?.into_iter().next())
}

pub async fn newest_checkpoints(db: &Db, limit: i64) -> Result<Vec<Signed>> {
    let rows = sqlx::query("select size, note, at from ledger_checkpoint order by size desc limit $1")
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Signed {
                size: unsigned(row.try_get("size")?)?,
                note: row.try_get("note")?,
                at: time(row.try_get("at")?)?,
            })
        })
        .collect()
}

/// These nodes of the tree.
pub async fn hashes(db: &Db, indexes: impl IntoIterator<Item = u64>) -> Result<StoredHashes> {
    let wanted: BTreeSet<u64> = indexes.into_iter().collect();
    let wanted = wanted.into_iter().map(signed).collect::<Result<Vec<_>>>()?;
    let mut found = StoredHashes::default();
    for some in wanted.chunks(500) {
        // Numbers need no placeholders.
        let list = some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let statement = AssertSqlSafe(format!("select idx, hash from ledger_hash where idx in ({list})"));
        for row in sqlx::query(statement).persistent(false).fetch_all(db.readers()).await? {
            found.insert(unsigned(row.try_get("idx")?)?, &row.try_get::<Vec<u8>, _>("hash")?)?;
        }
    }
    Ok(found)
}

/// Where the actor `$1` may see a record's changes: as its newest version says, for an alert that went
/// into an incident after the first ones takes all of its past with it.
macro_rules! seen {
    () => {
        visible!(
            "(select newest.scope from record_version newest where newest.record = v.record
              order by newest.version desc limit 1)",
            "$1"
        )
    };
}

const COLUMNS: &str = "v.leaf_index, v.record, v.version, v.at, v.actor, v.act, v.leaf";

/// The newest changes that the actor may know of.
pub async fn leaves(
    db: &Db,
    actor: &Actor,
    record: Option<&str>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Committed>> {
    let statement = format!(
        "select {COLUMNS} from record_version v where {} and (cast($2 as text) is null or v.record = $2)
         and (cast($3 as bigint) is null or v.leaf_index < $3) order by v.leaf_index desc limit $4",
        seen!()
    );
    let rows = sqlx::query(AssertSqlSafe(statement))
        .bind(account(actor))
        .bind(record)
        .bind(before)
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(committed).collect()
}

/// One change with the record's body after it.
pub async fn leaf(db: &Db, actor: &Actor, index: u64) -> Result<Option<(Committed, String)>> {
    let statement =
        format!("select {COLUMNS}, v.body from record_version v where {} and v.leaf_index = $2", seen!());
    let row = sqlx::query(AssertSqlSafe(statement))
        .bind(account(actor))
        .bind(i64::try_from(index).unwrap_or(i64::MAX))
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok((committed(&row)?, row.try_get("body")?))).transpose()
}

/// All versions of every record that belongs to these incidents and to no other, and of the records
/// named besides, up to a size of the ledger; in the ledger's order.
pub async fn history(
    db: &Db,
    scopes: &[IncidentId],
    besides: &[String],
    size: u64,
    after: i64,
    limit: i64,
) -> Result<Vec<(Committed, String)>> {
    let own = listed(scopes);
    let named = (4..).take(besides.len()).map(|number| format!("${number}")).collect::<Vec<_>>();
    let named = if named.is_empty() { "''".to_owned() } else { named.join(", ") };
    let statement = format!(
        "select {COLUMNS}, v.body from record_version v
         where v.leaf_index < $1 and v.leaf_index > $2
           and (v.record in (select own.record from record_version own where own.scope in ({own}))
                or v.record in ({named}))
           and not exists (select 1 from record_version other where other.record = v.record
                           and other.scope is not null and other.scope not in ({own}))
         order by v.leaf_index limit $3"
    );
    let mut query = sqlx::query(AssertSqlSafe(statement)).bind(signed(size)?).bind(after).bind(limit);
    for record in besides {
        query = query.bind(record);
    }
    let rows = query.fetch_all(db.readers()).await?;
    rows.iter().map(|row| Ok((committed(row)?, row.try_get("body")?))).collect()
}

fn committed(row: &AnyRow) -> Result<Committed> {
    Ok(Committed {
        index: unsigned(row.try_get("leaf_index")?)?,
        record: row.try_get("record")?,
        version: unsigned(row.try_get("version")?)?,
        at: time(row.try_get("at")?)?,
        actor: row.try_get("actor")?,
        actor_name: None,
        act: row.try_get("act")?,
        leaf: row.try_get("leaf")?,
    })
}

fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::Invalid(format!("The ledger has no place {number}.")))
}

fn unsigned(number: i64) -> Result<u64> {
    u64::try_from(number).map_err(|_| Error::Damaged(format!("{number} is no place in the ledger")))
}

/// Records' states as they were committed, from this leaf on.
pub async fn states(db: &Db, from: i64, limit: i64) -> Result<Vec<super::CommittedState>> {
    let rows = sqlx::query(
        "select leaf_index, record, body, scope, at from record_version
         where leaf_index >= $1 and leaf_index < $2 order by leaf_index",
    )
    .bind(from)
    .bind(from.saturating_add(limit))
    .fetch_all(db.readers())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(super::CommittedState {
                leaf: row.try_get(0)?,
                record: row.try_get(1)?,
                body: row.try_get(2)?,
                scope: row.try_get(3)?,
                at: row.try_get(4)?,
            })
        })
        .collect()
}

/// How many leaves there are.
pub async fn size(db: &Db) -> Result<i64> {
    let row = sqlx::query("select coalesce(max(leaf_index) + 1, 0) from record_version")
        .fetch_one(db.readers())
        .await?;
    Ok(row.try_get(0)?)
}
