//! Numbers for headings, tables and figures, counted alike in every format.

use crate::model::{Block, Document};

/// A line of the table of contents.
#[derive(Debug)]
pub(crate) struct Entry {
    pub level: u8,
    pub number: String,
    pub anchor: String,
    pub text: String,
}

/// The headings of the first two levels, counted as the formats count them.
pub(crate) fn outline(document: &Document) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect(&document.blocks, &mut Numbers::new(document.unnumbered), &mut entries);
    entries
}

fn collect(blocks: &[Block], numbers: &mut Numbers, entries: &mut Vec<Entry>) {
    for block in blocks {
        match block {
            Block::Heading { level, text } => {
                let number = numbers.heading(*level);
                if *level <= 2 {
                    entries.push(Entry {
                        level: *level,
                        number,
                        anchor: numbers.anchor(),
                        text: text.clone(),
                    });
                }
            }
            Block::Callout(callout) => collect(&callout.blocks, numbers, entries),
            _ => {}
        }
    }
}

/// Counts while a document is walked from front to back.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    levels: [usize; 3],
    tables: usize,
    figures: usize,
    headings: usize,
    unnumbered: bool,
}

impl Numbers {
    pub fn new(unnumbered: bool) -> Self {
        Self { unnumbered, ..Self::default() }
    }

    /// The number of the next heading, such as `2.1`; empty when headings have none.
    pub fn heading(&mut self, level: u8) -> String {
        self.headings += 1;
        let depth = usize::from(level.clamp(1, 3));
        for (position, count) in self.levels.iter_mut().enumerate() {
            match (position + 1).cmp(&depth) {
                // A deeper heading without its parent still gets a number that reads well.
                std::cmp::Ordering::Less => *count = (*count).max(1),
                std::cmp::Ordering::Equal => *count += 1,
                std::cmp::Ordering::Greater => *count = 0,
            }
        }
        if self.unnumbered {
            return String::new();
        }
        let parts: Vec<String> = self.levels.iter().take(depth).map(ToString::to_string).collect();
        parts.join(".")
    }

    /// The anchor of the heading counted last.
    pub fn anchor(&self) -> String {
        format!("s{}", self.headings)
    }

    pub fn table(&mut self) -> usize {
        self.tables += 1;
        self.tables
    }

    pub fn figure(&mut self) -> usize {
        self.figures += 1;
        self.figures
    }
}

/// The caption line of a table or figure, `Table 3 — Indicators`; nothing for a table without one.
pub(crate) fn caption(kind: &str, number: usize, words: &str) -> String {
    if words.is_empty() { format!("{kind} {number}") } else { format!("{kind} {number} — {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_count_within_their_parent() {
        let mut numbers = Numbers::new(false);
        let counted: Vec<String> =
            [1, 2, 2, 3, 1, 3].into_iter().map(|level| numbers.heading(level)).collect();
        assert_eq!(counted, ["1", "1.1", "1.2", "1.2.1", "2", "2.1.1"]);
    }
}
