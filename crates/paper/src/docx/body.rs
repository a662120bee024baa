//! The main part of the package: the blocks of the document in WordprocessingML.

use crate::model::{Block, Document, Figure, Inline, List, Rich};
use crate::numbers::{Numbers, caption, outline};
use crate::pdf::Shelf;
use crate::text::{followable, visible};
use crate::xml::Xml;
use crate::{Error, Result};

use super::{parts, picture};

/// Width of the text on A4 with our margins, in twentieths of a point.
pub(super) const TEXT_WIDTH: u32 = 9_526;
/// English Metric Units in a twentieth of a point.
const EMU: f64 = 635.0;
/// The schema wants this before all other paragraph properties.
pub(super) const KEEP_NEXT: &str = "<w:keepNext/>";
/// The tallest figure, as a multiple of the width of the text.
const TALLEST: f64 = 1.25;

/// What the writing of the body leaves for the other parts.
pub(super) struct Body {
    pub document: String,
    pub links: Vec<String>,
    pub pictures: Vec<Vec<u8>>,
    pub ordered_lists: usize,
}

pub(super) struct Writer<'a> {
    pub xml: Xml,
    shelf: &'a Shelf,
    pub numbers: Numbers,
    links: Vec<String>,
    pictures: Vec<Vec<u8>>,
    ordered_lists: usize,
    /// The next paragraph begins a page.
    turn_page: bool,
}

pub(super) fn write(shelf: &Shelf, document: &Document) -> Result<Body> {
    let mut writer = Writer {
        xml: Xml::new(),
        shelf,
        numbers: Numbers::new(document.unnumbered),
        links: Vec::new(),
        pictures: Vec::new(),
        ordered_lists: 0,
        turn_page: false,
    };
    writer.xml.trusted(parts::DECLARATION).open("w:document", &parts::NAMESPACES).open("w:body", &[]);
    writer.cover(document);
    writer.blocks(&document.blocks)?;
    writer.xml.trusted(&parts::section()).close("w:body").close("w:document");
    Ok(Body {
        document: writer.xml.finish(),
        links: writer.links,
        pictures: writer.pictures,
        ordered_lists: writer.ordered_lists,
    })
}

