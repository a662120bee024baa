//! Charts of a few numbers over time, as SVG that the page's own style colours. No text from outside
//! stands in them.

use maud::{Markup, html};

/// One bar a number, the oldest on the left. `label` says what they are; their sum is added to it.
pub fn bars(counts: &[i64], width: i64, height: i64, label: &str) -> Markup {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let total: i64 = counts.iter().sum();
    let (step, thick) = steps(counts.len(), width);
    html! {
        svg class="chart" viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" aria-label={ (label) ": " (total) } {
            line class="axis" x1="0" x2=(width) y1=(height) y2=(height) {}
            @for (place, count) in (0_i64..).zip(counts).filter(|(_, count)| **count > 0) {
                @let tall = (count.saturating_mul(height) / most).max(1);
                rect class="bar" x=(step(place)) y=(height - tall) width=(thick) height=(tall) {}
            }
        }
    }
}

/// A part of every bar: the style's class for it, what it is called, and its share of each bar.
pub struct Part<'a> {
    pub class: &'static str,
    pub name: &'static str,
    pub counts: &'a [i64],
}

/// Bars of several parts on top of each other, with the highest number at the side and a legend below.
/// `ends` are the words under the first and the last bar.
pub fn stacked(parts: &[Part<'_>], width: i64, height: i64, label: &str, ends: (&str, &str)) -> Markup {
    let bars = parts.iter().map(|part| part.counts.len()).max().unwrap_or(0);
    let of = |part: &Part<'_>, place: usize| part.counts.get(place).copied().unwrap_or(0).max(0);
    let sum = |place: usize| parts.iter().map(|part| of(part, place)).sum::<i64>();
    let most = (0..bars).map(sum).max().unwrap_or(0).max(1);
    let (step, thick) = steps(bars, width);
    let told: Vec<String> =
        parts.iter().map(|part| format!("{} {}", part.name, part.counts.iter().sum::<i64>())).collect();
    let mut blocks = Vec::new();
    for (place, left) in (0..bars).zip(0_i64..) {
        let mut below = 0;
        for part in parts {
            let count = of(part, place);
            let (foot, top) = (below * height / most, (below + count) * height / most);
            if count > 0 {
                blocks.push((part, count, step(left), height + 20 - top, (top - foot).max(1)));
            }
            below += count;
        }
    }
    html! {
        svg class="chart" viewBox={ "0 0 " (width) " " (height + 44) } width=(width) height=(height + 44) role="img" aria-label={ (label) ": " (told.join(", ")) } {
            text x="0" y="15" { (most) }
            line class="axis" x1="0" x2=(width) y1="20" y2="20" {}
            line class="axis" x1="0" x2=(width) y1=(height + 20) y2=(height + 20) {}
            @for (part, count, x, y, tall) in &blocks {
                rect class=(part.class) x=(x) y=(y) width=(thick) height=(tall) { title { (part.name) ": " (count) } }
            }
            text x="0" y=(height + 39) { (ends.0) }
            text x=(width) y=(height + 39) text-anchor="end" { (ends.1) }
        }
        @if parts.len() > 1 {
            ul class="legend" {
                @for part in parts {
                    li { svg class="chart-key" viewBox="0 0 10 10" width="10" height="10" aria-hidden="true" { rect class=(part.class) width="10" height="10" {} } (part.name) " " (part.counts.iter().sum::<i64>()) }
                }
            }
        }
    }
}

/// A line over equal steps, the oldest on the left, and a dashed one at `mark`. `ends` are the words under
/// both ends; without them there is no room for any text.
pub fn line(
    values: &[f64],
    width: i32,
    height: i32,
    mark: Option<f64>,
    label: &str,
    ends: Option<(&str, &str)>,
) -> Markup {
    let top = if ends.is_some() { 17.0 } else { 2.0 };
    let (wide, tall) = (f64::from(width), f64::from(height));
    let most = values.iter().copied().chain(mark).fold(1.0, f64::max);
    let y = |value: f64| top + (tall - top) * (1.0 - value / most);
    let step = wide / (values.len().saturating_sub(1).max(1) as f64);
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(place, value)| format!("{:.1},{:.1}", place as f64 * step, y(*value)))
        .collect();
    let whole = height + if ends.is_some() { 22 } else { 2 };
    html! {
        svg class="chart" viewBox={ "0 0 " (width) " " (whole) } width=(width) height=(whole) role="img" aria-label=(label) {
            line class="axis" x1="0" x2=(width) y1=(height) y2=(height) {}
            @if let Some(mark) = mark {
                line class="mark" x1="0" x2=(width) y1={ (format!("{:.1}", y(mark))) } y2={ (format!("{:.1}", y(mark))) } {}
                @if ends.is_some() { text x="0" y={ (format!("{:.1}", y(mark) - 4.0)) } { "threshold " (format!("{mark:.0}")) } }
            }
            polyline class="line" points=(points.join(" ")) {}
            @if let Some((begin, end)) = ends {
                text x="0" y=(height + 19) { (begin) }
                text x=(width) y=(height + 19) text-anchor="end" { (end) }
            }
        }
    }
}

/// Where each bar begins, and how wide it is.
fn steps(bars: usize, width: i64) -> (impl Fn(i64) -> i64, i64) {
    let bars = i64::try_from(bars).unwrap_or(1).max(1);
    let gap = if width / bars > 12 { 4 } else { 1 };
    (move |place: i64| place * width / bars, (width / bars - gap).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_share_of_the_highest() {
        let drawn = bars(&[0, 5, 10], 30, 20, "Things").into_string();
        assert!(drawn.contains("aria-label=\"Things: 15\""), "{drawn}");
        assert_eq!(drawn.matches("<rect").count(), 2);
        assert!(drawn.contains("y=\"10\"") && drawn.contains("height=\"20\""), "{drawn}");
        assert!(bars(&[], 30, 20, "Nothing").into_string().contains("Nothing: 0"));
    }

    #[test]
    fn a_line_goes_from_end_to_end_below_its_mark() {
        let drawn = line(&[0.0, 50.0], 100, 102, Some(100.0), "Score", None).into_string();
        assert!(drawn.contains("points=\"0.0,102.0 100.0,52.0\""), "{drawn}");
        assert!(drawn.contains("y1=\"2.0\""), "{drawn}");
        assert!(line(&[], 100, 40, None, "Nothing", Some(("a", "b"))).into_string().contains("Nothing"));
    }

    #[test]
    fn parts_stand_on_each_other() {
        let parts = [
            Part { class: "good", name: "Right", counts: &[1, 0] },
            Part { class: "high", name: "Wrong", counts: &[1, 4] },
        ];
        let drawn = stacked(&parts, 100, 40, "Verdicts", ("then", "now")).into_string();
        assert!(drawn.contains("Verdicts: Right 1, Wrong 5"), "{drawn}");
        // One of four is a quarter of the height; the second part stands on the first.
        assert!(
            drawn.contains("y=\"50\"") && drawn.contains("y=\"40\"") && drawn.contains("y=\"20\""),
            "{drawn}"
        );
    }
}
