//! The timeline as a figure: what the adversary did above the axis, what we did below it. Marks that
//! would lie on each other are one mark with a count. It is SVG with classes that the page's style
//! colours; a file that is taken along brings colours of its own.

mod axis;

use domain::timeline::{EntryKind, Lane};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use super::read::Mark;
use axis::{Axis, Stretch};

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 18.0;
const RIGHT: f64 = WIDTH - 18.0;
/// How wide a mark stands for what lies in it.
const CLOSE: f64 = 24.0;
/// The rows of labels of one lane, and how high one is.
const ROWS: usize = 4;
const ROW: f64 = 19.0;
/// From the edge of a lane's labels to its marks, and from the marks to the axis.
const TO_MARKS: f64 = 20.0;
const TO_AXIS: f64 = 24.0;
const AXIS: f64 = 30.0;
/// A letter's width at the size of labels.
const LETTER: f64 = 6.4;
const LONGEST_LABEL: usize = 34;

/// Marks of one lane that are drawn as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    pub x: f64,
    pub marks: usize,
    pub first: Mark,
    pub last: Timestamp,
    /// The row of its label, counted from the marks; none where there is no room.
    row: Option<usize>,
}

impl Cluster {
    /// What it is, in words.
    pub fn words(&self) -> String {
        let first = self.first.at.strftime("%Y-%m-%d %H:%M:%S");
        if self.marks == 1 {
            return format!("{first} UTC: {}", self.first.title);
        }
        format!(
            "{} entries from {first} to {} UTC, first: {}",
            self.marks,
            self.last.strftime("%Y-%m-%d %H:%M:%S"),
            self.first.title
        )
    }

    fn label(&self) -> String {
        let short: String = if self.first.title.chars().nth(LONGEST_LABEL).is_some() {
            self.first.title.chars().take(LONGEST_LABEL - 1).chain(['…']).collect()
        } else {
            self.first.title.clone()
        };
        if self.marks == 1 { short } else { format!("{short} +{}", self.marks - 1) }
    }

    fn radius(&self) -> f64 {
        if self.marks == 1 { 5.0 } else { (7.0 + (self.marks as f64).log10() * 3.0).min(15.0) }
    }
}

/// A figure, laid out.
pub struct Figure {
    axis: Axis,
    adversary: Vec<Cluster>,
    response: Vec<Cluster>,
    ticks: Vec<(f64, String)>,
}

/// Where a mark leads to when it is pressed.
pub type Leads<'l> = &'l dyn Fn(&Cluster) -> String;

impl Figure {
    /// Lays out marks that come in their order.
    pub fn of(marks: &[Mark]) -> Self {
        let times: Vec<Timestamp> = marks.iter().map(|mark| mark.at).collect();
        let axis = Axis::of(&times, LEFT, RIGHT);
        let lane = |lane: Lane| clusters(marks.iter().filter(|mark| mark.kind.lane() == lane), &axis);
        let ticks = ticks(&axis);
        Figure { adversary: lane(Lane::Adversary), response: lane(Lane::Response), ticks, axis }
    }

    /// Where times lie, for a script that zooms: `left,right,from,to` in milliseconds, one stretch after
    /// the other.
    pub fn scale(&self) -> String {
        let stretch = |one: &Stretch| {
            format!(
                "{:.1},{:.1},{},{}",
                one.left,
                one.right,
                one.from.as_millisecond(),
                one.to.as_millisecond()
            )
        };
        self.axis.stretches.iter().map(stretch).collect::<Vec<_>>().join(";")
    }

    /// The middle half of what is drawn, as times: what a step nearer shows.
    pub fn nearer(&self) -> Option<(Timestamp, Timestamp)> {
        let quarter = (RIGHT - LEFT) / 4.0;
        Some((self.axis.time(LEFT + quarter)?, self.axis.time(RIGHT - quarter)?))
    }

