//! The document as the JSON that the template reads: text made visible, long words cut into pieces, widths
//! and numbers reckoned. What is decided about looks is decided in the template.

use serde_json::{Value, json};

use super::shelf::Shelf;
use crate::model::{
    Align, Block, Callout, Column, Document, Fact, Figure, Inline, List, Rich, Signature, Table, Tone,
};
use crate::numbers::{Numbers, caption};
use crate::text::{followable, visible};
use crate::{columns, wrap};

/// Words of up to this many letters fit on a line wherever it stands.
const LINE: usize = 40;
const LABEL: usize = 20;
const CODE_LINE: usize = 76;
/// Longer badges are set as coloured text, which can break.
const LONGEST_BADGE: usize = 22;
/// A row taller than this many lines may be split between pages.
const TALL_ROW: usize = 14;
/// The tallest figure, as a multiple of the width of the text.
const TALLEST: f64 = 1.25;

pub(super) fn document(shelf: &Shelf, document: &Document) -> Value {
    let mut scribe = Scribe { shelf, numbers: Numbers::new(document.unnumbered) };
    let date = document.date.map(|date| {
        let civil = jiff::tz::Offset::UTC.to_datetime(date);
        json!([civil.year(), civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()])
    });
    json!({
        "title": scribe.whole(&document.title),
        "title_pieces": scribe.pieces(&document.title, 24),
        "running": shorten(&scribe.whole(&document.title), 64),
        "subtitle": scribe.pieces(&document.subtitle, LINE),
        "organisation": scribe.pieces(&document.organisation, LINE),
        "marking": document.marking.as_ref().map(|marking| json!({
            "label": scribe.pieces(marking.label(), LABEL),
            "colour": marking.colour(),
        })),
        "prepared_by": scribe.pieces(&document.prepared_by, LINE),
        "issuer": shorten(&scribe.whole(if document.organisation.is_empty() { &document.prepared_by } else { &document.organisation }), 56),
        "author": scribe.whole(&document.prepared_by),
        "date": date,
        "date_text": document.date_text(),
        "language": document.language().split('-').next(),
        "facts": scribe.facts(&document.facts),
        "cover": document.has_cover(),
        "text": shelf.text_families(),
        "mono": shelf.mono_families(),
        "serif": shelf.is_serif(),
        "tones": tones(),
        "blocks": scribe.blocks(&document.blocks),
    })
}

fn tones() -> Value {
    let all = [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warning, Tone::Danger];
    let pairs = all.map(|tone| {
        let (ink, ground) = tone.print_colours();
        (tone.name().to_owned(), json!({"ink": format!("#{ink}"), "ground": format!("#{ground}")}))
    });
    Value::Object(pairs.into_iter().collect())
}

struct Scribe<'a> {
    shelf: &'a Shelf,
    numbers: Numbers,
}

