//! Two lanes along time: what the adversary did above the axis, how we answered below. Moments that stand too
//! close for their labels are drawn as one mark with a count, so five hundred fit as well as one.

use jiff::Timestamp;

use super::Svg;
use super::canvas::{Anchor, Canvas, Pen, fit, number, paint, text_width};

/// Whose doing it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Adversary,
    Response,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Moment {
    pub time: Timestamp,
    pub lane: Lane,
    pub label: String,
}

impl Moment {
    pub fn new(time: Timestamp, lane: Lane, label: impl Into<String>) -> Self {
        Self { time, lane, label: label.into() }
    }
}

const WIDTH: f64 = 660.0;
const LEFT: f64 = 10.0;
/// The last moment stands here, so that its label has room to its right.
const RIGHT: f64 = WIDTH - 186.0;
const LABEL: f64 = 176.0;
const ROW: f64 = 27.0;
const MOST_ROWS: usize = 7;
const AXIS: f64 = 34.0;
const HEADING: f64 = 14.0;
const LABEL_SIZE: f64 = 11.5;
const TIME_SIZE: f64 = 10.0;

/// Moments drawn as one mark, and where its label stands.
struct Cluster {
    x: f64,
    count: usize,
    first: Timestamp,
    last: Timestamp,
    label: String,
    row: usize,
}

/// Draws the moments, in any order given.
pub fn timeline(title: &str, moments: &[Moment]) -> Svg {
    let mut sorted: Vec<&Moment> = moments.iter().collect();
    sorted.sort_by_key(|moment| moment.time);
    let mut canvas = Canvas::default();
    let (Some(first), Some(last)) = (sorted.first(), sorted.last()) else {
        canvas.text((LEFT, 20.0), Pen::new(12.0, paint::MUTED), "Nothing on the timeline.");
        return canvas.finish(WIDTH, 32.0, title, "Nothing on the timeline.".to_owned());
    };
    let span = Span { first: first.time.as_second(), last: last.time.as_second() };
    let adversary = clusters(&sorted, Lane::Adversary, &span);
    let response = clusters(&sorted, Lane::Response, &span);
    let above = HEADING + ROW * number(rows(&adversary));
    let below = HEADING + ROW * number(rows(&response));
    let axis_top = above + 6.0;
    let axis_bottom = axis_top + AXIS;
    draw_axis(&mut canvas, &span, axis_top);
    draw_lane(
        &mut canvas,
        &adversary,
        &Side { axis: axis_top, down: false, paint: paint::ADVERSARY, name: "ADVERSARY", edge: 12.0 },
    );
    let height = axis_bottom + below + 6.0;
    draw_lane(
        &mut canvas,
        &response,
        &Side { axis: axis_bottom, down: true, paint: paint::RESPONSE, name: "RESPONSE", edge: height - 4.0 },
    );
    let description = format!(
        "Timeline from {} to {} UTC with {} by the adversary and {} by the response.",
        first.time.strftime("%-d %B %Y %H:%M"),
        last.time.strftime("%-d %B %Y %H:%M"),
        moments_in_words(&sorted, Lane::Adversary),
        moments_in_words(&sorted, Lane::Response),
    );
    canvas.finish(WIDTH, height, title, description)
}

fn moments_in_words(moments: &[&Moment], lane: Lane) -> String {
    match moments.iter().filter(|moment| moment.lane == lane).count() {
        1 => "1 moment".to_owned(),
        count => format!("{count} moments"),
    }
}

/// The stretch of time drawn, in seconds since 1970.
struct Span {
    first: i64,
    last: i64,
}

impl Span {
    fn x(&self, second: i64) -> f64 {
        if self.last == self.first {
            return LEFT + 40.0;
        }
        LEFT + (RIGHT - LEFT) * ((second - self.first) as f64 / (self.last - self.first) as f64)
    }
}

/// Puts moments together until every mark has room for its label. The distance grows step by step; at the
/// widest everything is one mark, which always fits.
fn clusters(moments: &[&Moment], lane: Lane, span: &Span) -> Vec<Cluster> {
    let own: Vec<&Moment> = moments.iter().copied().filter(|moment| moment.lane == lane).collect();
    let mut distance = 7.0;
    loop {
        let mut clusters = gather(&own, span, distance);
        if place(&mut clusters) || distance > WIDTH {
            return clusters;
        }
        distance *= 1.25;
    }
}

