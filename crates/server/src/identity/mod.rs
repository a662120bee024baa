//! Who is who: the organisation, accounts, sessions and API keys. Decides that somebody is who they
//! say; what they may do is the role's word (`domain::access`).

pub mod api;
pub mod page;
pub mod password;
pub mod scope;
pub mod signing;
mod store;
pub mod throttle;

use std::collections::BTreeMap;

use domain::access::Via;
use domain::{Actor, ApiKeyId, Line, Permission, Role, UserId};
use jiff::{SignedDuration, Timestamp};
use platform::secrets;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};

/// How long a session lasts without signing in again.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// The longest address that mail can go to, in bytes (RFC 5321 §4.5.3.1.3).
const LONGEST_EMAIL: usize = 254;
/// The file in the data folder by which the command line on this machine is let in.
pub const CLI_KEY_FILE: &str = "cli-key";

/// A person with an account.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Account {
    #[schema(value_type = String, example = "USR-1")]
    pub id: UserId,
    pub email: String,
    pub name: String,
    #[schema(value_type = String, example = "responder")]
    pub role: Role,
    pub disabled: bool,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A key for programs. It acts as its owner with at most its owner's role.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKey {
    #[schema(value_type = String, example = "KEY-1")]
    pub id: ApiKeyId,
    #[schema(value_type = String, example = "USR-1")]
    pub owner: UserId,
    pub name: String,
    #[schema(value_type = String, example = "responder")]
    pub role: Role,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// What somebody must say to get an account.
pub struct NewAccount {
    pub name: String,
    pub email: String,
    pub password: String,
    pub role: Role,
}

/// An account before it has a number: every part checked.
struct Checked {
    name: Line,
    email: String,
    role: Role,
    password_hash: String,
}

/// Makes a one-time set-up token if nobody has an account yet. The token is told once, to whoever
/// started the server.
pub async fn offer_setup(app: &App) -> Result<Option<String>> {
    if store::any_account(&app.db).await? {
        return Ok(None);
    }
    let token = secrets::token()?;
    *app.setup.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(secrets::token_hash(&token));
    Ok(Some(token))
}

/// Whether this is the set-up token and set-up is still to be done.
pub fn setup_is_open(app: &App, token: &str) -> bool {
    let known = app.setup.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    known.as_deref().is_some_and(|hash| hash == secrets::token_hash(token))
}

/// Makes the organisation and its first administrator, and lets the command line on this machine in.
/// Returns a session.
pub async fn set_up(app: &App, token: &str, organisation: &str, first: NewAccount) -> Result<String> {
    if !setup_is_open(app, token) {
        return Err(Error::NotFound("set-up link"));
    }
    let organisation: Line = organisation.parse().map_err(|_| blank("organisation's name"))?;
    let checked = check(NewAccount { role: Role::Administrator, ..first }).await?;
    let cli_key = secrets::token()?;
    let key_hash = secrets::token_hash(&cli_key);
    let account = app
        .change(&Actor::Watchbell, move |change| {
            Box::pin(async move {
                if store::any_account_in(change.tx).await? {
                    return Err(Error::Conflict("Watchbell is set up already: sign in.".to_owned()));
                }
                store::insert_organisation(change, &organisation).await?;
                change
                    .record(
                        "ORG-1",
                        "organisation.create",
                        &serde_json::json!({ "name": organisation }),
                        None,
                    )
                    .await?;
                let account = insert_account(change, &checked).await?;
                let key = store::insert_key(
                    change,
                    account.id,
                    "command line on this machine",
                    &key_hash,
                    account.role,
                )
                .await?;
                change.record(&key.id.to_string(), "key.create", &key, None).await?;
                Ok(account)
            })
        })
        .await?;
    secrets::write_private(&app.data.join(CLI_KEY_FILE), cli_key.as_bytes())?;
    *app.setup.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    open_session(app, &account).await
}

/// Checks a password and opens a session. Who does not exist and who is wrong get the same answer,
/// after the same work.
pub async fn sign_in(app: &App, email: &str, password: &str) -> Result<String> {
    let email = email.trim().to_lowercase();
    if email.len() > LONGEST_EMAIL || email.contains(char::is_control) {
        // Nobody can have it; it is not worth remembering either.
        return Err(not_right());
    }
    if let Some(wait) = app.throttle.attempt(&email, app.clock.now()) {
        return Err(Error::TooMany(wait));
    }
    let found = store::account_by_email(&app.db, &email).await?;
    let hash = found.as_ref().filter(|(account, _)| !account.disabled).map(|(_, hash)| hash.clone());
    let right = password::verify(password.to_owned(), hash).await?;
    match found {
        Some((account, _)) if right => {
            app.throttle.succeeded(&email);
            open_session(app, &account).await
        }
        _ => Err(not_right()),
    }
}

