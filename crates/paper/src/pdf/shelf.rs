//! The typefaces at hand, and what they can show.

use std::borrow::Cow;
use std::sync::Arc;

use resvg::usvg::fontdb;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook, FontFlags};
use typst::utils::LazyHash;
use unicode_segmentation::UnicodeSegmentation;

use crate::press::Fonts;
use crate::text::show_code_point;
use crate::{Error, Result};

const SERIF: &str = "Libertinus Serif";
const MONO: &str = "DejaVu Sans Mono";

#[derive(Debug)]
pub(crate) struct Shelf {
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
    text: String,
    mono: String,
    /// The same typefaces for pictures in DOCX.
    pictures: Arc<fontdb::Database>,
}

impl Shelf {
    pub fn load(fonts: &Fonts) -> Result<Self> {
        let mut faces = Vec::new();
        let mut pictures = fontdb::Database::new();
        for (position, data) in fonts.extra.iter().enumerate() {
            let before = faces.len();
            faces.extend(Font::iter(Bytes::new(*data)));
            if faces.len() == before {
                return Err(Error::Font { position });
            }
            pictures.load_font_data(data.to_vec());
        }
        let named = |mono: bool| {
            let face = faces.iter().find(|face: &&Font| is_mono(face) == mono);
            face.map(|face| face.info().family.clone())
        };
        let (text, mono) = (named(false), named(true));
        for data in typst_assets::fonts() {
            faces.extend(Font::iter(Bytes::new(data)));
            pictures.load_font_data(data.to_vec());
        }
        Ok(Self {
            book: LazyHash::new(FontBook::from_fonts(&faces)),
            fonts: faces,
            text: text.unwrap_or_else(|| SERIF.to_owned()),
            mono: mono.unwrap_or_else(|| MONO.to_owned()),
            pictures: Arc::new(pictures),
        })
    }

    pub fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    pub fn pictures(&self) -> Arc<fontdb::Database> {
        Arc::clone(&self.pictures)
    }

    /// Families for text, in the order to try them.
    pub fn text_families(&self) -> [&str; 3] {
        [&self.text, SERIF, MONO]
    }

    /// Families for machine values, in the order to try them.
    pub fn mono_families(&self) -> [&str; 3] {
        [&self.mono, MONO, SERIF]
    }

    /// Whether the text is set in the built-in serif, which is small for its size.
    pub fn is_serif(&self) -> bool {
        self.text == SERIF
    }

    /// The text with letters that no typeface has shown as code points; an empty box would tell nothing.
    pub fn showable<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.is_ascii() || text.graphemes(true).all(|cluster| self.covers(cluster)) {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        for cluster in text.graphemes(true) {
            if self.covers(cluster) {
                shown.push_str(cluster);
                continue;
            }
            for letter in cluster.chars() {
                // A combining mark torn from its letter is shown as a code point too.
                if letter.is_alphanumeric() && self.covers(letter.encode_utf8(&mut [0; 4])) {
                    shown.push(letter);
                } else {
                    show_code_point(letter, &mut shown);
                }
            }
        }
        Cow::Owned(shown)
    }

    fn covers(&self, cluster: &str) -> bool {
        cluster.is_ascii()
            || self.fonts.iter().any(|font| {
                let coverage = &font.info().coverage;
                cluster.chars().all(|letter| coverage.contains(u32::from(letter)))
            })
    }
}

fn is_mono(font: &Font) -> bool {
    font.info().flags.contains(FontFlags::MONOSPACE)
}