impl Writer<'_> {
    fn cover(&mut self, document: &Document) {
        if !document.organisation.is_empty() {
            self.line("Organisation", &document.organisation);
        }
        if !document.title.is_empty() {
            self.line("Title", &document.title);
        }
        if !document.subtitle.is_empty() {
            self.line("Subtitle", &document.subtitle);
        }
        let mut by = Vec::new();
        if !document.prepared_by.is_empty() {
            by.push(format!("Prepared by {}", document.prepared_by));
        }
        if document.date.is_some() {
            by.push(document.date_text());
        }
        if !by.is_empty() {
            self.line("ByLine", &by.join(" · "));
        }
        if !document.facts.is_empty() {
            self.facts(&document.facts);
        }
        if document.has_cover() {
            self.contents(document);
            self.page_break();
        }
    }

    /// A table of contents that works as links at once; Word fills in page numbers when told to update it.
    fn contents(&mut self, document: &Document) {
        self.line("ContentsHeading", "Contents");
        let entries = outline(document);
        let last = entries.len().saturating_sub(1);
        for (position, entry) in entries.iter().enumerate() {
            self.open_paragraph(if entry.level == 1 { "TOC1" } else { "TOC2" }, "");
            if position == 0 {
                self.xml.trusted("<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> TOC \\o \"1-2\" \\h \\z \\u </w:instrText></w:r><w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>");
            }
            self.xml.open("w:hyperlink", &[("w:anchor", &entry.anchor)]);
            self.words("", &numbered(&entry.number, &entry.text));
            self.xml.close("w:hyperlink");
            if position == last {
                self.xml.trusted("<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>");
            }
            self.close_paragraph();
        }
    }

    pub fn blocks(&mut self, blocks: &[Block]) -> Result<()> {
        let mut ahead = blocks.iter().skip(1);
        for block in blocks {
            match (block, ahead.next()) {
                // What stands above the lines to sign on goes with them.
                (Block::Paragraph(text), Some(Block::Signatures(_))) => {
                    self.open_paragraph("BodyText", KEEP_NEXT);
                    self.rich(text);
                    self.close_paragraph();
                }
                _ => self.block(block)?,
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<()> {
        match block {
            Block::Heading { level, text } => self.heading(*level, text),
            Block::Paragraph(text) => self.paragraph("BodyText", text),
            Block::Quote(text) => self.paragraph("Quote", text),
            Block::List(list) => self.list(list),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Callout(callout) => return self.callout(callout),
            Block::Figure(figure) => return self.figure(figure),
            Block::Code(text) => self.line("Code", text.trim_end_matches('\n')),
            Block::PageBreak => self.page_break(),
            Block::Signatures(people) => self.signatures(people),
        }
        Ok(())
    }

    fn heading(&mut self, level: u8, text: &str) {
        let number = self.numbers.heading(level);
        let anchor = self.numbers.anchor();
        let id = anchor.trim_start_matches('s').to_owned();
        self.open_paragraph(&format!("Heading{}", level.clamp(1, 3)), "");
        self.xml.empty("w:bookmarkStart", &[("w:id", &id), ("w:name", &anchor)]);
        self.words("", &numbered(&number, text));
        self.xml.empty("w:bookmarkEnd", &[("w:id", &id)]);
        self.close_paragraph();
    }

    fn list(&mut self, list: &List) {
        // Number 1 is the bullet; every ordered list has one of its own, so that it starts anew.
        let number = if list.ordered {
            self.ordered_lists += 1;
            self.ordered_lists + 1
        } else {
            1
        };
        for item in &list.items {
            let place = format!("<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"{number}\"/></w:numPr>");
            self.open_paragraph("ListParagraph", &place);
            self.rich(item);
            self.close_paragraph();
        }
    }

    fn figure(&mut self, figure: &Figure) -> Result<()> {
        let number = self.numbers.figure();
        let bitmap =
            picture::png(self.shelf, &figure.svg).map_err(|reason| Error::Picture { number, reason })?;
        self.pictures.push(bitmap);
        let (width, height) = figure.svg.size();
        let share = (TALLEST * width / height.max(1.0)).min(1.0);
        let across = f64::from(TEXT_WIDTH) * EMU * share;
        let extent =
            [("cx", format!("{across:.0}")), ("cy", format!("{:.0}", across * height / width.max(1.0)))];
        let extent: Vec<(&str, &str)> = extent.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let (id, name) = (number.to_string(), format!("Figure {number}"));
        let relation = format!("figure{}", self.pictures.len());
        let alt = visible(&figure.alt).replace(['\n', '\t'], " ");
        self.open_paragraph("Figure", "");
        let xml = &mut self.xml;
        xml.open("w:r", &[]).open("w:drawing", &[]);
        xml.open("wp:inline", &[("distT", "0"), ("distB", "0"), ("distL", "0"), ("distR", "0")]);
        xml.empty("wp:extent", &extent);
        xml.empty("wp:docPr", &[("id", &id), ("name", &name), ("descr", &alt)]);
        xml.open("a:graphic", &[]);
        xml.open("a:graphicData", &[("uri", "http://schemas.openxmlformats.org/drawingml/2006/picture")]);
        xml.open("pic:pic", &[]).open("pic:nvPicPr", &[]);
        xml.empty("pic:cNvPr", &[("id", &id), ("name", &name), ("descr", &alt)])
            .empty("pic:cNvPicPr", &[])
            .close("pic:nvPicPr");
        xml.open("pic:blipFill", &[]).empty("a:blip", &[("r:embed", &relation)]);
        xml.trusted("<a:stretch><a:fillRect/></a:stretch>").close("pic:blipFill");
        xml.open("pic:spPr", &[])
            .trusted("<a:xfrm><a:off x=\"0\" y=\"0\"/>")
            .empty("a:ext", &extent)
            .close("a:xfrm");
        xml.trusted("<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>").close("pic:spPr").close("pic:pic");
        xml.close("a:graphicData").close("a:graphic").close("wp:inline").close("w:drawing").close("w:r");
        self.close_paragraph();
        self.line("FigureCaption", &caption("Figure", number, &figure.caption));
        Ok(())
    }

    /// A break on the next paragraph leaves no empty line behind, as a paragraph of its own would.
    fn page_break(&mut self) {
        self.turn_page = true;
    }

    /// Tables cannot begin a page by themselves.
    pub fn settle_page(&mut self) {
        if self.turn_page {
            self.line("AfterTable", "");
        }
    }

    pub fn paragraph(&mut self, style: &str, text: &Rich) {
        self.open_paragraph(style, "");
        self.rich(text);
        self.close_paragraph();
    }

    /// A paragraph of plain text.
    pub fn line(&mut self, style: &str, text: &str) {
        self.open_paragraph(style, "");
        self.words("", text);
        self.close_paragraph();
    }

    /// `properties` is markup that stands behind the style.
    pub fn open_paragraph(&mut self, style: &str, properties: &str) {
        self.xml.open("w:p", &[]).open("w:pPr", &[]).empty("w:pStyle", &[("w:val", style)]);
        let (keep, rest) =
            properties.strip_prefix(KEEP_NEXT).map_or(("", properties), |rest| (KEEP_NEXT, rest));
        self.xml.trusted(keep);
        if std::mem::take(&mut self.turn_page) {
            self.xml.trusted("<w:pageBreakBefore/>");
        }
        self.xml.trusted(rest).close("w:pPr");
    }

    pub fn close_paragraph(&mut self) {
        self.xml.close("w:p");
    }

    pub fn rich(&mut self, rich: &Rich) {
        for run in &rich.0 {
            self.run(run);
        }
    }

    fn run(&mut self, run: &Inline) {
        match run {
            Inline::Text(words) => self.words("", words),
            Inline::Strong(words) => self.words("<w:b/>", words),
            Inline::Emphasis(words) => self.words("<w:i/>", words),
            Inline::Code(words) => self.words("<w:rStyle w:val=\"CodeText\"/>", words),
            Inline::Badge { text, tone } => {
                let (ink, ground) = tone.print_colours();
                let looks = format!(
                    "<w:b/><w:color w:val=\"{ink}\"/><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"{ground}\"/>"
                );
                self.words(&looks, &format!("\u{A0}{text}\u{A0}"));
            }
            Inline::Link { text, url } => match followable(url) {
                Some(url) => {
                    self.links.push(url.to_owned());
                    let relation = format!("link{}", self.links.len());
                    self.xml.open("w:hyperlink", &[("r:id", &relation)]);
                    self.words("<w:rStyle w:val=\"Hyperlink\"/>", text);
                    self.xml.close("w:hyperlink");
                }
                None => self.words("", text),
            },
        }
    }

    /// Text with line ends and tabs as elements; `looks` is the markup of run properties.
    pub fn words(&mut self, looks: &str, words: &str) {
        self.xml.open("w:r", &[]);
        if !looks.is_empty() {
            self.xml.open("w:rPr", &[]).trusted(looks).close("w:rPr");
        }
        for (row, line) in visible(words).split('\n').enumerate() {
            if row > 0 {
                self.xml.empty("w:br", &[]);
            }
            for (position, piece) in line.split('\t').enumerate() {
                if position > 0 {
                    self.xml.empty("w:tab", &[]);
                }
                self.xml.leaf("w:t", &[("xml:space", "preserve")], piece);
            }
        }
        self.xml.close("w:r");
    }
}

fn numbered(number: &str, text: &str) -> String {
    if number.is_empty() { text.to_owned() } else { format!("{number} {text}") }
}
