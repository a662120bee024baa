//! The document model: blocks and the runs of text in them, with builders that make writing a report
//! read like its table of contents. Nothing here knows how a format looks.

mod blocks;
mod rich;

pub use blocks::{Align, Block, Callout, CalloutKind, Column, Fact, Figure, List, Signature, Table};
pub use rich::{Inline, Rich, Tone, badge, code, emphasis, link, strong, text};

/// A handling marking that stands on every page, such as `TLP:AMBER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marking(String);

impl Marking {
    /// Takes the words of the marking; TLP 2.0 labels are shown in their colours, others in white on black.
    pub fn new(label: impl Into<String>) -> Self {
        Self(label.into())
    }

    /// The words as they stand on the page.
    pub fn label(&self) -> &str {
        &self.0
    }

    /// The colour of the letters on a black ground, after FIRST TLP 2.0, as `#rrggbb`.
    pub(crate) fn colour(&self) -> &'static str {
        match self.0.trim().to_ascii_uppercase().as_str() {
            "TLP:RED" => "#ff2b2b",
            "TLP:AMBER" | "TLP:AMBER+STRICT" => "#ffc000",
            "TLP:GREEN" => "#33ff00",
            _ => "#ffffff",
        }
    }
}

/// A document, ready to be put on paper.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    pub title: String,
    pub subtitle: String,
    /// Who issues the document; stands above the title.
    pub organisation: String,
    /// Stands in header and footer of every page.
    pub marking: Option<Marking>,
    /// What a reader must know before the first page: reference, severity, status…
    pub facts: Vec<Fact>,
    pub prepared_by: String,
    /// When the document was made; also the date in the file's metadata.
    pub date: Option<jiff::Timestamp>,
    /// BCP 47 language of the text, `en` when empty.
    pub language: String,
    /// Leave headings without numbers.
    pub unnumbered: bool,
    /// Begin with the text right below the title, however many chapters there are: no cover, no contents.
    pub without_cover: bool,
    pub blocks: Vec<Block>,
}

impl Document {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Starts a section; level 1 is a chapter, 3 the deepest.
    pub fn heading(&mut self, level: u8, text: impl Into<String>) -> &mut Self {
        self.push(Block::Heading { level: level.clamp(1, 3), text: text.into() })
    }

    pub fn paragraph(&mut self, text: impl Into<Rich>) -> &mut Self {
        self.push(Block::Paragraph(text.into()))
    }

    pub fn bullets<T: Into<Rich>>(&mut self, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.push(Block::List(List::new(false, items)))
    }

    pub fn steps<T: Into<Rich>>(&mut self, items: impl IntoIterator<Item = T>) -> &mut Self {
        self.push(Block::List(List::new(true, items)))
    }

    /// Pairs of a label and what it says, set as two columns.
    pub fn facts<L: Into<String>, V: Into<Rich>>(
        &mut self,
        pairs: impl IntoIterator<Item = (L, V)>,
    ) -> &mut Self {
        let facts = pairs.into_iter().map(|(label, value)| Fact::new(label, value));
        self.push(Block::Facts(facts.collect()))
    }

    pub fn table(&mut self, table: Table) -> &mut Self {
        self.push(Block::Table(table))
    }

    pub fn callout(&mut self, callout: Callout) -> &mut Self {
        self.push(Block::Callout(callout))
    }

    pub fn figure(&mut self, figure: Figure) -> &mut Self {
        self.push(Block::Figure(figure))
    }

    pub fn code(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Code(text.into()))
    }

    pub fn quote(&mut self, text: impl Into<Rich>) -> &mut Self {
        self.push(Block::Quote(text.into()))
    }

    pub fn page_break(&mut self) -> &mut Self {
        self.push(Block::PageBreak)
    }

    /// Lines to sign on, one for each role and (perhaps empty) name.
    pub fn signatures<R: Into<String>, N: Into<String>>(
        &mut self,
        people: impl IntoIterator<Item = (R, N)>,
    ) -> &mut Self {
        let lines = people.into_iter().map(|(role, name)| Signature { role: role.into(), name: name.into() });
        self.push(Block::Signatures(lines.collect()))
    }

    /// One more line on the cover.
    pub fn cover_fact(&mut self, label: impl Into<String>, value: impl Into<Rich>) -> &mut Self {
        self.facts.push(Fact::new(label, value));
        self
    }

    pub fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }

    /// The date as readers see it.
    pub(crate) fn date_text(&self) -> String {
        self.date.map(|date| date.strftime("%-d %B %Y, %H:%M UTC").to_string()).unwrap_or_default()
    }

    pub(crate) fn language(&self) -> &str {
        let usable = !self.language.is_empty()
            && self.language.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
        if usable { &self.language } else { "en" }
    }

    /// Whether the document is long enough for a cover page with a table of contents.
    pub(crate) fn has_cover(&self) -> bool {
        let headings = self.blocks.iter().filter(|block| matches!(block, Block::Heading { level: 1, .. }));
        !self.without_cover && headings.count() >= 3
    }

    /// Goes through all that the document says and replaces what `change` answers for. Drawings are not gone
    /// through: whoever leaves words out leaves them out of what is drawn.
    pub fn rewrite(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        for words in [&mut self.title, &mut self.subtitle, &mut self.organisation, &mut self.prepared_by] {
            blocks::rewrite(words, change);
        }
        self.facts.iter_mut().for_each(|fact| fact.rewrite(change));
        self.blocks.iter_mut().for_each(|block| block.rewrite(change));
    }
}
