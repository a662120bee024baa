//! The SQL of identity.

use domain::access::Via;
use domain::{Actor, ApiKeyId, Role, SigningKeyId, UserId};
use jiff::Timestamp;
use platform::db::{Db, Row as AnyRow, Tx};
use sqlx::Row;

use super::signing::{PublicKey, Sealed};
use super::{Account, ApiKey, Checked};
use crate::change::{Change, time};
use crate::error::{Error, Result};

pub async fn any_account(db: &Db) -> Result<bool> {
    Ok(sqlx::query("select 1 from account limit 1").fetch_optional(db.readers()).await?.is_some())
}

pub async fn any_account_in(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query("select 1 from account limit 1").fetch_optional(tx).await?.is_some())
}

pub async fn organisation(db: &Db) -> Result<Option<String>> {
    let row = sqlx::query("select name from organisation").fetch_optional(db.readers()).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

pub async fn insert_organisation(change: &mut Change<'_>, name: &str) -> Result<()> {
    sqlx::query("insert into organisation (one, name, at) values (1, $1, $2)")
        .bind(name)
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

pub async fn insert_account(change: &mut Change<'_>, new: &Checked) -> Result<Account> {
    let taken = sqlx::query("select 1 from account where email = $1")
        .bind(&new.email)
        .fetch_optional(&mut *change.tx)
        .await?;
    if taken.is_some() {
        return Err(Error::Conflict("There is an account with this e-mail address already.".to_owned()));
    }
    let row = sqlx::query(
        "insert into account (email, name, role, password_hash, created_at)
         values ($1, $2, $3, $4, $5) returning id, email, name, role, disabled, created_at",
    )
    .bind(&new.email)
    .bind(&*new.name)
    .bind(new.role.as_str())
    .bind(&new.password_hash)
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    account(&row)
}

pub async fn account_in(tx: &mut Tx, id: UserId) -> Result<Option<Account>> {
    let row = sqlx::query("select id, email, name, role, disabled, created_at from account where id = $1")
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.as_ref().map(account).transpose()
}

pub async fn account_by_email(db: &Db, email: &str) -> Result<Option<(Account, String)>> {
    let row = sqlx::query(
        "select id, email, name, role, disabled, created_at, password_hash from account where email = $1",
    )
    .bind(email)
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| Ok((account(&row)?, row.try_get("password_hash")?))).transpose()
}

pub async fn accounts(db: &Db) -> Result<Vec<Account>> {
    let rows = sqlx::query("select id, email, name, role, disabled, created_at from account order by id")
        .fetch_all(db.readers())
        .await?;
    rows.iter().map(account).collect()
}

pub async fn update_account(change: &mut Change<'_>, account: &Account) -> Result<()> {
    sqlx::query("update account set role = $2, disabled = $3 where id = $1")
        .bind(account.id.get())
        .bind(account.role.as_str())
        .bind(i64::from(account.disabled))
        .execute(&mut *change.tx)
        .await?;
    if account.disabled {
        delete_sessions(change.tx, account.id).await?;
    }
    Ok(())
}

pub async fn count_administrators(tx: &mut Tx) -> Result<i64> {
    let row = sqlx::query("select count(*) from account where role = $1 and disabled = 0")
        .bind(Role::Administrator.as_str())
        .fetch_one(tx)
        .await?;
    Ok(row.try_get(0)?)
}

pub async fn password_hash(db: &Db, id: UserId) -> Result<Option<String>> {
    let row = sqlx::query("select password_hash from account where id = $1")
        .bind(id.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// The same within a change.
pub async fn password_hash_in(tx: &mut Tx, id: UserId) -> Result<Option<String>> {
    let row = sqlx::query("select password_hash from account where id = $1")
        .bind(id.get())
        .fetch_optional(tx)
        .await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

pub async fn set_password(tx: &mut Tx, id: UserId, hash: &str) -> Result<()> {
    sqlx::query("update account set password_hash = $2 where id = $1")
        .bind(id.get())
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// The key with which this account signs, sealed.
/// Whether the person has a key, within a change.
pub async fn has_signing_key_in(tx: &mut Tx, account: UserId) -> Result<bool> {
    let row = sqlx::query("select 1 from signing_key where account = $1")
        .bind(account.get())
        .fetch_optional(tx)
        .await?;
    Ok(row.is_some())
}

pub async fn signing_key(db: &Db, account: UserId) -> Result<Option<Sealed>> {
    let row = sqlx::query("select id, public_key, salt, sealed, made_at from signing_key where account = $1")
        .bind(account.get())
        .fetch_optional(db.readers())
        .await?;
    row.map(|row| {
        let public = PublicKey {
            id: SigningKeyId::try_from(row.try_get::<i64, _>("id")?)?,
            account,
            public_key: row.try_get("public_key")?,
            made_at: time(row.try_get("made_at")?)?,
        };
        Ok(Sealed { public, salt: row.try_get("salt")?, sealed: row.try_get("sealed")? })
    })
    .transpose()
}

/// `None` if the account has one already.
pub async fn insert_signing_key(
    change: &mut Change<'_>,
    account: UserId,
    public_key: &str,
    salt: &[u8],
    sealed: &[u8],
) -> Result<Option<SigningKeyId>> {
    let row = sqlx::query(
        "insert into signing_key (account, public_key, salt, sealed, made_at) values ($1, $2, $3, $4, $5)
         on conflict (account) do nothing returning id",
    )
    .bind(account.get())
    .bind(public_key)
    .bind(salt.to_vec())
    .bind(sealed.to_vec())
    .bind(change.at_micros())
    .fetch_optional(&mut *change.tx)
    .await?;
    row.map(|row| Ok(SigningKeyId::try_from(row.try_get::<i64, _>(0)?)?)).transpose()
}

pub async fn reseal_signing_key(tx: &mut Tx, account: UserId, salt: &[u8], sealed: &[u8]) -> Result<()> {
    sqlx::query("update signing_key set salt = $2, sealed = $3 where account = $1")
        .bind(account.get())
        .bind(salt.to_vec())
        .bind(sealed.to_vec())
        .execute(tx)
        .await?;
    Ok(())
}

pub async fn insert_session(change: &mut Change<'_>, hash: &str, id: UserId, until: Timestamp) -> Result<()> {
    sqlx::query("delete from session where expires_at < $1")
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    sqlx::query(
        "insert into session (token_hash, account_id, created_at, expires_at) values ($1, $2, $3, $4)",
    )
    .bind(hash)
    .bind(id.get())
    .bind(change.at_micros())
    .bind(until.as_microsecond())
    .execute(&mut *change.tx)
    .await?;
    Ok(())
}

pub async fn delete_session(tx: &mut Tx, hash: &str) -> Result<()> {
    sqlx::query("delete from session where token_hash = $1").bind(hash).execute(tx).await?;
    Ok(())
}

pub async fn delete_sessions(tx: &mut Tx, id: UserId) -> Result<()> {
    sqlx::query("delete from session where account_id = $1").bind(id.get()).execute(tx).await?;
    Ok(())
}

pub async fn actor_of_session(db: &Db, hash: &str, now: Timestamp) -> Result<Option<Actor>> {
    let row = sqlx::query(
        "select a.id, a.name, a.role from session s join account a on a.id = s.account_id
         where s.token_hash = $1 and s.expires_at > $2 and a.disabled = 0",
    )
    .bind(hash)
    .bind(now.as_microsecond())
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| actor(&row, role(&row, 2)?, Via::Session)).transpose()
}

/// The key's role, or its owner's where that is the lesser.
pub async fn actor_of_key(db: &Db, hash: &str) -> Result<Option<Actor>> {
    let row = sqlx::query(
        "select a.id, a.name, a.role, k.role, k.id from api_key k join account a on a.id = k.account_id
         where k.token_hash = $1 and k.revoked_at is null and a.disabled = 0",
    )
    .bind(hash)
    .fetch_optional(db.readers())
    .await?;
    row.map(|row| {
        let (owners, keys) = (role(&row, 2)?, role(&row, 3)?);
        let via = Via::ApiKey(ApiKeyId::try_from(row.try_get::<i64, _>(4)?)?);
        actor(&row, lesser(owners, keys), via)
    })
    .transpose()
}

pub async fn insert_key(
    change: &mut Change<'_>,
    owner: UserId,
    name: &str,
    hash: &str,
    role: Role,
) -> Result<ApiKey> {
    let row = sqlx::query(
        "insert into api_key (account_id, name, token_hash, role, created_at) values ($1, $2, $3, $4, $5)
         returning id, account_id, name, role, created_at, last_used_at, revoked_at",
    )
    .bind(owner.get())
    .bind(name)
    .bind(hash)
    .bind(role.as_str())
    .bind(change.at_micros())
    .fetch_one(&mut *change.tx)
    .await?;
    key(&row)
}

pub async fn key_in(tx: &mut Tx, id: ApiKeyId) -> Result<Option<ApiKey>> {
    let row = sqlx::query(
        "select id, account_id, name, role, created_at, last_used_at, revoked_at from api_key where id = $1",
    )
    .bind(id.get())
    .fetch_optional(tx)
    .await?;
    row.as_ref().map(key).transpose()
}

pub async fn keys(db: &Db, owner: Option<UserId>) -> Result<Vec<ApiKey>> {
    let rows = sqlx::query(
        "select id, account_id, name, role, created_at, last_used_at, revoked_at from api_key
         where account_id = coalesce($1, account_id) order by id",
    )
    .bind(owner.map(UserId::get))
    .fetch_all(db.readers())
    .await?;
    rows.iter().map(key).collect()
}

pub async fn revoke_key(change: &mut Change<'_>, id: ApiKeyId) -> Result<()> {
    sqlx::query("update api_key set revoked_at = $2 where id = $1")
        .bind(id.get())
        .bind(change.at_micros())
        .execute(&mut *change.tx)
        .await?;
    Ok(())
}

/// Roles stand in the order of their rights, the strongest first.
fn lesser(one: Role, other: Role) -> Role {
    one.max(other)
}

fn actor(row: &AnyRow, role: Role, via: Via) -> Result<Actor> {
    let name: String = row.try_get(1)?;
    Ok(Actor::User { user: UserId::try_from(row.try_get::<i64, _>(0)?)?, name: name.parse()?, role, via })
}

fn account(row: &AnyRow) -> Result<Account> {
    Ok(Account {
        id: UserId::try_from(row.try_get::<i64, _>("id")?)?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: role(row, "role")?,
        disabled: row.try_get::<i64, _>("disabled")? != 0,
        created_at: time(row.try_get("created_at")?)?,
    })
}

fn key(row: &AnyRow) -> Result<ApiKey> {
    Ok(ApiKey {
        id: ApiKeyId::try_from(row.try_get::<i64, _>("id")?)?,
        owner: UserId::try_from(row.try_get::<i64, _>("account_id")?)?,
        name: row.try_get("name")?,
        role: role(row, "role")?,
        created_at: time(row.try_get("created_at")?)?,
        last_used_at: row.try_get::<Option<i64>, _>("last_used_at")?.map(time).transpose()?,
        revoked_at: row.try_get::<Option<i64>, _>("revoked_at")?.map(time).transpose()?,
    })
}

fn role<I: sqlx::ColumnIndex<AnyRow>>(row: &AnyRow, column: I) -> Result<Role> {
    Ok(row.try_get::<String, _>(column)?.parse::<Role>()?)
}
