//! A workflow as a figure: steps in layers from the start down, every type with a shape and a word of its own. The
//! same playbook gives the same figure. Colours are CSS variables with a fallback, so that a page sets them for light
//! and dark; [`Drawing::standalone`] brings its own.

mod layout;
mod shape;
mod svg;

use std::collections::BTreeMap;

use crate::Playbook;

/// How a step stands in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// Not reached.
    #[default]
    Plain,
    /// Waiting: for time, for people.
    Waiting,
    /// Under way.
    Active,
    Done,
    Failed,
    /// It may have happened.
    Doubt,
    CalledOff,
}

impl Look {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Doubt => "doubt",
            Self::CalledOff => "called-off",
        }
    }

    /// The same as one letter, where there is no room for a word.
    const fn mark(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Waiting => Some("…"),
            Self::Active => Some("▸"),
            Self::Done => Some("✓"),
            Self::Failed => Some("✕"),
            Self::Doubt => Some("?"),
            Self::CalledOff => Some("–"),
        }
    }

    /// The word that stands on the step, so that nothing hangs on colour.
    const fn word(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Waiting => Some("waiting"),
            Self::Active => Some("running"),
            Self::Done => Some("done"),
            Self::Failed => Some("failed"),
            Self::Doubt => Some("in doubt"),
            Self::CalledOff => Some("called off"),
        }
    }
}

/// What else a figure shows.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How steps stand, by their identifier.
    pub looks: BTreeMap<String, Look>,
    /// Where a step leads when it is clicked: this, and its identifier after it.
    pub link: Option<String>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    markup: String,
    pub width: f64,
    pub height: f64,
}

impl Drawing {
    /// The SVG element, for a page that sets the colours.
    pub fn markup(&self) -> &str {
        &self.markup
    }

    /// A file of its own: an SVG document with colours for light and dark.
    pub fn standalone(&self) -> String {
        let styled = self.markup.replacen("<title>", &format!("<style>{}</style><title>", svg::STYLE), 1);
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{styled}\n")
    }
}

/// Draws a playbook's workflow.
pub fn draw(playbook: &Playbook, options: &Options) -> Drawing {
    let layout = layout::lay_out(playbook);
    svg::write(playbook, &layout, options)
}
