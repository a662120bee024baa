//! What a report is made of: templates that say which chapters stand in which order, with which headings and
//! words. A template is a file that people change ([`read`]); what a chapter draws is the server's business. Words
//! of a template are text with placeholders of a closed list ([`words`]); what stands in for one is text as well.

mod part;
mod read;
mod words;

use crate::key::keys;
use crate::{Line, Text};

pub use part::{LeaveOut, Part};
pub use read::Refusal;
pub use words::{Field, Words};

// A template's name in files, addresses and on the command line.
keys! {
    TemplateKey = "the name of a template", "one-pager";
}

/// A kind of report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub id: TemplateKey,
    pub title: Line,
    /// For whom and for what it is.
    pub purpose: Text,
    /// Stands below the title of the document.
    pub subtitle: Words,
    /// Whether headings have numbers.
    pub numbered: bool,
    /// Whether a cover with a table of contents stands in front.
    pub cover: bool,
    pub leave_out: Vec<LeaveOut>,
    pub chapters: Vec<Chapter>,
}

impl Template {
    pub fn leaves_out(&self, what: LeaveOut) -> bool {
        self.leave_out.contains(&what)
    }
}

/// One chapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    pub part: Part,
    pub heading: Words,
    /// A paragraph before what the part draws, and one after it.
    pub before: Option<Words>,
    pub after: Option<Words>,
    pub new_page: bool,
}
