//! The figure written down as SVG. All text from the playbook is escaped.

use std::fmt::Write;

use super::layout::{Layout, Line, LineKind, Placed};
use super::shape::{caption, outline};
use super::{Drawing, Look, Options};
use crate::{Playbook, Step, StepKind};

/// The colours of a figure that stands alone, in light and dark.
pub(super) const STYLE: &str = "svg{--cacao-ink:#1c2330;--cacao-muted:#5b6472;--cacao-line:#8a93a1;--cacao-ground:#ffffff;\
--cacao-node:#f4f6f9;--cacao-choice:#fff6e0;--cacao-start:#e4f0fb;--cacao-failure:#b42318;--cacao-active:#dbe9fb;\
--cacao-done:#e0f3e6;--cacao-failed:#fde4e1;--cacao-doubt:#fff0c2;--cacao-waiting:#eceff3;background:var(--cacao-ground)}\
@media(prefers-color-scheme:dark){svg{--cacao-ink:#e8ecf2;--cacao-muted:#a3adbb;--cacao-line:#778191;--cacao-ground:#12161d;\
--cacao-node:#1d232d;--cacao-choice:#33290f;--cacao-start:#16293d;--cacao-failure:#ff8a80;--cacao-active:#1b3454;\
--cacao-done:#173825;--cacao-failed:#481d1a;--cacao-doubt:#4a3a0c;--cacao-waiting:#262d38}}";

const NAME_SIZE: f64 = 13.0;
const CAPTION_SIZE: f64 = 10.5;

pub(super) fn write(playbook: &Playbook, layout: &Layout, options: &Options) -> Drawing {
    let mut out = String::new();
    for line in &layout.lines {
        edge(&mut out, layout, line);
    }
    for (id, placed) in &layout.nodes {
        if let Some(step) = playbook.step(id) {
            node(&mut out, id, step, placed, options);
        }
    }
    let (width, height) = (layout.width.ceil(), layout.height.ceil());
    let role = if options.link.is_some() { "group" } else { "img" };
    let markup = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cacao\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"{role}\" aria-label=\"{label}\" font-family=\"system-ui, sans-serif\"><title>{label}</title>\
         <desc>{}</desc><defs>{}</defs>{out}</svg>",
        escape(&description(playbook, options)),
        arrow("cacao-arrow", LINE) + &arrow("cacao-arrow-failure", FAILURE),
        label = escape(&format!("Workflow of {}", playbook.name)),
    );
    Drawing { markup, width, height }
}

const INK: &str = "var(--cacao-ink, currentColor)";
const MUTED: &str = "var(--cacao-muted, #5b6472)";
const LINE: &str = "var(--cacao-line, #8a93a1)";
const FAILURE: &str = "var(--cacao-failure, #b42318)";

fn arrow(id: &str, paint: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto-start-reverse\"><path d=\"M0 0.5L7.5 4L0 7.5z\" fill=\"{paint}\"/></marker>"
    )
}

/// The workflow in words, for whoever does not see the figure.
fn description(playbook: &Playbook, options: &Options) -> String {
    let mut words = String::new();
    for (id, step) in &playbook.workflow {
        let look = options
            .looks
            .get(id)
            .and_then(|look| look.word())
            .map(|word| format!(", {word}"))
            .unwrap_or_default();
        let _ = write!(words, "{} ({}{look})", step.title(), step.type_name());
        let title =
            |id: &str| playbook.step(id).map_or_else(|| id.to_owned(), |step| step.title().to_owned());
        let mut then: Vec<String> =
            step.branches().into_iter().map(|(word, to)| format!("{word}: {}", title(to))).collect();
        then.extend(step.next().map(title));
        then.extend(step.on_failure.as_deref().map(|to| format!("on failure: {}", title(to))));
        if then.is_empty() {
            words.push_str(". ");
        } else {
            let _ = write!(words, " leads to {}. ", then.join("; "));
        }
    }
    words
}

fn edge(out: &mut String, layout: &Layout, line: &Line) {
    let (Some(from), Some(to)) = (layout.nodes.get(&line.from), layout.nodes.get(&line.to)) else { return };
    let (paint, dash, marker) = match line.kind {
        LineKind::Failure => (FAILURE, " stroke-dasharray=\"6 3\"", "cacao-arrow-failure"),
        LineKind::Join => (LINE, " stroke-dasharray=\"2 4\"", "cacao-arrow"),
        _ => (LINE, "", "cacao-arrow"),
    };
    let path = if line.back { backwards(from, to, line) } else { forwards(from, to, line) };
    let _ = write!(
        out,
        "<path d=\"{path}\" fill=\"none\" stroke=\"{paint}\" stroke-width=\"1.6\"{dash} marker-end=\"url(#{marker})\"/>"
    );
    let word = match &line.kind {
        LineKind::Branch(word) => word.as_str(),
        LineKind::Failure => "on failure",
        _ => return,
    };
    let below = line.bends.first().copied().unwrap_or((to.x, to.y - to.size.height / 2.0));
    let start = (from.x, from.y + from.size.height / 2.0);
    let near = if line.back {
        (from.x + from.size.width / 2.0 + 8.0, from.y - 6.0)
    } else {
        (start.0 + (below.0 - start.0) * 0.5, start.1 + (below.1 - start.1) * 0.5)
    };
    text(
        out,
        near,
        10.5,
        if matches!(line.kind, LineKind::Failure) { FAILURE } else { MUTED },
        false,
        &fit(word, 10.5, 110.0),
        true,
    );
}

