//! The sample report as people get it, and what holds for any document.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{PRESS, part, pdf_text, sample, xml_text};
use paper::inline::code;
use paper::{Document, Error, Fonts, Format, Marking, Press, Table};

#[test]
fn the_sample_as_markdown() {
    insta::assert_snapshot!(paper::markdown(&sample::report(0)));
}

#[test]
fn the_sample_as_html() {
    insta::assert_snapshot!(paper::html(&sample::report(0)).replace("><", ">\n<"));
}

#[test]
fn equal_documents_are_equal_bytes() {
    let other = Press::new(&Fonts::default()).unwrap();
    for format in Format::ALL {
        let first = PRESS.render(&sample::report(3), format).unwrap();
        let again = other.render(&sample::report(3), format).unwrap();
        assert!(first == again, "{format:?} differs from itself");
    }
}

#[test]
fn an_empty_document_is_a_document() {
    for document in [Document::default(), Document::new("")] {
        assert!(PRESS.pdf(&document).unwrap().starts_with(b"%PDF-"));
        xml_text(&part(&PRESS.docx(&document).unwrap(), "word/document.xml"));
        assert!(paper::html(&document).contains("<main>"));
        assert_eq!(paper::markdown(&document), "");
    }
}

#[test]
fn blocks_without_content_are_no_harm() {
    let mut document = Document::new("Hollow");
    document
        .heading(9, "")
        .paragraph("")
        .bullets(Vec::<&str>::new())
        .facts(Vec::<(&str, &str)>::new())
        .table(Table::new(Vec::<&str>::new()))
        .table(Table::new(["only a head"]))
        .code("")
        .page_break()
        .page_break()
        .figure(paper::Figure::new(paper::chart::timeline("none", &[]), ""))
        .figure(paper::Figure::new(paper::chart::bars("none", &[]), ""))
        .figure(paper::Figure::new(paper::chart::phases("none", &[]), ""))
        .signatures(Vec::<(&str, &str)>::new());
    for format in Format::ALL {
        assert!(!PRESS.render(&document, format).unwrap().is_empty());
    }
}

#[test]
fn the_marking_and_the_page_number_stand_on_every_page() {
    let Some(text) = pdf_text(&PRESS.pdf(&sample::report(120)).unwrap()) else { return };
    let pages: Vec<&str> = text.split('\u{C}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 6, "{} pages", pages.len());
    for (position, page) in pages.iter().enumerate() {
        assert!(page.matches("TLP:AMBER").count() >= 2, "page {}: {page}", position + 1);
        assert!(page.contains(&format!("Page {} of {}", position + 1, pages.len())), "{page}");
    }
    let with_head = pages.iter().filter(|page| page.contains("Where or who What")).count();
    assert!(with_head > 3, "the header of the long table stands on {with_head} pages only");
}

#[test]
fn nothing_runs_off_the_page() {
    let endless = "a1".repeat(4_000);
    let mut document = Document::new(&endless);
    document.marking = Some(Marking::new("TLP:RED"));
    document
        .heading(1, &endless)
        .paragraph(endless.as_str())
        .code(&endless)
        .facts([(&endless, code(&endless))]);
    document.table(Table::new(["a", "b", "c", "d", "e", "f", "g", "h"]).row([
        endless.as_str(),
        "x",
        "x",
        "x",
        "x",
        "x",
        "x",
        &endless,
    ]));
    let pdf = PRESS.pdf(&document).unwrap();
    let Some(text) = pdf_text(&pdf) else { return };
    let squeezed: String = text.chars().filter(|letter| matches!(letter, 'a' | '1')).collect();
    assert!(squeezed.len() > 7 * endless.len(), "something was cut off");
    let Some((right, widest)) = rightmost(&pdf) else { return };
    assert!(right <= widest - 40.0, "text reaches {right} of {widest} points");
}

/// How far right any word reaches, and how wide the page is, in points.
fn rightmost(pdf: &[u8]) -> Option<(f64, f64)> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pdf).unwrap();
    let output =
        std::process::Command::new("pdftotext").arg("-bbox").arg(file.path()).arg("-").output().ok()?;
    let boxes = String::from_utf8(output.stdout).unwrap();
    let values = |line: &str, name: &str| -> Option<f64> {
        line.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.parse().ok()
    };
    let words = boxes.lines().filter(|line| line.contains("<word "));
    let right = words.filter_map(|line| values(line, "xMax")).fold(0.0, f64::max);
    let page = boxes.lines().find(|line| line.contains("<page "))?;
    Some((right, values(page, "width")?))
}

#[test]
fn the_pdf_is_archival_and_tagged() {
    let pdf = PRESS.pdf(&sample::report(0)).unwrap();
    let holds = |needle: &[u8]| pdf.windows(needle.len()).any(|window| window == needle);
    assert!(holds(b"<pdfaid:part>2</pdfaid:part>") && holds(b"<pdfaid:conformance>B</pdfaid:conformance>"));
    assert!(holds(b"/MarkInfo") && holds(b"/Marked true"));
    assert!(holds(b"2026-11-24T06:42:00"));
}

#[test]
fn the_docx_has_styles_fields_and_repeated_headers() {
    let package = PRESS.docx(&sample::report(0)).unwrap();
    let body = part(&package, "word/document.xml");
    assert!(body.contains("<w:pStyle w:val=\"Heading1\"/>") && body.contains("<w:tblHeader/>"));
    assert!(part(&package, "word/header.xml").contains("TLP:AMBER"));
    let footer = part(&package, "word/footer.xml");
    assert!(footer.contains("TLP:AMBER") && footer.contains(" PAGE ") && footer.contains(" NUMPAGES "));
    assert!(
        part(&package, "word/_rels/document.xml.rels")
            .contains("https://attack.mitre.org/techniques/T1059/001/")
    );
}

#[test]
fn a_font_that_is_none_is_refused() {
    let fault = Press::new(&Fonts { extra: vec![b"no font"] }).unwrap_err();
    assert!(matches!(fault, Error::Font { position: 0 }), "{fault}");
}

#[test]
fn formats_are_known_by_name() {
    for format in Format::ALL {
        assert_eq!(format.extension().parse::<Format>().unwrap(), format);
    }
    assert_eq!(
        "tex".parse::<Format>().unwrap_err().to_string(),
        "there is no format called \"tex\"; use pdf, docx, html or md"
    );
}

#[test]
fn what_is_rewritten_is_gone_from_every_place() {
    use paper::{Callout, CalloutKind, Document, Table};
    let secret = "203.0.113.9";
    let mut document = Document::new(format!("On {secret}"));
    document.subtitle = secret.to_owned();
    document.cover_fact(secret, secret);
    document.heading(1, secret).paragraph(secret).quote(secret).code(secret).bullets([secret]);
    document.facts([(secret, secret)]).signatures([(secret, secret)]);
    document.table(Table::new([secret]).row([secret]).caption(secret));
    document.callout(
        Callout::new(CalloutKind::Info, secret)
            .paragraph(paper::Rich::new().code(secret).link(secret, format!("https://{secret}/"))),
    );
    document.rewrite(&mut |words| words.contains(secret).then(|| words.replace(secret, "X")));
    // The head of a column is the template's, and stays.
    assert_eq!(format!("{document:?}").matches(secret).count(), 1, "{document:?}");
}
