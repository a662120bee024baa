//! Alerts from other tools, over TheHive's and DFIR-IRIS's interfaces. What was sent is kept as an event,
//! so that the alert has its bytes behind it; the alert, the tool's own name for it and what follows in
//! incidents are one change.

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use domain::{Actor, AlertId, Permission};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::Row;

use super::report::Report;
use super::tongue::json_answer;
use super::{body, bulk, hand_in, iris, thehive};
use crate::alert::{self, Outside};
use crate::app::App;
use crate::change::{Change, time};
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

/// A report as it is kept.
struct Kept {
    id: i64,
    alert: AlertId,
    at: Timestamp,
    body: Value,
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
    let status = match alert.status.as_str() {
        "new" => "New",
        "dismissed" => "Ignored",
        "escalated" => "Imported",
        _ => "InProgress",
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
    if twice == Twice::Refused && known(app, &report.identity).await? {
        return Err(twice_told());
    }
    let record = bulk::one_line(&body);
    let stream = vec![(0, record)];
    let receipt = hand_in(app, actor, dialect, &report.origin, &stream).await?;
    let (delivery, actor_here) = (receipt.delivery.id, actor.clone());
    app.change(&actor_here, move |change| {
        Box::pin(async move {
            if let Some(kept) = by_identity(change, &report.identity).await? {
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
            insert(change, dialect, &report.identity, raised, &body).await
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
    let id: i64 = id.parse().map_err(|_| missing())?;
    let row = sqlx::query("select id, alert, at, body from reported where id = $1 and dialect = $2")
        .bind(id)
        .bind(dialect)
        .fetch_optional(app.db.readers())
        .await?;
    let kept = read(&row.ok_or_else(missing)?)?;
    let alert = alert::get(app, actor, kept.alert).await?;
    Ok((kept, alert))
}

async fn known(app: &App, identity: &str) -> Result<bool> {
    let row = sqlx::query("select 1 from reported where identity = $1").bind(identity);
    Ok(row.fetch_optional(app.db.readers()).await?.is_some())
}

async fn by_identity(change: &mut Change<'_>, identity: &str) -> Result<Option<Kept>> {
    let row = sqlx::query("select id, alert, at, body from reported where identity = $1")
        .bind(identity)
        .fetch_optional(&mut *change.tx)
        .await?;
    row.as_ref().map(read).transpose()
}

async fn insert(
    change: &mut Change<'_>,
    dialect: &str,
    identity: &str,
    alert: AlertId,
    body: &[u8],
) -> Result<Kept> {
    let row = sqlx::query(
        "insert into reported (dialect, identity, alert, at, body) values ($1, $2, $3, $4, $5)
         returning id, alert, at, body",
    )
    .bind(dialect)
    .bind(identity)
    .bind(alert.get())
    .bind(change.at_micros())
    .bind(String::from_utf8_lossy(body).into_owned())
    .fetch_one(&mut *change.tx)
    .await?;
    read(&row)
}

fn read(row: &sqlx::any::AnyRow) -> Result<Kept> {
    Ok(Kept {
        id: row.try_get(0)?,
        alert: AlertId::try_from(row.try_get::<i64, _>(1)?)?,
        at: time(row.try_get(2)?)?,
        body: serde_json::from_str(&row.try_get::<String, _>(3)?)?,
    })
}
