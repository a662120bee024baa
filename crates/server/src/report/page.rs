//! The report in the browser, and the downloads that pages link to.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::IncidentId;
use paper::Format;

use super::api::{ReportQuery, export};
use crate::app::App;
use crate::error::Result;
use crate::web::download;
use crate::web::extract::{Path, Query, Who};

/// The report is a document of its own with its style inside: nothing in it may run, ask or leave.
const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

pub fn routes() -> Router<App> {
    Router::new().route("/incidents/{id}/report", get(report)).route("/incidents/{id}/bundle", get(export))
}

async fn report(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Query(query): Query<ReportQuery>,
) -> Result<Response> {
    let rendered = Box::pin(super::render(&app, &actor, id, query.format(Format::Html)?)).await?;
    if rendered.format == Format::Html {
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static(Format::Html.media_type())),
            (CONTENT_SECURITY_POLICY, SANDBOX),
        ];
        return Ok((headers, rendered.bytes).into_response());
    }
    Ok(download::bytes(&rendered.name, rendered.format.media_type(), rendered.bytes))
}
