//! Alerts from other tools, over TheHive's and DFIR-IRIS's interfaces. What was sent is kept as an event,
//! so that the alert has its bytes behind it; the alert, the tool's own name for it and what follows in
//! incidents are one change.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use domain::alert::AlertStatus;
use domain::{Actor, Permission};
use serde_json::json;

use super::report::Report;
use super::store::{self, Kept};
use super::tongue::json_answer;
use super::{body, bulk, hand_in, iris, thehive};
use crate::alert::{self, Outside};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::web::extract::Who;
use crate::{event, incident};

/// The newest version of IRIS's interface whose alerts are understood.
const IRIS_API: &str = "2.0.4";

pub fn routes() -> Router<App> {
    Router::new()
        // Clients that know only a host and a port ask at the root.
        .route("/api/alert", post(thehive_alert))
        .route("/thehive/api/alert", post(thehive_alert))
        .route("/thehive/api/v1/alert", post(thehive_alert))
        .route("/thehive/api/alert/{id}", get(thehive_show))
        .route("/thehive/api/v1/alert/{id}", get(thehive_show))
        .route("/iris/api/ping", get(ping))
        .route("/iris/api/versions", get(versions))
        .route("/iris/alerts/add", post(iris_alert))
        .route("/iris/alerts/{id}", get(iris_show))
}

async fn thehive_alert(State(app): State<App>, Who(actor): Who, request: Request) -> Result<Response> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("multipart/")) {
        return Err(Error::Invalid(
            "Send the alert as JSON, its observables with data: files are not taken with an alert."
                .to_owned(),
        ));
    }
    let body = body::read(request).await?;
    let report = thehive::read(&body).map_err(Error::Invalid)?;
    let kept = keep(&app, &actor, "thehive", report, body, Twice::Refused).await?;
    let shown = thehive::shown(kept.id, kept.at.as_millisecond(), actor.name(), "New", &kept.body);
    Ok(json_answer(StatusCode::CREATED, &shown))
}

async fn thehive_show(State(app): State<App>, Who(actor): Who, Path(id): Path<String>) -> Result<Response> {
    let (kept, alert) = find(&app, &actor, "thehive", id.trim_start_matches('~')).await?;
    let status = match alert.status {
        AlertStatus::New => "New",
        AlertStatus::Acknowledged => "InProgress",
        AlertStatus::InIncident => "Imported",
        AlertStatus::Dismissed => "Ignored",
    };
    let shown = thehive::shown(kept.id, kept.at.as_millisecond(), "watchbell", status, &kept.body);
    Ok(json_answer(StatusCode::OK, &shown))
}

async fn ping() -> Response {
    json_answer(StatusCode::OK, &iris::success("pong", &json!([])))
}

async fn versions() -> Response {
    let data = json!({ "iris_current": "v2.4.0", "api_min": IRIS_API, "api_current": IRIS_API });
    json_answer(StatusCode::OK, &iris::success("", &data))
}

async fn iris_alert(State(app): State<App>, Who(actor): Who, request: Request) -> Result<Response> {
    let body = body::read(request).await?;
    let report = iris::read(&body).map_err(Error::Invalid)?;
    let kept = keep(&app, &actor, "iris", report, body, Twice::Same).await?;
    let shown = iris::shown(kept.id, kept.at, &kept.body);
    Ok(json_answer(StatusCode::OK, &iris::success("Alert added", &shown)))
}

async fn iris_show(State(app): State<App>, Who(actor): Who, Path(id): Path<String>) -> Result<Response> {
    let (kept, _) = find(&app, &actor, "iris", &id).await?;
    let shown = iris::shown(kept.id, kept.at, &kept.body);
    Ok(json_answer(StatusCode::OK, &iris::success("", &shown)))
}

/// What becomes of a report whose identity is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twice {
    Refused,
    Same,
}

async fn keep(
    app: &App,
    actor: &Actor,
    dialect: &'static str,
    report: Report,
    body: Bytes,
    twice: Twice,
) -> Result<Kept> {
    need(actor, Permission::Ingest, "reporting alerts")?;
    // Before the bytes are kept, so that a refused report leaves nothing; the change looks again.
    if twice == Twice::Refused && store::is_known(&app.db, &report.identity).await? {
        return Err(twice_told());
    }
    let record = bulk::one_line(&body);
    let receipt = hand_in(app, actor, &format!("{dialect}/{}", report.origin), record).await?;
    let (delivery, actor_here) = (receipt.delivery.id, actor.clone());
    app.change(&actor_here, move |change| {
        Box::pin(async move {
            if let Some(kept) = store::by_identity(change.tx, &report.identity).await? {
                return if twice == Twice::Refused { Err(twice_told()) } else { Ok(kept) };
            }
            let outside = Outside {
                key: report.identity.clone(),
                title: report.title,
                description: Some(report.description).filter(|text| !text.is_empty()),
                severity: report.severity,
                entity: report.entity,
                at: report.at.unwrap_or(change.at),
                techniques: report.techniques,
                origin: report.origin,
                reference: report.reference,
                event: event::first_of(change.tx, delivery).await?,
            };
            let touched = alert::raise_outside(change, vec![outside]).await?;
            incident::follow(change, &touched).await?;
            let raised = touched.first().ok_or(Error::NotFound("alert"))?.alert.id;
            store::insert(change, dialect, &report.identity, raised, &body).await
        })
    })
    .await
}

fn twice_told() -> Error {
    Error::Conflict("Alert already exists: type, source and sourceRef are those of another".to_owned())
}

/// A report by its own number, and the alert that it is, if this actor may see it.
async fn find(app: &App, actor: &Actor, dialect: &str, id: &str) -> Result<(Kept, alert::Alert)> {
    let missing = || Error::NotFound("alert");
    let number: i64 = id.parse().map_err(|_| missing())?;
    let kept = store::get(&app.db, dialect, number).await?.ok_or_else(missing)?;
    let alert = alert::get(app, actor, kept.alert).await?;
    Ok((kept, alert))
}
