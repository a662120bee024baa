//! A strip of phases: how long each took, to scale, with a legend that names all of them however short.

use jiff::SignedDuration;

use super::Svg;
use super::canvas::{Anchor, Canvas, Pen, fit, number, paint, text_width};

/// One phase and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    pub name: String,
    pub length: SignedDuration,
}

impl Phase {
    pub fn new(name: impl Into<String>, length: SignedDuration) -> Self {
        Self { name: name.into(), length }
    }
}

const WIDTH: f64 = 640.0;
const STRIP: f64 = 34.0;
/// A phase of a second beside one of a month is still seen.
const NARROWEST: f64 = 4.0;
const LEGEND_COLUMNS: usize = 3;
const LEGEND_ROW: f64 = 22.0;

/// Draws the phases in the given order. Negative lengths count as nothing.
pub fn phases(title: &str, phases: &[Phase]) -> Svg {
    let seconds: Vec<f64> = phases.iter().map(|phase| phase.length.as_secs_f64().max(0.0)).collect();
    let total: f64 = seconds.iter().sum();
    let room = WIDTH - NARROWEST * number(phases.len());
    let mut canvas = Canvas::default();
    let mut left = 0.0;
    for ((phase, length), colour) in phases.iter().zip(&seconds).zip(colours()) {
        let share = if total > 0.0 { length / total } else { 1.0 / number(phases.len().max(1)) };
        let width = NARROWEST + room.max(0.0) * share;
        let words = words(phase.length);
        canvas.open_hint(&format!("{}: {words}", phase.name));
        canvas.rect((left, 0.0), (width - 1.0, STRIP), 2.0, colour);
        if text_width(&words, 12.0) + 10.0 < width {
            let pen = Pen::new(12.0, paint::GROUND).bold().anchor(Anchor::Middle);
            canvas.text((left + width / 2.0, STRIP / 2.0 + 4.5), pen, &words);
        }
        canvas.close_hint();
        left += width;
    }
    let column = WIDTH / number(LEGEND_COLUMNS);
    for (position, (phase, colour)) in phases.iter().zip(colours()).enumerate() {
        let x = column * number(position % LEGEND_COLUMNS);
        let y = STRIP + 10.0 + LEGEND_ROW * number(position / LEGEND_COLUMNS);
        let words = words(phase.length);
        let name = fit(&phase.name, 12.0, column - 40.0 - text_width(&words, 12.0));
        canvas.rect((x, y + 2.0), (11.0, 11.0), 2.0, colour);
        canvas.text((x + 17.0, y + 12.0), Pen::new(12.0, paint::INK), &name);
        canvas.text((x + 25.0 + text_width(&name, 12.0), y + 12.0), Pen::new(12.0, paint::MUTED), &words);
    }
    let rows = phases.len().div_ceil(LEGEND_COLUMNS);
    let listed: Vec<String> =
        phases.iter().map(|phase| format!("{} {}", phase.name, words(phase.length))).collect();
    let description = if listed.is_empty() {
        "No phases.".to_owned()
    } else {
        format!("Phases in order: {}.", listed.join("; "))
    };
    canvas.finish(WIDTH, STRIP + 10.0 + LEGEND_ROW * number(rows.max(1)), title, description)
}

fn colours() -> impl Iterator<Item = &'static str> {
    paint::SERIES.into_iter().cycle()
}

/// A length of time as people say it: the two largest units.
pub(super) fn words(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let spoken: Vec<String> = units
        .iter()
        .skip_while(|(count, _)| *count == 0)
        .take(2)
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if spoken.is_empty() { "0 s".to_owned() } else { spoken.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_spoken_in_two_units() {
        let spoken = |seconds| words(SignedDuration::from_secs(seconds));
        assert_eq!(spoken(0), "0 s");
        assert_eq!(spoken(59), "59 s");
        assert_eq!(spoken(3_600), "1 h");
        assert_eq!(spoken(3_661), "1 h 1 min");
        assert_eq!(spoken(200_000), "2 d 7 h");
    }
}
