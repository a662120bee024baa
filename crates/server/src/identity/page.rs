//! Set-up, sign-in, and the settings page.

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::{ApiKeyId, Permission, Role, UserId};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Account, ApiKey, NewAccount, password};
use crate::app::App;
use crate::error::{Error, Result};
use crate::web::extract::{Form, Path, Query, Who};
use crate::web::frame::{self, Nav};
use crate::web::{assets, gate, parts};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/setup", get(setup).post(set_up))
        .route("/login", get(login).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/settings", get(settings))
        .route("/settings/password", post(change_password))
        .route("/settings/accounts", post(add_account))
        .route("/settings/accounts/{id}", post(change_account))
        .route("/settings/keys", post(add_key))
        .route("/settings/keys/{id}/revoke", post(revoke_key))
}

#[derive(Deserialize)]
struct SetupLink {
    #[serde(default)]
    token: String,
}

async fn setup(State(app): State<App>, Query(link): Query<SetupLink>) -> Result<Response> {
    if super::is_set_up(&app).await? {
        return Ok(Redirect::to("/login").into_response());
    }
    if !super::setup_is_open(&app, &link.token) {
        let page = lone(
            "Set-up",
            None,
            &html! {
                h1 { "Set-up needs its link" }
                p { "Watchbell printed a one-time link when it started. Open that one. Starting Watchbell again prints a new one." }
            },
        );
        return Ok((StatusCode::NOT_FOUND, page).into_response());
    }
    Ok(frame::private(setup_form(&link.token, None, "", "", "")))
}