fn gather(moments: &[&Moment], span: &Span, distance: f64) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    for moment in moments {
        let x = span.x(moment.time.as_second());
        match clusters.last_mut() {
            Some(open) if x - open.x < distance => {
                open.count += 1;
                open.last = moment.time;
            }
            _ => clusters.push(Cluster {
                x,
                count: 1,
                first: moment.time,
                last: moment.time,
                label: moment.label.clone(),
                row: 0,
            }),
        }
    }
    clusters
}

/// Gives each label the lowest free row, from right to left. A label reaches to the right of its stem, so it
/// must end before the next label in its row and before every stem that goes on to a higher one. False when the
/// rows do not suffice.
fn place(clusters: &mut [Cluster]) -> bool {
    let mut leftmost = [f64::INFINITY; MOST_ROWS];
    for cluster in clusters.iter_mut().rev() {
        let end = cluster.x + label_width(cluster) + 8.0;
        let free = |row: &usize| leftmost.iter().skip(*row).all(|edge| end <= *edge);
        let Some(row) = (0..MOST_ROWS).find(free) else {
            return false;
        };
        cluster.row = row;
        if let Some(edge) = leftmost.get_mut(row) {
            *edge = cluster.x;
        }
    }
    true
}

fn label_width(cluster: &Cluster) -> f64 {
    let shown = text_width(&shown_label(cluster), LABEL_SIZE);
    shown.max(text_width(&shown_time(cluster), TIME_SIZE)) + 6.0
}

fn shown_label(cluster: &Cluster) -> String {
    if cluster.count == 1 {
        return fit(&cluster.label, LABEL_SIZE, LABEL);
    }
    let more = format!(" +{}", cluster.count - 1);
    let label = fit(&cluster.label, LABEL_SIZE, LABEL - text_width(&more, LABEL_SIZE));
    label + &more
}

fn shown_time(cluster: &Cluster) -> String {
    let first = cluster.first.strftime("%-d %b %H:%M").to_string();
    let last = cluster.last.strftime("%-d %b %H:%M").to_string();
    if first == last {
        return first;
    }
    let one_day = cluster.first.strftime("%F").to_string() == cluster.last.strftime("%F").to_string();
    format!("{first}–{}", if one_day { cluster.last.strftime("%H:%M").to_string() } else { last })
}

fn rows(clusters: &[Cluster]) -> usize {
    clusters.iter().map(|cluster| cluster.row + 1).max().unwrap_or(1)
}

/// One side of the axis.
struct Side {
    axis: f64,
    down: bool,
    paint: &'static str,
    name: &'static str,
    edge: f64,
}

fn draw_lane(canvas: &mut Canvas, clusters: &[Cluster], side: &Side) {
    let direction = if side.down { 1.0 } else { -1.0 };
    canvas.text((2.0, side.edge), Pen::new(9.5, side.paint).bold(), side.name);
    for cluster in clusters {
        let far = side.axis + direction * (ROW * number(cluster.row + 1) - 4.0);
        // The two lines of a label stand at the far end of its stem.
        let time_line = if side.down { far - 13.0 } else { far + 8.0 };
        canvas.line((cluster.x, side.axis), (cluster.x, far), side.paint, 1.0);
        canvas.open_hint(&format!("{} {}", shown_time(cluster), cluster.label));
        canvas.text((cluster.x + 5.0, time_line), Pen::new(TIME_SIZE, paint::MUTED), &shown_time(cluster));
        canvas.text(
            (cluster.x + 5.0, time_line + 12.0),
            Pen::new(LABEL_SIZE, paint::INK),
            &shown_label(cluster),
        );
        canvas.close_hint();
    }
    for cluster in clusters {
        draw_mark(canvas, cluster, side);
    }
}

fn draw_mark(canvas: &mut Canvas, cluster: &Cluster, side: &Side) {
    let centre = (cluster.x, side.axis);
    if cluster.count == 1 {
        canvas.circle(centre, 4.0, side.paint, paint::GROUND);
        return;
    }
    let count = cluster.count.to_string();
    let radius = 5.5 + 2.0 * number(count.len());
    canvas.circle(centre, radius, side.paint, paint::GROUND);
    let pen = Pen::new(9.0, paint::GROUND).bold().anchor(Anchor::Middle);
    canvas.text((centre.0, centre.1 + 3.2), pen, &count);
}

