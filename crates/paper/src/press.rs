//! The press: holds the typefaces, loaded once, and makes any format of a document. Share one for the whole
//! process; it can be used from many threads.

use std::str::FromStr;

use crate::model::Document;
use crate::pdf::Shelf;
use crate::{Error, Result};

/// Typefaces beyond the ones built in (Libertinus Serif for text, DejaVu Sans Mono for machine values).
///
/// The first proportional family among them becomes the typeface of the text, the first monospaced one that of
/// machine values; all of them serve letters that the others lack, such as Chinese or Arabic ones.
#[derive(Debug, Clone, Default)]
pub struct Fonts {
    /// The bytes of TrueType or OpenType files.
    pub extra: Vec<&'static [u8]>,
}

/// The form a document takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Pdf,
    Docx,
    Html,
    Markdown,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Docx, Self::Html, Self::Markdown];

    /// The ending of a file of this format, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Html => "html",
            Self::Markdown => "md",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Html => "text/html; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name.to_ascii_lowercase().as_str() {
            "pdf" => Ok(Self::Pdf),
            "docx" => Ok(Self::Docx),
            "html" | "htm" => Ok(Self::Html),
            "md" | "markdown" => Ok(Self::Markdown),
            _ => Err(Error::Format(name.to_owned())),
        }
    }
}

/// Makes documents.
#[derive(Debug)]
pub struct Press {
    shelf: Shelf,
}

impl Press {
    /// Loads the typefaces.
    ///
    /// # Errors
    /// [`Error::Font`] when an extra font is none.
    pub fn new(fonts: &Fonts) -> Result<Self> {
        Ok(Self { shelf: Shelf::load(fonts)? })
    }

    /// The document in one format.
    ///
    /// # Errors
    /// PDF and DOCX can fail as [`Press::pdf`] and [`Press::docx`] do; the others cannot.
    pub fn render(&self, document: &Document, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Pdf => self.pdf(document),
            Format::Docx => self.docx(document),
            Format::Html => Ok(crate::html(document).into_bytes()),
            Format::Markdown => Ok(crate::markdown(document).into_bytes()),
        }
    }

    /// The document as PDF/A-2b with tags for assistive technology.
    ///
    /// # Errors
    /// [`Error::Typeset`] or [`Error::Pdf`] when the typesetter fails; no text can make it do so.
    pub fn pdf(&self, document: &Document) -> Result<Vec<u8>> {
        crate::pdf::pdf(&self.shelf, document)
    }

    /// The document as a word-processor file.
    ///
    /// # Errors
    /// [`Error::Picture`] when a figure cannot be drawn, [`Error::Docx`] when the package cannot be written.
    pub fn docx(&self, document: &Document) -> Result<Vec<u8>> {
        crate::docx::docx(&self.shelf, document)
    }
}
