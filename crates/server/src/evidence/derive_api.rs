//! What is in an item, and items out of items, over HTTP.

use axum::extract::State;
use axum::http::StatusCode;
use domain::EvidenceId;
use exhibit::mail::{self, Mail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::inspect::{self, Seen};
use super::{Evidence, derive};
use crate::app::App;
use crate::error::{Problem, Result};
use crate::web::extract::{Json, Path, Who};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(kind))
        .routes(routes!(read_mail))
        .routes(routes!(members))
        .routes(routes!(split))
        .routes(routes!(take_out))
}

/// What an item's bytes are.
#[derive(Serialize, ToSchema)]
struct KindOf {
    /// Told by the bytes.
    #[schema(example = "mail (RFC 5322)")]
    kind: &'static str,
    /// How its characters are written, if it is text.
    #[schema(example = "UTF-8")]
    encoding: Option<&'static str>,
    /// The log format that its records are read in.
    #[schema(example = "evtx")]
    log: Option<&'static str>,
    /// What its name says that the bytes do not.
    doubts: Vec<String>,
}

impl KindOf {
    fn of(seen: &Seen) -> Self {
        KindOf {
            kind: seen.identity.kind.label(),
            encoding: seen.identity.encoding.map(exhibit::text::Encoding::label),
            log: seen.log.map(telemetry::Format::name),
            doubts: seen.identity.doubts.clone(),
        }
    }
}

