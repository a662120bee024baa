//! The tus protocol 1.0.0 over HTTP: core, creation, creation-with-upload, expiration, termination and
//! checksum. Headers in, headers out; what happens is decided by the verbs.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use domain::{Actor, IncidentId};
use jiff::Timestamp;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::collect::Statement;
use super::super::form;
use super::progress::{Checksum, Taken, append};
use super::{Announced, Upload, create, get, settled, terminate};
use crate::app::App;
use crate::error::{Error, Problem};
use crate::web::extract::{Path, Who};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,termination,checksum";
const ALGORITHMS: &str = "sha256,sha1,md5";
const PIECE: &str = "application/offset+octet-stream";
/// The evidence item that a finished upload has become.
const EVIDENCE: HeaderName = HeaderName::from_static("watchbell-evidence");
/// The longest `Upload-Metadata`, in bytes.
const LONGEST_METADATA: usize = 32 << 10;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin, able))
        .routes(routes!(state, piece, remove, overridden, able_one))
        .layer(DefaultBodyLimit::disable())
}

/// What the server can do: `Tus-Version`, `Tus-Extension`, `Tus-Max-Size`, `Tus-Checksum-Algorithm`.
#[utoipa::path(options, path = "/api/v1/incidents/{id}/uploads", tag = "evidence",
    params(("id" = String, Path, example = "INC-1")), responses((status = 204)))]
async fn able(State(app): State<App>, Who(actor): Who, Path(id): Path<IncidentId>) -> Response {
    let answer = super::seen(&app, &actor, id).await;
    told(&app, answer.map(|()| abilities(&app)).map_err(Into::into))
}

/// What the server can do: `Tus-Version`, `Tus-Extension`, `Tus-Max-Size`, `Tus-Checksum-Algorithm`.
#[utoipa::path(options, path = "/api/v1/uploads/{upload}", tag = "evidence",
    params(("upload" = String, Path)), responses((status = 204)))]
async fn able_one(State(app): State<App>) -> Response {
    abilities(&app)
}

fn abilities(app: &App) -> Response {
    let headers = [
        ("tus-resumable", VERSION.to_owned()),
        ("tus-version", VERSION.to_owned()),
        ("tus-extension", EXTENSIONS.to_owned()),
        ("tus-max-size", app.vault.limits.largest.to_string()),
        ("tus-checksum-algorithm", ALGORITHMS.to_owned()),
    ];
    (StatusCode::NO_CONTENT, headers.map(|(name, value)| (HeaderName::from_static(name), value)))
        .into_response()
}

/// Begins a resumable upload of an evidence file (tus 1.0.0, creation).
///
/// `Upload-Length` says how many bytes it has. `Upload-Metadata` says what it is and how it was acquired, as
/// pairs of a name and a base64 value, joined by commas: `filename`, `method`, `tool` and `place` are owed;
/// `tool_version`, `device`, `serial`, `write_blocker`, `acquired_at` (RFC 3339) and `note` may be there.
/// A body of type `application/offset+octet-stream` is the first piece. `Location` is where pieces go.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/uploads", tag = "evidence",
    params(("id" = String, Path, example = "INC-1"),
        ("Tus-Resumable" = String, Header, example = "1.0.0"),
        ("Upload-Length" = u64, Header, example = 1048576),
        ("Upload-Metadata" = String, Header, example = "filename bWVtb3J5LnJhdw==,method bGl2ZSBleHBvcnQ=,tool d2lucG1lbQ==,place d3MwMQ==")),
    responses((status = 201), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
async fn begin(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<IncidentId>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = Box::pin(begin_with(&app, &actor, id, &parts.headers, body)).await;
    told(&app, answer)
}

async fn begin_with(app: &App, actor: &Actor, incident: IncidentId, headers: &HeaderMap, body: Body) -> Said {
    resumable(headers)?;
    // Who may not know of the incident learns nothing from what else is wrong.
    super::seen(app, actor, incident).await?;
    let length = number(headers, "upload-length")?.ok_or_else(|| {
        bad("Say how many bytes the file has, in `Upload-Length`; a length that comes later is not taken.")
    })?;
    let (name, statement) = metadata(headers)?;
    let made = create(app, actor, Announced { incident, name, length, statement }).await?;
    let location = format!("/api/v1/uploads/{}", made.id);
    let mut response = match content_type(headers) {
        Some(PIECE) if made.evidence.is_none() => {
            match append(app, actor, &made.id, 0, checksum(headers)?, stream(body)).await? {
                Taken::Durable(upload) => progress(StatusCode::CREATED, &upload),
                refused => refusal(&refused),
            }
        }
        _ => progress(StatusCode::CREATED, &made),
    };
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// How far an upload is: `Upload-Offset`, `Upload-Length`, `Upload-Expires`. `HEAD` is the protocol's way to
/// ask; `GET` says the same as JSON.
#[utoipa::path(get, path = "/api/v1/uploads/{upload}", tag = "evidence",
    params(("upload" = String, Path, example = "3f1c9a0e6b7d4c2f8a5e1b0d9c7f6a34")),
    responses((status = 200, body = Upload), (status = 404, body = Problem), (status = 412, body = Problem)))]
