//! Alerts and rules over HTTP.

use axum::extract::State;
use domain::alert::{AlertStatus, Verdict};
use domain::{AlertId, Severity};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::alike::{self, AlikeAlert};
use super::noise::{self, Noise};
use super::rules::{KnownRule, RefusedRule};
use super::try_event::{self, Tried};
use super::{Alert, Filter, Match, suppress};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::extract::{Json, Path, Query, Who};
use crate::web::paging::{Page, PageQuery};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(super::suppress::api::routes())
        .merge(super::grouping::api::routes())
        .merge(super::risk::api::routes())
        .routes(routes!(alerts))
        .routes(routes!(alert))
        .routes(routes!(matches))
        .routes(routes!(similar))
        .routes(routes!(acknowledge))
        .routes(routes!(dismiss))
        .routes(routes!(reopen))
        .routes(routes!(acknowledge_all))
        .routes(routes!(dismiss_all))
        .routes(routes!(merge))
        .routes(routes!(unmerge))
        .routes(routes!(rules))
        .routes(routes!(rule))
        .routes(routes!(explain))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AlertQuery {
    /// One or more, with commas between: new, acknowledged, in_incident, dismissed.
    #[param(example = "new,acknowledged")]
    status: Option<String>,
    /// At least this severity: informational, low, medium, high, critical.
    #[param(value_type = Option<String>, example = "high")]
    severity: Option<Severity>,
    /// The rule's identifier.
    rule: Option<String>,
    /// The entity's name.
    #[param(example = "ws01.example.org")]
    entity: Option<String>,
    /// Part of the title, the entity's name, the rule's identifier or a technique.
    text: Option<String>,
    /// Also alerts that are merged into others.
    #[serde(default)]
    merged: bool,
    /// Only alerts that are merged into this one.
    #[param(value_type = Option<String>, example = "ALR-1")]
    merged_into: Option<AlertId>,
    /// The `next` of the page before. Left out for the first page.
    cursor: Option<String>,
    /// How many, 1 to 500; 50 if left out.
    limit: Option<u16>,
}

/// The statuses in a list with commas.
pub fn statuses(text: Option<&str>) -> Result<Vec<AlertStatus>> {
    let words = text.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(|word| Ok(word.parse()?)).collect()
}

/// Lists alerts: the most severe first, then the latest seen.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(AlertQuery),
    responses((status = 200, body = Page<Alert>), (status = 422, body = Problem)))]
async fn alerts(
    State(app): State<App>,
    Who(actor): Who,
    Query(query): Query<AlertQuery>,
) -> Result<axum::Json<Page<Alert>>> {
    let filter = Filter {
        statuses: statuses(query.status.as_deref())?,
        at_least: query.severity,
        rule: query.rule,
        entity: query.entity,
        text: query.text,
        with_merged: query.merged,
        merged_into: query.merged_into,
        ..Filter::default()
    };
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    Ok(axum::Json(super::list(&app, &actor, &filter, &page).await?))
}

/// Reads one alert.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Alert), (status = 404, body = Problem)))]
async fn alert(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Alert>> {
    Ok(axum::Json(super::get(&app, &actor, id).await?))
}

/// Lists the events that an alert is about, the latest first, with what the rule found in each.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/matches", tag = "alerts",
    params(("id" = String, Path, example = "ALR-1"), PageQuery),
    responses((status = 200, body = Page<Match>), (status = 404, body = Problem)))]