    /// Draws it; `leads` says where marks lead to, and without it they lead nowhere.
    pub fn draw(&self, label: &str, leads: Option<Leads<'_>>, style: Option<&str>) -> Markup {
        let above = height(&self.adversary);
        let below = height(&self.response);
        let (axis_top, axis_bottom) = (above, above + AXIS);
        let whole = axis_bottom + below;
        html! {
            svg class="lanes-figure" xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (n(whole)) } role=(if leads.is_some() { "group" } else { "img" }) aria-label=(label) {
                @if let Some(style) = style { style { (style) } }
                rect class="lane-ground" data-lane="adversary" x="0" y="0" width=(WIDTH) height=(n(axis_top)) {}
                rect class="lane-ground" data-lane="response" x="0" y=(n(axis_bottom)) width=(WIDTH) height=(n(below)) {}
                @for stretch in &self.axis.stretches { line class="axis" x1=(n(stretch.left)) x2=(n(stretch.right)) y1=(n(axis_top)) y2=(n(axis_top)) {} line class="axis" x1=(n(stretch.left)) x2=(n(stretch.right)) y1=(n(axis_bottom)) y2=(n(axis_bottom)) {} }
                @for pair in self.axis.stretches.windows(2) { (gap(pair, axis_top)) }
                @for (x, words) in &self.ticks { line class="axis" x1=(n(*x)) x2=(n(*x)) y1=(n(axis_top)) y2=(n(axis_top + 5.0)) {} text class="tick" x=(n(*x)) y=(n(axis_top + 19.0)) text-anchor=(anchor(*x)) { (words) } }
                @for cluster in &self.adversary { (mark(cluster, &Side { marks: axis_top - TO_AXIS, up: true }, leads)) }
                @for cluster in &self.response { (mark(cluster, &Side { marks: axis_bottom + TO_AXIS, up: false }, leads)) }
            }
        }
    }
}

/// Which side of the axis, and where its marks stand.
struct Side {
    marks: f64,
    up: bool,
}

fn mark(cluster: &Cluster, side: &Side, leads: Option<Leads<'_>>) -> Markup {
    let (x, y, r) = (cluster.x, side.marks, cluster.radius());
    let lane = if side.up { Lane::Adversary } else { Lane::Response };
    let drawn = html! {
        title { (cluster.words()) }
        @if let Some(row) = cluster.row {
            @let away = TO_MARKS + ROW * row as f64;
            @let text_y = if side.up { y - away } else { y + away + 5.0 };
            line class="stem" x1=(n(x)) x2=(n(x)) y1=(n(y)) y2=(n(text_y)) {}
            text class="mark-label" aria-hidden="true" x=(n(x + 4.0)) y=(n(text_y)) { (cluster.label()) }
        }
        @if cluster.marks > 1 {
            circle class="mark" cx=(n(x)) cy=(n(y)) r=(n(r)) {}
            text class="mark-count" aria-hidden="true" x=(n(x)) y=(n(y + 3.8)) text-anchor="middle" { (short_count(cluster.marks)) }
        } @else if cluster.first.kind == EntryKind::Decision {
            rect class="mark" x=(n(x - 5.0)) y=(n(y - 5.0)) width="10" height="10" {}
        } @else if side.up {
            path class="mark" d={ "M" (n(x)) " " (n(y - 6.5)) "l6.5 6.5l-6.5 6.5l-6.5 -6.5z" } {}
        } @else {
            circle class="mark" cx=(n(x)) cy=(n(y)) r=(n(r)) {}
        }
    };
    html! {
        @match leads {
            Some(leads) => a class="figure-mark" href=(leads(cluster)) data-lane=(lane.as_str()) { (drawn) },
            None => g class="figure-mark" data-lane=(lane.as_str()) { (drawn) },
        }
    }
}

