//! One self-contained HTML page: styles inside, no scripts, nothing loaded from anywhere. Light and dark after
//! the reader's setting, black on white when printed.

use crate::columns;
use crate::model::{
    Align, Block, Callout, Document, Fact, Figure, Inline, List, Marking, Rich, Signature, Table,
};
use crate::numbers::{Numbers, caption, outline};
use crate::text::{followable, runs_right_to_left, visible};
use crate::xml::Xml;

const STYLE: &str = include_str!("html/style.css");

/// The document as a page.
pub fn html(document: &Document) -> String {
    let mut page = Page { xml: Xml::new(), numbers: Numbers::new(document.unnumbered), figures: 0 };
    page.head(document);
    page.cover(document);
    page.xml.open("main", &[]);
    page.blocks(&document.blocks);
    page.xml.close("main");
    page.foot(document);
    page.xml.trusted("</body></html>\n");
    page.xml.finish()
}

struct Page {
    xml: Xml,
    numbers: Numbers,
    figures: usize,
}

impl Page {
    fn head(&mut self, document: &Document) {
        self.xml.trusted("<!doctype html>\n").open("html", &[("lang", document.language())]);
        self.xml.trusted("<head><meta charset=\"utf-8\">");
        self.xml.trusted("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        // Belt and braces: even if markup got in, it could neither run nor load anything.
        self.xml.trusted("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">");
        self.xml.trusted("<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"color-scheme\" content=\"light dark\">");
        self.xml.leaf("title", &[], &document.title);
        self.xml.trusted("<style>\n").trusted(STYLE).trusted("</style>");
        if let Some(marking) = &document.marking {
            self.xml.trusted(&printed_marking(marking));
        }
        self.xml.trusted("</head>\n<body>");
    }

    fn marking(&mut self, document: &Document, element: &str) {
        if let Some(marking) = &document.marking {
            let style = format!("color:{}", marking.colour());
            self.xml.open(element, &[("class", "marking")]);
            self.xml.leaf("span", &[("style", &style)], marking.label()).close(element);
        }
    }

    fn cover(&mut self, document: &Document) {
        self.marking(document, "div");
        self.xml.open("header", &[]);
        if !document.organisation.is_empty() {
            self.xml.leaf("p", &[("class", "organisation")], &document.organisation);
        }
        if !document.title.is_empty() {
            self.xml.leaf("h1", &[("class", "title")], &document.title);
        }
        if !document.subtitle.is_empty() {
            self.xml.leaf("p", &[("class", "subtitle")], &document.subtitle);
        }
        let mut by = Vec::new();
        if !document.prepared_by.is_empty() {
            by.push(format!("Prepared by {}", document.prepared_by));
        }
        if document.date.is_some() {
            by.push(document.date_text());
        }
        if !by.is_empty() {
            self.xml.leaf("p", &[("class", "by")], &by.join(" · "));
        }
        if !document.facts.is_empty() {
            self.facts(&document.facts);
        }
        self.xml.close("header");
        if document.has_cover() {
            self.contents(document);
        }
    }

    fn contents(&mut self, document: &Document) {
        self.xml
            .open("nav", &[("aria-label", "Contents")])
            .leaf("p", &[("class", "contents")], "Contents")
            .open("ul", &[]);
        for entry in outline(document) {
            let class = format!("level-{}", entry.level);
            let target = format!("#{}", entry.anchor);
            self.xml.open("li", &[("class", &class)]).open("a", &[("href", &target)]);
            self.numbered(&entry.number, &entry.text);
            self.xml.close("a").close("li");
        }
        self.xml.close("ul").close("nav");
    }

    fn foot(&mut self, document: &Document) {
        self.marking(document, "footer");
    }

    fn numbered(&mut self, number: &str, text: &str) {
        if !number.is_empty() {
            self.xml.leaf("span", &[("class", "number")], number).text(" ");
        }
        self.xml.text(text);
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
            self.xml.trusted("\n");
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text } => {
                let number = self.numbers.heading(*level);
                let anchor = self.numbers.anchor();
                let element =
                    ["h2", "h3", "h4"].get(usize::from(*level).saturating_sub(1)).copied().unwrap_or("h4");
                self.xml.open(element, &[("id", &anchor)]);
                self.numbered(&number, text);
                self.xml.close(element);
            }
            Block::Paragraph(text) => self.wrapped("p", text),
            Block::Quote(text) => {
                self.xml.open("blockquote", &[]);
                self.wrapped("p", text);
                self.xml.close("blockquote");
            }
            Block::List(list) => self.list(list),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Callout(callout) => self.callout(callout),
            Block::Figure(figure) => self.figure(figure),
            Block::Code(text) => {
                self.xml
                    .open("pre", &[("tabindex", "0")])
                    .leaf("code", &[], text.trim_end_matches('\n'))
                    .close("pre");
            }
            Block::PageBreak => {
                self.xml.trusted("<div class=\"page-break\"></div>");
            }
            Block::Signatures(people) => self.signatures(people),
        }
    }

    fn wrapped(&mut self, element: &str, text: &Rich) {
        self.xml.open(element, &[]);
        self.rich(text);
        self.xml.close(element);
    }

    fn rich(&mut self, rich: &Rich) {
        for run in &rich.0 {
            self.run(run);
        }
    }

