//! The form by which a person hands a file over: one file and what is said about it, in any order.

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use domain::{Actor, IncidentId};
use futures_util::StreamExt;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Evidence;
use super::collect::{Arrived, Statement, arrive};
use crate::app::App;
use crate::error::{Error, Result};

/// The most bytes of a field that is no file.
const LONGEST_FIELD: usize = 100_000;

/// Reads the form to its end and makes an evidence item of it.
pub async fn take(app: &App, actor: &Actor, incident: IncidentId, mut form: Multipart) -> Result<Evidence> {
    let (mut file, mut said): (Option<Arrived>, _) = (None, Statement::default());
    while let Some(field) = form.next_field().await.map_err(|error| broken(&error))? {
        match field.name().unwrap_or_default().to_owned().as_str() {
            "file" if file.is_some() => {
                return Err(Error::Invalid(
                    "Hand over one file at a time: each has its own acquisition.".to_owned(),
                ));
            }
            "file" => file = Some(take_file(app, actor, incident, field).await?),
            other => {
                let other = other.to_owned();
                let value = text(field).await?;
                if !say(&mut said, &other, value)? {
                    return Err(Error::Invalid(format!("The form has no field `{other}`.")));
                }
            }
        }
    }
    let file = file.ok_or_else(|| Error::Invalid("Choose a file, in the field `file`.".to_owned()))?;
    file.state(app, actor, said).await
}

/// Takes one field of what is said about a file; `false` if there is no such field.
pub(super) fn say(said: &mut Statement, field: &str, value: String) -> Result<bool> {
    let given = |value: String| Some(value).filter(|value| !value.trim().is_empty());
    match field {
        "method" => said.method = value,
        "tool" => said.tool = value,
        "tool_version" => said.tool_version = given(value),
        "place" => said.place = value,
        "device" => said.device = given(value),
        "serial" => said.serial = given(value),
        "write_blocker" => said.write_blocker = given(value),
        "acquired_at" => said.acquired_at = time(&value)?,
        "note" => said.note = given(value),
        _ => return Ok(false),
    }
    Ok(true)
}

async fn take_file(app: &App, actor: &Actor, incident: IncidentId, field: Field<'_>) -> Result<Arrived> {
    let name = field.file_name().unwrap_or_default().to_owned();
    let pieces = field.map(|piece| piece.map_err(|error| broken(&error)));
    arrive(app, actor, incident, &name, pieces).await
}

async fn text(mut field: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LONGEST_FIELD {
            return Err(Error::TooLarge("A field of the form is too long.".to_owned()));
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::Invalid("A field of the form is no UTF-8 text.".to_owned()))
}

/// RFC 3339, or what a browser's field for date and time gives, which is then UTC.
fn time(text: &str) -> Result<Option<Timestamp>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(Some(at));
    }
    let civil = text.parse::<DateTime>().ok().and_then(|civil| TimeZone::UTC.to_timestamp(civil).ok());
    civil.map(Some).ok_or_else(|| {
        Error::Invalid("Give the time of acquisition such as 2026-03-01T09:30:00Z.".to_owned())
    })
}

fn broken(error: &MultipartError) -> Error {
    if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        return Error::TooLarge("The request is larger than this route takes.".to_owned());
    }
    Error::Invalid(format!("The form broke off: {}. Send it again.", error.body_text()))
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn a_time_is_read_from_programs_and_from_browsers() {
        let same = "2026-03-01T09:30:00Z".parse().ok();
        assert_eq!(time("2026-03-01T10:30:00+01:00").unwrap(), same);
        assert_eq!(time("2026-03-01T09:30").unwrap(), same);
        assert_eq!(time(" ").unwrap(), None);
        assert!(time("yesterday").is_err());
    }
}
