//! Columns over time: a group for each week or month, a column for each thing that is counted.

use super::Svg;
use super::canvas::{Anchor, Canvas, Pen, fit, number, paint, text_width};

/// One stretch of time, with a value for each series and the words for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    pub label: String,
    /// A value, and how it is written above its column; none where there is nothing to tell.
    pub values: Vec<Option<(f64, String)>>,
}

const WIDTH: f64 = 640.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 22.0;
const MOST: usize = 60;

/// Draws up to 60 stretches in a field of this height; of more, the latest.
pub fn trend(title: &str, series: &[&str], stretches: &[Stretch], height: f64) -> Svg {
    let shown = stretches.get(stretches.len().saturating_sub(MOST)..).unwrap_or_default();
    let largest = shown
        .iter()
        .flat_map(|stretch| stretch.values.iter().flatten())
        .map(|(value, _)| *value)
        .fold(0.0, f64::max);
    let legend = if series.len() > 1 { HEAD } else { 0.0 };
    let mut canvas = Canvas::default();
    if series.len() > 1 {
        key(&mut canvas, series);
    }
    let (top, bottom) = (legend + 16.0, height - FOOT);
    let step = WIDTH / number(shown.len().max(1));
    let gap = (step * 0.24).min(18.0);
    let thick = ((step - gap) / number(series.len().max(1))).min(46.0);
    let label_every = label_step(shown, step);
    for (position, stretch) in shown.iter().enumerate() {
        let middle = step * (number(position) + 0.5);
        let mut left = middle - thick * number(series.len()) / 2.0;
        for (value, colour) in stretch.values.iter().zip(paint::SERIES.into_iter().cycle()) {
            if let Some((value, words)) = value {
                let share = if largest > 0.0 { value / largest } else { 0.0 };
                let tall = ((bottom - top) * share).max(if *value > 0.0 { 1.5 } else { 0.0 });
                canvas.open_hint(&format!("{}: {words}", stretch.label));
                canvas.rect((left + 1.0, bottom - tall), (thick - 2.0, tall), 1.5, colour);
                if *value > 0.0 && text_width(words, 10.0) < thick.max(step - 4.0) / spread(series.len()) {
                    let pen = Pen::new(10.0, paint::INK).anchor(Anchor::Middle);
                    canvas.text((left + thick / 2.0, bottom - tall - 4.0), pen, words);
                }
                canvas.close_hint();
            }
            left += thick;
        }
        if (shown.len() - 1 - position).is_multiple_of(label_every) {
            let pen = Pen::new(10.5, paint::MUTED).anchor(Anchor::Middle);
            let room = step * number(label_every) - 4.0;
            canvas.text((middle, bottom + 15.0), pen, &fit(&stretch.label, 10.5, room));
        }
    }
    canvas.line((0.0, bottom), (WIDTH, bottom), paint::LINE, 1.0);
    canvas.finish(WIDTH, height, title, description(series, shown))
}

/// How many columns share the room above them.
fn spread(series: usize) -> f64 {
    number(series.max(1))
}

fn key(canvas: &mut Canvas, series: &[&str]) {
    let mut left = 0.0;
    for (name, colour) in series.iter().zip(paint::SERIES.into_iter().cycle()) {
        canvas.rect((left, 2.0), (11.0, 11.0), 2.0, colour);
        canvas.text((left + 17.0, 12.0), Pen::new(12.0, paint::INK), name);
        left += 17.0 + text_width(name, 12.0) + 22.0;
    }
}

/// Every how many stretches a label fits.
fn label_step(shown: &[Stretch], step: f64) -> usize {
    let widest = shown.iter().map(|stretch| text_width(&stretch.label, 10.5)).fold(0.0, f64::max) + 8.0;
    (1..=shown.len().max(1)).find(|every| step * number(*every) >= widest).unwrap_or(shown.len().max(1))
}

fn description(series: &[&str], shown: &[Stretch]) -> String {
    let told: Vec<String> = shown
        .iter()
        .map(|stretch| {
            let values: Vec<String> = stretch
                .values
                .iter()
                .zip(series)
                .filter_map(|(value, name)| {
                    let (_, words) = value.as_ref()?;
                    Some(if series.len() > 1 {
                        format!("{words} {}", name.to_lowercase())
                    } else {
                        words.clone()
                    })
                })
                .collect();
            let values = if values.is_empty() { "nothing".to_owned() } else { values.join(", ") };
            format!("{}: {values}", stretch.label)
        })
        .collect();
    if told.is_empty() { "No values.".to_owned() } else { format!("{}.", told.join("; ")) }
}
