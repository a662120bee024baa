//! What leaves the house: reports of an incident after templates, in four forms and for a
//! marking, the bundle that proves an
//! incident's records, and evidence under a password. All are drawn from the incident's dossier and the ledger; nothing is
//! written here but the record that an export happened.

pub mod api;
mod attack;
pub mod bundle;
mod chat;
mod closing;
mod compose;
mod custody_form;
mod duties;
pub mod exhibit;
mod findings;
mod impact;
mod opening;
pub mod page;
mod redact;
mod response;
mod steps;
mod story;
pub mod templates;
mod words;

use domain::report::Template;
use domain::{Actor, IncidentId, Permission, Tlp};
use jiff::Timestamp;
use ledger::Checkpoint;
use paper::{Document, Format};

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
    /// The markings of the incidents that are merged into it.
    merged: Vec<Tlp>,
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

/// Which report is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The template; the whole incident unless another is named.
    pub kind: Option<String>,
    /// For which marking; that of the incident unless another is named.
    pub tlp: Option<Tlp>,
}

/// The report of an incident in one form. Whoever may see the incident reads it on the screen; to
/// take it along is an export.
pub async fn render(
    app: &App,
    actor: &Actor,
    id: IncidentId,
    wanted: &Wanted,
    format: Format,
) -> Result<Rendered> {
    if format == Format::Html {
        need(actor, Permission::ReadIncident, "reading incidents")?;
    } else {
        need(actor, Permission::ExportIncident, "taking reports out")?;
    }
    let template = app.reports.named(wanted.kind.as_deref())?;
    let note = audit::sign_now(app).await?;
    let mut sources = Box::pin(sources(app, actor, id, &note)).await?;
    let tlp = wanted.tlp.unwrap_or_else(|| redact::common(&sources));
    let document = document(template, actor, &mut sources, tlp)?;
    let bytes = print(document, format).await?;
    let kind = if template.id.as_str() == templates::USUAL { "report" } else { template.id.as_str() };
    Ok(Rendered { bytes, format, name: format!("{id}-{kind}.{}", format.extension()) })
}

/// The whole report with nothing left out, for the bundle, which has all of it.
async fn whole(app: &App, actor: &Actor, id: IncidentId, note: &str) -> Result<Document> {
    let mut sources = Box::pin(sources(app, actor, id, note)).await?;
    let tlp = redact::highest(&sources);
    document(app.reports.named(None)?, actor, &mut sources, tlp)
}

/// What a report is drawn from, with what the ledger said at this checkpoint.
async fn sources(app: &App, actor: &Actor, id: IncidentId, note: &str) -> Result<Sources> {
    let key = app.key.verifying_key();
    let dossier = Box::pin(incident::dossier(app, actor, id)).await?;
    let mut merged = Vec::new();
    for merge in &dossier.merged {
        merged.push(incident::get(app, actor, merge.part).await?.record.tlp);
    }
    Ok(Sources {
        dossier,
        merged,
        evidence: evidence::of_incident(app, actor, id).await?,
        duties: obligation::case(app, actor, id).await?,
        checkpoint: Checkpoint::open(note.as_bytes(), key)?,
        fingerprint: key.fingerprint(),
        now: app.clock.now(),
    })
}

fn document(template: &Template, actor: &Actor, sources: &mut Sources, tlp: Tlp) -> Result<Document> {
    let mut left = redact::redact(sources, tlp)?;
    // The page says how far what is in it may travel, which may be further than what was asked for.
    let marking = redact::highest(sources).label();
    let made = compose::Made { by: actor.name().to_owned(), marking };
    compose::compose(template, sources, &mut left, &made)
}