    fn run(&mut self, run: &Inline) {
        match run {
            Inline::Text(words) => self.words(words),
            Inline::Strong(words) => self.styled("strong", &[], words),
            Inline::Emphasis(words) => self.styled("em", &[], words),
            Inline::Code(words) => self.styled("code", &[], words),
            Inline::Badge { text, tone } => {
                let class = format!("badge {}", tone.name());
                self.styled("span", &[("class", &class)], text);
            }
            Inline::Link { text, url } => match followable(url) {
                Some(url) => {
                    self.styled("a", &[("href", url), ("rel", "noopener noreferrer nofollow")], text);
                }
                None => self.words(text),
            },
        }
    }

    fn styled(&mut self, element: &str, attributes: &[(&str, &str)], words: &str) {
        self.xml.open(element, attributes);
        self.words(words);
        self.xml.close(element);
    }

    /// Text with its line ends; what runs from right to left cannot reorder its neighbours.
    fn words(&mut self, words: &str) {
        let isolated = runs_right_to_left(words);
        if isolated {
            self.xml.open("bdi", &[]);
        }
        for (position, line) in visible(words).split('\n').enumerate() {
            if position > 0 {
                self.xml.trusted("<br>");
            }
            self.xml.text(line);
        }
        if isolated {
            self.xml.close("bdi");
        }
    }

    fn list(&mut self, list: &List) {
        let element = if list.ordered { "ol" } else { "ul" };
        self.xml.open(element, &[]);
        for item in &list.items {
            self.wrapped("li", item);
        }
        self.xml.close(element);
    }

    fn facts(&mut self, facts: &[Fact]) {
        self.xml.open("dl", &[("class", "facts")]);
        for fact in facts {
            self.xml.open("div", &[]).leaf("dt", &[], &fact.label);
            self.wrapped("dd", &fact.value);
            self.xml.close("div");
        }
        self.xml.close("dl");
    }

    fn table(&mut self, table: &Table) {
        if table.columns().is_empty() {
            return;
        }
        let number = self.numbers.table();
        self.xml.open(
            "div",
            &[
                ("class", "table"),
                ("tabindex", "0"),
                ("role", "region"),
                ("aria-label", &caption("Table", number, &table.caption)),
            ],
        );
        self.xml.open("table", &[]);
        if !table.caption.is_empty() {
            self.xml.leaf("caption", &[], &caption("Table", number, &table.caption));
        }
        self.xml.open("colgroup", &[]);
        for share in columns::shares(table) {
            let style = format!("width:{:.1}%", share * 100.0);
            self.xml.trusted(&format!("<col style=\"{style}\">"));
        }
        self.xml.close("colgroup").open("thead", &[]).open("tr", &[]);
        for column in table.columns() {
            self.xml.leaf("th", &[("scope", "col"), ("class", class(column.align))], &column.title);
        }
        self.xml.close("tr").close("thead").open("tbody", &[]);
        for row in table.rows() {
            self.xml.open("tr", &[]);
            for (cell, column) in row.iter().zip(table.columns()) {
                self.xml.open("td", &[("class", class(column.align))]);
                if column.mono {
                    self.xml.open("span", &[("class", "mono")]);
                    self.rich(cell);
                    self.xml.close("span");
                } else {
                    self.rich(cell);
                }
                self.xml.close("td");
            }
            self.xml.close("tr");
        }
        self.xml.close("tbody").close("table").close("div");
    }

    fn callout(&mut self, callout: &Callout) {
        let class = format!("callout {}", callout.kind.tone().name());
        self.xml.open("div", &[("class", &class), ("role", "note")]);
        self.xml.leaf("p", &[("class", "callout-title")], callout.heading());
        self.blocks(&callout.blocks);
        self.xml.close("div");
    }

    fn figure(&mut self, figure: &Figure) {
        self.figures += 1;
        let number = self.numbers.figure();
        let id = format!("figure-{}", self.figures);
        self.xml.open("figure", &[("id", &id)]).trusted(figure.svg.markup());
        self.xml.leaf("figcaption", &[], &caption("Figure", number, &figure.caption));
        // The drawing carries its own description; another one is read from here.
        if !figure.alt.is_empty() && figure.alt != figure.svg.description() {
            self.xml.leaf("p", &[("class", "unseen")], &figure.alt);
        }
        self.xml.close("figure");
    }

    fn signatures(&mut self, people: &[Signature]) {
        self.xml.open("div", &[("class", "signatures")]);
        for person in people {
            self.xml.open("div", &[("class", "signature")]).open("p", &[]).leaf("strong", &[], &person.role);
            self.xml.trusted("<br>").text(&person.name).close("p");
            self.xml.trusted("<p class=\"line\">Signature</p><p class=\"line\">Date</p>").close("div");
        }
        self.xml.close("div");
    }
}

/// The marking in the margins of every printed page, where the browser knows margin boxes. The words stand in a
/// style sheet, so every letter of them is written as its code point.
fn printed_marking(marking: &Marking) -> String {
    let words: String =
        visible(marking.label()).chars().map(|letter| format!("\\{:06x}", u32::from(letter))).collect();
    let looks = format!(
        "content:\"{words}\";color:{};background:#000;font:bold 12pt sans-serif;padding:3pt 7pt;\
         width:max-content;height:max-content;margin:auto 0",
        marking.colour()
    );
    format!("<style>@media print{{@page{{@top-right{{{looks}}}@bottom-right{{{looks}}}}}}}</style>")
}

fn class(align: Align) -> &'static str {
    match align {
        Align::Left => "left",
        Align::Centre => "centre",
        Align::Right => "right",
    }
}