/// A break in the line, with how long it lasts.
fn gap(pair: &[Stretch], y: f64) -> Markup {
    let [before, after] = pair else { return html! {} };
    let (middle, lasts) = ((before.right + after.left) / 2.0, after.from.duration_since(before.to));
    html! {
        path class="break" d={ "M" (n(middle - 6.0)) " " (n(y + 22.0)) "l5 -16m3 16l5 -16" } {}
        text class="break-label" x=(n(middle)) y=(n(y + 2.0)) text-anchor="middle" { (spell(lasts)) }
    }
}

/// How long a break lasts, in its largest unit.
fn spell(lasts: SignedDuration) -> String {
    let hours = lasts.as_hours();
    match hours {
        0 => format!("{} min", lasts.as_mins()),
        1..48 => format!("{hours} h"),
        48..1440 => format!("{} d", hours / 24),
        1440..17_520 => format!("{} mo", hours / 730),
        _ => format!("{} y", hours / 8766),
    }
}

fn clusters<'m>(marks: impl Iterator<Item = &'m Mark>, axis: &Axis) -> Vec<Cluster> {
    let mut all: Vec<Cluster> = Vec::new();
    // Where what lies in the open mark begins.
    let mut begins = f64::NEG_INFINITY;
    for mark in marks {
        let x = axis.place(mark.at);
        match all.last_mut().filter(|_| x - begins < CLOSE) {
            Some(open) => {
                open.marks += 1;
                open.last = mark.at;
                open.x = (begins + x) / 2.0;
            }
            None => {
                begins = x;
                all.push(Cluster { x, marks: 1, first: mark.clone(), last: mark.at, row: None });
            }
        }
    }
    label(&mut all);
    all
}

/// Gives labels the lowest free row, from right to left. A label reaches to the right of its stem, so it
/// ends before the next label of its row and before every stem that goes on to a higher one.
fn label(clusters: &mut [Cluster]) {
    let mut taken = [f64::INFINITY; ROWS];
    for cluster in clusters.iter_mut().rev() {
        let end = cluster.x + 10.0 + LETTER * cluster.label().chars().count() as f64;
        let free = |row: usize| end <= WIDTH && taken.iter().skip(row).all(|edge| end <= *edge);
        cluster.row = (0..ROWS).find(|row| free(*row));
        if let Some(edge) = cluster.row.and_then(|row| taken.get_mut(row)) {
            *edge = cluster.x;
        }
    }
}

fn height(clusters: &[Cluster]) -> f64 {
    let rows = clusters.iter().filter_map(|cluster| cluster.row).max().map_or(0, |row| row + 1);
    TO_AXIS + TO_MARKS + ROW * rows as f64
}

/// Round times along each stretch that is wide enough.
fn ticks(axis: &Axis) -> Vec<(f64, String)> {
    let mut ticks: Vec<(f64, String)> = Vec::new();
    for stretch in &axis.stretches {
        let lasts = stretch.to.duration_since(stretch.from).as_secs();
        let room = stretch.right - stretch.left;
        let day = |at: Timestamp| Offset::UTC.to_datetime(at).date();
        let begin = (stretch.left, stretch.from.strftime("%Y-%m-%d %H:%M").to_string());
        let mut last_day = day(stretch.from);
        // The first one says the day; it needs about 110.
        ticks.push(begin);
        let Some(step) = step(lasts, room) else { continue };
        let mut second = stretch.from.as_second().div_euclid(step) * step + step;
        while let Ok(at) = Timestamp::from_second(second) {
            if at > stretch.to {
                break;
            }
            let x = axis.place(at);
            if x - stretch.left > 118.0 && stretch.right - x > 10.0 {
                let words = if day(at) != last_day || step >= 86_400 {
                    "%m-%d %H:%M"
                } else if step < 60 {
                    "%H:%M:%S"
                } else {
                    "%H:%M"
                };
                ticks.push((x, at.strftime(words).to_string()));
                last_day = day(at);
            }
            second += step;
        }
    }
    ticks
}

