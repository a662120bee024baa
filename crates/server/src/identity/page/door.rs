//! The door: set-up, sign-in and sign-out. Whoever stands here has no session yet, or ends one.

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::Role;
use maud::{Markup, html};
use serde::Deserialize;

use super::{field, password_help};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::{self, NewAccount};
use crate::web::extract::{Form, Query};
use crate::web::{assets, frame, gate, parts};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/setup", get(setup).post(set_up))
        .route("/login", get(login).post(sign_in))
        .route("/logout", post(sign_out))
}

#[derive(Deserialize)]
struct SetupLink {
    #[serde(default)]
    token: String,
}

async fn setup(State(app): State<App>, Query(link): Query<SetupLink>) -> Result<Response> {
    if identity::is_set_up(&app).await? {
        return Ok(Redirect::to("/login").into_response());
    }
    if !identity::setup_is_open(&app, &link.token) {
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
    match identity::set_up(&app, &form.token, &form.organisation, first).await {
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
    if !identity::is_set_up(&app).await? {
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
    match identity::sign_in(&app, &form.email, &form.password).await {
        Ok(session) => Ok(enter(&session, local_path(&form.next))),
        Err(error @ (Error::Invalid(_) | Error::TooMany(_))) => {
            Ok((error.status(), login_form(&form.next, Some(&error.detail()), &form.email)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response> {
    if let Some(token) = gate::session_token(&headers) {
        identity::sign_out(&app, &token).await?;
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
