//! The API's description: `/api/openapi.json`, made from the handlers that serve it, and a page of it
//! that people can read.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use maud::{Markup, html};
use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::Operation;

use super::extract::Who;
use super::frame;
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Watchbell",
        description = "Every verb of Watchbell over HTTP. Send an API key as `Authorization: Bearer KEY`. \
            Errors are problem documents (RFC 9457). Lists come in pages: pass `next` back as `cursor`. \
            Unknown fields are refused. Times are RFC 3339 in UTC."
    ),
    components(schemas(crate::error::Problem))
)]
pub struct Description;

pub async fn json() -> impl IntoResponse {
    Json(crate::router::description())
}

pub async fn page(State(app): State<App>, Who(actor): Who) -> Markup {
    let description = crate::router::description();
    let content = html! {
        header class="page-head" {
            div { h1 { "API" } p class="muted" { "Every verb of Watchbell over HTTP." } }
            div class="page-actions" { a class="button" href="/api/openapi.json" { "OpenAPI 3.1" } }
        }
        section class="prose" {
            p { (plain(description.info.description.as_deref().unwrap_or_default())) }
        }
        @for (path, item) in &description.paths.paths {
            @for (method, operation) in operations(item) {
                article class="card" {
                    div class="card-head" { h2 class="mono break" { (method) " " (path) } }
                    div class="card-body stack-s" { (operation_text(operation)) }
                }
            }
        }
    };
    frame::page(&app, &actor, frame::Nav::Settings, "API", &[], &content).await
}

/// The description's Markdown as a page shows it: names in backticks are code.
fn plain(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn operation_text(operation: &Operation) -> Markup {
    html! {
        @if let Some(summary) = &operation.summary { p { (plain(summary)) } }
        @if let Some(text) = &operation.description { p class="muted" { (plain(text)) } }
        @if let Some(parameters) = &operation.parameters {
            dl class="facts" {
                @for parameter in parameters {
                    @if let RefOr::T(parameter) = parameter {
                        dt class="mono" { (parameter.name) }
                        dd { (plain(parameter.description.as_deref().unwrap_or(""))) }
                    }
                }
            }
        }
        @if let Some(RefOr::T(body)) = &operation.request_body {
            p class="muted" { "Body: " (body.content.keys().cloned().collect::<Vec<_>>().join(", ")) }
        }
    }
}

fn operations(item: &utoipa::openapi::PathItem) -> Vec<(&'static str, &Operation)> {
    [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ]
    .into_iter()
    .filter_map(|(name, operation)| operation.as_ref().map(|operation| (name, operation)))
    .collect()
}