/// The distance of ticks, in seconds, that leaves each its room; none where there is room for no further one.
fn step(lasts: i64, room: f64) -> Option<i64> {
    const STEPS: [i64; 16] = [
        1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000,
        31_536_000,
    ];
    let most = (room / 96.0).floor();
    if most < 2.0 || lasts <= 0 {
        return None;
    }
    STEPS.into_iter().find(|step| (lasts as f64 / *step as f64) <= most)
}

fn anchor(x: f64) -> &'static str {
    if x > RIGHT - 60.0 { "end" } else { "start" }
}

fn short_count(count: usize) -> String {
    if count < 1000 { count.to_string() } else { format!("{}k", count / 1000) }
}

/// A coordinate with one decimal.
fn n(value: f64) -> String {
    format!("{value:.1}")
}

/// Colours for a file that is looked at without the page's style.
pub const COLOURS: &str = "text{font:11.5px sans-serif;fill:#515d69}.axis{stroke:#7c8894}.stem{stroke:#dbe1e7}.break{stroke:#7c8894;fill:none}\
.lane-ground{fill:#f7e6f1;opacity:.35}.lane-ground[data-lane=response]{fill:#e3edfb}.mark-label{fill:#12181f}\
.mark{fill:#7d2a60}[data-lane=response] .mark{fill:#1a56b0}.mark-count{fill:#fff;font-weight:600}";

#[cfg(test)]
mod tests {
    use domain::EntryId;

    use super::*;

    fn marks(times: &[(&str, EntryKind)]) -> Vec<Mark> {
        (1..)
            .zip(times)
            .map(|(id, (at, kind))| Mark {
                id: EntryId::try_from(id).unwrap(),
                at: at.parse().unwrap(),
                kind: *kind,
                title: format!("<b>line</b> {id}"),
            })
            .collect()
    }

    #[test]
    fn what_lies_close_is_counted_and_leads_into_it() {
        let mut all = marks(&[("2026-11-24T02:00:00Z", EntryKind::Event); 30]);
        all.extend(marks(&[
            ("2026-11-24T02:30:00Z", EntryKind::Note),
            ("2026-11-24T03:00:00Z", EntryKind::Decision),
        ]));
        let figure = Figure::of(&all);
        let counts = |clusters: &[Cluster]| clusters.iter().map(|cluster| cluster.marks).collect::<Vec<_>>();
        assert_eq!((counts(&figure.adversary), counts(&figure.response)), (vec![30], vec![1, 1]));
        let leads = |cluster: &Cluster| format!("#{}", cluster.first.id);
        let drawn = figure.draw("Timeline", Some(&leads), None).into_string();
        assert!(drawn.contains(">30</text>") && drawn.contains("href=\"#ENT-1\""), "{drawn}");
        assert!(drawn.contains("&lt;b&gt;line&lt;/b&gt; 1 +29") && !drawn.contains("<b>"), "{drawn}");
        let file = figure.draw("Timeline", None, Some(COLOURS)).into_string();
        assert!(!file.contains("<a ") && file.contains("<style>"), "{file}");
    }

    #[test]
    fn an_empty_timeline_and_a_single_moment_are_figures() {
        assert!(Figure::of(&[]).draw("Nothing", None, None).into_string().contains("<svg"));
        let one = Figure::of(&marks(&[("2026-11-24T02:00:00Z", EntryKind::Note)]));
        assert_eq!((one.adversary.len(), one.response.len()), (0, 1));
        assert!(one.scale().contains(','));
    }

    #[test]
    fn breaks_are_told_in_their_largest_unit() {
        for (hours, words) in [(0, "0 min"), (5, "5 h"), (72, "3 d"), (3000, "4 mo"), (60_000, "6 y")] {
            assert_eq!(spell(SignedDuration::from_hours(hours)), words);
        }
    }
}
