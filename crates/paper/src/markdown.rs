//! GitHub-flavoured Markdown. Every character of a text that Markdown or the HTML within it could take for a
//! sign is escaped; where a backslash would not do, a character reference stands.

use std::fmt::Write as _;

use crate::model::{
    Align, Block, Callout, CalloutKind, Document, Fact, Figure, Inline, List, Rich, Signature, Table,
};
use crate::numbers::{Numbers, caption};
use crate::text::{followable, visible};

/// The document as Markdown.
pub fn markdown(document: &Document) -> String {
    let mut page = Page { out: String::new(), numbers: Numbers::new(document.unnumbered) };
    page.cover(document);
    page.blocks(&document.blocks);
    page.closing_marking(document);
    let mut text = page.out;
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Where a text stands; it decides what a line end becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Paragraph,
    /// A heading or table cell, which is one line.
    OneLine,
}

struct Page {
    out: String,
    numbers: Numbers,
}

impl Page {
    /// A block on its own, with an empty line behind it.
    fn put(&mut self, text: &str) {
        self.out.push_str(text.trim_end_matches('\n'));
        self.out.push_str("\n\n");
    }

    fn cover(&mut self, document: &Document) {
        if let Some(marking) = &document.marking {
            self.put(&format!("**{}**", escape(marking.label(), Place::OneLine)));
        }
        if !document.organisation.is_empty() {
            self.put(&escape(&document.organisation, Place::OneLine));
        }
        if !document.title.is_empty() {
            self.put(&format!("# {}", escape(&document.title, Place::OneLine)));
        }
        if !document.subtitle.is_empty() {
            self.put(&format!("*{}*", unspaced(&escape(&document.subtitle, Place::OneLine))));
        }
        let mut facts = document.facts.clone();
        for (label, value) in [("Prepared by", document.prepared_by.clone()), ("Date", document.date_text())]
        {
            if !value.is_empty() {
                facts.push(Fact::new(label, value));
            }
        }
        if !facts.is_empty() {
            self.facts(&facts);
        }
    }

    fn closing_marking(&mut self, document: &Document) {
        if let Some(marking) = &document.marking {
            self.put(&format!("---\n\n**{}**", escape(marking.label(), Place::OneLine)));
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading { level, text } => {
                let number = self.numbers.heading(*level);
                let signs = "#".repeat(usize::from(*level) + 1);
                let line = format!("{signs} {number} {}", escape(text, Place::OneLine));
                self.put(&line.replacen("  ", " ", 1));
            }
            Block::Paragraph(text) => self.put(&rich(text, Place::Paragraph)),
            Block::Quote(text) => self.put(&prefixed(&rich(text, Place::Paragraph), "> ")),
            Block::List(list) => self.list(list),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Callout(callout) => self.callout(callout),
            Block::Figure(figure) => self.figure(figure),
            Block::Code(text) => self.put(&fenced(text)),
            Block::PageBreak => {}
            Block::Signatures(people) => self.signatures(people),
        }
    }

    fn list(&mut self, list: &List) {
        let mut text = String::new();
        for (position, item) in list.items.iter().enumerate() {
            let sign = if list.ordered { format!("{}. ", position + 1) } else { "- ".to_owned() };
            let indent = " ".repeat(sign.len());
            let lines = rich(item, Place::Paragraph).replace('\n', &format!("\n{indent}"));
            let _ = writeln!(text, "{sign}{lines}");
        }
        // Two lists in a row would grow together without something between them.
        if self.out.ends_with("<!-- -->\n\n") || text.is_empty() {
            return self.put(&text);
        }
        self.put(&text);
        self.put("<!-- -->");
    }

    fn facts(&mut self, facts: &[Fact]) {
        let mut text = String::from("|  |  |\n| --- | --- |\n");
        for fact in facts {
            let label = escape(&fact.label, Place::OneLine);
            let _ = writeln!(text, "| {} | {} |", strong(&label), rich(&fact.value, Place::OneLine));
        }
        self.put(&text);
    }

