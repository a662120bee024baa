//! Need-to-know: which incidents are closed to all but their members, who the members are, and which
//! incidents are read together because they are merged. It lives below the slices whose records belong to
//! incidents, so that each can filter in SQL.

use domain::kinship::{self, Kin, Readers};
use domain::{Actor, IncidentId, UserId};
use platform::db::{Row as AnyRow, insert_rows};
use sqlx::Row;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};

/// SQL that is true where an account may see a scope: `visible!("i.id", "$2")`. A null scope belongs
/// to no incident and is everyone's. Watchbell itself passes null for the account and sees all. Of incidents
/// that are merged, who may not see one sees none.
macro_rules! visible {
    ($scope:literal, $account:literal) => {
        concat!(
            "(cast(",
            $account,
            " as bigint) is null or (not exists (select 1 from restricted_scope rs where rs.scope = ",
            $scope,
            " and not exists (select 1 from member mb where mb.scope = rs.scope and mb.account_id = ",
            $account,
            ")) and not exists (select 1 from scope_kin kn join restricted_scope rs on rs.scope = kn.other
                where kn.scope = ",
            $scope,
            " and not exists (select 1 from member mb where mb.scope = rs.scope and mb.account_id = ",
            $account,
            "))))"
        )
    };
}
pub(crate) use visible;

/// What [`visible!`] takes for the account.
pub fn account(actor: &Actor) -> Option<i64> {
    actor.user().map(UserId::get)
}

/// Whether this actor may know of the incident with this number.
pub async fn sees(app: &App, actor: &Actor, scope: i64) -> Result<bool> {
    let row = sqlx::query(concat!("select 1 where ", visible!("$1", "$2")))
        .bind(scope)
        .bind(account(actor))
        .fetch_optional(app.db.readers())
        .await?;
    Ok(row.is_some())
}

/// The same within a change.
pub async fn sees_in(change: &mut Change<'_>, actor: &Actor, scope: i64) -> Result<bool> {
    let row = sqlx::query(concat!("select 1 where ", visible!("$1", "$2")))
        .bind(scope)
        .bind(account(actor))
        .fetch_optional(&mut *change.tx)
        .await?;
    Ok(row.is_some())
}

/// Whether this account may know of the incident with this number, within a change.
pub async fn account_sees_in(change: &mut Change<'_>, account: UserId, scope: i64) -> Result<bool> {
    let row = sqlx::query(concat!("select 1 where ", visible!("$1", "$2")))
        .bind(scope)
        .bind(account.get())
        .fetch_optional(&mut *change.tx)
        .await?;
    Ok(row.is_some())
}