impl Scribe<'_> {
    /// Text on one line, for metadata and the header.
    fn whole(&self, text: &str) -> String {
        self.shelf.showable(&visible(text)).replace(['\n', '\t'], " ")
    }

    /// One line of text as the pieces between which it may break.
    fn pieces(&self, text: &str, limit: usize) -> Vec<String> {
        wrap::pieces(&self.whole(text), limit)
    }

    fn rich(&self, rich: &Rich, limit: usize) -> Vec<Value> {
        let mut runs = Vec::new();
        for run in &rich.0 {
            let shown = visible(run.plain());
            for (position, line) in shown.split('\n').enumerate() {
                if position > 0 {
                    runs.push(json!({"kind": "break"}));
                }
                let line = line.replace('\t', "    ");
                let pieces = wrap::pieces(&self.shelf.showable(&line), limit);
                runs.push(styled(run, &pieces));
            }
        }
        runs
    }

    fn blocks(&mut self, blocks: &[Block]) -> Vec<Value> {
        blocks.iter().map(|block| self.block(block)).collect()
    }

    fn block(&mut self, block: &Block) -> Value {
        match block {
            Block::Heading { level, text } => {
                let number = self.numbers.heading(*level);
                json!({"kind": "heading", "level": level.clamp(&1, &3), "number": number, "text": self.pieces(text, LINE)})
            }
            Block::Paragraph(text) => json!({"kind": "paragraph", "text": self.rich(text, LINE)}),
            Block::Quote(text) => json!({"kind": "quote", "text": self.rich(text, LINE)}),
            Block::List(list) => self.list(list),
            Block::Facts(facts) => json!({"kind": "facts", "facts": self.facts(facts)}),
            Block::Table(table) => self.table(table),
            Block::Callout(callout) => self.callout(callout),
            Block::Figure(figure) => self.figure(figure),
            Block::Code(text) => self.code(text),
            Block::PageBreak => json!({"kind": "page-break"}),
            Block::Signatures(people) => self.signatures(people),
        }
    }

    fn list(&self, list: &List) -> Value {
        let items: Vec<Vec<Value>> = list.items.iter().map(|item| self.rich(item, LINE)).collect();
        json!({"kind": "list", "ordered": list.ordered, "items": items})
    }

    fn facts(&self, facts: &[Fact]) -> Vec<Value> {
        let pair = |fact: &Fact| json!({"label": self.pieces(&fact.label, LABEL), "value": self.rich(&fact.value, LINE)});
        facts.iter().map(pair).collect()
    }

    fn table(&mut self, table: &Table) -> Value {
        if table.columns().is_empty() {
            return json!({"kind": "nothing"});
        }
        let shares = columns::shares(table);
        let limits: Vec<usize> = shares
            .iter()
            .zip(table.columns())
            .map(|(share, column)| columns::characters(*share, column.mono))
            .collect();
        let heads: Vec<Value> = table
            .columns()
            .iter()
            .zip(&limits)
            .map(|(column, limit)| {
                json!({"title": self.pieces(&column.title, *limit), "mono": column.mono, "align": align(column)})
            })
            .collect();
        let rows: Vec<Value> = table
            .rows()
            .iter()
            .map(|row| {
                let cells: Vec<Vec<Value>> = row
                    .iter()
                    .zip(&limits)
                    .map(|(cell, limit)| self.rich(cell, mono_limit(cell, *limit)))
                    .collect();
                json!({"cells": cells, "tall": is_tall(row, &limits)})
            })
            .collect();
        let number = self.numbers.table();
        let caption =
            (!table.caption.is_empty()).then(|| self.pieces(&caption("Table", number, &table.caption), LINE));
        json!({"kind": "table", "shares": shares, "heads": heads, "rows": rows, "caption": caption})
    }

    fn callout(&mut self, callout: &Callout) -> Value {
        json!({
            "kind": "callout",
            "tone": callout.kind.tone().name(),
            "title": self.pieces(callout.heading(), LINE),
            "blocks": self.blocks(&callout.blocks),
        })
    }

    fn figure(&mut self, figure: &Figure) -> Value {
        let number = self.numbers.figure();
        let (width, height) = figure.svg.size();
        let drawing = figure.svg.standalone(&self.shelf.text_families().join(", "));
        json!({
            "kind": "figure",
            "svg": self.shelf.showable(&drawing),
            "share": (TALLEST * width / height.max(1.0)).min(1.0),
            "alt": self.whole(&figure.alt),
            "caption": self.pieces(&caption("Figure", number, &figure.caption), LINE),
        })
    }

    fn code(&self, text: &str) -> Value {
        let shown = visible(text);
        let lines: Vec<Vec<String>> = shown
            .trim_end_matches('\n')
            .split('\n')
            .map(|line| wrap::pieces(&self.shelf.showable(&line.replace('\t', "    ")), CODE_LINE))
            .collect();
        json!({"kind": "code", "lines": lines})
    }

    fn signatures(&self, people: &[Signature]) -> Value {
        let line = |person: &Signature| json!({"role": self.pieces(&person.role, LABEL), "name": self.pieces(&person.name, LABEL)});
        json!({"kind": "signatures", "people": people.iter().map(line).collect::<Vec<Value>>()})
    }
}

fn styled(run: &Inline, pieces: &[String]) -> Value {
    let kind = match run {
        Inline::Text(_) => "text",
        Inline::Strong(_) => "strong",
        Inline::Emphasis(_) => "emphasis",
        Inline::Code(_) => "code",
        Inline::Badge { tone, .. } => {
            let whole: String = pieces.concat();
            let kind = if whole.chars().count() <= LONGEST_BADGE { "badge" } else { "toned" };
            return json!({"kind": kind, "whole": whole, "pieces": pieces, "tone": tone.name()});
        }
        Inline::Link { url, .. } => match followable(url) {
            Some(url) => return json!({"kind": "link", "pieces": pieces, "url": url}),
            None => "text",
        },
    };
    json!({"kind": kind, "pieces": pieces})
}

fn align(column: &Column) -> &'static str {
    match column.align {
        Align::Left => "left",
        Align::Centre => "center",
        Align::Right => "right",
    }
}

/// Machine values are set wider than text, so fewer letters fit.
fn mono_limit(cell: &Rich, limit: usize) -> usize {
    let mono = cell.0.iter().any(|run| matches!(run, Inline::Code(_)));
    if mono { (limit * 4 / 5).max(4) } else { limit }
}

fn is_tall(row: &[Rich], limits: &[usize]) -> bool {
    row.iter().zip(limits).any(|(cell, limit)| {
        let plain = cell.plain();
        let lines: usize = plain.split('\n').map(|line| line.chars().count() / (*limit).max(1) + 1).sum();
        lines > TALL_ROW
    })
}

/// The text, cut at a number of letters.
fn shorten(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    let cut: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}
