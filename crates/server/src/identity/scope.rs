//! Need-to-know: which incidents are closed to all but their members, and who the members are. It
//! lives below the slices whose records belong to incidents, so that each can filter in SQL.

use domain::{Actor, IncidentId, UserId};
use sqlx::Row;

use crate::app::App;
use crate::change::Change;
use crate::error::Result;

/// SQL that is true where an account may see a scope: `visible!("i.id", "$2")`. A null scope belongs
/// to no incident and is everyone's. Watchbell itself passes null for the account and sees all.
macro_rules! visible {
    ($scope:literal, $account:literal) => {
        concat!(
            "(cast(",
            $account,
            " as bigint) is null or not exists (select 1 from restricted_scope r where r.scope = ",
            $scope,
            ") or exists (select 1 from member m where m.scope = ",
            $scope,
            " and m.account_id = ",
            $account,
            "))"
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