async fn state(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let answer = state_with(&app, &actor, &id, &method, &headers).await;
    told(&app, answer)
}

async fn state_with(app: &App, actor: &Actor, id: &str, method: &Method, headers: &HeaderMap) -> Said {
    let upload = if method == Method::HEAD {
        resumable(headers)?;
        settled(app, actor, id).await?
    } else {
        get(app, actor, id).await?
    };
    let mut response = progress(StatusCode::OK, &upload);
    let body = serde_json::to_vec(&upload).map_err(Error::from)?;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(body);
    Ok(response)
}

/// Sends the next piece of an upload, from `Upload-Offset` on. The answer's `Upload-Offset` is durable; with
/// the last piece, `Watchbell-Evidence` names the item that the upload has become. With `Upload-Checksum` the
/// piece counts whole or not at all.
#[utoipa::path(patch, path = "/api/v1/uploads/{upload}", tag = "evidence",
    params(("upload" = String, Path, example = "3f1c9a0e6b7d4c2f8a5e1b0d9c7f6a34"),
        ("Tus-Resumable" = String, Header, example = "1.0.0"),
        ("Upload-Offset" = u64, Header, example = 0),
        ("Upload-Checksum" = Option<String>, Header, example = "sha256 ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem), (status = 460, body = Problem)))]
async fn piece(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = Box::pin(piece_with(&app, &actor, &id, &parts.headers, body)).await;
    told(&app, answer)
}

async fn piece_with(app: &App, actor: &Actor, id: &str, headers: &HeaderMap, body: Body) -> Said {
    resumable(headers)?;
    let upload = get(app, actor, id).await?;
    if content_type(headers) != Some(PIECE) {
        let why = format!("A piece of an upload is sent as `Content-Type: {PIECE}`.");
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, &why));
    }
    let offset = number(headers, "upload-offset")?
        .ok_or_else(|| bad("Say where the piece begins, in `Upload-Offset`."))?;
    let announced = number(headers, "content-length")?.unwrap_or(0);
    if announced > upload.length.saturating_sub(offset) && offset == upload.offset {
        return Err(Box::new(
            Error::TooLarge(
                "The piece reaches beyond the end that the upload was announced with.".to_owned(),
            )
            .into_response(),
        ));
    }
    match append(app, actor, id, offset, checksum(headers)?, stream(body)).await? {
        Taken::Durable(upload) => Ok(progress(StatusCode::NO_CONTENT, &upload)),
        refused => Ok(refusal(&refused)),
    }
}

