//! Figures as SVG, drawn by this crate alone: whoever holds an [`Svg`] knows that no text in it is markup.
//! Colours are CSS variables with plain colours to fall back on, so a figure follows the page it stands in,
//! light or dark; on paper the plain colours are used.

mod bars;
mod canvas;
mod phases;
mod timeline;

pub use bars::{Bar, bars};
pub use phases::{Phase, phases};
pub use timeline::{Lane, Moment, timeline};

/// A finished drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Svg {
    markup: String,
    description: String,
    width: f64,
    height: f64,
}

impl Svg {
    /// The drawing for use within an HTML page.
    pub fn markup(&self) -> &str {
        &self.markup
    }

    /// What the drawing shows, in words.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Width and height in CSS pixels.
    pub fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }

    /// The drawing as a file of its own: plain colours, its own typefaces, a namespace.
    ///
    /// `families` are tried in order, as in the CSS property `font-family`.
    pub fn standalone(&self, families: &str) -> String {
        let mut plain = String::with_capacity(self.markup.len());
        let mut rest = self.markup.as_str();
        // No text holds a bare bracket or quote (see `canvas`), so these are always our own attributes.
        while let Some((before, after)) = rest.split_once("var(") {
            plain.push_str(before);
            let Some((variable, behind)) = after.split_once(')') else {
                break;
            };
            let fallback = variable.split_once(',').map_or(variable, |(_, colour)| colour);
            plain.push_str(fallback.trim());
            rest = behind;
        }
        plain.push_str(rest);
        let families = crate::xml::escape(families);
        plain.replace("\"currentColor\"", "\"#1f2937\"").replacen(
            "<svg ",
            &format!("<svg font-family=\"{families}\" "),
            1,
        )
    }
}
