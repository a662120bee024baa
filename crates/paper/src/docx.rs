//! DOCX, the Office Open XML word-processor format (ISO/IEC 29500): real heading styles, header rows that repeat,
//! page numbers as fields. This file puts the package together; `body` writes the text, `parts` the fixed parts,
//! `picture` turns drawings into bitmaps.

mod body;
mod parts;
mod picture;
mod tables;

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::model::Document;
use crate::pdf::Shelf;
use crate::{Error, Result};

/// Makes the package.
pub(crate) fn docx(shelf: &Shelf, document: &Document) -> Result<Vec<u8>> {
    let body = body::write(shelf, document)?;
    let mut files: Vec<(String, Vec<u8>)> = vec![
        ("[Content_Types].xml".to_owned(), parts::CONTENT_TYPES.into()),
        ("_rels/.rels".to_owned(), parts::PACKAGE_RELATIONS.into()),
        ("docProps/core.xml".to_owned(), parts::properties(document).into_bytes()),
        ("docProps/app.xml".to_owned(), parts::APPLICATION.into()),
        ("word/document.xml".to_owned(), body.document.into_bytes()),
        (
            "word/_rels/document.xml.rels".to_owned(),
            parts::relations(&body.links, body.pictures.len()).into_bytes(),
        ),
        ("word/styles.xml".to_owned(), parts::styles(document.language()).into_bytes()),
        ("word/numbering.xml".to_owned(), parts::numbering(body.ordered_lists).into_bytes()),
        ("word/settings.xml".to_owned(), parts::SETTINGS.into()),
        ("word/header.xml".to_owned(), parts::header(document, true).into_bytes()),
        ("word/header-first.xml".to_owned(), parts::header(document, false).into_bytes()),
        ("word/footer.xml".to_owned(), parts::footer(document).into_bytes()),
    ];
    for (position, picture) in body.pictures.into_iter().enumerate() {
        files.push((format!("word/media/figure{}.png", position + 1), picture));
    }
    package(&files).map_err(|fault| Error::Docx(fault.to_string()))
}

fn package(files: &[(String, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    // The time within the archive is always the same, so that equal documents are equal bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}
