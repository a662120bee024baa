//! The timeline: what happened, day by day and host by host, to be read from top to bottom.

use std::io::{self, Write};

use super::{Look, level_style};
use crate::hunt::finding::Row;
use crate::text::{BOLD, FAINT, plain, shortened};

/// Letters of a value that are shown.
const SHOWN: usize = 160;
/// Values of one finding that are shown.
const VALUES: usize = 3;
/// Records of one correlation that are shown.
const PARTS: usize = 5;

pub fn write(rows: &[Row<'_>], look: &Look, out: &mut impl Write) -> io::Result<()> {
    let mut day = None;
    let mut host = None;
    for row in rows {
        let own_day = row
            .finding
            .at
            .map_or_else(|| "No time told".to_owned(), |at| at.strftime("%A, %-d %B %Y (UTC)").to_string());
        if day.as_ref() != Some(&own_day) {
            if day.is_some() {
                writeln!(out)?;
            }
            writeln!(out, "{}", look.paint(BOLD, &own_day))?;
            day = Some(own_day);
            host = None;
        }
        if host != Some(row.host()) {
            host = Some(row.host());
            let name = row.finding.host.as_deref().unwrap_or("(no host told)");
            writeln!(out, "  {}", look.paint(BOLD, &plain(name)))?;
        }
        entry(row, look, out)?;
    }
    Ok(())
}

fn entry(row: &Row<'_>, look: &Look, out: &mut impl Write) -> io::Result<()> {
    let time = row.finding.at.map_or_else(|| " ".repeat(12), |at| at.strftime("%H:%M:%S.%3f").to_string());
    let level = look.paint(level_style(row.level()), &format!("{:<13}", row.level()));
    let attack = row.attack();
    let attack = if attack.is_empty() { attack } else { format!(" [{}]", plain(&attack)) };
    writeln!(out, "    {time}  {level} {}{}", plain(&row.title()), look.paint(FAINT, &attack))?;
    for found in row.finding.found.iter().take(VALUES) {
        let field = found.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
        let value = format!("{field}{}", shortened(&found.value, SHOWN));
        writeln!(out, "{:32}{}", "", look.paint(FAINT, &plain(&value)))?;
    }
    for part in row.parts.iter().take(PARTS) {
        let at = part.at.strftime("%H:%M:%S.%3f");
        let part = format!("{at} {}, {} record {}", part.rule, part.file, part.record);
        writeln!(out, "{:32}{}", "", look.paint(FAINT, &plain(&part)))?;
    }
    if let Some(more) = row.parts.len().checked_sub(PARTS).filter(|more| *more > 0) {
        writeln!(out, "{:32}{}", "", look.paint(FAINT, &format!("and {more} more; --output json has all")))?;
    }
    Ok(())
}