async fn matches(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<Page<Match>>> {
    Ok(axum::Json(super::matches(&app, &actor, id, &page).await?))
}

/// Takes an alert on: somebody looks at it.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts",
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Alert), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn acknowledge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Alert>> {
    Ok(axum::Json(super::acknowledge(&app, &actor, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Dismissal {
    /// true_positive, false_positive, benign or duplicate.
    #[schema(value_type = String, example = "benign")]
    verdict: Verdict,
    #[schema(example = "The backup job does this every night.")]
    reason: String,
}

/// Dismisses an alert with a verdict and a reason.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/dismiss", tag = "alerts", request_body = Dismissal,
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Alert), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn dismiss(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
    Json(input): Json<Dismissal>,
) -> Result<axum::Json<Alert>> {
    Ok(axum::Json(super::dismiss(&app, &actor, id, input.verdict, &input.reason).await?))
}

/// Takes a dismissal back.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/reopen", tag = "alerts",
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Alert), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn reopen(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Alert>> {
    Ok(axum::Json(super::reopen(&app, &actor, id).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Many {
    #[schema(value_type = Vec<String>, example = json!(["ALR-1", "ALR-2"]))]
    alerts: Vec<AlertId>,
}

/// The alerts as they now are.
#[derive(Serialize, ToSchema)]
struct Changed {
    alerts: Vec<Alert>,
}

/// Takes many alerts on in one change, all or none. Those acknowledged already stay as they are.
#[utoipa::path(post, path = "/api/v1/alerts/acknowledge", tag = "alerts", request_body = Many,
    responses((status = 200, body = Changed), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn acknowledge_all(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<Many>,
) -> Result<axum::Json<Changed>> {
    let alerts = super::acknowledge_all(&app, &actor, input.alerts).await?;
    Ok(axum::Json(Changed { alerts }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ManyDismissed {
    #[schema(value_type = Vec<String>, example = json!(["ALR-1", "ALR-2"]))]
    alerts: Vec<AlertId>,
    /// true_positive, false_positive, benign or duplicate.
    #[schema(value_type = String, example = "benign")]
    verdict: Verdict,
    reason: String,
}

/// Dismisses many alerts in one change, all or none.
#[utoipa::path(post, path = "/api/v1/alerts/dismiss", tag = "alerts", request_body = ManyDismissed,
    responses((status = 200, body = Changed), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn dismiss_all(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<ManyDismissed>,
) -> Result<axum::Json<Changed>> {
    let alerts = super::dismiss_all(&app, &actor, input.alerts, input.verdict, &input.reason).await?;
    Ok(axum::Json(Changed { alerts }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merging {
    /// The alert that stands for all.
    #[schema(value_type = String, example = "ALR-1")]
    lead: AlertId,
    #[schema(value_type = Vec<String>, example = json!(["ALR-2", "ALR-3"]))]
    alerts: Vec<AlertId>,
}

/// Merges alerts into one that leads, all or none. Answers with the lead.
#[utoipa::path(post, path = "/api/v1/alerts/merge", tag = "alerts", request_body = Merging,
    responses((status = 200, body = Alert), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn merge(
    State(app): State<App>,
    Who(actor): Who,
    Json(input): Json<Merging>,
) -> Result<axum::Json<Alert>> {
    Ok(axum::Json(super::merge::merge(&app, &actor, input.lead, input.alerts).await?))
}

/// Takes a merged alert out of its lead, or parts a lead from all. Answers with those that stand alone
/// again, each as it was.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/unmerge", tag = "alerts",
    params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = Changed), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn unmerge(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Changed>> {
    Ok(axum::Json(Changed { alerts: super::merge::unmerge(&app, &actor, id).await? }))
}

/// A rule and the noise that it makes.
#[derive(Serialize, ToSchema)]
struct RuleAtWork {
    #[serde(flatten)]
    rule: KnownRule,
    noise: Noise,
}

#[derive(Serialize, ToSchema)]
struct Rules {
    rules: Vec<RuleAtWork>,
    refused: Vec<RefusedRule>,
}

/// Lists the rules in use with the noise of each, and those that could not be loaded.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses((status = 200, body = Rules)))]
async fn rules(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Rules>> {
    let mut noise = noise::of_all(&app, &actor).await?;
    let rules = app.rules.all().iter().map(|rule| RuleAtWork {
        noise: noise.remove(&rule.id).unwrap_or_default(),
        rule: KnownRule::clone(rule),
    });
    Ok(axum::Json(Rules { rules: rules.collect(), refused: app.rules.refused().to_vec() }))
}

/// A rule with the text of its file, its noise over time, and what is tuned about it.
#[derive(Serialize, ToSchema)]
struct RuleText {
    #[serde(flatten)]
    rule: RuleAtWork,
    yaml: Option<String>,
    /// The last 12 weeks, oldest first.
    weeks: Vec<noise::Week>,
    /// Suppressions and exceptions that hide detections of it by name.
    suppressions: Vec<suppress::Suppression>,
    /// For a noisy rule, a condition that would have hidden most of its false positives.
    suggestion: Option<noise::Suggestion>,
}

/// Reads one rule.
#[utoipa::path(get, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path)),
    responses((status = 200, body = RuleText), (status = 404, body = Problem)))]
async fn rule(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
) -> Result<axum::Json<RuleText>> {
    let rule = app.rules.get(&id).ok_or(Error::NotFound("rule"))?;
    let noise = noise::of_all(&app, &actor).await?.remove(&rule.id).unwrap_or_default();
    let suggestion = match noise.noisy {
        Some(_) => noise::suggest(&app, &actor, &rule.id).await?,
        None => None,
    };
    Ok(axum::Json(RuleText {
        yaml: app.rules.yaml(rule).map(str::to_owned),
        weeks: noise::weeks(&app, &actor, &rule.id).await?,
        suppressions: suppress::of_rule(&app, &actor, &rule.id).await?,
        suggestion,
        rule: RuleAtWork { rule: KnownRule::clone(rule), noise },
    }))
}

/// An event to be tried on a rule.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Trial {
    /// A record as its log has it, or several.
    #[schema(example = "{\"EventID\": 1, \"CommandLine\": \"whoami\"}")]
    event: String,
    /// Take it for an event of the rule's log source.
    #[serde(default)]
    assume_source: bool,
}

/// Says why a rule fires on an event, or why it does not. Nothing is kept.
/// Lists the alerts that are like this one, with the reasons.
#[utoipa::path(get, path = "/api/v1/alerts/{id}/similar", tag = "alert", params(("id" = String, Path, example = "ALR-1")),
    responses((status = 200, body = [AlikeAlert]), (status = 404, body = Problem)))]
async fn similar(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<AlertId>,
) -> Result<axum::Json<Vec<AlikeAlert>>> {
    Ok(axum::Json(alike::of_alert(&app, &actor, id).await?))
}

#[utoipa::path(post, path = "/api/v1/rules/{id}/explain", tag = "rules", params(("id" = String, Path)),
    request_body = Trial,
    responses((status = 200, body = Tried), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn explain(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    Json(trial): Json<Trial>,
) -> Result<axum::Json<Tried>> {
    try_event::explain(&app, &actor, &id, trial.event, trial.assume_source).await.map(axum::Json)
}