fn setup_form(token: &str, wrong: Option<&str>, organisation: &str, name: &str, email: &str) -> Markup {
    lone(
        "Set-up",
        Some("wide"),
        &html! {
            h1 { "Set up Watchbell" }
            p class="page-sub" { "Name your organisation and make the first administrator. The shipped incident response plan is in force at once; you can change it later." }
            (refusal(wrong))
            form class="form" method="post" action="/setup" {
                input type="hidden" name="token" value=(token);
                (field("organisation", "Organisation", "text", "organization", organisation, None))
                (field("name", "Your name", "text", "name", name, None))
                (field("email", "E-mail", "email", "username", email, Some("You sign in with it.")))
                (field("password", "Password", "password", "new-password", "", Some(&password_help())))
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Set up" } }
            }
        },
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetupForm {
    token: String,
    organisation: String,
    name: String,
    email: String,
    password: String,
}

async fn set_up(State(app): State<App>, headers: HeaderMap, Form(form): Form<SetupForm>) -> Result<Response> {
    from_here(&headers)?;
    let first = NewAccount {
        name: form.name.clone(),
        email: form.email.clone(),
        password: form.password,
        role: Role::Administrator,
    };
    match super::set_up(&app, &form.token, &form.organisation, first).await {
        Ok(session) => Ok(enter(&session, "/")),
        Err(error @ (Error::Invalid(_) | Error::Conflict(_))) => {
            let page =
                setup_form(&form.token, Some(&error.detail()), &form.organisation, &form.name, &form.email);
            Ok((error.status(), page).into_response())
        }
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct LoginQuery {
    #[serde(default)]
    next: String,
}

async fn login(State(app): State<App>, Query(query): Query<LoginQuery>) -> Result<Response> {
    if !super::is_set_up(&app).await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    Ok(frame::private(login_form(&query.next, None, "")))
}

fn login_form(next: &str, wrong: Option<&str>, email: &str) -> Markup {
    lone(
        "Sign in",
        None,
        &html! {
            h1 { "Sign in" }
            (refusal(wrong))
            form class="form" method="post" action="/login" {
                input type="hidden" name="next" value=(next);
                (field("email", "E-mail", "email", "username", email, None))
                (field("password", "Password", "password", "current-password", "", None))
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Sign in" } }
            }
        },
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Form(form): Form<LoginForm>,
) -> Result<Response> {
    from_here(&headers)?;
    match super::sign_in(&app, &form.email, &form.password).await {
        Ok(session) => Ok(enter(&session, local_path(&form.next))),
        Err(error @ (Error::Invalid(_) | Error::TooMany(_))) => {
            Ok((error.status(), login_form(&form.next, Some(&error.detail()), &form.email)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    if let Some(token) = gate::session_token(&headers) {
        super::sign_out(&app, &token).await?;
    }
    Ok(([(SET_COOKIE, gate::no_cookie())], Redirect::to("/login")).into_response())
}

/// Only a path on this server: `//host` and `/\host` lead elsewhere.
fn local_path(next: &str) -> &str {
    let leads_here = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\n', '\r', '\t'])
        && next.is_ascii();
    if leads_here { next } else { "/" }
}

/// Forms that are sent without a session still come from our own pages alone.
fn from_here(headers: &HeaderMap) -> Result<()> {
    if gate::same_origin(headers) {
        Ok(())
    } else {
        Err(Error::Forbidden("this form came from another site's page"))
    }
}

fn enter(session: &str, to: &str) -> Response {
    ([(SET_COOKIE, gate::session_cookie(session))], Redirect::to(to)).into_response()
}

async fn settings(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    settings_page(&app, &actor, None).await
}

/// The page, and a key that was just made: it is shown this once.
async fn settings_page(app: &App, actor: &domain::Actor, made: Option<(&ApiKey, &str)>) -> Result<Markup> {
    let accounts =
        if actor.may(Permission::ReadAlerts) { super::accounts(app, actor).await? } else { Vec::new() };
    let keys = super::keys(app, actor).await?;
    let manages = actor.may(Permission::ManageUsers);
    let content = html! {
        header class="page-head" { div class="page-title" { h1 { "Settings" } } }
        @if let Some((key, secret)) = made { (new_key(key, secret)) }
        div class="stack" {
            section class="card" aria-labelledby="people" {
                div class="card-head" { h2 id="people" { "People" } span class="muted" { (accounts.len()) " accounts" } }
                (account_table(&accounts, manages))
                @if manages { div class="card-body" { (account_form()) } }
            }
            section class="card" aria-labelledby="keys" {
                div class="card-head" { h2 id="keys" { "API keys" } a href="/api" { "API reference" } }
                (key_table(&keys))
                div class="card-body" { (key_form(actor)) }
            }
            section class="card" aria-labelledby="password" {
                div class="card-head" { h2 id="password" { "Your password" } }
                div class="card-body" { (password_form()) }
            }
        }
    };
    Ok(frame::page(app, actor, Nav::Settings, "Settings", &[], &content).await)
}

fn account_table(accounts: &[Account], manages: bool) -> Markup {
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label="Table of people" {
            table class="table" {
                thead { tr { th { "Name" } th { "E-mail" } th { "Role" } th { "State" } @if manages { th { "Change" } } } }
                tbody {
                    @for account in accounts {
                        tr {
                            th scope="row" { (account.name) }
                            td { (account.email) }
                            td { span class="badge" data-role=(account.role.as_str()) { (account.role.label()) } }
                            td {
                                @if account.disabled { span class="badge" data-status="closed" { "Disabled" } }
                                @else { span class="badge" data-status="good" { "Active" } }
                            }
                            @if manages { td data-type="actions" { (account_actions(account)) } }
                        }
                    }
                }
            }
        }
    }
}

fn account_actions(account: &Account) -> Markup {
    let label = format!("Role of {}", account.name);
    html! {
        form class="row" method="post" action={ "/settings/accounts/" (account.id) } {
            (role_select(&label, account.role))
            select name="disabled" aria-label={ "State of " (account.name) } {
                option value="false" selected[!account.disabled] { "Active" }
                option value="true" selected[account.disabled] { "Disabled" }
            }
            button class="button" data-size="small" type="submit" { "Save" }
        }
    }
}

fn role_select(label: &str, chosen: Role) -> Markup {
    html! {
        select name="role" aria-label=(label) {
            @for role in Role::ALL {
                option value=(role.as_str()) selected[*role == chosen] { (role.label()) }
            }
        }
    }
}

fn account_form() -> Markup {
    html! {
        details {
            summary class="button" { (parts::icon("plus")) "Add a person" }
            form class="form" method="post" action="/settings/accounts" {
                div class="field-row" {
                    (field("name", "Name", "text", "off", "", None))
                    (field("email", "E-mail", "email", "off", "", None))
                }
                div class="field-row" {
                    (field("password", "First password", "password", "new-password", "", Some(&password_help())))
                    div class="field" { label { "Role" } (role_select("Role", Role::Responder)) }
                }
                div class="form-actions" { button class="button" data-kind="primary" type="submit" { "Add" } }
            }
        }
    }
}

fn key_table(keys: &[ApiKey]) -> Markup {
    html! {
        div class="table-scroll" tabindex="0" role="region" aria-label="Table of API keys" {
            table class="table" {
                thead { tr { th { "Key" } th { "For" } th { "Owner" } th { "Role" } th { "Made" } th { span class="visually-hidden" { "Actions" } } } }
                tbody {
                    @for key in keys {
                        tr {
                            th scope="row" class="mono" { (key.id) }
                            td { (key.name) }
                            td class="mono" { (key.owner) }
                            td { span class="badge" data-role=(key.role.as_str()) { (key.role.label()) } }
                            td data-type="time" { (parts::ago(key.created_at)) }
                            td data-type="actions" { (revoke_form(key)) }
                        }
                    }
                }
            }
        }
    }
}

fn revoke_form(key: &ApiKey) -> Markup {
    html! {
        @if key.revoked_at.is_some() { span class="badge" data-status="closed" { "Revoked" } }
        @else {
            form method="post" action={ "/settings/keys/" (key.id) "/revoke" } data-confirm="Programs that use this key are shut out at once. This cannot be undone." data-confirm-title={ "Revoke " (key.id) "?" } {
                button class="button" data-size="small" type="submit" { "Revoke" }
            }
        }
    }
}

fn key_form(actor: &domain::Actor) -> Markup {
    let own = match actor {
        domain::Actor::User { role, .. } => *role,
        domain::Actor::Watchbell => Role::Observer,
    };
    html! {
        form class="form" method="post" action="/settings/keys" {
            div class="field-row" {
                (field("name", "What the key is for", "text", "off", "", None))
                div class="field" {
                    label for="key-role" { "Role" }
                    select id="key-role" name="role" {
                        @for role in Role::ALL.iter().filter(|role| **role >= own) {
                            option value=(role.as_str()) selected[*role == Role::Responder] { (role.label()) }
                        }
                    }
                }
            }
            div class="form-actions" { button class="button" type="submit" { "Make a key" } }
        }
    }
}

fn new_key(key: &ApiKey, secret: &str) -> Markup {
    html! {
        div class="notice" data-level="good" role="status" {
            (parts::icon("check"))
            div {
                strong { (key.id) " is made. Copy it now: it is not shown again." }
                p { code id="secret" { (secret) } " " button class="button" data-size="small" type="button" data-copy="#secret" { (parts::icon("copy")) "Copy" } }
            }
        }
    }
}

fn password_form() -> Markup {
    html! {
        form class="form" method="post" action="/settings/password" {
            div class="field-row" {
                (field("old", "Present password", "password", "current-password", "", None))
                (field("new", "New password", "password", "new-password", "", Some(&password_help())))
            }
            div class="form-actions" { button class="button" type="submit" { "Change password" } }
            p class="help" { "You are signed out everywhere and sign in again with the new one." }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PasswordForm {
    old: String,
    new: String,
}

async fn change_password(
    State(app): State<App>,
    Who(actor): Who,
    Form(form): Form<PasswordForm>,
) -> Result<Redirect> {
    super::change_password(&app, &actor, &form.old, &form.new).await?;
    Ok(Redirect::to("/login"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountForm {
    name: String,
    email: String,
    password: String,
    role: Role,
}

async fn add_account(
    State(app): State<App>,
    Who(actor): Who,
    Form(form): Form<AccountForm>,
) -> Result<Redirect> {
    let AccountForm { name, email, password, role } = form;
    super::add_account(&app, &actor, NewAccount { name, email, password, role }).await?;
    Ok(Redirect::to("/settings"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    role: Role,
    disabled: bool,
}

async fn change_account(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<UserId>,
    Form(form): Form<AccountChange>,
) -> Result<Redirect> {
    super::change_account(&app, &actor, id, Some(form.role), Some(form.disabled)).await?;
    Ok(Redirect::to("/settings"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    name: String,
    role: Role,
}

async fn add_key(State(app): State<App>, Who(actor): Who, Form(form): Form<KeyForm>) -> Result<Markup> {
    let (key, secret) = super::add_key(&app, &actor, &form.name, form.role).await?;
    settings_page(&app, &actor, Some((&key, &secret))).await
}

async fn revoke_key(State(app): State<App>, Who(actor): Who, Path(id): Path<ApiKeyId>) -> Result<Redirect> {
    super::revoke_key(&app, &actor, id).await?;
    Ok(Redirect::to("/settings"))
}

fn password_help() -> String {
    format!("At least {} characters. A few words make a good one.", password::SHORTEST)
}

fn lone(title: &str, size: Option<&str>, content: &Markup) -> Markup {
    frame::bare(
        title,
        &html! {
            div class="lone-card" data-size=[size] {
                div class="lone-brand" { img src=(assets::url("favicon.svg")) alt=""; "Watchbell" }
                div class="card" { div class="card-body" { (content) } }
            }
        },
    )
}

fn refusal(wrong: Option<&str>) -> Markup {
    html! {
        @if let Some(wrong) = wrong {
            div class="notice" data-level="error" role="alert" { (parts::icon("alert")) div { (wrong) } }
        }
    }
}

fn field(name: &str, label: &str, kind: &str, autocomplete: &str, value: &str, help: Option<&str>) -> Markup {
    let help_id = help.map(|_| format!("{name}-help"));
    html! {
        div class="field" {
            label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) autocomplete=(autocomplete) value=(value) required aria-describedby=[help_id.as_deref()];
            @if let Some(help) = help { p class="help" id=[help_id.as_deref()] { (help) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn signing_in_never_leads_elsewhere() {
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\\b",
            "",
            "/x\ny",
            "javascript:1",
        ] {
            assert_eq!(local_path(bad), "/", "{bad}");
        }
        assert_eq!(local_path("/incidents/INC-1?tab=tasks"), "/incidents/INC-1?tab=tasks");
    }
}
