//! What the tests share; each of them uses its part of it.
#![allow(dead_code)]

pub mod sample;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use paper::{Fonts, Press};

/// Loading the typefaces takes longer than many a test.
pub static PRESS: LazyLock<Press> = LazyLock::new(|| Press::new(&Fonts::default()).unwrap());

/// The text of a PDF as another program reads it; nothing where poppler's `pdftotext` is not installed.
pub fn pdf_text(pdf: &[u8]) -> Option<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let output = Command::new("pdftotext")
        .args(["-raw", "-enc", "UTF-8"])
        .arg(file.path())
        .arg("-")
        .stderr(Stdio::null())
        .output();
    let Ok(output) = output else {
        println!("skipped: pdftotext is not there");
        return None;
    };
    assert!(output.status.success(), "pdftotext refused the file");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// One part of a DOCX package.
pub fn part(docx: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(docx)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// All text within elements, with references resolved, as an XML parser of another maker reads it. Fails when the
/// part is not well-formed.
pub fn xml_text(xml: &str) -> String {
    let tree = roxmltree::Document::parse(xml).unwrap_or_else(|fault| panic!("{fault}: {xml}"));
    tree.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect()
}

/// The text that a Markdown reader shows, and the names of the things it found that are more than text.
pub fn markdown_text(markdown: &str) -> (String, Vec<String>) {
    use pulldown_cmark::{Event, Options, Parser};
    let mut text = String::new();
    let mut signs = Vec::new();
    for event in Parser::new_ext(markdown, Options::all() - Options::ENABLE_SMART_PUNCTUATION) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::InlineHtml(tag) if &*tag == "<br>" => text.push('\n'),
            Event::InlineHtml(tag) | Event::Html(tag) => signs.push(tag.to_string()),
            Event::Start(tag) => signs.push(format!("{tag:?}").split(['(', ' ']).next().unwrap().to_owned()),
            Event::End(_) => {}
            other => signs.push(format!("{other:?}")),
        }
    }
    (text, signs)
}

/// A file of the data that lies beside the project, when it does.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("WATCHBELL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {} not there", path.display());
    None
}
