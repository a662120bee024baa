//! Everything that is a table in the package: tables, facts, callouts and lines to sign on.

use crate::Result;
use crate::columns;
use crate::model::{Align, Callout, Fact, Signature, Table};
use crate::numbers::caption;

use super::body::{KEEP_NEXT, TEXT_WIDTH, Writer};

/// A row with more text than this may be split between pages.
const TALL_ROW: usize = 900;

const HAIRLINES: &str = "<w:tblBorders><w:top w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"CFD4DA\"/><w:bottom w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"CFD4DA\"/><w:insideH w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"CFD4DA\"/></w:tblBorders>";
const NO_LINES: &str = "<w:tblBorders/>";
const PADDING: &str = "<w:tblCellMar><w:top w:w=\"50\" w:type=\"dxa\"/><w:left w:w=\"90\" w:type=\"dxa\"/><w:bottom w:w=\"50\" w:type=\"dxa\"/><w:right w:w=\"90\" w:type=\"dxa\"/></w:tblCellMar>";
const HEAD_SHADE: &str = "<w:tcBorders><w:top w:val=\"single\" w:sz=\"8\" w:space=\"0\" w:color=\"1F3A5F\"/><w:bottom w:val=\"single\" w:sz=\"8\" w:space=\"0\" w:color=\"1F3A5F\"/></w:tcBorders><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"EEF2F7\"/>";
const SIGNING_LINE: &str =
    "<w:tcBorders><w:top w:val=\"single\" w:sz=\"6\" w:space=\"0\" w:color=\"1F2937\"/></w:tcBorders>";

