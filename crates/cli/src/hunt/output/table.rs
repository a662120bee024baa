//! The table.

use std::io::{self, Write};

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};
use sigma::Level;

use super::{Look, moment};
use crate::hunt::finding::Row;
use crate::text::plain;

/// The columns that are never broken over several lines.
const TIME: usize = 0;
const LEVEL: usize = 3;

pub fn write(rows: &[Row<'_>], look: &Look, out: &mut impl Write) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    let arrangement = if look.fitted { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    if look.colours {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table.set_header(
        ["Time (UTC)", "Host", "Rule", "Level", "ATT&CK"]
            .map(|title| Cell::new(title).add_attribute(Attribute::Bold)),
    );
    for row in rows {
        table.add_row([
            Cell::new(moment(row.finding.at)),
            Cell::new(plain(row.host())),
            Cell::new(plain(&row.rule.title)),
            coloured(row.level()),
            Cell::new(plain(&row.attack())),
        ]);
    }
    // A time that is broken over two lines cannot be compared at a glance.
    for column in [TIME, LEVEL] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn coloured(level: Level) -> Cell {
    let cell = Cell::new(level.name());
    match level {
        Level::Critical => cell.fg(Color::Magenta).add_attribute(Attribute::Bold),
        Level::High => cell.fg(Color::Red),
        Level::Medium => cell.fg(Color::Yellow),
        Level::Low => cell.fg(Color::Cyan),
        Level::Informational => cell.add_attribute(Attribute::Dim),
    }
}