fn forwards(from: &Placed, to: &Placed, line: &Line) -> String {
    let start = (from.x, from.y + from.size.height / 2.0);
    let end = (to.x, to.y - to.size.height / 2.0 - 2.0);
    let mut path = format!("M{:.1} {:.1}", start.0, start.1);
    let mut at = start;
    for next in line.bends.iter().copied().chain([end]) {
        let middle = at.1 + (next.1 - at.1) / 2.0;
        let _ =
            write!(path, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", at.0, next.0, next.0, next.1);
        at = next;
    }
    path
}

/// From the side of the lower step up to the side of the upper one, through the bends in between.
fn backwards(from: &Placed, to: &Placed, line: &Line) -> String {
    let (Some(first), Some(last)) = (line.bends.first(), line.bends.last()) else {
        let start = (from.x + from.size.width / 2.0, from.y);
        let end = (to.x + to.size.width / 2.0 + 2.0, to.y);
        let reach = start.0.max(end.0) + 22.0;
        return format!(
            "M{:.1} {:.1}C{reach:.1} {:.1} {reach:.1} {:.1} {:.1} {:.1}",
            start.0, start.1, start.1, end.1, end.0, end.1
        );
    };
    // Where a bend lies under or over a step, the line meets the step's edge there; else its side.
    let start = meeting(from, last.0, -1.0);
    let end = meeting(to, first.0, 1.0);
    let mut path =
        format!("M{:.1} {:.1}Q{:.1} {:.1} {:.1} {:.1}", start.0, start.1, last.0, start.1, last.0, last.1);
    let mut at = *last;
    for next in line.bends.iter().rev().skip(1).copied() {
        let middle = at.1 + (next.1 - at.1) / 2.0;
        let _ =
            write!(path, "C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", at.0, next.0, next.0, next.1);
        at = next;
    }
    let _ = write!(path, "Q{:.1} {:.1} {:.1} {:.1}", at.0, end.1, end.0, end.1);
    path
}

/// Where a line that comes from so far across meets a step, from above (-1) or from below (1).
fn meeting(node: &Placed, across: f64, from_below: f64) -> (f64, f64) {
    let half = node.size.width / 2.0;
    if (across - node.x).abs() < half - 18.0 {
        return (across, node.y + from_below * (node.size.height / 2.0 + 2.0));
    }
    (if across < node.x { node.x - half - 2.0 } else { node.x + half + 2.0 }, node.y)
}

fn node(out: &mut String, id: &str, step: &Step, placed: &Placed, options: &Options) {
    let look = options.looks.get(id).copied().unwrap_or_default();
    if let Some(link) = &options.link {
        let _ = write!(out, "<a href=\"{}\">", escape(&format!("{link}{id}")));
    }
    let _ = write!(
        out,
        "<g class=\"cacao-step\" data-type=\"{}\" data-look=\"{}\"><title>{}</title>",
        step.type_name(),
        look.name(),
        escape(&match look.word() {
            Some(word) => format!("{}: {}, {word}", step.type_name(), step.title()),
            None => format!("{}: {}", step.type_name(), step.title()),
        })
    );
    let edge = match look {
        Look::Plain | Look::CalledOff => LINE,
        Look::Failed => FAILURE,
        _ => INK,
    };
    let width = if matches!(look, Look::Plain) { 1.4 } else { 2.2 };
    let dash = if matches!(look, Look::Doubt | Look::CalledOff) { " stroke-dasharray=\"5 3\"" } else { "" };
    let painted = outline(step, placed.x, placed.y, placed.size)
        .replace(
            "class=\"body\"",
            &format!(
                "class=\"body\" fill=\"{}\" stroke=\"{edge}\" stroke-width=\"{width}\"{dash}",
                fill(step, look)
            ),
        )
        .replace(
            "class=\"mark\"",
            &format!("class=\"mark\" fill=\"none\" stroke=\"{edge}\" stroke-width=\"1.4\""),
        )
        .replace(
            "class=\"thick\"",
            &format!("class=\"thick\" fill=\"none\" stroke=\"{INK}\" stroke-width=\"5\""),
        );
    out.push_str(&painted);
    words(out, step, placed, look);
    out.push_str("</g>");
    if options.link.is_some() {
        out.push_str("</a>");
    }
}

fn fill(step: &Step, look: Look) -> &'static str {
    match (look, &step.kind) {
        (Look::Active, _) => "var(--cacao-active, #dbe9fb)",
        (Look::Done, _) => "var(--cacao-done, #e0f3e6)",
        (Look::Failed, _) => "var(--cacao-failed, #fde4e1)",
        (Look::Doubt, _) => "var(--cacao-doubt, #fff0c2)",
        (Look::Waiting | Look::CalledOff, _) => "var(--cacao-waiting, #eceff3)",
        (Look::Plain, StepKind::Start(_) | StepKind::End(_)) => "var(--cacao-start, #e4f0fb)",
        (
            Look::Plain,
            StepKind::IfCondition(_) | StepKind::WhileCondition(_) | StepKind::SwitchCondition(_),
        ) => "var(--cacao-choice, #fff6e0)",
        (Look::Plain, _) => "var(--cacao-node, #f4f6f9)",
    }
}

