//! PDF through typst. The page's looks stand in `pdf/template.typ`, a fixed program; the document reaches it as
//! JSON data only, so no word of it is ever typst source. No packages, no file system, no clock.

mod data;
mod shelf;
mod world;

pub(crate) use shelf::Shelf;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::model::Document;
use crate::{Error, Result};

/// Layout results that this many later runs did not use are dropped from typst's cache.
const CACHE_AGE: usize = 4;

/// Typesets a document.
pub(crate) fn pdf(shelf: &Shelf, document: &Document) -> Result<Vec<u8>> {
    let data = data::document(shelf, document).to_string();
    let world = world::PaperWorld::new(shelf, data);
    let compiled = typst::compile::<PagedDocument>(&world).output;
    typst::comemo::evict(CACHE_AGE);
    let pages = compiled.map_err(|faults| Error::Typeset(words(&faults)))?;
    let archival =
        PdfStandards::new(&[PdfStandard::A_2b]).map_err(|fault| Error::Pdf(fault.message().to_string()))?;
    // Some script may still shape into a glyph that PDF/A forbids. An ordinary PDF is better than none.
    export(&pages, document, archival).or_else(|_| export(&pages, document, PdfStandards::default()))
}

fn export(pages: &PagedDocument, document: &Document, standards: PdfStandards) -> Result<Vec<u8>> {
    let options = PdfOptions {
        ident: Smart::Auto,
        creator: Smart::Custom(Some("Watchbell".to_owned())),
        timestamp: document.date.and_then(datetime).map(Timestamp::new_utc),
        standards,
        tagged: true,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(pages, &options).map_err(|faults| Error::Pdf(words(&faults)))
}

fn datetime(date: jiff::Timestamp) -> Option<Datetime> {
    let civil = jiff::tz::Offset::UTC.to_datetime(date);
    Datetime::from_ymd_hms(
        i32::from(civil.year()),
        u8::try_from(civil.month()).ok()?,
        u8::try_from(civil.day()).ok()?,
        u8::try_from(civil.hour()).ok()?,
        u8::try_from(civil.minute()).ok()?,
        u8::try_from(civil.second()).ok()?,
    )
}

fn words(faults: &[SourceDiagnostic]) -> String {
    let messages: Vec<String> = faults
        .iter()
        .map(|fault| {
            let hints: String = fault.hints.iter().map(|hint| format!(" ({})", hint.v)).collect();
            format!("{}{hints}", fault.message)
        })
        .collect();
    messages.join("; ")
}
