//! The SQL of the chat and of mentions.

use domain::{ChatLineId, DecisionId, EntryId, IncidentId, TaskId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::{ChatLine, Mention};
use crate::change::{Change, time};
use crate::error::Result;
use crate::identity::scope::{listed, visible};

const COLUMNS: &str = "l.id, l.incident, l.at, l.author, l.account, l.body, l.entry, l.decision, l.task";

pub async fn insert(change: &mut Change<'_>, new: &ChatLine) -> Result<ChatLineId> {
    let row = sqlx::query(
        "insert into chat_line (incident, at, author, account, body) values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(new.incident.get())
    .bind(new.at.as_microsecond())
    .bind(&new.by)
    .bind(new.account.map(UserId::get))
    .bind(&new.text)
    .fetch_one(&mut *change.tx)
    .await?;
    Ok(ChatLineId::try_from(row.try_get::<i64, _>(0)?)?)
}

pub async fn set_kept(change: &mut Change<'_>, line: &ChatLine) -> Result<()> {
    sqlx::query("update chat_line set entry = $2, decision = $3, task = $4 where id = $1")
        .bind(line.id.get())
        .bind(line.entry.map(EntryId::get))
        .bind(line.decision.map(DecisionId::get))
        .bind(line.task.map(TaskId::get))
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// The line, if it belongs to one of these incidents.
pub async fn line_in(tx: &mut Tx, family: &[IncidentId], id: ChatLineId) -> Result<Option<ChatLine>> {
    let statement =
        format!("select {COLUMNS} from chat_line l where l.id = $1 and l.incident in ({})", listed(family));
    let row = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id.get()).fetch_optional(tx).await?;
    row.as_ref().map(line).transpose()
}

/// The latest first, those below the number `before`: of an incident with those merged into it.
pub async fn page(db: &Db, family: &[IncidentId], before: Option<i64>, limit: i64) -> Result<Vec<ChatLine>> {
    let statement = format!(
        "select {COLUMNS} from chat_line l where l.incident in ({})
           and (cast($1 as bigint) is null or l.id < $1) order by l.id desc limit $2",
        listed(family)
    );
    let rows =
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(before).bind(limit).fetch_all(db.readers()).await?;
    rows.iter().map(line).collect()
}

/// The lines that were kept as something.
pub async fn kept(db: &Db, family: &[IncidentId]) -> Result<Vec<ChatLine>> {
    let statement = format!(
        "select {COLUMNS} from chat_line l where l.incident in ({})
           and (l.entry is not null or l.decision is not null)",
        listed(family)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement)).fetch_all(db.readers()).await?;
    rows.iter().map(line).collect()
}

fn line(row: &AnyRow) -> Result<ChatLine> {
    let number = |column: &str| row.try_get::<Option<i64>, _>(column);
    Ok(ChatLine {
        id: ChatLineId::try_from(row.try_get::<i64, _>("id")?)?,
        incident: IncidentId::try_from(row.try_get::<i64, _>("incident")?)?,
        at: time(row.try_get("at")?)?,
        by: row.try_get("author")?,
        account: number("account")?.map(UserId::try_from).transpose()?,
        text: row.try_get("body")?,
        entry: number("entry")?.map(EntryId::try_from).transpose()?,
        decision: number("decision")?.map(DecisionId::try_from).transpose()?,
        task: number("task")?.map(TaskId::try_from).transpose()?,
    })
}

pub async fn insert_mention(change: &mut Change<'_>, line: ChatLineId, person: UserId) -> Result<()> {
    sqlx::query("insert into mention (line, account) values ($1, $2) on conflict do nothing")
        .bind(line.get())
        .bind(person.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// What names somebody, the latest first, in incidents that they may see.
pub async fn mentions(db: &Db, person: UserId, before: Option<i64>, limit: i64) -> Result<Vec<Mention>> {
    let statement = format!(
        concat!(
            "select {}, i.title, m.seen_at from mention m join chat_line l on l.id = m.line
             join incident i on i.id = l.incident
             where m.account = $1 and (cast($2 as bigint) is null or m.line < $2) and ",
            visible!("l.incident", "$1"),
            " order by m.line desc limit $3"
        ),
        COLUMNS
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(person.get())
        .bind(before)
        .bind(limit)
        .fetch_all(db.readers())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Mention {
                line: line(row)?,
                title: row.try_get("title")?,
                seen_at: row.try_get::<Option<i64>, _>("seen_at")?.map(time).transpose()?,
            })
        })
        .collect()
}

pub async fn unseen(db: &Db, person: UserId) -> Result<i64> {
    let row = sqlx::query(concat!(
        "select count(*) from mention m join chat_line l on l.id = m.line
         where m.account = $1 and m.seen_at is null and ",
        visible!("l.incident", "$1")
    ))
    .bind(person.get())
    .fetch_one(db.readers())
    .await?;
    Ok(row.try_get(0)?)
}

/// Whether a line of this incident names somebody who has not seen it.
pub async fn unseen_in(db: &Db, incident: IncidentId, person: UserId) -> Result<bool> {
    let row = sqlx::query(
        "select 1 from mention m join chat_line l on l.id = m.line
         where m.account = $2 and m.seen_at is null and l.incident = $1 limit 1",
    )
    .bind(incident.get())
    .bind(person.get())
    .fetch_optional(db.readers())
    .await?;
    Ok(row.is_some())
}

/// Somebody has seen what names them in this incident.
pub async fn see(change: &mut Change<'_>, incident: IncidentId, person: UserId, at: Timestamp) -> Result<()> {
    sqlx::query(
        "update mention set seen_at = $3 where account = $2 and seen_at is null
           and line in (select id from chat_line where incident = $1)",
    )
    .bind(incident.get())
    .bind(person.get())
    .bind(at.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}
