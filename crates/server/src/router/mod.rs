//! All routes in one service: the slices say which handler answers, [`ROUTES`] what each route needs, and the layers
//! around them what holds for every answer.

mod list;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::error::{Error, Problem};
use crate::web::{assets, download, gate, live, openapi, problem};
use crate::{
    alert, audit, event, evidence, identity, incident, intake, obligation, plan, playbook, report, search,
    source,
};

pub use list::{Needs, ROUTES, needs};

fn api() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .merge(identity::api::routes())
        .merge(plan::api::routes())
        .merge(event::api::routes())
        .merge(source::api::routes())
        .merge(intake::quarantine_api::routes())
        .merge(intake::api::routes())
        .merge(intake::webhook::api::routes())
        .merge(alert::api::routes())
        .merge(incident::api::routes())
        .merge(evidence::api::routes())
        .merge(playbook::api::routes())
        .merge(obligation::api::routes())
        .merge(report::api::routes())
        .merge(audit::api::routes())
        .merge(search::api::routes())
}

/// The API's description, made from the handlers.
pub fn description() -> utoipa::openapi::OpenApi {
    api().into_openapi()
}

/// The server's routes with all that wraps them.
pub fn router(app: App) -> Router {
    let (api, _) = api().split_for_parts();
    let pages = Router::new()
        .route("/assets/{*path}", get(assets::asset))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/live", get(live::live))
        .route("/api", get(openapi::page))
        .route("/api/openapi.json", get(openapi::json))
        .merge(identity::page::routes())
        .merge(plan::page::routes())
        .merge(event::page::routes())
        .merge(intake::page::routes())
        .merge(intake::source_page::routes())
        .merge(intake::webhook::page::routes())
        .merge(intake::speak::routes())
        .merge(alert::page::routes())
        .merge(incident::page::routes())
        .merge(evidence::page::routes())
        .merge(playbook::page::routes())
        .merge(obligation::page::routes())
        .merge(report::page::routes())
        .merge(audit::page::routes())
        .merge(search::page::routes());
    api.merge(pages)
        .layer(DefaultBodyLimit::max(1 << 20))
        .method_not_allowed_fallback(|| async { Error::NotFound("verb on this address") })
        .route_layer(from_fn_with_state(app.clone(), gate::gate))
        .fallback(|| async { Error::NotFound("page") })
        .layer(CatchPanicLayer::custom(|_| axum::response::IntoResponse::into_response(failed())))
        .layer(from_fn(intake::speak::translate))
        .layer(from_fn_with_state(app.clone(), problem::for_people))
        .layer(CompressionLayer::new().compress_when(worth_packing()))
        .layer(map_response(guard_headers))
        .with_state(app)
}

/// Files to be saved go out as they are: packed ones gain nothing, and their length is known.
fn worth_packing() -> impl Predicate {
    DefaultPredicate::new()
        .and(NotForContentType::const_new(download::BYTES))
        .and(NotForContentType::const_new("application/zip"))
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/vnd"))
}

fn failed() -> Problem {
    tracing::error!("a request ended in a panic");
    Problem::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "Something failed on our side. Nothing was changed; the server's log says more.".to_owned(),
    )
}

/// What a browser is told on every answer, so that text from outside can never run or be framed.
async fn guard_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