pub async fn add_member(change: &mut Change<'_>, incident: IncidentId, member: UserId) -> Result<()> {
    sqlx::query("insert into member (scope, account_id) values ($1, $2) on conflict do nothing")
        .bind(incident.get())
        .bind(member.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn remove_member(change: &mut Change<'_>, incident: IncidentId, member: UserId) -> Result<()> {
    sqlx::query("delete from member where scope = $1 and account_id = $2")
        .bind(incident.get())
        .bind(member.get())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// The members' numbers, in order.
pub async fn members(app: &App, incident: IncidentId) -> Result<Vec<UserId>> {
    let rows = sqlx::query("select account_id from member where scope = $1 order by account_id")
        .bind(incident.get())
        .fetch_all(app.db.readers())
        .await?;
    rows.iter().map(|row| Ok(UserId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The same within a change.
pub async fn members_in(change: &mut Change<'_>, incident: IncidentId) -> Result<Vec<UserId>> {
    let rows = sqlx::query("select account_id from member where scope = $1 order by account_id")
        .bind(incident.get())
        .fetch_all(&mut *change.tx)
        .await?;
    rows.iter().map(|row| Ok(UserId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// Closes an incident to all but its members, or opens it again.
pub async fn restrict(change: &mut Change<'_>, incident: IncidentId, restricted: bool) -> Result<()> {
    let statement = if restricted {
        "insert into restricted_scope (scope) values ($1) on conflict do nothing"
    } else {
        "delete from restricted_scope where scope = $1"
    };
    sqlx::query(statement).bind(incident.get()).execute(&mut *change.tx).await?;
    Ok(())
}

/// Who may know of this incident by itself, whatever it is merged with.
pub async fn readers_in(change: &mut Change<'_>, incident: IncidentId) -> Result<Readers> {
    let row = sqlx::query("select 1 from restricted_scope where scope = $1")
        .bind(incident.get())
        .fetch_optional(&mut *change.tx)
        .await?;
    Ok(match row {
        Some(_) => Readers::Only(members_in(change, incident).await?.into_iter().collect()),
        None => Readers::All,
    })
}

/// The incident, and those that are merged into it.
pub async fn family(app: &App, incident: IncidentId) -> Result<Vec<IncidentId>> {
    let rows = sqlx::query(BELOW).bind(incident.get()).fetch_all(app.db.readers()).await?;
    family_of(incident, &rows)
}

/// The same within a change.
pub async fn family_in(change: &mut Change<'_>, incident: IncidentId) -> Result<Vec<IncidentId>> {
    let rows = sqlx::query(BELOW).bind(incident.get()).fetch_all(&mut *change.tx).await?;
    family_of(incident, &rows)
}

const BELOW: &str = "select other from scope_kin where scope = $1 and below = 1 order by other";

fn family_of(incident: IncidentId, rows: &[AnyRow]) -> Result<Vec<IncidentId>> {
    let mut family = vec![incident];
    family.extend(numbers(rows)?);
    Ok(family)
}

fn numbers(rows: &[AnyRow]) -> Result<Vec<IncidentId>> {
    rows.iter().map(|row| Ok(IncidentId::try_from(row.try_get::<i64, _>(0)?)?)).collect()
}

/// The incidents of a list as SQL has them. Numbers need no placeholders.
pub fn listed(incidents: &[IncidentId]) -> String {
    incidents.iter().map(|id| id.get().to_string()).collect::<Vec<_>>().join(", ")
}

/// What follows `$1` in `incident in ($1…)` where `$1` is the first of a family. Of one that stands alone it
/// is nothing, so that the statement stays the same and the database takes it for an equality.
pub fn others(family: &[IncidentId]) -> String {
    family.iter().skip(1).map(|id| format!(", {}", id.get())).collect()
}

/// Those that this incident is merged into, the one that speaks for all of them first.
pub async fn heads_in(change: &mut Change<'_>, incident: IncidentId) -> Result<Vec<IncidentId>> {
    let rows = sqlx::query(
        "select k.scope from scope_kin k where k.other = $1 and k.below = 1
         order by (select count(*) from scope_kin u where u.other = k.scope and u.below = 1), k.scope",
    )
    .bind(incident.get())
    .fetch_all(&mut *change.tx)
    .await?;
    numbers(&rows)
}

/// Refuses where the incident is merged into another: what is new belongs there.
pub async fn stands_alone(change: &mut Change<'_>, incident: IncidentId) -> Result<()> {
    match heads_in(change, incident).await?.first() {
        Some(head) => Err(Error::Conflict(format!(
            "{incident} is merged into {head}. Do it there, or part them first."
        ))),
        None => Ok(()),
    }
}

/// Makes one family of two incidents, each with what is merged into it.
pub async fn join(change: &mut Change<'_>, part: IncidentId, head: IncidentId) -> Result<()> {
    let of_head = family_in(change, head).await?;
    let of_part = family_in(change, part).await?;
    let below = |family: &[IncidentId]| family.iter().skip(1).copied().collect::<Vec<_>>();
    let pairs = kinship::joined(head, &below(&of_head), part, &below(&of_part));
    let rows = pairs
        .into_iter()
        .map(|Kin { one, other, below }| [one.get().into(), other.get().into(), i64::from(below).into()])
        .collect();
    insert_rows::<3>(change.tx, "insert into scope_kin (scope, other, below)", rows, "").await?;
    Ok(())
}

/// Takes an incident, with what is merged into it, out of its family.
pub async fn part(change: &mut Change<'_>, part: IncidentId) -> Result<()> {
    let leaving = family_in(change, part).await?;
    let list = listed(&leaving);
    let statement = format!(
        "delete from scope_kin where (scope in ({list}) and other not in ({list}))
            or (other in ({list}) and scope not in ({list}))"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).persistent(false).execute(&mut *change.tx).await?;
    Ok(())
}
