//! The sheet that charts draw on: shapes and text with escaping done, colours by meaning.

use super::Svg;
use crate::xml::escape;

/// Colours by meaning: a CSS variable of the page, or a plain colour.
pub(super) mod paint {
    pub const INK: &str = "var(--paper-ink, currentColor)";
    pub const MUTED: &str = "var(--paper-muted, #5b6472)";
    pub const LINE: &str = "var(--paper-line, #c5cbd3)";
    pub const GROUND: &str = "var(--paper-ground, #ffffff)";
    pub const ADVERSARY: &str = "var(--paper-adversary, #b42318)";
    pub const RESPONSE: &str = "var(--paper-response, #1d5fa8)";
    /// One after another for things that only need to differ; told apart without colour vision too,
    /// since each is also labelled.
    pub const SERIES: [&str; 6] = [
        "var(--paper-series-1, #1d5fa8)",
        "var(--paper-series-2, #b45309)",
        "var(--paper-series-3, #1c7a52)",
        "var(--paper-series-4, #7c3aa0)",
        "var(--paper-series-5, #0e7490)",
        "var(--paper-series-6, #9f1239)",
    ];
}

/// Where text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub size: f64,
    pub paint: &'static str,
    pub bold: bool,
    pub anchor: Anchor,
}

impl Pen {
    pub const fn new(size: f64, paint: &'static str) -> Self {
        Self { size, paint, bold: false, anchor: Anchor::Start }
    }

    pub const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub const fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct Canvas {
    out: String,
}

impl Canvas {
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), paint: &str, width: f64) {
        self.push(&format!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{paint}\" stroke-width=\"{width}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    pub fn rect(&mut self, corner: (f64, f64), size: (f64, f64), radius: f64, paint: &str) {
        self.push(&format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{radius}\" fill=\"{paint}\"/>",
            corner.0, corner.1, size.0.max(0.0), size.1.max(0.0)
        ));
    }

    pub fn circle(&mut self, centre: (f64, f64), radius: f64, paint: &str, rim: &str) {
        self.push(&format!(
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius:.1}\" fill=\"{paint}\" stroke=\"{rim}\" stroke-width=\"1.5\"/>",
            centre.0, centre.1
        ));
    }

    pub fn text(&mut self, at: (f64, f64), pen: Pen, words: &str) {
        let anchor = match pen.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if pen.bold { " font-weight=\"bold\"" } else { "" };
        self.push(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{}\" fill=\"{}\" text-anchor=\"{anchor}\"{weight}>{}</text>",
            at.0, at.1, pen.size, pen.paint, literal(words)
        ));
    }

    /// Opens a group that shows these words when pointed at.
    pub fn open_hint(&mut self, words: &str) {
        self.push(&format!("<g><title>{}</title>", literal(words)));
    }

    pub fn close_hint(&mut self) {
        self.push("</g>");
    }

    pub fn finish(self, width: f64, height: f64, title: &str, description: String) -> Svg {
        let markup = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\" aria-label=\"{}\"><title>{}</title><desc>{}</desc>{}</svg>",
            literal(title),
            literal(title),
            literal(&description),
            self.out
        );
        Svg { markup, description, width: width.round(), height: height.round() }
    }

    fn push(&mut self, markup: &str) {
        self.out.push_str(markup);
    }
}

/// Escapes text so that it also holds no bracket: `Svg::standalone` looks for `var(` in our own attributes.
fn literal(text: &str) -> String {
    escape(&text.replace(['\n', '\t'], " ")).replace('(', "&#40;")
}

/// About how wide text is, on the generous side, whatever the typeface.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|letter| letter_width(letter) * size).sum()
}

fn letter_width(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.34,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | ' ' | '-' | '/' | '\\' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' | '&' | '_' | '#' => 0.72,
        _ if letter.is_ascii() => 0.56,
        _ => 1.05,
    }
}

/// The text, cut with an ellipsis where it would be wider than `width`. Hidden characters are shown first, so
/// that what is measured is what is drawn.
pub(super) fn fit(text: &str, size: f64, width: f64) -> String {
    let shown = crate::text::visible(text).replace(['\n', '\t'], " ");
    if text_width(&shown, size) <= width {
        return shown;
    }
    let room = width - letter_width('…') * size;
    let mut used = 0.0;
    let mut cut = String::new();
    for letter in shown.chars() {
        used += letter_width(letter) * size;
        if used > room {
            break;
        }
        cut.push(letter);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// A count as a number to draw with.
pub(super) fn number(count: usize) -> f64 {
    count as f64
}
