//! The last chapters: root cause, outcome, lessons, recommendations, approval, and the annexes with
//! the whole timeline and what the ledger says.

use paper::{Document, Rich};

use super::Sources;
use super::findings::full_timeline;
use super::words::{date, grouped, missing, written};

/// How many entries the annex has; more would be a book.
const MOST_ENTRIES: usize = 1500;

pub fn whole(document: &mut Document, sources: &Sources) {
    if sources.dossier.entries.is_empty() {
        document.paragraph("Nothing is on the timeline yet.");
    } else {
        full_timeline(document, sources, MOST_ENTRIES);
    }
}

pub fn conclusions(document: &mut Document, sources: &Sources) {
    let record = &sources.dossier.incident.record;
    document.heading(2, "Root cause");
    written(document, record.root_cause.as_deref());
    document.heading(2, "Outcome");
    match (record.outcome, record.closed_at) {
        (Some(outcome), Some(closed)) => {
            document.paragraph(Rich::new().strong(outcome.label()).text(format!(", on {}.", date(closed))));
        }
        _ => {
            document.paragraph(missing());
        }
    }
    document.heading(2, "Lessons");
    written(document, record.lessons.as_deref());
    document.heading(2, "Recommendations");
    written(document, record.recommendations.as_deref());
}

pub fn approval(document: &mut Document, sources: &Sources) {
    let commander = sources.dossier.incident.commander_name.clone().unwrap_or_default();
    document
        .paragraph("With their signatures the undersigned accept this report and its recommendations.")
        .signatures([
            ("Incident commander", commander.as_str()),
            ("Head of information security", ""),
            ("Management", ""),
        ]);
}

/// What lets a reader who trusts nobody check what the report rests on.
pub fn statement(document: &mut Document, sources: &Sources) {
    let (checkpoint, id) = (&sources.checkpoint, sources.dossier.incident.record.id);
    document.paragraph(
        "Every change of every record that this report is drawn from is a leaf in an append-only Merkle log (RFC 6962). \
         Its head, as it was when the report was made, is signed with the organisation's key:",
    );
    document.facts([
        ("Ledger", Rich::from(checkpoint.origin())),
        ("Leaves", grouped(i64::try_from(checkpoint.size()).unwrap_or(i64::MAX)).into()),
        ("Root", Rich::new().code(checkpoint.root().to_string())),
        ("Key fingerprint", Rich::new().code(&sources.fingerprint)),
    ]);
    document.paragraph(
        "To check the records themselves, take the incident's bundle and verify it, on any machine and without a network. \
         Compare the fingerprint that it prints with the one that the organisation has published.",
    );
    document.code(format!("watchbell export {id}\nwatchbell verify {id}-bundle.zip"));
}