fn not_right() -> Error {
    Error::Invalid("The e-mail address or the password is not right.".to_owned())
}

pub async fn sign_out(app: &App, token: &str) -> Result<()> {
    let hash = secrets::token_hash(token);
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move { store::delete_session(change.tx, &hash).await })
    })
    .await
}

/// Who holds this session, if it still stands.
pub async fn actor_of_session(app: &App, token: &str) -> Result<Option<Actor>> {
    store::actor_of_session(&app.db, &secrets::token_hash(token), app.clock.now()).await
}

/// Who acts with this API key, if it still stands.
pub async fn actor_of_key(app: &App, token: &str) -> Result<Option<Actor>> {
    store::actor_of_key(&app.db, &secrets::token_hash(token)).await
}

/// Whether anybody has an account yet.
pub async fn is_set_up(app: &App) -> Result<bool> {
    store::any_account(&app.db).await
}

/// The organisation's name, once set-up is done.
pub async fn organisation(app: &App) -> Result<Option<String>> {
    store::organisation(&app.db).await
}

pub async fn accounts(app: &App, actor: &Actor) -> Result<Vec<Account>> {
    need(actor, Permission::ReadAlerts, "seeing who has an account")?;
    store::accounts(&app.db).await
}

/// Everybody's names, for pages and reports that name people. Whoever may see a record may know who
/// is named in it.
pub async fn names(app: &App) -> Result<BTreeMap<UserId, String>> {
    let accounts = store::accounts(&app.db).await?;
    Ok(accounts.into_iter().map(|account| (account.id, account.name)).collect())
}

/// The account of somebody whom a change is about to name: there, and not disabled.
pub async fn person(change: &mut Change<'_>, id: UserId) -> Result<Account> {
    let account = store::account_in(change.tx, id).await?.ok_or(Error::NotFound("account"))?;
    if account.disabled {
        return Err(Error::Conflict(format!("The account of {} is disabled.", account.name)));
    }
    Ok(account)
}

pub async fn add_account(app: &App, actor: &Actor, new: NewAccount) -> Result<Account> {
    need(actor, Permission::ManageUsers, "managing accounts")?;
    let checked = check(new).await?;
    app.change(actor, move |change| Box::pin(async move { insert_account(change, &checked).await })).await
}

/// Gives an account another role, or disables or enables it. The last administrator stays one.
pub async fn change_account(
    app: &App,
    actor: &Actor,
    id: UserId,
    role: Option<Role>,
    disabled: Option<bool>,
) -> Result<Account> {
    need(actor, Permission::ManageUsers, "managing accounts")?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut account = store::account_in(change.tx, id).await?.ok_or(Error::NotFound("account"))?;
            account.role = role.unwrap_or(account.role);
            account.disabled = disabled.unwrap_or(account.disabled);
            store::update_account(change, &account).await?;
            if store::count_administrators(change.tx).await? == 0 {
                return Err(Error::Conflict(
                    "This is the last administrator: make another one first.".to_owned(),
                ));
            }
            change.record(&id.to_string(), "account.change", &account, None).await?;
            Ok(account)
        })
    })
    .await
}

/// Sets one's own password; every other session of the account ends.
pub async fn change_password(app: &App, actor: &Actor, old: &str, new: &str) -> Result<()> {
    let id = actor.user().ok_or(Error::Forbidden("only a person has a password"))?;
    // Whoever has a session or a key of somebody must not find out their password by it.
    let guessed_at = id.to_string();
    if let Some(wait) = app.throttle.attempt(&guessed_at, app.clock.now()) {
        return Err(Error::TooMany(wait));
    }
    let present = store::password_hash(&app.db, id).await?;
    if !password::verify(old.to_owned(), present.clone()).await? {
        return Err(Error::Invalid("The present password is not right.".to_owned()));
    }
    app.throttle.succeeded(&guessed_at);
    let hash = password::hash(new.to_owned()).await?;
    let resealed = signing::resealed(app, id, old, new).await?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let account = store::account_in(change.tx, id).await?.ok_or(Error::NotFound("account"))?;
            signing::same_password(change, id, present.as_deref()).await?;
            if resealed.is_none() && store::has_signing_key_in(change.tx, id).await? {
                return Err(Error::Conflict(
                    "You signed for the first time just now; change the password again.".to_owned(),
                ));
            }
            store::set_password(change.tx, id, &hash).await?;
            if let Some((salt, sealed)) = resealed {
                store::reseal_signing_key(change.tx, id, &salt, &sealed).await?;
            }
            store::delete_sessions(change.tx, id).await?;
            change.record(&id.to_string(), "account.password", &account, None).await
        })
    })
    .await
}

