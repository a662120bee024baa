//! CSV (RFC 4180) that a spreadsheet can open without harm: a cell that it would take for a formula
//! begins with an apostrophe.

use std::io::{self, Write};

use super::moment;
use crate::hunt::finding::Row;
use crate::text::plain;

const HEAD: [&str; 10] =
    ["time_utc", "host", "level", "rule", "rule_id", "attack", "found", "file", "record", "events"];

pub fn write(rows: &[Row<'_>], out: &mut impl Write) -> io::Result<()> {
    write_line(&HEAD.map(str::to_owned), out)?;
    for row in rows {
        let found: Vec<String> = row
            .finding
            .found
            .iter()
            .map(|found| match &found.field {
                Some(field) => format!("{field}={}", found.value),
                None => found.value.clone(),
            })
            .collect();
        let cells = [
            row.finding.at.map(|at| moment(Some(at))).unwrap_or_default(),
            row.finding.host.clone().unwrap_or_default(),
            row.level().name().to_owned(),
            row.rule.title.clone(),
            row.rule.id.clone().unwrap_or_default(),
            row.attack(),
            found.join("; "),
            row.file.to_owned(),
            row.finding.place.record.to_string(),
            row.parts
                .iter()
                .map(|part| format!("{}:{}", part.file, part.record))
                .collect::<Vec<_>>()
                .join("; "),
        ];
        write_line(&cells, out)?;
    }
    Ok(())
}

fn write_line(cells: &[String], out: &mut impl Write) -> io::Result<()> {
    for (number, content) in cells.iter().enumerate() {
        if number > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(content).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

fn cell(content: &str) -> String {
    // Line breaks are escaped too: one line a record is what everybody expects to count.
    let mut content = plain(content).into_owned();
    // Spreadsheets look past blanks before they look for a formula.
    if content.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '\\', '|', '%']) {
        content.insert(0, '\'');
    }
    if content.contains(['"', ',', ';', '\'', ' ']) {
        content = format!("\"{}\"", content.replace('"', "\"\""));
    }
    content
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        for (content, written) in [
            ("DESK-7", "DESK-7"),
            ("a \"b\", c", "\"a \"\"b\"\", c\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("  +1", "\"'  +1\""),
            ("@sum", "\"'@sum\""),
            ("-2", "\"'-2\""),
            ("a\r\nb", "a\\r\\nb"),
            ("\t=1", "\"'\\t=1\""),
        ] {
            assert_eq!(cell(content), written, "{content:?}");
        }
    }
}
