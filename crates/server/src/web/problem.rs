//! Problems as pages: what a person sees where a program would get a problem document.

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Actor;
use maud::html;
use serde::Deserialize;

use super::frame;
use crate::app::App;
use crate::identity;

/// The largest problem document that is read back; ours are a few hundred bytes.
const LARGEST: usize = 64 * 1024;

/// A form that a script sends says so with this header. It is told where to go on, for a script can't
/// see where a redirect leads.
const BY_SCRIPT: &str = "watchbell-form";

/// Turns problem documents into pages for browsers that ask for pages.
pub async fn for_people(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.headers());
    let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let cookie = super::gate::session_token(request.headers());
    let is_read = request.method().is_safe();
    let is_script = request.headers().contains_key(BY_SCRIPT);
    let mut response = next.run(request).await;
    if is_script && response.status().is_redirection() {
        *response.status_mut() = StatusCode::NO_CONTENT;
        return response;
    }
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if !wants_page || !is_problem {
        return response;
    }
    if response.status() == StatusCode::UNAUTHORIZED {
        return sign_in(&app, is_read.then_some(address.as_str())).await;
    }
    let actor = match cookie {
        Some(token) => identity::actor_of_session(&app, &token).await.ok().flatten(),
        None => None,
    };
    page(&app, actor.as_ref(), is_read, response).await
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accepts = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accepts.is_some_and(|accept| accept.contains("text/html")) && !headers.contains_key("hx-request")
}

async fn sign_in(app: &App, back_to: Option<&str>) -> Response {
    if !identity::is_set_up(app).await.unwrap_or(true) {
        return Redirect::to("/setup").into_response();
    }
    match back_to {
        Some(address) if address != "/" => {
            let next: String = address.bytes().map(percent).collect();
            Redirect::to(&format!("/login?next={next}")).into_response()
        }
        _ => Redirect::to("/login").into_response(),
    }
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[derive(Deserialize)]
struct Told {
    title: String,
    detail: String,
}

/// The status as a person would say it.
const fn plainly(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        403 => "Your role does not allow this",
        404 => "Nothing to see here",
        409 => "This can't be done now",
        413 => "Too large",
        422 => "Something in this can't be used",
        429 => "Too many attempts",
        500 => "Watchbell could not do this",
        _ => return None,
    })
}

async fn page(app: &App, actor: Option<&Actor>, is_read: bool, response: Response) -> Response {
    let status = response.status();
    let body = to_bytes(response.into_body(), LARGEST).await.unwrap_or_default();
    let mut told: Told = serde_json::from_slice(&body).unwrap_or_else(|_| Told {
        title: "Error".to_owned(),
        detail: "Something failed on our side.".to_owned(),
    });
    if let Some(title) = plainly(status) {
        title.clone_into(&mut told.title);
    }
    let content = html! {
        div class="problem card" {
            div class="card-body" {
                span class="problem-code" { (status.as_u16()) }
                h1 { (told.title) }
                p { (told.detail) }
                @if !is_read { p { "Nothing was changed. Your browser's Back button returns to the form." } }
                div class="row" { a class="button" href="/" { "Alerts" } a class="button" href="/incidents" { "Incidents" } }
            }
        }
    };
    let page = match actor {
        Some(actor) => frame::page(app, actor, frame::Nav::None, &told.title, &[], &content).await,
        None => frame::bare(&told.title, &content),
    };
    (status, page).into_response()
}
