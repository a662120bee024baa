//! What can go wrong in a service verb, and how it is told to a client: as a problem document
//! (RFC 9457). Pages show the same words.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use platform::db::DbError;
use serde::Serialize;
use utoipa::ToSchema;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the actor may not know that there is.
    #[error("There is no such {0} here, or you have no right to see it.")]
    NotFound(&'static str),
    #[error("Sign in first.")]
    SignInFirst,
    #[error("Your role does not allow this: {0}")]
    Forbidden(&'static str),
    /// The request makes no sense; a person can mend it.
    #[error("{0}")]
    Invalid(String),
    /// It makes sense, but not in the present state.
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    TooLarge(String),
    #[error("Too many attempts. Wait {0} seconds and try again.")]
    TooMany(u64),
    /// Not now; the same request may be taken later.
    #[error("{0}")]
    Unavailable(String),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("The ledger refused: {0}")]
    Ledger(#[from] ledger::Error),
    #[error("The disk did not do as asked: {0}")]
    Io(#[from] std::io::Error),
    #[error("The document could not be made: {0}")]
    Print(String),
    /// What we wrote ourselves cannot be read back.
    #[error("Stored data is damaged: {0}")]
    Damaged(String),
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Error::Db(DbError::Sql(error))
    }
}

/// What the domain refuses is the caller's to mend.
impl From<domain::Error> for Error {
    fn from(error: domain::Error) -> Self {
        Error::Invalid(error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Damaged(error.to_string())
    }
}

impl Error {
    pub fn status(&self) -> StatusCode {
        match self {
            Error::NotFound(_) => StatusCode::NOT_FOUND,
            Error::SignInFirst => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Db(_) | Error::Ledger(_) | Error::Io(_) | Error::Print(_) | Error::Damaged(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// What the client is told. Inner workings stay in the log.
    pub fn detail(&self) -> String {
        if self.status() == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(error = %self, "a request failed");
            return "Something failed on our side. Nothing was changed; the server's log says more."
                .to_owned();
        }
        self.to_string()
    }
}

/// A problem document (RFC 9457). `type` is always `about:blank`: the status says what kind it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    #[schema(example = "about:blank")]
    pub r#type: &'static str,
    /// The status in words.
    #[schema(example = "Unprocessable Entity")]
    pub title: String,
    #[schema(example = 422)]
    pub status: u16,
    /// What is wrong and what to do about it.
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: String) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Problem { r#type: "about:blank", title, status: status.as_u16(), detail }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_string(&self).unwrap_or_default();
        (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        Problem::new(self.status(), self.detail()).into_response()
    }
}
