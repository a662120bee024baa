//! How wide the columns of a table become, as shares of the page that add up to one. The same shares serve
//! all formats that have a page.

use crate::model::{Column, Inline, Table};

/// About how many characters of table text fit across a page.
const PAGE_CHARACTERS: f64 = 104.0;
/// More than this a cell does not ask for; it wraps instead.
const LONGEST_LINE: usize = 64;
/// The longest word that is kept whole where there is room.
const LONGEST_WORD: usize = 22;
/// What borders and padding take of a column, in characters.
const PADDING: f64 = 2.6;

/// Shares of the width, one for each column.
pub(crate) fn shares(table: &Table) -> Vec<f64> {
    let columns = table.columns();
    let wishes: Vec<(f64, f64)> =
        columns.iter().enumerate().map(|(position, column)| wish(table, position, column)).collect();
    let least: f64 = wishes.iter().map(|(least, _)| least).sum();
    let most: f64 = wishes.iter().map(|(_, most)| most).sum();
    let widths: Vec<f64> = if most <= PAGE_CHARACTERS || most <= least {
        wishes.iter().map(|(_, most)| *most).collect()
    } else if least >= PAGE_CHARACTERS {
        wishes.iter().map(|(least, _)| *least).collect()
    } else {
        share_out(&wishes, PAGE_CHARACTERS - least)
    };
    let automatic: f64 = widths.iter().sum();
    let average = automatic / count(columns.len().max(1));
    let explicit: Vec<f64> = columns
        .iter()
        .zip(&widths)
        .map(|(column, width)| match column.weight {
            // A weight of one is an average column.
            Some(weight) if weight.is_finite() && weight > 0.0 => weight.clamp(0.05, 50.0) * average,
            _ => *width,
        })
        .collect();
    let total: f64 = explicit.iter().sum();
    explicit.iter().map(|width| width / total.max(1.0)).collect()
}

/// Gives every column the least it needs and shares the spare room out evenly; who wants little has it whole.
fn share_out(wishes: &[(f64, f64)], mut spare: f64) -> Vec<f64> {
    let mut widths: Vec<f64> = wishes.iter().map(|(least, _)| *least).collect();
    let mut order: Vec<(usize, f64)> = wishes.iter().map(|(least, most)| most - least).enumerate().collect();
    order.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut waiting = order.len();
    for (position, wish) in order {
        let given = wish.min(spare / count(waiting.max(1)));
        if let Some(width) = widths.get_mut(position) {
            *width += given;
        }
        spare -= given;
        waiting = waiting.saturating_sub(1);
    }
    widths
}

/// How many characters of a word fit in a column with this share.
pub(crate) fn characters(share: f64, mono: bool) -> usize {
    let letters = share * PAGE_CHARACTERS / if mono { MONO } else { 1.0 } - PADDING;
    // Bounded far inside usize by the clamp.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let letters = letters.clamp(4.0, 120.0) as usize;
    letters
}

/// How much wider a mono letter is than one of the text.
const MONO: f64 = 1.22;

fn wish(table: &Table, position: usize, column: &Column) -> (f64, f64) {
    // Bold letters are wider.
    let mut word = longest_word(&column.title) * 9 / 8;
    let mut line = column.title.chars().count() * 9 / 8 + 1;
    let mut mono = column.mono;
    for cell in table.rows().iter().filter_map(|row| row.get(position)) {
        let plain = cell.plain();
        // A badge has room around it and bold letters.
        let badge = usize::from(cell.0.iter().any(|run| matches!(run, Inline::Badge { .. }))) * 3;
        word = word.max(longest_word(&plain) + badge);
        line = line.max(plain.lines().map(|line| line.chars().count()).max().unwrap_or(0));
        mono |= matches!(cell.0.as_slice(), [Inline::Code(_)]);
    }
    let factor = if mono { MONO } else { 1.0 };
    let least = count(word.clamp(3, LONGEST_WORD)) * factor + PADDING;
    let most = count(line.clamp(3, LONGEST_LINE)) * factor + PADDING;
    (least, most.max(least))
}

fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0)
}

/// A small count as a number to reckon with.
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_follow_the_content() {
        let table = Table::new(["#", "Hash", "Note"]).row(["1", &"a".repeat(64), "short"]);
        let shares = shares(&table);
        assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
        assert!(
            matches!(shares.as_slice(), [small, large, middle] if small < middle && middle < large),
            "{shares:?}"
        );
    }

    #[test]
    fn a_weight_beats_the_content() {
        let table = Table::new([Column::new("a").weight(3.0), Column::new("b").weight(1.0)])
            .row(["x", &"y".repeat(80)]);
        let shares = shares(&table);
        assert!(matches!(shares.as_slice(), [a, b] if (a / b - 3.0).abs() < 1e-9), "{shares:?}");
    }
}