/// Throws an unfinished upload away.
#[utoipa::path(delete, path = "/api/v1/uploads/{upload}", tag = "evidence",
    params(("upload" = String, Path, example = "3f1c9a0e6b7d4c2f8a5e1b0d9c7f6a34"), ("Tus-Resumable" = String, Header, example = "1.0.0")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem)))]
async fn remove(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let answer = remove_with(&app, &actor, &id, &headers).await;
    told(&app, answer)
}

async fn remove_with(app: &App, actor: &Actor, id: &str, headers: &HeaderMap) -> Said {
    resumable(headers)?;
    terminate(app, actor, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// For clients that cannot send `PATCH` or `DELETE`: `X-HTTP-Method-Override` says which is meant.
#[utoipa::path(post, path = "/api/v1/uploads/{upload}", tag = "evidence",
    params(("upload" = String, Path, example = "3f1c9a0e6b7d4c2f8a5e1b0d9c7f6a34"),
        ("X-HTTP-Method-Override" = String, Header, example = "PATCH")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204), (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn overridden(
    State(app): State<App>,
    Who(actor): Who,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let meant = parts.headers.get("x-http-method-override").and_then(|value| value.to_str().ok());
    let answer = match meant {
        Some("PATCH") => Box::pin(piece_with(&app, &actor, &id, &parts.headers, body)).await,
        Some("DELETE") => remove_with(&app, &actor, &id, &parts.headers).await,
        _ => match get(&app, &actor, &id).await {
            Ok(_) => Err(bad("Say PATCH or DELETE in `X-HTTP-Method-Override`.")),
            Err(error) => Err(error.into()),
        },
    };
    told(&app, answer)
}

/// An answer, or a refusal that is one already.
type Said = std::result::Result<Response, Box<Response>>;

impl From<Error> for Box<Response> {
    fn from(error: Error) -> Self {
        Box::new(error.into_response())
    }
}

fn told(app: &App, answer: Said) -> Response {
    let mut response = answer.unwrap_or_else(|refused| *refused);
    let headers = response.headers_mut();
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    if headers.contains_key("tus-version") || response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        response.headers_mut().insert("tus-max-size", HeaderValue::from(app.vault.limits.largest));
    }
    response
}

fn progress(status: StatusCode, upload: &Upload) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert("upload-offset", HeaderValue::from(upload.offset));
    headers.insert("upload-length", HeaderValue::from(upload.length));
    if let Some(item) = upload.evidence {
        if let Ok(name) = HeaderValue::from_str(&item.to_string()) {
            headers.insert(EVIDENCE, name);
        }
    } else if let Ok(until) = HeaderValue::from_str(&http_date(upload.expires_at)) {
        headers.insert("upload-expires", until);
    }
    response
}

fn refusal(taken: &Taken) -> Response {
    match taken {
        Taken::WrongOffset(offset) => {
            let why = format!("The upload goes on at byte {offset}: send the piece that begins there.");
            let mut response = Problem::new(StatusCode::CONFLICT, why).into_response();
            response.headers_mut().insert("upload-offset", HeaderValue::from(*offset));
            response
        }
        _ => {
            let status = StatusCode::from_u16(460).unwrap_or(StatusCode::BAD_REQUEST);
            let why = "The piece is not what its checksum says; nothing of it was kept. Send it again.";
            let title = "Checksum Mismatch".to_owned();
            Problem { title, ..Problem::new(status, why.to_owned()) }.into_response()
        }
    }
}

fn resumable(headers: &HeaderMap) -> std::result::Result<(), Box<Response>> {
    if headers.get("tus-resumable").is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let why = format!("This speaks tus {VERSION}: send `Tus-Resumable: {VERSION}`.");
    let mut response = refuse(StatusCode::PRECONDITION_FAILED, &why);
    response.headers_mut().insert("tus-version", HeaderValue::from_static(VERSION));
    Err(response)
}

fn refuse(status: StatusCode, why: &str) -> Box<Response> {
    Box::new(Problem::new(status, why.to_owned()).into_response())
}

fn bad(why: &str) -> Box<Response> {
    refuse(StatusCode::BAD_REQUEST, why)
}

fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok())
}