/// What kind of thing an item is by its bytes, and whether its name says so.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/kind", tag = "evidence", params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = KindOf), (status = 404, body = Problem)))]
async fn kind(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<KindOf>> {
    Ok(axum::Json(KindOf::of(&inspect::identify(&app, &actor, id).await?)))
}

/// A mail that is an item, as it says of itself.
#[derive(Serialize, ToSchema)]
struct MailView {
    subject: Option<String>,
    from: Vec<Mailbox>,
    sender: Vec<Mailbox>,
    reply_to: Vec<Mailbox>,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    return_path: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    date: Option<Timestamp>,
    message_id: Option<String>,
    /// All header fields in their order, decoded.
    fields: Vec<FieldView>,
    /// The servers that it says it came through, the first one first.
    hops: Vec<HopView>,
    /// What servers claim to have checked. It is not checked again.
    claims: Vec<ClaimView>,
    bodies: Vec<BodyView>,
    attachments: Vec<AttachmentView>,
    /// Values worth remembering, to be added to the incident's observables.
    observables: Vec<SeenView>,
    /// What about it is odd or was left out.
    warnings: Vec<String>,
    /// The parts that can become items of their own.
    parts: Vec<PartView>,
}

#[derive(Serialize, ToSchema)]
struct Mailbox {
    name: Option<String>,
    #[schema(example = "alice@example.org")]
    address: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct FieldView {
    #[schema(example = "Subject")]
    name: String,
    value: String,
}

#[derive(Serialize, ToSchema)]
struct HopView {
    from: Option<String>,
    #[schema(example = "203.0.113.77")]
    address: Option<String>,
    by: Option<String>,
    with: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Seconds since the hop before.
    #[schema(example = 12)]
    delay: Option<i64>,
}

#[derive(Serialize, ToSchema)]
struct ClaimView {
    #[schema(example = "Authentication-Results")]
    field: String,
    #[schema(example = "mx.example.org")]
    by: Option<String>,
    #[schema(example = "spf")]
    method: String,
    #[schema(example = "pass")]
    result: String,
    about: String,
}

#[derive(Serialize, ToSchema)]
struct BodyView {
    #[schema(example = "Plain text")]
    kind: &'static str,
    /// Its text, without any markup.
    text: String,
    links: Vec<LinkView>,
}

#[derive(Serialize, ToSchema)]
struct LinkView {
    /// Written so that nothing takes it for a link.
    #[schema(example = "hxxps://evil[.]example/pay")]
    target: String,
    /// The text that is clicked on.
    shown: Option<String>,
    /// Whether that text names another host.
    misleads: bool,
}

#[derive(Serialize, ToSchema)]
struct AttachmentView {
    #[schema(example = 1)]
    number: usize,
    name: String,
    /// The media type that the mail gives.
    declared: Option<String>,
    /// What the bytes are.
    kind: &'static str,
    bytes: usize,
    sha256: String,
    doubts: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct SeenView {
    #[schema(example = "email")]
    kind: &'static str,
    value: String,
    /// Where in the mail it stands.
    #[schema(example = "Reply-To")]
    place: String,
}

#[derive(Serialize, ToSchema)]
struct PartView {
    #[schema(example = "attachment 1")]
    part: String,
    name: String,
    bytes: usize,
}

fn mailboxes(list: &[mail::Address]) -> Vec<Mailbox> {
    list.iter().map(|one| Mailbox { name: one.name.clone(), address: one.address.clone() }).collect()
}

impl MailView {
    fn of(mail: Mail) -> Self {
        let observables = mail.seen().into_iter().map(|seen| SeenView {
            kind: seen.observable.kind().as_str(),
            value: seen.observable.value().to_owned(),
            place: seen.place,
        });
        let parts = derive::parts(&mail).into_iter();
        MailView {
            observables: observables.collect(),
            parts: parts.map(|one| PartView { part: one.part, name: one.name, bytes: one.bytes }).collect(),
            from: mailboxes(&mail.from),
            sender: mailboxes(&mail.sender),
            reply_to: mailboxes(&mail.reply_to),
            to: mailboxes(&mail.to),
            cc: mailboxes(&mail.cc),
            subject: mail.subject,
            return_path: mail.return_path,
            date: mail.date,
            message_id: mail.message_id,
            fields: mail
                .fields
                .into_iter()
                .map(|one| FieldView { name: one.name, value: one.value })
                .collect(),
            hops: mail.hops.into_iter().map(HopView::of).collect(),
            claims: mail.claims.into_iter().map(ClaimView::of).collect(),
            bodies: mail.bodies.into_iter().map(BodyView::of).collect(),
            attachments: mail.attachments.into_iter().map(AttachmentView::of).collect(),
            warnings: mail.warnings,
        }
    }
}

impl HopView {
    fn of(hop: mail::Hop) -> Self {
        let mail::Hop { from, address, by, with, at, delay, .. } = hop;
        HopView { from, address: address.map(|address| address.to_string()), by, with, at, delay }
    }
}

impl ClaimView {
    fn of(claim: mail::Claim) -> Self {
        let mail::Claim { field, by, method, result, about } = claim;
        ClaimView { field, by, method, result, about }
    }
}

impl BodyView {
    fn of(body: mail::Body) -> Self {
        let link = |link: mail::Link| LinkView {
            target: mail::defang(&link.target),
            shown: link.shown,
            misleads: link.misleads,
        };
        BodyView {
            kind: body.kind.label(),
            text: body.text,
            links: body.links.into_iter().map(link).collect(),
        }
    }
}

impl AttachmentView {
    fn of(one: mail::Attachment) -> Self {
        AttachmentView {
            number: one.number,
            name: one.title(),
            declared: one.declared,
            kind: one.identity.kind.label(),
            bytes: one.bytes.len(),
            sha256: one.sha256,
            doubts: one.identity.doubts,
        }
    }
}

/// A mail (`.eml` or Outlook's `.msg`) as its header, way, claims, texts, links and attachments.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/mail", tag = "evidence", params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = MailView), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn read_mail(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<MailView>> {
    let (_, mail) = inspect::mail(&app, &actor, id).await?;
    Ok(axum::Json(MailView::of(mail)))
}

/// What an archive holds.
#[derive(Serialize, ToSchema)]
struct Members {
    items: Vec<MemberView>,
    /// What about the archive is odd.
    warnings: Vec<String>,
    /// Whether it holds more members than are listed.
    cut: bool,
}

#[derive(Serialize, ToSchema)]
struct MemberView {
    #[schema(example = 1)]
    number: usize,
    #[schema(example = "invoice/invoice.js")]
    name: String,
    directory: bool,
    /// Bytes in the archive.
    packed: Option<u64>,
    /// Bytes when taken out, by the archive's own word.
    unpacked: Option<u64>,
    #[schema(example = "deflated")]
    method: String,
    encrypted: bool,
    warnings: Vec<String>,
    /// Why it is not taken out, if it is not.
    refused: Option<&'static str>,
}

/// Lists the members of an archive (ZIP, tar, gzip) without unpacking it to disk.
#[utoipa::path(get, path = "/api/v1/evidence/{id}/members", tag = "evidence", params(("id" = String, Path, example = "EVD-1")),
    responses((status = 200, body = Members), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn members(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
) -> Result<axum::Json<Members>> {
    let (_, listing) = inspect::archive(&app, &actor, id).await?;
    let items = listing.members.into_iter().map(|one| MemberView {
        number: one.number,
        name: one.name,
        directory: one.directory,
        packed: one.packed,
        unpacked: one.unpacked,
        method: one.method,
        encrypted: one.encrypted,
        warnings: one.warnings,
        refused: one.refused,
    });
    Ok(axum::Json(Members { items: items.collect(), warnings: listing.warnings, cut: listing.cut }))
}

/// Which parts of a mail to take out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SplitInput {
    /// As `GET …/mail` names them; all if left out.
    #[schema(example = json!(["header", "attachment 1"]))]
    #[serde(default)]
    parts: Option<Vec<String>>,
}

/// Items that were taken out of another.
#[derive(Serialize, ToSchema)]
struct Taken {
    items: Vec<Evidence>,
}

/// Splits a mail into items: its header, its bodies, its attachments. A part that is an item already is
/// given as it is; the caller is the first custodian of the others.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/split", tag = "evidence", request_body = SplitInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 201, body = Taken), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn split(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<SplitInput>,
) -> Result<(StatusCode, axum::Json<Taken>)> {
    let items = Box::pin(derive::split(&app, &actor, id, input.parts)).await?;
    Ok((StatusCode::CREATED, axum::Json(Taken { items })))
}

/// Which member to take out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::evidence) struct MemberInput {
    /// As `GET …/members` numbers it.
    #[schema(example = 1)]
    pub number: usize,
    /// Its name, as a check that it is the one that was meant.
    #[schema(example = "invoice/invoice.js")]
    pub name: String,
}

/// Takes one member out of an archive; it becomes an item whose first custodian is the caller.
#[utoipa::path(post, path = "/api/v1/evidence/{id}/members", tag = "evidence", request_body = MemberInput,
    params(("id" = String, Path, example = "EVD-1")),
    responses((status = 201, body = Evidence), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn take_out(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<EvidenceId>,
    Json(input): Json<MemberInput>,
) -> Result<(StatusCode, axum::Json<Evidence>)> {
    let item = Box::pin(derive::take_out(&app, &actor, id, input.number, &input.name)).await?;
    Ok((StatusCode::CREATED, axum::Json(item)))
}