fn words(out: &mut String, step: &Step, placed: &Placed, look: Look) {
    let edges = match step.kind {
        StepKind::Action(_) => 20.0,
        StepKind::WhileCondition(_) => 76.0,
        _ => 44.0,
    };
    let room = placed.size.width - edges;
    if room < 0.0 {
        return;
    }
    let above = caption(step);
    let state = look.word();
    if above.is_empty() && state.is_none() {
        let name = fit(step.title(), NAME_SIZE, room + 24.0);
        return text(out, (placed.x, placed.y + 4.5), NAME_SIZE, INK, true, &name, false);
    }
    let caption = match (above.is_empty(), state) {
        (false, Some(state)) => format!("{state} · {above}"),
        (false, None) => above,
        (true, state) => state.unwrap_or_default().to_owned(),
    };
    if placed.size.height < 50.0 {
        // There is no room for a word: a mark says the same, and the title that a pointer shows.
        let name = match look.mark() {
            Some(mark) => fit(&format!("{mark} {}", step.title()), 11.5, room + 24.0),
            None => fit(&format!("{} · {caption}", step.title()), 11.5, room + 24.0),
        };
        return text(out, (placed.x, placed.y + 4.0), 11.5, INK, true, &name, false);
    }
    text(
        out,
        (placed.x, placed.y - 15.0),
        CAPTION_SIZE,
        MUTED,
        false,
        &fit(&caption, CAPTION_SIZE, room),
        false,
    );
    let lines = wrap(step.title(), NAME_SIZE, room);
    let first = if lines.len() > 1 { 2.5 } else { 9.5 };
    for (place, line) in lines.iter().enumerate() {
        text(out, (placed.x, placed.y + first + 16.0 * place as f64), NAME_SIZE, INK, true, line, false);
    }
}

fn text(out: &mut String, at: (f64, f64), size: f64, paint: &str, bold: bool, words: &str, halo: bool) {
    let weight = if bold { " font-weight=\"600\"" } else { "" };
    let behind = if halo {
        " stroke=\"var(--cacao-ground, #ffffff)\" stroke-width=\"4\" paint-order=\"stroke\" stroke-linejoin=\"round\""
    } else {
        ""
    };
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size}\" fill=\"{paint}\" text-anchor=\"middle\"{weight}{behind}>{}</text>",
        at.0,
        at.1,
        escape(words)
    );
}

/// A name in at most two lines, the second cut where it is too long.
fn wrap(words: &str, size: f64, room: f64) -> Vec<String> {
    if width(words, size) <= room {
        return vec![words.to_owned()];
    }
    let mut first = String::new();
    let mut rest = words.split_whitespace().peekable();
    while let Some(word) = rest.peek() {
        let longer = if first.is_empty() { (*word).to_owned() } else { format!("{first} {word}") };
        if width(&longer, size) > room {
            break;
        }
        first = longer;
        rest.next();
    }
    let rest: Vec<&str> = rest.collect();
    if first.is_empty() {
        return vec![fit(words, size, room)];
    }
    if rest.is_empty() { vec![first] } else { vec![first, fit(&rest.join(" "), size, room)] }
}

/// About how wide text is, on the generous side.
fn width(text: &str, size: f64) -> f64 {
    let of = |letter: char| match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.32,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | ' ' | '-' | '/' => 0.40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
        'A'..='Z' | '&' | '_' | '#' => 0.70,
        _ if letter.is_ascii() => 0.57,
        _ => 1.05,
    };
    text.chars().map(of).sum::<f64>() * size
}

fn fit(words: &str, size: f64, room: f64) -> String {
    if width(words, size) <= room {
        return words.to_owned();
    }
    let mut cut = String::new();
    for letter in words.chars() {
        if width(&cut, size) + width("m…", size) > room {
            break;
        }
        cut.push(letter);
    }
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Escapes text for SVG; what XML cannot hold is shown as a replacement.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ if letter.is_control() => out.push('\u{fffd}'),
            _ => out.push(letter),
        }
    }
    out
}