pub async fn keys(app: &App, actor: &Actor) -> Result<Vec<ApiKey>> {
    let own = if actor.may(Permission::ManageKeys) { None } else { Some(user(actor)?) };
    store::keys(&app.db, own).await
}

/// Makes an API key with at most the maker's role. The key itself is told once. A key makes no keys:
/// whoever stole one is out when it is revoked.
pub async fn add_key(app: &App, actor: &Actor, name: &str, role: Role) -> Result<(ApiKey, String)> {
    let owner = user(actor)?;
    if matches!(actor, Actor::User { via: Via::ApiKey(_), .. }) {
        return Err(Error::Forbidden("only somebody who signed in makes a key"));
    }
    let name: Line = name.parse().map_err(|_| blank("key's name"))?;
    if Permission::ALL.iter().any(|permission| role.may(*permission) && !actor.may(*permission)) {
        return Err(Error::Forbidden("a key cannot do more than its maker"));
    }
    let token = secrets::token()?;
    let hash = secrets::token_hash(&token);
    let key = app
        .change(actor, move |change| {
            Box::pin(async move {
                let key = store::insert_key(change, owner, &name, &hash, role).await?;
                change.record(&key.id.to_string(), "key.create", &key, None).await?;
                Ok(key)
            })
        })
        .await?;
    Ok((key, token))
}

pub async fn revoke_key(app: &App, actor: &Actor, id: ApiKeyId) -> Result<ApiKey> {
    let all = actor.may(Permission::ManageKeys);
    let me = user(actor)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let mut key = store::key_in(change.tx, id).await?.ok_or(Error::NotFound("API key"))?;
            if !all && key.owner != me {
                return Err(Error::NotFound("API key"));
            }
            if key.revoked_at.is_none() {
                key.revoked_at = Some(change.at);
                store::revoke_key(change, id).await?;
                change.record(&id.to_string(), "key.revoke", &key, None).await?;
            }
            Ok(key)
        })
    })
    .await
}

/// Refuses who may not. `doing` completes "Your role does not allow this: …".
pub fn need(actor: &Actor, permission: Permission, doing: &'static str) -> Result<()> {
    if actor.may(permission) { Ok(()) } else { Err(Error::Forbidden(doing)) }
}

fn user(actor: &Actor) -> Result<UserId> {
    actor.user().ok_or(Error::Forbidden("only a person with an account"))
}

async fn open_session(app: &App, account: &Account) -> Result<String> {
    let token = secrets::token()?;
    let (hash, id) = (secrets::token_hash(&token), account.id);
    let until = app.clock.now() + SESSION;
    app.change(&Actor::Watchbell, move |change| {
        Box::pin(async move { store::insert_session(change, &hash, id, until).await })
    })
    .await?;
    Ok(token)
}

async fn check(new: NewAccount) -> Result<Checked> {
    let name: Line = new.name.parse().map_err(|_| blank("name"))?;
    let email = new.email.trim().to_lowercase();
    let well_formed = email
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains(|c: char| c.is_alphanumeric()));
    if !well_formed
        || email.len() > LONGEST_EMAIL
        || email.contains(|c: char| c.is_whitespace() || c.is_control())
    {
        return Err(Error::Invalid("Give an e-mail address such as responder@example.org.".to_owned()));
    }
    let password_hash = password::hash(new.password).await?;
    Ok(Checked { name, email, role: new.role, password_hash })
}

async fn insert_account(change: &mut Change<'_>, checked: &Checked) -> Result<Account> {
    let account = store::insert_account(change, checked).await?;
    change.record(&account.id.to_string(), "account.create", &account, None).await?;
    Ok(account)
}

fn blank(what: &str) -> Error {
    Error::Invalid(format!("Give the {what} in one line; it must not be empty."))
}