/// A header that holds a number; absent is none, anything else is refused.
fn number(headers: &HeaderMap, name: &str) -> std::result::Result<Option<u64>, Box<Response>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let parsed = digits.and_then(|text| text.parse().ok()).filter(|number| i64::try_from(*number).is_ok());
    parsed.map(Some).ok_or_else(|| bad(&format!("`{name}` is a whole number of bytes.")))
}

fn checksum(headers: &HeaderMap) -> std::result::Result<Option<Checksum>, Box<Response>> {
    let Some(value) = headers.get("upload-checksum") else { return Ok(None) };
    let parsed = value.to_str().ok().and_then(Checksum::parse);
    let why = format!("`Upload-Checksum` is an algorithm ({ALGORITHMS}), a blank, and the digest in base64.");
    parsed.map(Some).ok_or_else(|| bad(&why))
}

/// What `Upload-Metadata` says: the file's name, and how it was acquired.
fn metadata(headers: &HeaderMap) -> std::result::Result<(String, Statement), Box<Response>> {
    let text = headers.get("upload-metadata").map_or(Ok(""), HeaderValue::to_str);
    let text = text.map_err(|_| bad("`Upload-Metadata` holds names and base64 values alone."))?;
    if text.len() > LONGEST_METADATA {
        return Err(Error::TooLarge("`Upload-Metadata` is longer than 32 KiB.".to_owned()).into());
    }
    let mut said = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = BASE64_STANDARD.decode(value.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let value = value.ok_or_else(|| {
            bad(&format!(
                "The value of `{}` in `Upload-Metadata` is not the base64 of UTF-8 text.",
                name.escape_debug()
            ))
        })?;
        if said.insert(name, value).is_some() {
            return Err(bad("A name stands twice in `Upload-Metadata`."));
        }
    }
    let name = said.remove("filename").unwrap_or_default();
    // Clients add what a browser believes the file to be; it is not believed here.
    said.remove("filetype");
    let mut statement = Statement::default();
    for (field, value) in said {
        if !form::say(&mut statement, field, value)? {
            let why = format!("`Upload-Metadata` has no field `{}`.", field.escape_debug());
            return Err(Error::Invalid(why).into());
        }
    }
    Ok((name, statement))
}

fn stream(body: Body) -> axum::body::BodyDataStream {
    body.into_data_stream()
}

/// RFC 9110 §5.6.7.
fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn numbers_are_digits_that_the_database_holds() {
        let read = |text: &str| number(&with("upload-length", text), "upload-length").ok().flatten();
        assert_eq!(read("10737418240"), Some(10 << 30));
        for wrong in ["-1", "+1", "1.0", "", "1 ", "99999999999999999999", "18446744073709551615"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert!(number(&HeaderMap::new(), "upload-length").unwrap().is_none());
    }

    #[test]
    fn metadata_is_read_as_clients_write_it() {
        let encoded = |text: &str| BASE64_STANDARD.encode(text);
        let said = format!(
            "filename {}, method {},tool {},place {},filetype {},note",
            encoded("größe.raw"),
            encoded("live export"),
            encoded("winpmem"),
            encoded("ws01"),
            encoded("text/html"),
        );
        let (name, statement) = metadata(&with("upload-metadata", &said)).unwrap();
        assert_eq!(
            (name.as_str(), statement.method.as_str(), statement.place.as_str()),
            ("größe.raw", "live export", "ws01")
        );
        for wrong in ["filename !!!", "filename YQ==,filename YQ==", "custodian YQ==", "acquired_at YQ=="] {
            assert!(metadata(&with("upload-metadata", wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn expiry_is_said_as_http_says_dates() {
        assert_eq!(http_date("2026-11-24T03:10:00Z".parse().unwrap()), "Tue, 24 Nov 2026 03:10:00 GMT");
    }
}