    fn table(&mut self, table: &Table) {
        if table.columns().is_empty() {
            return;
        }
        let number = self.numbers.table();
        if !table.caption.is_empty() {
            self.put(&strong(&escape(&caption("Table", number, &table.caption), Place::OneLine)));
        }
        let mut text = String::from("|");
        for column in table.columns() {
            let _ = write!(text, " {} |", escape(&column.title, Place::OneLine));
        }
        text.push_str("\n|");
        for column in table.columns() {
            text.push_str(match column.align {
                Align::Left => " --- |",
                Align::Centre => " :---: |",
                Align::Right => " ---: |",
            });
        }
        text.push('\n');
        for row in table.rows() {
            text.push('|');
            for (cell, column) in row.iter().zip(table.columns()) {
                let shown = if column.mono && !cell.is_empty() {
                    code_element(&cell.plain())
                } else {
                    rich(cell, Place::OneLine)
                };
                let _ = write!(text, " {shown} |");
            }
            text.push('\n');
        }
        self.put(&text);
    }

    fn callout(&mut self, callout: &Callout) {
        let kind = match callout.kind {
            CalloutKind::Info => "NOTE",
            CalloutKind::Success => "TIP",
            CalloutKind::Warning => "WARNING",
            CalloutKind::Danger => "CAUTION",
        };
        let mut inner = Self { out: String::new(), numbers: std::mem::take(&mut self.numbers) };
        inner.put(&strong(&escape(callout.heading(), Place::OneLine)));
        inner.blocks(&callout.blocks);
        self.numbers = inner.numbers;
        self.put(&format!("> [!{kind}]\n{}", prefixed(inner.out.trim_end(), "> ")));
    }

    fn figure(&mut self, figure: &Figure) {
        let number = self.numbers.figure();
        let line = caption("Figure", number, &figure.caption);
        let mut text = strong(&escape(&line, Place::OneLine));
        if !figure.alt.is_empty() {
            let _ = write!(text, "  \n{}", escape(&figure.alt, Place::OneLine));
        }
        self.put(&text);
    }

    fn signatures(&mut self, people: &[Signature]) {
        let mut text = String::from("| Role | Name | Signature | Date |\n| --- | --- | --- | --- |\n");
        for person in people {
            let (role, name) = (escape(&person.role, Place::OneLine), escape(&person.name, Place::OneLine));
            let _ = writeln!(text, "| {role} | {name} |  |  |");
        }
        self.put(&text);
    }
}

fn prefixed(text: &str, prefix: &str) -> String {
    let lines: Vec<String> =
        text.lines().map(|line| format!("{prefix}{line}").trim_end().to_owned()).collect();
    lines.join("\n")
}

fn rich(rich: &Rich, place: Place) -> String {
    let mut text = String::new();
    let runs: Vec<&Inline> = rich.0.iter().filter(|run| !run.plain().is_empty()).collect();
    for (position, run) in runs.iter().enumerate() {
        let words = run.plain();
        match run {
            Inline::Text(_) => {
                let last = position + 1 == runs.len();
                push_between(&escape(words, place), last, &mut text);
            }
            Inline::Strong(_) | Inline::Badge { .. } => text.push_str(&strong(&escape(words, place))),
            Inline::Emphasis(_) => {
                let _ = write!(text, "<em>{}</em>", escape(words, place));
            }
            Inline::Code(_) => text.push_str(&code(words, place)),
            Inline::Link { url, .. } => match followable(url) {
                Some(url) => {
                    let _ =
                        write!(text, "[{}](<{}>)", escape(words, Place::OneLine), url.replace('&', "&amp;"));
                }
                None => text.push_str(&escape(words, place)),
            },
        }
    }
    text
}

