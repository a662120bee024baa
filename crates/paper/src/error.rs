//! What can go wrong on the way to paper. Nothing a document says can cause these; they tell of a font
//! that is none, a typesetting fault or a form that nobody knows.

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a document could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes given as an extra font hold no usable face.
    #[error(
        "extra font number {position} is not a TrueType or OpenType font; remove it or give another file"
    )]
    Font { position: usize },
    /// The typesetter refused the document.
    #[error("the document could not be typeset: {0}")]
    Typeset(String),
    /// The PDF writer refused the typeset pages.
    #[error("the typeset pages could not be written as PDF: {0}")]
    Pdf(String),
    /// A figure could not be drawn as a picture.
    #[error("figure {number} could not be drawn as a picture: {reason}")]
    Picture { number: usize, reason: String },
    /// The word-processor package could not be put together.
    #[error("the DOCX package could not be written: {0}")]
    Docx(String),
    /// The name of a format is not one of ours.
    #[error("there is no format called \"{0}\"; use pdf, docx, html or md")]
    Format(String),
}
