//! The settings: who has an account and what they may do, API keys, one's own password.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::{get, post};
use domain::{Actor, ApiKeyId, Permission, Role, UserId};
use maud::{Markup, html};
use serde::Deserialize;

use super::{field, password_help};
use crate::app::App;
use crate::error::Result;
use crate::identity::{self, Account, ApiKey, NewAccount};
use crate::web::extract::{Form, Path, Who};
use crate::web::frame::{self, Nav};
use crate::web::parts;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(settings))
        .route("/settings/password", post(change_password))
        .route("/settings/accounts", post(add_account))
        .route("/settings/accounts/{id}", post(change_account))
        .route("/settings/keys", post(add_key))
        .route("/settings/keys/{id}/revoke", post(revoke_key))
}

async fn settings(State(app): State<App>, Who(actor): Who) -> Result<Markup> {
    settings_page(&app, &actor, None).await
}

/// The page, and a key that was just made: it is shown this once.
async fn settings_page(app: &App, actor: &Actor, made: Option<(&ApiKey, &str)>) -> Result<Markup> {
    let accounts =
        if actor.may(Permission::ReadAlerts) { identity::accounts(app, actor).await? } else { Vec::new() };
    let keys = identity::keys(app, actor).await?;
    let manages = actor.may(Permission::ManageUsers);
    let content = html! {
        header class="page-head" { div class="page-title" { h1 { "Settings" } } }
        @if let Some((key, secret)) = made { (new_key(key, secret)) }
        div class="stack" {
            p { a href="/settings/me" { "How you are reached" } span class="muted" { ": channels, matters and quiet hours" } }
            @if manages { p { a href="/settings/channels" { "Channels and escalation" } span class="muted" { ": how messages go out, and who is told when nobody answers" } } }
            @if actor.may(Permission::ReadIncident) { p { a href="/settings/incidents" { "Fields and statuses of incidents" } span class="muted" { ": what your organisation adds to them in its own words" } } }
            section class="card" aria-labelledby="people" {
                div class="card-head" { h2 id="people" { "People" } span class="muted" { (accounts.len()) @if accounts.len() == 1 { " account" } @else { " accounts" } } }
                (account_table(&accounts, manages))
                @if manages { div class="card-body" { (account_form()) } }
            }
            section class="card" aria-labelledby="keys" {
                div class="card-head" { h2 id="keys" { "API keys" } a href="/api" { "API reference" } }
                (key_table(&keys))
                div class="card-body" { (key_form(actor)) }
            }
            section class="card" aria-labelledby="own-password" {
                div class="card-head" { h2 id="own-password" { "Your password" } }
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
        form class="row" method="post" action={ "/settings/accounts/" (account.id) } data-done={ "Saved: " (account.name) } {
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
            form class="form" method="post" action="/settings/accounts" data-done="The account is made; tell them the password by a safe way" {
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
            form method="post" action={ "/settings/keys/" (key.id) "/revoke" } data-done={ (key.id) " is revoked" } data-confirm="Programs that use this key are shut out at once. This cannot be undone." data-confirm-title={ "Revoke " (key.id) "?" } {
                button class="button" data-size="small" type="submit" { "Revoke" }
            }
        }
    }
}

fn key_form(actor: &Actor) -> Markup {
    let own = match actor {
        Actor::User { role, .. } => *role,
        Actor::Watchbell => Role::Observer,
    };
    html! {
        form class="form" method="post" action="/settings/keys" data-plain="" {
            div class="field-row" {
                div class="field" { label for="key-name" { "What the key is for" } input id="key-name" name="name" required maxlength="200" autocomplete="off"; }
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
                p { code id="secret" { (secret) } " " button class="button" data-size="small" type="button" data-copy-from="secret" { (parts::icon("copy")) "Copy" } }
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
    identity::change_password(&app, &actor, &form.old, &form.new).await?;
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
    identity::add_account(&app, &actor, NewAccount { name, email, password, role }).await?;
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
    identity::change_account(&app, &actor, id, Some(form.role), Some(form.disabled)).await?;
    Ok(Redirect::to("/settings"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyForm {
    name: String,
    role: Role,
}

async fn add_key(State(app): State<App>, Who(actor): Who, Form(form): Form<KeyForm>) -> Result<Markup> {
    let (key, secret) = identity::add_key(&app, &actor, &form.name, form.role).await?;
    settings_page(&app, &actor, Some((&key, &secret))).await
}

async fn revoke_key(State(app): State<App>, Who(actor): Who, Path(id): Path<ApiKeyId>) -> Result<Redirect> {
    identity::revoke_key(&app, &actor, id).await?;
    Ok(Redirect::to("/settings"))
}
