//! The blocks a document is built from.

use super::rich::{Rich, Tone};
use crate::chart::Svg;

/// One thing after another down the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    Heading { level: u8, text: String },
    Paragraph(Rich),
    List(List),
    Facts(Vec<Fact>),
    Table(Table),
    Callout(Callout),
    Figure(Figure),
    Code(String),
    Quote(Rich),
    PageBreak,
    Signatures(Vec<Signature>),
}

pub(super) fn rewrite(words: &mut String, change: &mut dyn FnMut(&str) -> Option<String>) {
    if let Some(changed) = change(words) {
        *words = changed;
    }
}

impl Block {
    pub(super) fn rewrite(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        match self {
            Self::Heading { text, .. } | Self::Code(text) => rewrite(text, change),
            Self::Paragraph(rich) | Self::Quote(rich) => rich.rewrite(change),
            Self::List(list) => list.items.iter_mut().for_each(|item| item.rewrite(change)),
            Self::Facts(facts) => facts.iter_mut().for_each(|fact| fact.rewrite(change)),
            Self::Table(table) => {
                rewrite(&mut table.caption, change);
                table.rows.iter_mut().flatten().for_each(|cell| cell.rewrite(change));
            }
            Self::Callout(callout) => {
                rewrite(&mut callout.title, change);
                callout.blocks.iter_mut().for_each(|block| block.rewrite(change));
            }
            Self::Figure(figure) => {
                rewrite(&mut figure.caption, change);
                rewrite(&mut figure.alt, change);
            }
            Self::Signatures(people) => {
                for person in people {
                    rewrite(&mut person.role, change);
                    rewrite(&mut person.name, change);
                }
            }
            Self::PageBreak => {}
        }
    }
}

/// Items of one list; an item is one line of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List {
    pub ordered: bool,
    pub items: Vec<Rich>,
}

impl List {
    pub fn new<T: Into<Rich>>(ordered: bool, items: impl IntoIterator<Item = T>) -> Self {
        Self { ordered, items: items.into_iter().map(Into::into).collect() }
    }
}

/// A label and what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fact {
    pub label: String,
    pub value: Rich,
}

impl Fact {
    pub fn new(label: impl Into<String>, value: impl Into<Rich>) -> Self {
        Self { label: label.into(), value: value.into() }
    }

    pub(super) fn rewrite(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        rewrite(&mut self.label, change);
        self.value.rewrite(change);
    }
}

/// How the cells of a column stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Align {
    #[default]
    Left,
    Centre,
    Right,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Column {
    pub title: String,
    /// Share of the page width; chosen after the content when absent.
    pub weight: Option<f64>,
    pub align: Align,
    /// Set in the typeface for machine values.
    pub mono: bool,
}

impl Column {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    #[must_use]
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = Some(weight);
        self
    }

    #[must_use]
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    #[must_use]
    pub fn align(mut self, align: Align) -> Self {
        self.align = align;
        self
    }
}

impl From<&str> for Column {
    fn from(title: &str) -> Self {
        Self::new(title)
    }
}

impl From<String> for Column {
    fn from(title: String) -> Self {
        Self::new(title)
    }
}

/// A table. Rows always have as many cells as there are columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Rich>>,
    pub caption: String,
}

impl Table {
    pub fn new<C: Into<Column>>(columns: impl IntoIterator<Item = C>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// Adds a row. Missing cells are left empty; what is too much goes on in the last cell.
    #[must_use]
    pub fn row<T: Into<Rich>>(mut self, cells: impl IntoIterator<Item = T>) -> Self {
        self.push(cells);
        self
    }

    /// As [`Table::row`], for loops.
    pub fn push<T: Into<Rich>>(&mut self, cells: impl IntoIterator<Item = T>) {
        let mut row: Vec<Rich> = Vec::with_capacity(self.columns.len());
        for cell in cells.into_iter().map(Into::into) {
            let full = row.len() >= self.columns.len();
            match row.last_mut() {
                Some(last) if full => {
                    last.0.push(super::text(" · "));
                    last.0.extend(cell.0);
                }
                _ => row.push(cell),
            }
        }
        if self.columns.is_empty() && !row.is_empty() {
            self.columns.push(Column::default());
        }
        row.resize(self.columns.len(), Rich::default());
        self.rows.push(row);
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn rows(&self) -> &[Vec<Rich>] {
        &self.rows
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What kind of attention a callout asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CalloutKind {
    #[default]
    Info,
    Success,
    Warning,
    Danger,
}

impl CalloutKind {
    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Info => Tone::Info,
            Self::Success => Tone::Success,
            Self::Warning => Tone::Warning,
            Self::Danger => Tone::Danger,
        }
    }
}

/// A box that stands out from the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Callout {
    pub kind: CalloutKind,
    pub title: String,
    pub blocks: Vec<Block>,
}

impl Callout {
    pub fn new(kind: CalloutKind, title: impl Into<String>) -> Self {
        Self { kind, title: title.into(), blocks: Vec::new() }
    }

    /// The title, or what kind of callout it is.
    pub(crate) fn heading(&self) -> &str {
        if !self.title.is_empty() {
            return &self.title;
        }
        match self.kind {
            CalloutKind::Info => "Note",
            CalloutKind::Success => "Done",
            CalloutKind::Warning => "Warning",
            CalloutKind::Danger => "Danger",
        }
    }

    #[must_use]
    pub fn paragraph(self, text: impl Into<Rich>) -> Self {
        self.block(Block::Paragraph(text.into()))
    }

    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

/// A drawing with its caption and, for those who cannot see it, its description.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub svg: Svg,
    pub caption: String,
    pub alt: String,
}

impl Figure {
    /// The description comes from the drawing itself.
    pub fn new(svg: Svg, caption: impl Into<String>) -> Self {
        let alt = svg.description().to_owned();
        Self { svg, caption: caption.into(), alt }
    }

    #[must_use]
    pub fn alt(mut self, alt: impl Into<String>) -> Self {
        self.alt = alt.into();
        self
    }
}

/// A line to sign on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signature {
    pub role: String,
    pub name: String,
}
