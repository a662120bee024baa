//! What leaves the house: the incident report as a document in four forms, the bundle that proves an
//! incident's records, and evidence under a password. All are drawn from the incident's dossier and the ledger; nothing is
//! written here but the record that an export happened.

pub mod api;
mod attack;
pub mod bundle;
mod chat;
mod closing;
mod custody_form;
mod duties;
pub mod exhibit;
mod findings;
mod impact;
mod opening;
pub mod page;
mod response;
mod story;
mod words;

use domain::{Actor, IncidentId, Permission};
use jiff::Timestamp;
use ledger::Checkpoint;
use paper::{Document, Format, Marking};

use crate::app::App;
use crate::audit;
use crate::error::Result;
use crate::evidence::{self, Evidence};
use crate::identity::need;
use crate::incident::{self, Dossier};
use crate::obligation;
use crate::web::press::print;

/// Everything that a report is drawn from.
struct Sources {
    dossier: Dossier,
    evidence: Vec<Evidence>,
    duties: obligation::Case,
    checkpoint: Checkpoint,
    fingerprint: String,
    now: Timestamp,
}

/// A report, ready to be sent.
pub struct Rendered {
    pub bytes: Vec<u8>,
    pub format: Format,
    /// `INC-1-report.pdf`
    pub name: String,
}

/// The report of an incident in one form. Whoever may see the incident reads it on the screen; to
/// take it along is an export.
pub async fn render(app: &App, actor: &Actor, id: IncidentId, format: Format) -> Result<Rendered> {
    if format == Format::Html {
        need(actor, Permission::ReadIncident, "reading incidents")?;
    } else {
        need(actor, Permission::ExportIncident, "taking reports out")?;
    }
    let note = audit::sign_now(app).await?;
    let document = document(app, actor, id, &note).await?;
    let bytes = print(document, format).await?;
    Ok(Rendered { bytes, format, name: format!("{id}-report.{}", format.extension()) })
}

/// The report as a document, with what the ledger said at this checkpoint.
async fn document(app: &App, actor: &Actor, id: IncidentId, note: &str) -> Result<Document> {
    let key = app.key.verifying_key();
    let sources = Sources {
        dossier: Box::pin(incident::dossier(app, actor, id)).await?,
        evidence: evidence::of_incident(app, actor, id).await?,
        duties: obligation::case(app, actor, id).await?,
        checkpoint: Checkpoint::open(note.as_bytes(), key)?,
        fingerprint: key.fingerprint(),
        now: app.clock.now(),
    };
    let mut document = Document::new(sources.dossier.incident.record.title.clone());
    let record = &sources.dossier.incident.record;
    document.subtitle = format!("Incident report {id}");
    document.organisation.clone_from(&sources.dossier.organisation);
    document.marking = Some(Marking::new(record.tlp.label()));
    document.prepared_by = actor.name().to_owned();
    document.date = Some(sources.now);
    opening::draw(&mut document, &sources);
    story::draw(&mut document, &sources);
    response::draw(&mut document, &sources);
    impact::draw(&mut document, &sources);
    duties::draw(&mut document, &sources)?;
    findings::draw(&mut document, &sources);
    closing::draw(&mut document, &sources);
    Ok(document)
}
