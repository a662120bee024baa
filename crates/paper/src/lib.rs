//! Paper turns one description of a document into the four forms people ask for: PDF to sign, DOCX to
//! edit, HTML to read on a screen and Markdown to paste into a ticket. It also draws the figures.
//!
//! It knows nothing of incidents. Whoever has something to say builds a [`Document`] out of blocks and
//! gives it to a [`Press`]. Three promises hold for every form:
//!
//! * **Text is text.** A string never becomes markup, a formula, a field, a template or a script,
//!   whatever it holds; characters that hide or reorder text are shown as `⟨U+202E⟩`.
//! * **The same input gives the same bytes.** No clock, no file system, no network, no chance.
//! * **Nothing runs off the page.** Hashes, paths and command lines break; tables go on over pages and
//!   repeat their header.

mod columns;
mod error;
mod model;
mod numbers;
mod press;
mod text;
mod wrap;
mod xml;

pub mod chart;
mod docx;
pub mod graph;
mod html;
mod markdown;
mod pdf;

pub use error::{Error, Result};
pub use html::html;
pub use markdown::markdown;
pub use model::{
    Align, Block, Callout, CalloutKind, Column, Document, Fact, Figure, Inline, List, Marking, Rich,
    Signature, Table, Tone,
};
pub use press::{Fonts, Format, Press};

/// The pieces that a line of text is made of, for use as `inline::code("…")`.
pub mod inline {
    pub use crate::model::{badge, code, emphasis, link, strong, text};
}
