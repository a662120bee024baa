//! The SQL of links between incidents and of merges.

use domain::kinship::LinkKind;
use domain::{IncidentId, LinkId, MergeId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::{AssertSqlSafe, Row};

use super::super::kin::{Admitted, Ended, Link, Merge};
use super::{at, maybe_at, user, word};
use crate::change::Change;
use crate::error::Result;
use crate::identity::scope::{listed, visible};

const LINK: &str = "l.id, l.this_one, l.kind, l.other_one, l.reason, l.made_by, l.made_at, l.ended_by, l.ended_at, l.ended_reason";
const MERGE: &str = "g.id, g.part, g.head, g.reason, g.made_by, g.made_at, g.admitted, g.ended_by, g.ended_at, g.ended_reason";

pub async fn insert_link(change: &mut Change<'_>, new: &Link) -> Result<LinkId> {
    let row = sqlx::query(
        "insert into incident_link (this_one, kind, other_one, reason, made_by, made_at)
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .bind(new.incident.get())
    .bind(new.kind.as_str())
    .bind(new.other.get())
    .bind(&new.reason)
    .bind(new.by.get())
    .bind(new.at.as_microsecond())
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(LinkId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn end_link(change: &mut Change<'_>, link: &Link) -> Result<()> {
    end(
        change,
        "update incident_link set ended_by = $2, ended_at = $3, ended_reason = $4 where id = $1",
        link.id.get(),
        link.ended.as_ref(),
    )
    .await
}

pub async fn end_merge(change: &mut Change<'_>, merge: &Merge) -> Result<()> {
    end(
        change,
        "update incident_merge set ended_by = $2, ended_at = $3, ended_reason = $4 where id = $1",
        merge.id.get(),
        merge.ended.as_ref(),
    )
    .await
}

async fn end(change: &mut Change<'_>, statement: &'static str, id: i64, ended: Option<&Ended>) -> Result<()> {
    sqlx::query(statement)
        .bind(id)
        .bind(ended.map(|ended| ended.by.get()))
        .bind(ended.map(|ended| ended.at.as_microsecond()))
        .bind(ended.and_then(|ended| ended.reason.as_deref()))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// The link, if one of these incidents is an end of it.
pub async fn link_in(tx: &mut Tx, id: LinkId, family: &[IncidentId]) -> Result<Option<Link>> {
    let list = listed(family);
    let statement = format!(
        "select {LINK} from incident_link l where l.id = $1 and (l.this_one in ({list}) or l.other_one in ({list}))"
    );
    let row =
        sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(link).transpose()
}

/// The link that says this already.
pub async fn same_link_in(
    tx: &mut Tx,
    incident: IncidentId,
    kind: LinkKind,
    other: IncidentId,
) -> Result<Option<LinkId>> {
    let row = sqlx::query(
        "select id from incident_link where kind = $1 and ended_at is null
           and ((this_one = $2 and other_one = $3) or ($4 = 1 and this_one = $3 and other_one = $2)) limit 1",
    )
    .bind(kind.as_str())
    .bind(incident.get())
    .bind(other.get())
    .bind(i64::from(kind.is_mutual()))
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| row.try_get::<i64, _>(0)).transpose()?.map(LinkId::try_from).transpose()?)
}

/// The incident's parent, with the link that says so.
pub async fn parent_in(tx: &mut Tx, child: IncidentId) -> Result<Option<(LinkId, IncidentId)>> {
    let row = sqlx::query(
        "select id, other_one from incident_link where this_one = $1 and kind = $2 and ended_at is null",
    )
    .bind(child.get())
    .bind(LinkKind::ChildOf.as_str())
    .fetch_optional(tx)
    .await?;
    row.map(|row| {
        Ok((LinkId::try_from(row.try_get::<i64, _>(0)?)?, IncidentId::try_from(row.try_get::<i64, _>(1)?)?))
    })
    .transpose()
}

/// The links that hold between one of these incidents and another.
pub async fn links(db: &Db, family: &[IncidentId]) -> Result<Vec<Link>> {
    let list = listed(family);
    let statement = format!(
        "select {LINK} from incident_link l where l.ended_at is null
           and ((l.this_one in ({list}) and l.other_one not in ({list}))
             or (l.other_one in ({list}) and l.this_one not in ({list})))
         order by l.id"
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).persistent(false).fetch_all(db.readers()).await?;
    rows.iter().map(link).collect()
}

/// The children of these incidents that are open and that the account may know of.
pub async fn open_children_in(
    tx: &mut Tx,
    account: Option<i64>,
    family: &[IncidentId],
) -> Result<Vec<IncidentId>> {
    let statement = format!(
        concat!(
            "select i.id from incident i where i.phase <> 'closed' and ",
            visible!("i.id", "$1"),
            " and not exists (select 1 from scope_kin k where k.other = i.id and k.below = 1)
              and i.id in (select l.this_one from incident_link l
                where l.kind = 'child_of' and l.ended_at is null and l.other_one in ({}))
              order by i.id"
        ),
        listed(family)
    );
    let rows = sqlx::query(AssertSqlSafe(statement)).persistent(false).bind(account).fetch_all(tx).await?;
    rows.iter().map(|row| Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

fn link(row: &AnyRow) -> Result<Link> {
    Ok(Link {
        id: LinkId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("this_one")?)?,
        kind: word(row, "kind")?,
        other: IncidentId::try_from(row.try_get::<i64, _>("other_one")?)?,
        reason: row.try_get("reason")?,
        by: UserId::try_from(row.try_get::<i64, _>("made_by")?)?,
        at: at(row, "made_at")?,
        ended: ended(row)?,
    })
}

fn ended(row: &AnyRow) -> Result<Option<Ended>> {
    let by: Option<UserId> = user(row, "ended_by")?;
    let at: Option<Timestamp> = maybe_at(row, "ended_at")?;
    let reason: Option<String> = row.try_get("ended_reason")?;
    Ok(by.zip(at).map(|(by, at)| Ended { by, at, reason }))
}

/// Adds a merge and gives it with its number.
pub async fn insert_merge(change: &mut Change<'_>, mut new: Merge) -> Result<Merge> {
    let row = sqlx::query(
        "insert into incident_merge (part, head, reason, made_by, made_at, admitted)
         values ($1, $2, $3, $4, $5, $6) returning id",
    )
    .bind(new.part.get())
    .bind(new.head.get())
    .bind(&new.reason)
    .bind(new.by.get())
    .bind(new.at.as_microsecond())
    .bind(pairs(&new.admitted)?)
    .fetch_one(&mut *change.tx)
    .await?;
    new.id = MergeId::try_from(row.try_get::<i64, _>(0)?)?;
    Ok(new)
}

pub async fn set_admitted(change: &mut Change<'_>, merge: &Merge) -> Result<()> {
    sqlx::query("update incident_merge set admitted = $2 where id = $1")
        .bind(merge.id.get())
        .bind(pairs(&merge.admitted)?)
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// The merge that holds of this part.
pub async fn merge_in(tx: &mut Tx, part: IncidentId) -> Result<Option<Merge>> {
    let statement = format!("select {MERGE} from incident_merge g where g.part = $1 and g.ended_at is null");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(part.get()).fetch_optional(tx).await?;
    row.as_ref().map(merge).transpose()
}

/// The same outside of a change.
pub async fn merge_of(db: &Db, part: IncidentId) -> Result<Option<Merge>> {
    let statement = format!("select {MERGE} from incident_merge g where g.part = $1 and g.ended_at is null");
    let row = sqlx::query(AssertSqlSafe(statement)).bind(part.get()).fetch_optional(db.readers()).await?;
    row.as_ref().map(merge).transpose()
}

/// The merges in which this incident is the one or the other, of those whose both sides the account may see.
pub async fn merges(db: &Db, account: Option<i64>, id: IncidentId) -> Result<Vec<Merge>> {
    let statement = format!(
        concat!(
            "select {} from incident_merge g where (g.part = $2 or g.head = $2) and ",
            visible!("g.part", "$1"),
            " and ",
            visible!("g.head", "$1"),
            " order by g.id desc"
        ),
        MERGE
    );
    let rows =
        sqlx::query(AssertSqlSafe(statement)).bind(account).bind(id.get()).fetch_all(db.readers()).await?;
    rows.iter().map(merge).collect()
}

fn merge(row: &AnyRow) -> Result<Merge> {
    let admitted: Vec<(i64, i64)> = serde_json::from_str(&row.try_get::<String, _>("admitted")?)?;
    let admitted = admitted.into_iter().map(|(incident, member)| {
        Ok(Admitted { incident: IncidentId::try_from(incident)?, member: UserId::try_from(member)? })
    });
    Ok(Merge {
        id: MergeId::try_from(row.try_get::<i64, _>("id")?)?,
        part: IncidentId::try_from(row.try_get::<i64, _>("part")?)?,
        head: IncidentId::try_from(row.try_get::<i64, _>("head")?)?,
        reason: row.try_get("reason")?,
        by: UserId::try_from(row.try_get::<i64, _>("made_by")?)?,
        at: at(row, "made_at")?,
        admitted: admitted.collect::<Result<_>>()?,
        ended: ended(row)?,
    })
}

fn pairs(admitted: &[Admitted]) -> Result<String> {
    let pairs: Vec<(i64, i64)> = admitted.iter().map(|one| (one.incident.get(), one.member.get())).collect();
    Ok(serde_json::to_string(&pairs)?)
}
