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

/// The columns of a terminal in which titles stay on a line or two without help.
const WIDE_ENOUGH: u16 = 110;

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
    let is_narrow = look.fitted && table.width().is_some_and(|columns| columns < WIDE_ENOUGH);
    table.set_header(
        ["Time (UTC)", "Host", "Rule", "Level", "ATT&CK"]
            .map(|title| Cell::new(title).add_attribute(Attribute::Bold)),
    );
    for row in rows {
        table.add_row([
            Cell::new(time(&moment(row.finding.at), is_narrow)),
            Cell::new(plain(row.host())),
            Cell::new(plain(&row.title())),
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
    if is_narrow {
        table.column_iter_mut().for_each(|column| {
            column.set_padding((0, 1));
        });
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Where room is short, the seconds are enough; the other outputs keep the whole time.
fn time(moment: &str, is_narrow: bool) -> &str {
    if is_narrow { moment.split('.').next().unwrap_or(moment) } else { moment }
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