fn draw_axis(canvas: &mut Canvas, span: &Span, top: f64) {
    canvas.line((LEFT - 8.0, top), (WIDTH - 2.0, top), paint::LINE, 1.5);
    canvas.line((LEFT - 8.0, top + AXIS), (WIDTH - 2.0, top + AXIS), paint::LINE, 1.5);
    let step = tick_step(span.last - span.first);
    let mut tick = span.first.div_euclid(step) * step;
    let mut day = String::new();
    let pen = Pen::new(10.0, paint::MUTED).anchor(Anchor::Middle);
    let mut free_from = 0.0;
    while tick <= span.last {
        let x = span.x(tick);
        let time = Timestamp::from_second(tick).unwrap_or(Timestamp::UNIX_EPOCH);
        let (words, today) = (tick_words(time, step), time.strftime(under_tick(step)).to_string());
        if tick >= span.first && x - 24.0 >= free_from {
            canvas.line((x, top), (x, top + 4.0), paint::LINE, 1.0);
            canvas.line((x, top + AXIS), (x, top + AXIS - 4.0), paint::LINE, 1.0);
            canvas.text((x, top + 16.0), pen, &words);
            if today != day {
                canvas.text((x, top + 27.0), pen.bold(), &today);
                day = today;
            }
            free_from = x + 24.0;
        }
        tick = tick.saturating_add(step);
    }
}

/// What stands under a tick where it changes: the day under hours, the year under days.
fn under_tick(step: i64) -> &'static str {
    if step < 86_400 { "%-d %b" } else { "%Y" }
}

fn tick_words(time: Timestamp, step: i64) -> String {
    let format = match step {
        86_400.. => "%-d %b",
        60.. => "%H:%M",
        _ => "%H:%M:%S",
    };
    time.strftime(format).to_string()
}

/// Seconds between ticks: a round step that gives at most nine.
fn tick_step(seconds: i64) -> i64 {
    const STEPS: [i64; 20] = [
        1, 5, 15, 30, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800,
        1_209_600, 2_592_000, 7_776_000, 31_536_000,
    ];
    STEPS.into_iter().find(|step| seconds / step <= 8).unwrap_or_else(|| (seconds / 8).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(count: i64, step: i64) -> Vec<Moment> {
        let start = 1_795_000_000;
        (0..count)
            .map(|position| {
                let lane = if position % 3 == 0 { Lane::Response } else { Lane::Adversary };
                let time = Timestamp::from_second(start + position * step).unwrap();
                Moment::new(time, lane, format!("something of importance, number {position}"))
            })
            .collect()
    }

    #[test]
    fn labels_never_collide_and_no_moment_is_lost() {
        for (count, step) in [(1, 1), (2, 0), (7, 3_600), (60, 40), (500, 7), (500, 86_400)] {
            let moments = moments(count, step);
            let sorted: Vec<&Moment> = moments.iter().collect();
            let span = Span {
                first: sorted.first().unwrap().time.as_second(),
                last: sorted.last().unwrap().time.as_second(),
            };
            let mut counted = 0;
            for lane in [Lane::Adversary, Lane::Response] {
                let clusters = clusters(&sorted, lane, &span);
                counted += clusters.iter().map(|cluster| cluster.count).sum::<usize>();
                for (position, one) in clusters.iter().enumerate() {
                    assert!(one.x + label_width(one) <= WIDTH, "runs off the sheet");
                    for other in clusters.iter().skip(position + 1).filter(|other| other.row == one.row) {
                        assert!(one.x + label_width(one) < other.x, "labels collide");
                    }
                    for other in clusters.iter().skip(position + 1).filter(|other| other.row > one.row) {
                        assert!(one.x + label_width(one) < other.x, "a stem crosses a label");
                    }
                }
            }
            assert_eq!(counted, moments.len());
        }
    }

    #[test]
    fn the_axis_has_few_round_ticks() {
        for seconds in [1, 59, 600, 86_400, 10_000_000, 4_000_000_000] {
            let step = tick_step(seconds);
            assert!(seconds / step <= 9, "{seconds} in steps of {step}");
        }
    }
}
