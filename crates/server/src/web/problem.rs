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

/// Turns problem documents into pages for browsers that ask for pages.
pub async fn for_people(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_page = wants_page(request.headers());
    let address = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let cookie = super::gate::session_token(request.headers());
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
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
    page(&app, actor.as_ref(), response).await
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

async fn page(app: &App, actor: Option<&Actor>, response: Response) -> Response {
    let status = response.status();
    let body = to_bytes(response.into_body(), LARGEST).await.unwrap_or_default();
    let told = serde_json::from_slice(&body).unwrap_or_else(|_| Told {
        title: "Error".to_owned(),
        detail: "Something failed on our side.".to_owned(),
    });
    let content = html! {
        div class="problem card" {
            div class="card-body" {
                span class="problem-code" { (status.as_u16()) }
                h1 { (told.title) }
                p { (told.detail) }
                div class="row" { a class="button" href="/" { "To the alert queue" } }
            }
        }
    };
    let page = match actor {
        Some(actor) => frame::page(app, actor, frame::Nav::None, &told.title, &[], &content).await,
        None => frame::bare(&told.title, &content),
    };
    (status, page).into_response()
}
