//! Runs of text within a line, and the small functions that make them.

/// The colour of meaning; each format picks its own paint for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Neutral,
    Info,
    Success,
    Warning,
    Danger,
}

impl Tone {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }

    /// Dark ink and pale ground for white paper, as `rrggbb`; their contrast is above 4.5 to 1.
    pub(crate) fn print_colours(self) -> (&'static str, &'static str) {
        match self {
            Self::Neutral => ("374151", "eef0f3"),
            Self::Info => ("1d4f91", "e6effa"),
            Self::Success => ("1c6238", "e4f4ea"),
            Self::Warning => ("7a4a00", "fff3d6"),
            Self::Danger => ("9b1c1c", "fde8e8"),
        }
    }
}

/// A run of text with one meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inline {
    Text(String),
    Strong(String),
    Emphasis(String),
    /// Values of machines: hashes, paths, command lines.
    Code(String),
    Badge {
        text: String,
        tone: Tone,
    },
    /// A link; addresses other than http, https and mailto are shown without being followed.
    Link {
        text: String,
        url: String,
    },
}

impl Inline {
    /// The words alone.
    pub fn plain(&self) -> &str {
        match self {
            Self::Text(text) | Self::Strong(text) | Self::Emphasis(text) | Self::Code(text) => text,
            Self::Badge { text, .. } | Self::Link { text, .. } => text,
        }
    }
}

pub fn text(words: impl Into<String>) -> Inline {
    Inline::Text(words.into())
}

pub fn strong(words: impl Into<String>) -> Inline {
    Inline::Strong(words.into())
}

pub fn emphasis(words: impl Into<String>) -> Inline {
    Inline::Emphasis(words.into())
}

pub fn code(words: impl Into<String>) -> Inline {
    Inline::Code(words.into())
}

pub fn badge(words: impl Into<String>, tone: Tone) -> Inline {
    Inline::Badge { text: words.into(), tone }
}

pub fn link(words: impl Into<String>, url: impl Into<String>) -> Inline {
    Inline::Link { text: words.into(), url: url.into() }
}

/// A line of text: runs one after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rich(pub Vec<Inline>);

impl Rich {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn text(self, words: impl Into<String>) -> Self {
        self.with(text(words))
    }

    #[must_use]
    pub fn strong(self, words: impl Into<String>) -> Self {
        self.with(strong(words))
    }

    #[must_use]
    pub fn emphasis(self, words: impl Into<String>) -> Self {
        self.with(emphasis(words))
    }

    #[must_use]
    pub fn code(self, words: impl Into<String>) -> Self {
        self.with(code(words))
    }

    #[must_use]
    pub fn badge(self, words: impl Into<String>, tone: Tone) -> Self {
        self.with(badge(words, tone))
    }

    #[must_use]
    pub fn link(self, words: impl Into<String>, url: impl Into<String>) -> Self {
        self.with(link(words, url))
    }

    #[must_use]
    pub fn with(mut self, run: Inline) -> Self {
        self.0.push(run);
        self
    }

    /// The words alone, without their looks.
    pub fn plain(&self) -> String {
        self.0.iter().map(Inline::plain).collect()
    }

    pub(super) fn rewrite(&mut self, change: &mut dyn FnMut(&str) -> Option<String>) {
        for run in &mut self.0 {
            match run {
                Inline::Text(words)
                | Inline::Strong(words)
                | Inline::Emphasis(words)
                | Inline::Code(words)
                | Inline::Badge { text: words, .. } => super::blocks::rewrite(words, change),
                Inline::Link { text, url } => {
                    super::blocks::rewrite(text, change);
                    super::blocks::rewrite(url, change);
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|run| run.plain().is_empty())
    }
}

impl From<&str> for Rich {
    fn from(words: &str) -> Self {
        Self(vec![text(words)])
    }
}

impl From<String> for Rich {
    fn from(words: String) -> Self {
        Self(vec![Inline::Text(words)])
    }
}

impl From<&String> for Rich {
    fn from(words: &String) -> Self {
        Self(vec![text(words)])
    }
}

impl From<Inline> for Rich {
    fn from(run: Inline) -> Self {
        Self(vec![run])
    }
}

impl From<Vec<Inline>> for Rich {
    fn from(runs: Vec<Inline>) -> Self {
        Self(runs)
    }
}

impl<const N: usize> From<[Inline; N]> for Rich {
    fn from(runs: [Inline; N]) -> Self {
        Self(runs.into())
    }
}
