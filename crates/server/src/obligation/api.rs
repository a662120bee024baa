//! Duties to notify over HTTP: JSON in, JSON out.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::obligation::approval::{NoticeVerb, WaiverVerb};
use domain::obligation::{Decision, DutyKey, SectionKey, StageKey, Standing, Truth, questions};
use domain::{IncidentId, NoticeId, WaiverId};
use jiff::Timestamp;
use paper::Format;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::profile::{Version, Written};
use super::{Case, Notice, Waiver, book, facts, notice, profile, waiver};
use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::web::download;
use crate::web::extract::{Json, Path, Query, Who};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(profile_now, set_profile))
        .routes(routes!(duties))
        .routes(routes!(answer_facts))
        .routes(routes!(write_sheet))
        .routes(routes!(propose))
        .routes(routes!(act_on_waiver))
        .routes(routes!(begin))
        .routes(routes!(one_notice, reword))
        .routes(routes!(act_on_notice))
        .routes(routes!(record_sent))
        .routes(routes!(file))
}

/// Reads the profile: its versions, the one in force first.
#[utoipa::path(get, path = "/api/v1/obligations/profile", tag = "obligations", responses((status = 200, body = Vec<Version>)))]
async fn profile_now(State(app): State<App>, Who(actor): Who) -> Result<axum::Json<Vec<Version>>> {
    Ok(axum::Json(profile::versions(&app, &actor).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewProfile {
    profile: Written,
    #[schema(example = "As confirmed by counsel.")]
    reason: String,
}

/// Puts a profile in force.
#[utoipa::path(put, path = "/api/v1/obligations/profile", tag = "obligations", request_body = NewProfile,
    responses((status = 200, body = Version), (status = 422, body = Problem)))]
async fn set_profile(
    State(app): State<App>,
    Who(actor): Who,
    Json(new): Json<NewProfile>,
) -> Result<axum::Json<Version>> {
    Ok(axum::Json(profile::set(&app, &actor, new.profile, &new.reason).await?))
}

/// The duties of an incident.
#[derive(Serialize, ToSchema)]
struct Duties {
    /// Whether a profile is in force; without one nothing alarms.
    profiled: bool,
    duties: Vec<DutyView>,
    /// What nobody knows yet, what settles most first.
    questions: Vec<Question>,
    /// Answers by fact, as given.
    #[schema(value_type = Object)]
    answers: BTreeMap<String, String>,
    /// The fact sheet by section.
    #[schema(value_type = Object)]
    sheet: BTreeMap<SectionKey, domain::Text>,
    waivers: Vec<Waiver>,
    notices: Vec<Notice>,
    contradictions: Vec<Difference>,
}

#[derive(Serialize, ToSchema)]
struct Question {
    #[schema(example = "risk_to_people")]
    fact: String,
    question: String,
    /// How many duties wait for it.
    duties: usize,
}

#[derive(Serialize, ToSchema)]
struct Difference {
    about: String,
    first: String,
    says: String,
    second: String,
    but: String,
}

#[derive(Serialize, ToSchema)]
struct DutyView {
    #[schema(example = "gdpr_33")]
    id: String,
    title: String,
    regime: String,
    clause: String,
    to: String,
    #[schema(example = "in_force")]
    status: String,
    /// `applies`, `may_apply` or `does_not_apply`.
    #[schema(example = "applies")]
    verdict: String,
    /// Whether it binds; what does not never alarms.
    binds: bool,
    /// The decision that it is not met.
    #[schema(value_type = Option<String>, example = "NND-1")]
    waived: Option<WaiverId>,
    reasons: Vec<ReasonView>,
    stages: Vec<StageView>,
}

#[derive(Serialize, ToSchema)]
struct ReasonView {
    /// `null` while it is open.
    holds: Option<bool>,
    says: String,
}

#[derive(Serialize, ToSchema)]
struct StageView {
    #[schema(example = "notification")]
    id: String,
    title: String,
    #[schema(example = "running")]
    state: String,
    /// The law's words where it has no number.
    wording: Option<String>,
    /// By the strict reading.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline: Option<Timestamp>,
    readings: Vec<ReadingView>,
}

#[derive(Serialize, ToSchema)]
struct ReadingView {
    reading: Option<String>,
    words: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline: Option<Timestamp>,
}

impl Duties {
    fn of(case: &Case) -> Result<Self> {
        let decisions = case.decisions()?;
        let book = book()?;
        let asked = questions(&decisions);
        Ok(Duties {
            profiled: case.profile.is_some(),
            questions: asked
                .into_iter()
                .filter_map(|open| {
                    let fact = book.fact(&open.fact)?;
                    let question = fact.question.to_string();
                    Some(Question { fact: open.fact.to_string(), question, duties: open.duties })
                })
                .collect(),
            answers: case
                .answers
                .iter()
                .map(|(fact, answer)| (fact.to_string(), answer.to_string()))
                .collect(),
            sheet: case.sheet.clone(),
            waivers: case.waivers.clone(),
            notices: case.notices.clone(),
            contradictions: case
                .contradictions()?
                .into_iter()
                .map(|one| Difference {
                    about: one.about,
                    first: one.first.0,
                    says: one.first.1,
                    second: one.second.0,
                    but: one.second.1,
                })
                .collect(),
            duties: decisions.iter().map(|decision| duty_view(case, decision)).collect(),
        })
    }
}

fn duty_view(case: &Case, decision: &Decision<'_>) -> DutyView {
    let duty = decision.duty;
    DutyView {
        id: duty.id.to_string(),
        title: duty.title.to_string(),
        regime: duty.regime.to_string(),
        clause: duty.clause.to_string(),
        to: duty.to.to_string(),
        status: duty.status.to_string(),
        verdict: decision.verdict.to_string(),
        binds: decision.standing == Standing::Binding,
        waived: case.waived(&duty.id).map(|waiver| waiver.id),
        reasons: decision
            .reasons
            .iter()
            .map(|reason| ReasonView {
                holds: match reason.truth {
                    Truth::Yes => Some(true),
                    Truth::No => Some(false),
                    Truth::Open => None,
                },
                says: reason.says.clone(),
            })
            .collect(),
        stages: decision
            .stages
            .iter()
            .map(|clock| StageView {
                id: clock.stage.id.to_string(),
                title: clock.stage.title.to_string(),
                state: clock.state(case.now).to_string(),
                wording: clock.stage.wording.as_ref().map(ToString::to_string),
                deadline: clock.deadline(),
                readings: clock
                    .readings
                    .iter()
                    .map(|reading| ReadingView {
                        reading: reading.rule.reading.as_ref().map(ToString::to_string),
                        words: reading.words.clone(),
                        deadline: reading.deadline,
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// Reads which duties to notify an incident has, why, and until when.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/obligations", tag = "obligations", params(("id" = String, Path, example = "INC-1")),
    responses((status = 200, body = Duties), (status = 404, body = Problem)))]
async fn duties(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
) -> Result<axum::Json<Duties>> {
    Ok(axum::Json(Duties::of(&super::case(&app, &actor, id).await?)?))
}

/// Answers by fact; an empty text makes a fact unknown again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAnswers {
    #[schema(value_type = Object, example = json!({ "data": "personal,health", "people": "300-1000", "aware": "2026-03-02T10:00:00Z" }))]
    answers: BTreeMap<String, String>,
}

/// Answers facts of an incident; what is not named stays.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/facts", tag = "obligations", params(("id" = String, Path, example = "INC-1")),
    request_body = NewAnswers, responses((status = 200, body = Duties), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn answer_facts(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(new): Json<NewAnswers>,
) -> Result<axum::Json<Duties>> {
    facts::answer(&app, &actor, id, new.answers).await?;
    Ok(axum::Json(Duties::of(&super::case(&app, &actor, id).await?)?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSections {
    /// Text by section; an empty text clears one.
    #[schema(value_type = Object, example = json!({ "nature": "A mailbox was read by a stranger." }))]
    sections: BTreeMap<SectionKey, String>,
}

/// Writes sections of the fact sheet; what is not named stays.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/sheet", tag = "obligations", params(("id" = String, Path, example = "INC-1")),
    request_body = NewSections, responses((status = 200, body = Duties), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn write_sheet(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(new): Json<NewSections>,
) -> Result<axum::Json<Duties>> {
    facts::write(&app, &actor, id, new.sections).await?;
    Ok(axum::Json(Duties::of(&super::case(&app, &actor, id).await?)?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWaiver {
    #[schema(value_type = String, example = "gdpr_33")]
    duty: DutyKey,
    /// Not notifiable because …
    #[schema(example = "The data was encrypted and the key is safe; a risk is unlikely.")]
    reason: String,
}

/// Proposes that a duty is not met by the incident.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/waivers", tag = "obligations", params(("id" = String, Path, example = "INC-1")),
    request_body = NewWaiver, responses((status = 201, body = Waiver), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn propose(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(new): Json<NewWaiver>,
) -> Result<(StatusCode, axum::Json<Waiver>)> {
    let made = waiver::propose(&app, &actor, id, new.duty, &new.reason).await?;
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Approves, rejects or withdraws such a decision (`approve`, `reject`, `withdraw`); who proposed it cannot approve it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/waivers/{waiver}/{verb}", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("waiver" = String, Path, example = "NND-1"), ("verb" = String, Path, example = "approve")),
    responses((status = 200, body = Waiver), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn act_on_waiver(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, waiver, verb)): Path<(IncidentId, WaiverId, WaiverVerb)>,
) -> Result<axum::Json<Waiver>> {
    Ok(axum::Json(waiver::act(&app, &actor, id, waiver, verb).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewNotice {
    #[schema(value_type = String, example = "gdpr_33")]
    duty: DutyKey,
    #[schema(value_type = String, example = "notification")]
    stage: StageKey,
}

/// Begins the notice of a stage, drafted from the fact sheet.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/notices", tag = "obligations", params(("id" = String, Path, example = "INC-1")),
    request_body = NewNotice, responses((status = 201, body = Notice), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn begin(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    Json(new): Json<NewNotice>,
) -> Result<(StatusCode, axum::Json<Notice>)> {
    Ok((StatusCode::CREATED, axum::Json(notice::begin(&app, &actor, id, new.duty, new.stage).await?)))
}

/// A notice and its text.
#[derive(Serialize, ToSchema)]
struct NoticeText {
    notice: Notice,
    #[schema(example = "Notify the supervisory authority: Notification within 72 hours")]
    name: String,
    to: String,
    /// Titles of sections that the law wants and that say nothing.
    missing: Vec<String>,
    markdown: String,
}

/// Reads a notice with its text.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/obligations/notices/{notice}", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("notice" = String, Path, example = "NTC-1")),
    responses((status = 200, body = NoticeText), (status = 404, body = Problem)))]
async fn one_notice(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice)): Path<(IncidentId, NoticeId)>,
) -> Result<axum::Json<NoticeText>> {
    let (_, shown) = notice::get(&app, &actor, id, notice).await?;
    Ok(axum::Json(NoticeText {
        name: shown.draft.name.clone(),
        to: shown.draft.to.clone(),
        missing: shown.draft.missing().map(str::to_owned).collect(),
        markdown: shown.draft.markdown,
        notice: shown.notice,
    }))
}

/// Words sections of a draft differently from the fact sheet; an empty text goes back to the sheet's.
#[utoipa::path(put, path = "/api/v1/incidents/{id}/obligations/notices/{notice}", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("notice" = String, Path, example = "NTC-1")), request_body = NewSections,
    responses((status = 200, body = Notice), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn reword(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice)): Path<(IncidentId, NoticeId)>,
    Json(new): Json<NewSections>,
) -> Result<axum::Json<Notice>> {
    Ok(axum::Json(notice::reword(&app, &actor, id, notice, new.sections).await?))
}

/// Sends a notice for approval, approves it, or gives it back (`route`, `approve`, `return`); who sent it for approval cannot
/// approve it.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/notices/{notice}/{verb}", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("notice" = String, Path, example = "NTC-1"), ("verb" = String, Path, example = "route")),
    responses((status = 200, body = Notice), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn act_on_notice(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice, verb)): Path<(IncidentId, NoticeId, NoticeVerb)>,
) -> Result<axum::Json<Notice>> {
    Ok(axum::Json(notice::act(&app, &actor, id, notice, verb).await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSending {
    /// Now if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    #[schema(example = "Data Protection Commission")]
    to: String,
    #[schema(example = "Web form")]
    how: String,
    /// A reference number, or the evidence item that holds the receipt.
    #[schema(example = "BN-2026-3-77, EVD-4")]
    receipt: Option<String>,
}

/// Records that an approved notice was sent.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations/notices/{notice}/sent", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("notice" = String, Path, example = "NTC-1")), request_body = NewSending,
    responses((status = 200, body = Notice), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn record_sent(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice)): Path<(IncidentId, NoticeId)>,
    Json(new): Json<NewSending>,
) -> Result<axum::Json<Notice>> {
    let sent = notice::Sent { at: new.at, to: new.to, how: new.how, receipt: new.receipt };
    Ok(axum::Json(notice::sent(&app, &actor, id, notice, sent).await?))
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FileQuery {
    /// `pdf`, `md` or `docx`; PDF if left out.
    #[param(example = "pdf")]
    format: Option<String>,
}

/// A notice as a file.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/obligations/notices/{notice}/file", tag = "obligations",
    params(("id" = String, Path, example = "INC-1"), ("notice" = String, Path, example = "NTC-1"), FileQuery),
    responses((status = 200, content_type = "application/pdf"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn file(
    State(app): State<App>,
    Who(actor): Who,
    Path((id, notice)): Path<(IncidentId, NoticeId)>,
    Query(query): Query<FileQuery>,
) -> Result<Response> {
    let format = match &query.format {
        Some(name) => name.parse().map_err(|error: paper::Error| Error::Invalid(error.to_string()))?,
        None => Format::Pdf,
    };
    let bytes = notice::print(&app, &actor, id, notice, format).await?;
    Ok(download::bytes(&format!("{notice}.{}", format.extension()), format.media_type(), bytes))
}
