//! CSV (RFC 4180) for spreadsheets. Every cell stands in quotes, and one that a spreadsheet would take for
//! a formula begins with an apostrophe.

pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// Signs that begin a formula somewhere, the full-width ones included.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\\', '|', '%'];

/// A table with its head, one line a row.
pub fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut out = String::new();
    line(&mut out, head.into_iter());
    for row in rows {
        line(&mut out, row.iter().map(String::as_str));
    }
    out
}

fn line<'c>(out: &mut String, cells: impl Iterator<Item = &'c str>) {
    for (place, content) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        cell(out, content);
    }
    out.push_str("\r\n");
}

fn cell(out: &mut String, content: &str) {
    out.push('"');
    // Spreadsheets look past blanks before they look for a formula.
    if content.trim_start().starts_with(FORMULA) {
        out.push('\'');
    }
    for c in content.chars() {
        match c {
            '"' => out.push_str("\"\""),
            // One line a record is what everybody expects to count.
            '\r' => {}
            '\n' => out.push_str(" ⏎ "),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn no_cell_is_a_formula_and_each_record_is_a_line() {
        let rows = [
            ["=cmd|' /C calc'!A0".to_owned(), "a \"b\", c".to_owned()],
            [" \t@sum".to_owned(), "one\r\ntwo".to_owned()],
        ];
        let written = table(["first", "second"], rows.into_iter());
        assert_eq!(
            written,
            "\"first\",\"second\"\r\n\"'=cmd|' /C calc'!A0\",\"a \"\"b\"\", c\"\r\n\"' \u{fffd}@sum\",\"one ⏎ two\"\r\n"
        );
    }
}
