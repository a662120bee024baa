//! Strings that try to be more than text, in every place of every format.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{PRESS, markdown_text, part, pdf_text, shared, xml_text};
use paper::inline::{badge, code, emphasis, link, strong, text};
use paper::{Callout, CalloutKind, Column, Document, Marking, Rich, Table, Tone};

/// Each would do something in one format or another, if it were let.
const HOSTILE: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "</w:t></w:r></w:p><w:p>",
    "]]>&xxe;<!ENTITY",
    "#read(\"/etc/passwd\")",
    "#import \"@preview/x:1.0.0\": *",
    "$ sum_(i=0)^n i $ *bold* _under_ `raw` <label> @reference",
    "= Heading of typst // comment /* and */ more \\ #{1+1}",
    "# heading",
    "1. item",
    "12) item",
    "- item",
    "+ item",
    "> quote",
    "---",
    "===",
    "```\nfence\n```",
    "| a | b |\\| c",
    "[link](javascript:alert(1)) ![x](y) [^1] [x]",
    "~~gone~~ **b** __b__ :smile: &lt; &amp; &#60; H~2~O ^up^",
    "=cmd|' /C calc'!A0",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "C:\\new\\table\\*.exe",
    "http://evil.example/ www.evil.example x@evil.example",
];

/// A document that holds the string wherever a string can stand.
fn everywhere(words: &str) -> Document {
    let mut document = Document::new(words);
    document.subtitle = words.into();
    document.organisation = words.into();
    document.prepared_by = words.into();
    document.marking = Some(Marking::new(words));
    document.cover_fact(words, words);
    document
        .heading(1, words)
        .paragraph([
            text(words),
            strong(words),
            emphasis(words),
            code(words),
            badge(words, Tone::Danger),
            link(words, words),
        ])
        .bullets([words])
        .steps([words])
        .facts([(words, code(words))])
        .table(
            Table::new([Column::new(words), Column::new(words).mono(), Column::new("x")])
                .caption(words)
                .row([Rich::from(words), Rich::from(words), Rich::from(code(words))]),
        )
        .callout(Callout::new(CalloutKind::Danger, words).paragraph(words))
        .figure(paper::Figure::new(paper::chart::bars(words, &[paper::chart::Bar::new(words, 3)]), words))
        .code(words)
        .quote(words)
        .signatures([(words, words)]);
    document
}

/// Places in `everywhere` where the whole string shows on the page.
const PLACES: usize = 20;

