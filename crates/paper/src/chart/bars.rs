//! Horizontal bars: how much of each, largest on top if the caller sorts so.

use super::Svg;
use super::canvas::{Anchor, Canvas, Pen, fit, number, paint, text_width};

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    pub label: String,
    pub value: u64,
}

impl Bar {
    pub fn new(label: impl Into<String>, value: u64) -> Self {
        Self { label: label.into(), value }
    }
}

const WIDTH: f64 = 640.0;
const ROW: f64 = 24.0;
const LABELS_AT_MOST: f64 = 250.0;
const MOST_BARS: usize = 40;

/// Draws up to 40 bars; the rest are added up in a last one, so that nothing is left out.
pub fn bars(title: &str, bars: &[Bar]) -> Svg {
    let mut shown: Vec<Bar> = bars.to_vec();
    if shown.len() > MOST_BARS {
        let rest = shown.split_off(MOST_BARS - 1);
        let sum = rest.iter().fold(0_u64, |sum, bar| sum.saturating_add(bar.value));
        shown.push(Bar::new(format!("{} others", rest.len()), sum));
    }
    let pen = Pen::new(12.0, paint::INK);
    let widest = shown.iter().map(|bar| text_width(&bar.label, pen.size)).fold(0.0, f64::max);
    let labels = widest.min(LABELS_AT_MOST);
    let start = labels + 12.0;
    let largest = shown.iter().map(|bar| bar.value).max().unwrap_or(0);
    let value_room = text_width(&largest.to_string(), pen.size) + 14.0;
    let scale = (WIDTH - start - value_room).max(20.0);
    let mut canvas = Canvas::default();
    for (position, bar) in shown.iter().enumerate() {
        let top = 4.0 + ROW * number(position);
        let baseline = top + 16.0;
        let length = if largest == 0 { 0.0 } else { scale * share(bar.value, largest) };
        canvas.open_hint(&format!("{}: {}", bar.label, bar.value));
        canvas.text((labels, baseline), pen.anchor(Anchor::End), &fit(&bar.label, pen.size, labels + 0.5));
        canvas.rect(
            (start, top + 4.0),
            (length.max(if bar.value == 0 { 0.0 } else { 1.5 }), ROW - 8.0),
            2.0,
            paint::SERIES[0],
        );
        canvas.text((start + length + 6.0, baseline), pen.bold(), &bar.value.to_string());
        canvas.close_hint();
    }
    let height = 8.0 + ROW * number(shown.len());
    canvas.line((start, 2.0), (start, height - 2.0), paint::LINE, 1.0);
    let listed: Vec<String> = shown.iter().map(|bar| format!("{} {}", bar.label, bar.value)).collect();
    let description =
        if listed.is_empty() { "No values.".to_owned() } else { format!("Bars: {}.", listed.join("; ")) };
    canvas.finish(WIDTH, height, title, description)
}

/// Precise enough for pixels.
fn share(value: u64, largest: u64) -> f64 {
    value as f64 / largest as f64
}