impl Writer<'_> {
    pub fn table(&mut self, table: &Table) {
        if table.columns().is_empty() {
            return;
        }
        let number = self.numbers.table();
        if !table.caption.is_empty() {
            self.line("Caption", &caption("Table", number, &table.caption));
        }
        let widths = twips(&columns::shares(table));
        self.open_table(&widths, HAIRLINES);
        self.open_row("<w:cantSplit/><w:tblHeader/>");
        for (column, width) in table.columns().iter().zip(&widths) {
            self.open_cell(*width, HEAD_SHADE);
            self.open_paragraph("TableText", side(column.align));
            self.words("<w:b/><w:color w:val=\"1F3A5F\"/>", &column.title);
            self.close_paragraph();
            self.close_cell();
        }
        self.close_row();
        for row in table.rows() {
            let length: usize = row.iter().map(|cell| cell.plain().len()).max().unwrap_or(0);
            self.open_row(if length > TALL_ROW { "" } else { "<w:cantSplit/>" });
            for ((cell, column), width) in row.iter().zip(table.columns()).zip(&widths) {
                self.open_cell(*width, "");
                self.open_paragraph(if column.mono { "TableCode" } else { "TableText" }, side(column.align));
                self.rich(cell);
                self.close_paragraph();
                self.close_cell();
            }
            self.close_row();
        }
        self.close_table();
    }

    pub fn facts(&mut self, facts: &[Fact]) {
        let widths = twips(&[0.28, 0.72]);
        self.open_table(&widths, HAIRLINES);
        for fact in facts {
            self.open_row("<w:cantSplit/>");
            let mut places = widths.iter().copied();
            self.open_cell(places.next().unwrap_or_default(), "");
            self.line("TableLabel", &fact.label);
            self.close_cell();
            self.open_cell(places.next().unwrap_or_default(), "");
            self.paragraph("TableText", &fact.value);
            self.close_cell();
            self.close_row();
        }
        self.close_table();
    }

    pub fn callout(&mut self, callout: &Callout) -> Result<()> {
        let (ink, ground) = callout.kind.tone().print_colours();
        let looks = format!(
            "<w:tcBorders><w:left w:val=\"single\" w:sz=\"24\" w:space=\"0\" w:color=\"{ink}\"/></w:tcBorders><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"{ground}\"/><w:tcMar><w:top w:w=\"110\" w:type=\"dxa\"/><w:left w:w=\"200\" w:type=\"dxa\"/></w:tcMar>"
        );
        self.open_table(&[TEXT_WIDTH], NO_LINES);
        self.open_row("");
        self.open_cell(TEXT_WIDTH, &looks);
        self.open_paragraph("BodyText", KEEP_NEXT);
        self.words(&format!("<w:b/><w:color w:val=\"{ink}\"/>"), callout.heading());
        self.close_paragraph();
        self.blocks(&callout.blocks)?;
        self.close_cell();
        self.close_row();
        self.close_table();
        Ok(())
    }

    pub fn signatures(&mut self, people: &[Signature]) {
        // A few lines stay together; with many, each line does.
        let together = people.len() <= 6;
        for (place, person) in people.iter().enumerate() {
            let keep = if together && place + 1 < people.len() { KEEP_NEXT } else { "" };
            let widths = twips(&[0.34, 0.04, 0.36, 0.04, 0.22]);
            self.open_table(&widths, NO_LINES);
            self.open_row("<w:cantSplit/><w:trHeight w:val=\"760\" w:hRule=\"atLeast\"/>");
            for (position, width) in widths.iter().enumerate() {
                self.open_cell(*width, "<w:vAlign w:val=\"bottom\"/>");
                if position == 0 {
                    self.open_paragraph("TableText", KEEP_NEXT);
                    self.words("<w:b/>", &person.role);
                    self.close_paragraph();
                    self.open_paragraph("TableText", KEEP_NEXT);
                    self.words("", &person.name);
                } else {
                    self.open_paragraph("TableText", KEEP_NEXT);
                }
                self.close_paragraph();
                self.close_cell();
            }
            self.close_row();
            self.open_row("<w:cantSplit/>");
            for (position, width) in widths.iter().enumerate() {
                let words = match position {
                    2 => "Signature",
                    4 => "Date",
                    _ => "",
                };
                self.open_cell(*width, if words.is_empty() { "" } else { SIGNING_LINE });
                self.open_paragraph("TableLabel", keep);
                self.words("", words);
                self.close_paragraph();
                self.close_cell();
            }
            self.close_row();
            self.xml.close("w:tbl");
            self.open_paragraph("AfterTable", keep);
            self.close_paragraph();
        }
    }

    fn open_table(&mut self, widths: &[u32], borders: &str) {
        self.settle_page();
        let total: u32 = widths.iter().sum();
        self.xml.open("w:tbl", &[]).open("w:tblPr", &[]);
        self.xml.empty("w:tblW", &[("w:w", &total.to_string()), ("w:type", "dxa")]);
        self.xml
            .trusted(borders)
            .trusted("<w:tblLayout w:type=\"fixed\"/>")
            .trusted(PADDING)
            .close("w:tblPr");
        self.xml.open("w:tblGrid", &[]);
        for width in widths {
            self.xml.empty("w:gridCol", &[("w:w", &width.to_string())]);
        }
        self.xml.close("w:tblGrid");
    }

    /// Two tables in a row would become one, and a cell must end with a paragraph.
    fn close_table(&mut self) {
        self.xml.close("w:tbl");
        self.line("AfterTable", "");
    }

    fn open_row(&mut self, properties: &str) {
        self.xml.open("w:tr", &[]);
        if !properties.is_empty() {
            self.xml.open("w:trPr", &[]).trusted(properties).close("w:trPr");
        }
    }

    fn close_row(&mut self) {
        self.xml.close("w:tr");
    }

    fn open_cell(&mut self, width: u32, looks: &str) {
        self.xml.open("w:tc", &[]).open("w:tcPr", &[]);
        self.xml.empty("w:tcW", &[("w:w", &width.to_string()), ("w:type", "dxa")]);
        self.xml.trusted(looks).close("w:tcPr");
    }

    fn close_cell(&mut self) {
        self.xml.close("w:tc");
    }
}

fn side(align: Align) -> &'static str {
    match align {
        Align::Left => "",
        Align::Centre => "<w:jc w:val=\"center\"/>",
        Align::Right => "<w:jc w:val=\"right\"/>",
    }
}

fn twips(shares: &[f64]) -> Vec<u32> {
    // A share lies between zero and one, so the product fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let width = |share: &f64| (share.clamp(0.0, 1.0) * f64::from(TEXT_WIDTH)).round() as u32;
    shares.iter().map(width).collect()
}