fn squeezed(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

#[test]
fn markdown_shows_the_string_and_nothing_more() {
    for words in HOSTILE {
        let (seen, _) = markdown_text(&paper::markdown(&everywhere(words)));
        let found = squeezed(&seen).matches(&squeezed(words)).count();
        assert!(found >= PLACES, "{words:?} shows {found} times only in {seen}");
    }
}

#[test]
fn markdown_keeps_the_spaces_between_and_within_runs() {
    let mut document = Document::default();
    document.paragraph([
        text(" a "),
        strong(" b "),
        text("  c"),
        code("d"),
        text(" "),
        text(" e "),
        emphasis("f"),
        text(": g "),
    ]);
    let (seen, _) = markdown_text(&paper::markdown(&document));
    assert_eq!(seen, " a  b   cd  e f: g ");
}

#[test]
fn markdown_has_the_same_signs_for_hostile_as_for_harmless_text() {
    let (_, harmless) = markdown_text(&paper::markdown(&everywhere("_-harmless-_")));
    for words in HOSTILE.iter().filter(|words| !words.contains('\n')) {
        let (_, signs) = markdown_text(&paper::markdown(&everywhere(words)));
        let without_looks = |signs: &[String]| -> Vec<String> {
            let looks = ["<code>", "</code>", "<strong>", "</strong>", "Strong", "TableCell"];
            signs.iter().filter(|sign| !looks.contains(&sign.as_str())).cloned().collect()
        };
        assert_eq!(without_looks(&signs), without_looks(&harmless), "{words:?}");
    }
}

#[test]
fn html_holds_no_element_that_is_not_ours() {
    let elements = |page: &str| page.matches('<').count();
    let harmless = elements(&paper::html(&everywhere("harmless")));
    for words in HOSTILE {
        let page = paper::html(&everywhere(words));
        let breaks = page.matches("<br>").count() - 1;
        assert_eq!(elements(&page) - breaks, harmless, "{words:?}");
        assert!(!page.contains("<script") && !page.contains("onerror=alert(1)>"), "{words:?}");
    }
}

#[test]
fn a_marking_cannot_leave_the_style_it_stands_in() {
    let mut document = Document::new("x");
    document.marking = Some(Marking::new("\"}</style><script>alert(1)</script>"));
    let page = paper::html(&document);
    assert!(!page.contains("<script") && page.matches("</style>").count() == 2, "{page}");
    assert!(page.contains(r#"content:"\000022\00007d\00003c"#), "{page}");
}

#[test]
fn docx_stays_well_formed_and_shows_the_string() {
    for words in HOSTILE {
        let package = PRESS.docx(&everywhere(words)).unwrap();
        let seen = xml_text(&part(&package, "word/document.xml"));
        let found = squeezed(&seen).matches(&squeezed(words)).count();
        assert!(found >= PLACES, "{words:?} shows {found} times only");
        for name in [
            "word/header.xml",
            "word/footer.xml",
            "docProps/core.xml",
            "word/styles.xml",
            "word/numbering.xml",
            "word/_rels/document.xml.rels",
        ] {
            xml_text(&part(&package, name));
        }
    }
}

#[test]
fn pdf_shows_the_string() {
    for words in HOSTILE {
        let Some(seen) = pdf_text(&PRESS.pdf(&everywhere(words)).unwrap()) else { return };
        let found = squeezed(&seen).matches(&squeezed(words)).count();
        assert!(found >= PLACES - 2, "{words:?} shows {found} times only in {seen}");
    }
}

#[test]
fn what_hides_or_reorders_is_shown_in_every_format() {
    let document = everywhere("invoice\u{202E}fdp.exe \u{200B}\u{0007}\u{1B}[2J\u{FFFE}");
    let expected = "invoice⟨U+202E⟩fdp.exe⟨U+200B⟩⟨U+0007⟩⟨U+001B⟩[2J⟨U+FFFE⟩";
    let html = squeezed(&paper::html(&document));
    assert!(html.matches(expected).count() >= PLACES, "{html}");
    let (markdown, _) = markdown_text(&paper::markdown(&document));
    assert!(squeezed(&markdown).matches(expected).count() >= PLACES, "{markdown}");
    let docx = xml_text(&part(&PRESS.docx(&document).unwrap(), "word/document.xml"));
    assert!(squeezed(&docx).matches(expected).count() >= PLACES, "{docx}");
    if let Some(pdf) = pdf_text(&PRESS.pdf(&document).unwrap()) {
        assert!(squeezed(&pdf).matches(expected).count() >= PLACES - 2, "{pdf}");
    }
}

#[test]
fn letters_that_no_typeface_has_are_shown_as_code_points() {
    let mut document = Document::new("Letters");
    document.paragraph("汉字 and 😀");
    if let Some(pdf) = pdf_text(&PRESS.pdf(&document).unwrap()) {
        assert!(pdf.contains("⟨U+6C49⟩⟨U+5B57⟩") && pdf.contains("⟨U+1F600⟩"), "{pdf}");
    }
    assert!(paper::html(&document).contains("汉字 and 😀"));
}

#[test]
fn the_big_list_of_naughty_strings_breaks_nothing() {
    let Some(path) = shared("data/hostile/blns.json") else { return };
    let strings: Vec<String> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert!(strings.len() > 400);
    // Each alone where parsing is cheap, all in one document where typesetting is not.
    let mut all = Document::new("Naughty strings");
    let mut table = Table::new(["Text", "Code"]);
    for words in &strings {
        let document = everywhere(words);
        let (markdown, _) = markdown_text(&paper::markdown(&document));
        if !words.contains(['\0', '\u{FEFF}']) && !words.trim().is_empty() {
            let shown = squeezed(&paper_visible(words));
            assert!(squeezed(&markdown).contains(&shown), "{words:?} is not in {markdown}");
        }
        assert!(!paper::html(&document).contains("<script"));
        table.push([text(words), code(words)]);
        all.heading(2, words).paragraph(words.as_str()).code(words);
    }
    all.table(table);
    for (position, words) in strings.iter().enumerate().filter(|(position, _)| position % 8 == 0) {
        xml_text(&part(&PRESS.docx(&everywhere(words)).unwrap(), "word/document.xml"));
        assert!(position % 40 != 0 || PRESS.pdf(&everywhere(words)).unwrap().starts_with(b"%PDF"));
    }
    xml_text(&part(&PRESS.docx(&all).unwrap(), "word/document.xml"));
    let pdf = PRESS.pdf(&all).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    if let Some(seen) = pdf_text(&pdf) {
        let seen = squeezed(&seen);
        let plain = |words: &&String| {
            words.is_ascii() && words.len() < 60 && words.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        for words in strings.iter().filter(plain) {
            assert!(seen.contains(&squeezed(words)), "{words:?} is missing");
        }
    }
}

/// A string as a page shows it, read back from the simplest format.
fn paper_visible(words: &str) -> String {
    let mut document = Document::default();
    document.code(words);
    let page = paper::markdown(&document);
    let start = page.find('\n').unwrap() + 1;
    let end = page.trim_end().rfind('\n').unwrap();
    page.get(start..end).unwrap_or_default().to_owned()
}
