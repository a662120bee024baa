//! Identity over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{Actor, ApiKeyId, Role, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Account, ApiKey, NewAccount};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(accounts, add_account))
        .routes(routes!(change_account))
        .routes(routes!(keys, add_key))
        .routes(routes!(revoke_key))
}

/// Who the caller is.
#[derive(Serialize, ToSchema)]
struct Me {
    #[schema(value_type = Option<String>, example = "USR-1")]
    id: Option<UserId>,
    name: String,
    #[schema(value_type = Option<String>, example = "responder")]
    role: Option<Role>,
}

/// Tells who the key or session belongs to.
#[utoipa::path(get, path = "/api/v1/me", tag = "identity", responses((status = 200, body = Me), (status = 401, body = Problem)))]
async fn me(Who(actor): Who) -> axum::Json<Me> {
    let role = match &actor {
        Actor::User { role, .. } => Some(*role),
        Actor::Watchbell => None,
    };
    axum::Json(Me { id: actor.user(), name: actor.name().to_owned(), role })
}

/// Lists all accounts.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "identity", params(PageQuery),
    responses((status = 200, body = Page<Account>), (status = 403, body = Problem)))]
async fn accounts(
    State(app): State<App>,
    Who(actor): Who,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Account>>> {
    let all = super::accounts(&app, &actor).await?;
    Ok(axum::Json(page.cut(all, |account| account.id.get())?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountInput {
    name: String,
    #[schema(example = "responder@example.org")]
    email: String,
    /// At least 12 characters.
    password: String,
    #[schema(value_type = String, example = "responder")]
    role: Role,
}

/// Adds an account.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "identity", request_body = AccountInput,
    responses((status = 201, body = Account), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn add_account(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<AccountInput>,
) -> Result<(StatusCode, axum::Json<Account>)> {
    let AccountInput { name, email, password, role } = input;
    let account = super::add_account(&app, &actor, NewAccount { name, email, password, role }).await?;
    Ok((StatusCode::CREATED, axum::Json(account)))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    #[schema(value_type = Option<String>, example = "observer")]
    role: Option<Role>,
    disabled: Option<bool>,
}

/// Changes an account's role, or disables or enables it. The last administrator stays one.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "identity", request_body = AccountChange,
    params(("id" = String, Path, example = "USR-2")),
    responses((status = 200, body = Account), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn change_account(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<UserId>,
    Json(input): Json<AccountChange>,
) -> Result<axum::Json<Account>> {
    Ok(axum::Json(super::change_account(&app, &actor, id, input.role, input.disabled).await?))
}

/// Lists the caller's API keys; an administrator sees everybody's.
#[utoipa::path(get, path = "/api/v1/keys", tag = "identity", params(PageQuery), responses((status = 200, body = Page<ApiKey>)))]
async fn keys(
    State(app): State<App>,
    Who(actor): Who,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<ApiKey>>> {
    let all = super::keys(&app, &actor).await?;
    Ok(axum::Json(page.cut(all, |key| key.id.get())?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeyInput {
    /// What the key is for.
    #[schema(example = "log shipper")]
    name: String,
    /// At most the caller's own.
    #[schema(value_type = String, example = "responder")]
    role: Role,
}

/// A new key with its secret, which is told this once.
#[derive(Serialize, ToSchema)]
struct NewKey {
    key: ApiKey,
    secret: String,
}

/// Makes an API key.
#[utoipa::path(post, path = "/api/v1/keys", tag = "identity", request_body = KeyInput,
    responses((status = 201, body = NewKey), (status = 403, body = Problem), (status = 422, body = Problem)))]
async fn add_key(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<KeyInput>,
) -> Result<(StatusCode, axum::Json<NewKey>)> {
    let (key, secret) = super::add_key(&app, &actor, &input.name, input.role).await?;
    Ok((StatusCode::CREATED, axum::Json(NewKey { key, secret })))
}

/// Revokes an API key for good.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "identity", params(("id" = String, Path, example = "KEY-1")),
    responses((status = 200, body = ApiKey), (status = 404, body = Problem)))]
async fn revoke_key(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<ApiKeyId>,
) -> Result<axum::Json<ApiKey>> {
    Ok(axum::Json(super::revoke_key(&app, &actor, id).await?))
}