/// Appends a run. Spaces at its ends need no reference where other words stand beside them.
fn push_between(run: &str, last: bool, text: &mut String) {
    let beside_words = !text.is_empty() && !text.ends_with([' ', '\n', '>']);
    let run = match run.strip_prefix(SPACE) {
        Some(rest) if beside_words => {
            text.push(' ');
            rest
        }
        _ => run,
    };
    match run.strip_suffix(SPACE) {
        Some(rest) if !last && !rest.is_empty() && !rest.ends_with([';', '\n', '>']) => {
            text.push_str(rest);
            text.push(' ');
        }
        _ => text.push_str(run),
    }
}

const SPACE: &str = "&#32;";

/// Asterisks do not take when spaces or punctuation stand on their inner side; elements always do.
fn strong(escaped: &str) -> String {
    let plain = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    if plain(escaped.chars().next()) && plain(escaped.chars().next_back()) {
        format!("**{escaped}**")
    } else if escaped.is_empty() {
        String::new()
    } else {
        format!("<strong>{escaped}</strong>")
    }
}

fn unspaced(text: &str) -> &str {
    text.trim()
}

/// Text with every sign of Markdown escaped.
fn escape(raw: &str, place: Place) -> String {
    let shown = visible(raw);
    let mut text = String::with_capacity(shown.len() + 8);
    for (position, line) in shown.split('\n').enumerate() {
        if position > 0 {
            text.push_str(match place {
                Place::Paragraph => "\\\n",
                Place::OneLine => "<br>",
            });
        }
        escape_line(line, &mut text);
    }
    text
}

fn escape_line(line: &str, text: &mut String) {
    let body = line.trim_matches([' ', '\t']);
    let (lead, trail) = match line.split_once(body) {
        Some(ends) if !body.is_empty() => ends,
        _ => (line, ""),
    };
    references(lead, text);
    let numbered = body.trim_start_matches(|letter: char| letter.is_ascii_digit());
    // `1.` at the start of a line would open a list, `+`, `-` and `=` a list, a rule or a heading.
    let list_at = (numbered.len() < body.len()).then(|| body.len() - numbered.len());
    for (position, letter) in body.char_indices() {
        let opens_list = list_at == Some(position) && matches!(letter, '.' | ')');
        let starts_line = position == 0 && matches!(letter, '+' | '-' | '=' | '#');
        let after_scheme = letter == ':' && body.get(position..).is_some_and(|rest| rest.starts_with("://"));
        let after_www = letter == '.' && ends_with_www(body.get(..position));
        match letter {
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '&' => text.push_str("&amp;"),
            '|' => text.push_str("&#124;"),
            '@' => text.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' | '^' | '!' => {
                text.push('\\');
                text.push(letter);
            }
            _ if opens_list || starts_line || after_scheme || after_www => {
                text.push('\\');
                text.push(letter);
            }
            _ => text.push(letter),
        }
    }
    references(trail, text);
}

fn ends_with_www(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.to_ascii_lowercase().ends_with("www"))
}

/// Spaces at the ends of a line, which Markdown would drop or take for code.
fn references(spaces: &str, text: &mut String) {
    for space in spaces.chars() {
        let _ = write!(text, "&#{};", u32::from(space));
    }
}

fn code(raw: &str, place: Place) -> String {
    let shown = visible(raw);
    // Pipes, backslashes and line ends have rules of their own within tables and code.
    let simple = !shown.contains(['\n', '\t', '|', '`']) && shown.trim() == shown && !shown.is_empty();
    if simple && (place == Place::Paragraph || !shown.contains('\\')) {
        format!("`{shown}`")
    } else {
        code_element(raw)
    }
}

fn code_element(raw: &str) -> String {
    format!("<code>{}</code>", escape(raw, Place::OneLine))
}

/// A code block whose fence is longer than any run of backticks within.
fn fenced(raw: &str) -> String {
    let shown = visible(raw);
    let longest = shown.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}", shown.trim_end_matches('\n'))
}
