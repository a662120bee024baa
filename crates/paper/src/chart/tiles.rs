//! Key figures: a few numbers large enough to be read from across a table, each with what it counts.

use super::Svg;
use super::canvas::{Canvas, Pen, fit, number, paint, text_width};
use crate::model::Tone;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub label: String,
    pub value: String,
    /// What the figure is to be compared with; may be empty.
    pub note: String,
    pub tone: Tone,
}

impl Tile {
    pub fn new(label: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), note: note.into(), tone: Tone::Neutral }
    }

    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 74.0;
const GAP: f64 = 10.0;
const MOST_IN_ROW: usize = 4;
const LARGE: f64 = 23.0;
/// The smallest that a long value is set.
const SMALL: f64 = 14.0;

/// Draws the figures in rows that are as full as each other.
pub fn tiles(title: &str, all: &[Tile]) -> Svg {
    let rows = all.len().div_ceil(MOST_IN_ROW).max(1);
    let in_row = all.len().div_ceil(rows).max(1);
    let width = (WIDTH - GAP * (number(in_row) - 1.0)) / number(in_row);
    let mut canvas = Canvas::default();
    for (position, tile) in all.iter().enumerate() {
        let left = (width + GAP) * number(position % in_row);
        let top = (HEIGHT + GAP) * number(position / in_row);
        let room = width - 22.0;
        canvas.open_hint(&format!("{}: {}", tile.label, tile.value));
        canvas.rect((left, top), (width, HEIGHT), 3.0, paint::TILE);
        canvas.rect((left, top), (3.5, HEIGHT), 1.0, colour(tile.tone));
        canvas.text((left + 14.0, top + 18.0), Pen::new(11.5, paint::MUTED), &fit(&tile.label, 11.5, room));
        let wanted = text_width(&tile.value, LARGE) * 1.08;
        let size = if wanted > room { (LARGE * room / wanted).max(SMALL) } else { LARGE };
        let value = fit(&tile.value, size * 1.06, room);
        let pen = Pen::new((size * 2.0).floor() / 2.0, colour_of_value(tile.tone)).bold();
        canvas.text((left + 14.0, top + 43.0), pen, &value);
        canvas.text((left + 14.0, top + 62.0), Pen::new(11.0, paint::MUTED), &fit(&tile.note, 11.0, room));
        canvas.close_hint();
    }
    let told: Vec<String> = all
        .iter()
        .map(|tile| {
            let note = if tile.note.is_empty() { String::new() } else { format!(" ({})", tile.note) };
            format!("{}: {}{note}", tile.label, tile.value)
        })
        .collect();
    let description =
        if told.is_empty() { "No figures.".to_owned() } else { format!("{}.", told.join("; ")) };
    canvas.finish(WIDTH, (HEIGHT + GAP) * number(rows) - GAP, title, description)
}

fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => paint::MUTED,
        Tone::Info => paint::SERIES[0],
        Tone::Success => paint::SERIES[2],
        Tone::Warning => paint::SERIES[1],
        Tone::Danger => paint::ADVERSARY,
    }
}

/// Numbers are black; only what asks for attention has a colour.
fn colour_of_value(tone: Tone) -> &'static str {
    match tone {
        Tone::Danger => paint::ADVERSARY,
        Tone::Warning => paint::SERIES[1],
        _ => paint::INK,
    }
}
