//! The parts of the package besides its text: styles, lists, header, footer, properties, relations.

use std::fmt::Write as _;

use crate::model::{Document, Marking};
use crate::xml::{Xml, escape};

pub(super) const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";

const W: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const R: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

pub(super) const NAMESPACES: [(&str, &str); 5] = [
    ("xmlns:w", W),
    ("xmlns:r", R),
    ("xmlns:wp", "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"),
    ("xmlns:a", "http://schemas.openxmlformats.org/drawingml/2006/main"),
    ("xmlns:pic", "http://schemas.openxmlformats.org/drawingml/2006/picture"),
];

pub(super) const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/numbering.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/><Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/><Override PartName="/word/header.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override PartName="/word/header-first.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override PartName="/word/footer.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/><Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/></Types>"#;

pub(super) const PACKAGE_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties" Target="docProps/app.xml"/></Relationships>"#;

pub(super) const APPLICATION: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Watchbell</Application></Properties>"#;

pub(super) const SETTINGS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:defaultTabStop w:val="567"/><w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>"#;

/// Title, author and date, for whoever looks at the file's properties.
pub(super) fn properties(document: &Document) -> String {
    let mut xml = Xml::new();
    xml.trusted(DECLARATION);
    xml.open(
        "cp:coreProperties",
        &[
            ("xmlns:cp", "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"),
            ("xmlns:dc", "http://purl.org/dc/elements/1.1/"),
            ("xmlns:dcterms", "http://purl.org/dc/terms/"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ],
    );
    xml.leaf("dc:title", &[], &document.title).leaf("dc:creator", &[], &document.prepared_by);
    if let Some(date) = document.date {
        let date = date.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for name in ["dcterms:created", "dcterms:modified"] {
            xml.leaf(name, &[("xsi:type", "dcterms:W3CDTF")], &date);
        }
    }
    xml.close("cp:coreProperties");
    xml.finish()
}

pub(super) fn relations(links: &[String], pictures: usize) -> String {
    let mut xml = Xml::new();
    xml.trusted(DECLARATION);
    xml.open("Relationships", &[("xmlns", "http://schemas.openxmlformats.org/package/2006/relationships")]);
    let mut relation = |id: &str, kind: &str, target: &str, outside: bool| {
        let kind = format!("{R}/{kind}");
        let mut attributes = vec![("Id", id), ("Type", kind.as_str()), ("Target", target)];
        if outside {
            attributes.push(("TargetMode", "External"));
        }
        xml.empty("Relationship", &attributes);
    };
    for part in ["styles", "numbering", "settings"] {
        relation(part, part, &format!("{part}.xml"), false);
    }
    relation("header", "header", "header.xml", false);
    relation("header-first", "header", "header-first.xml", false);
    relation("footer", "footer", "footer.xml", false);
    for number in 1..=pictures {
        relation(&format!("figure{number}"), "image", &format!("media/figure{number}.png"), false);
    }
    for (position, link) in links.iter().enumerate() {
        relation(&format!("link{}", position + 1), "hyperlink", link, true);
    }
    xml.close("Relationships");
    xml.finish()
}

/// A4 with our margins, header and footer.
pub(super) fn section() -> String {
    "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"header\"/><w:headerReference w:type=\"first\" r:id=\"header-first\"/>\
     <w:footerReference w:type=\"default\" r:id=\"footer\"/><w:footerReference w:type=\"first\" r:id=\"footer\"/>\
     <w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
     <w:pgMar w:top=\"1530\" w:right=\"1190\" w:bottom=\"1360\" w:left=\"1190\" w:header=\"620\" w:footer=\"560\" w:gutter=\"0\"/>\
     <w:titlePg/></w:sectPr>"
        .to_owned()
}

pub(super) fn header(document: &Document, title: bool) -> String {
    let mut xml = Xml::new();
    xml.trusted(DECLARATION).open("w:hdr", &[("xmlns:w", W)]);
    xml.trusted("<w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr>");
    if title {
        words(&mut xml, "", &document.title);
    }
    marking(&mut xml, document.marking.as_ref());
    xml.close("w:p").close("w:hdr");
    xml.finish()
}

pub(super) fn footer(document: &Document) -> String {
    let issuer =
        if document.organisation.is_empty() { &document.prepared_by } else { &document.organisation };
    let mut xml = Xml::new();
    xml.trusted(DECLARATION).open("w:ftr", &[("xmlns:w", W)]);
    xml.trusted("<w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>");
    words(&mut xml, "", issuer);
    xml.trusted("<w:r><w:tab/><w:t xml:space=\"preserve\">Page </w:t></w:r>");
    xml.trusted("<w:fldSimple w:instr=\" PAGE \"><w:r><w:t>1</w:t></w:r></w:fldSimple>");
    xml.trusted("<w:r><w:t xml:space=\"preserve\"> of </w:t></w:r>");
    xml.trusted("<w:fldSimple w:instr=\" NUMPAGES \"><w:r><w:t>1</w:t></w:r></w:fldSimple>");
    marking(&mut xml, document.marking.as_ref());
    xml.close("w:p").close("w:ftr");
    xml.finish()
}

fn marking(xml: &mut Xml, marking: Option<&Marking>) {
    if let Some(marking) = marking {
        xml.trusted("<w:r><w:tab/></w:r>");
        let colour = marking.colour().trim_start_matches('#');
        let looks = format!(
            "<w:b/><w:color w:val=\"{colour}\"/><w:sz w:val=\"24\"/><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"000000\"/>"
        );
        words(xml, &looks, &format!("\u{A0}{}\u{A0}", marking.label()));
    }
}

fn words(xml: &mut Xml, looks: &str, text: &str) {
    xml.open("w:r", &[]).open("w:rPr", &[]).trusted(looks).close("w:rPr");
    xml.leaf("w:t", &[("xml:space", "preserve")], &text.replace(['\n', '\t'], " ")).close("w:r");
}

/// One bullet list for all, and a numbering for each ordered list so that each begins with one.
pub(super) fn numbering(ordered_lists: usize) -> String {
    let mut xml = format!(
        "{DECLARATION}<w:numbering xmlns:w=\"{W}\">\
         <w:abstractNum w:abstractNumId=\"0\"><w:multiLevelType w:val=\"singleLevel\"/><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"•\"/><w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"397\" w:hanging=\"284\"/></w:pPr></w:lvl></w:abstractNum>\
         <w:abstractNum w:abstractNumId=\"1\"><w:multiLevelType w:val=\"singleLevel\"/><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/><w:lvlJc w:val=\"left\"/><w:pPr><w:ind w:left=\"454\" w:hanging=\"341\"/></w:pPr></w:lvl></w:abstractNum>\
         <w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>"
    );
    for number in 2..=ordered_lists + 1 {
        // Writing into a String cannot fail.
        let _ = write!(
            xml,
            "<w:num w:numId=\"{number}\"><w:abstractNumId w:val=\"1\"/><w:lvlOverride w:ilvl=\"0\"><w:startOverride w:val=\"1\"/></w:lvlOverride></w:num>"
        );
    }
    xml + "</w:numbering>"
}

/// Id, name, what it builds on, paragraph properties, run properties.
type Style = (&'static str, &'static str, &'static str, &'static str, &'static str);

const STYLES: [Style; 22] = [
    (
        "BodyText",
        "Body Text",
        "Normal",
        "<w:spacing w:after=\"140\" w:line=\"276\" w:lineRule=\"auto\"/>",
        "",
    ),
    (
        "Organisation",
        "Organisation",
        "Normal",
        "<w:keepNext/><w:spacing w:before=\"900\" w:after=\"60\"/>",
        "<w:b/><w:color w:val=\"5B6472\"/>",
    ),
    (
        "Title",
        "Title",
        "Normal",
        "<w:keepNext/><w:spacing w:after=\"80\"/>",
        "<w:b/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"52\"/>",
    ),
    (
        "Subtitle",
        "Subtitle",
        "Normal",
        "<w:spacing w:after=\"160\"/>",
        "<w:color w:val=\"5B6472\"/><w:sz w:val=\"28\"/>",
    ),
    (
        "ByLine",
        "By Line",
        "Normal",
        "<w:pBdr><w:top w:val=\"single\" w:sz=\"18\" w:space=\"8\" w:color=\"1F3A5F\"/></w:pBdr><w:spacing w:before=\"160\" w:after=\"240\"/>",
        "",
    ),
    (
        "ContentsHeading",
        "Contents Heading",
        "Normal",
        "<w:keepNext/><w:spacing w:before=\"360\" w:after=\"100\"/>",
        "<w:b/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"26\"/>",
    ),
    (
        "TOC1",
        "toc 1",
        "Normal",
        "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"9526\"/></w:tabs><w:spacing w:before=\"60\" w:after=\"20\"/>",
        "<w:b/>",
    ),
    (
        "TOC2",
        "toc 2",
        "Normal",
        "<w:tabs><w:tab w:val=\"right\" w:leader=\"dot\" w:pos=\"9526\"/></w:tabs><w:spacing w:after=\"20\"/><w:ind w:left=\"300\"/>",
        "",
    ),
    (
        "Heading1",
        "heading 1",
        "Normal",
        "<w:keepNext/><w:keepLines/><w:spacing w:before=\"400\" w:after=\"140\"/><w:outlineLvl w:val=\"0\"/>",
        "<w:b/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"32\"/>",
    ),
    (
        "Heading2",
        "heading 2",
        "Normal",
        "<w:keepNext/><w:keepLines/><w:spacing w:before=\"300\" w:after=\"110\"/><w:outlineLvl w:val=\"1\"/>",
        "<w:b/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"26\"/>",
    ),
    (
        "Heading3",
        "heading 3",
        "Normal",
        "<w:keepNext/><w:keepLines/><w:spacing w:before=\"240\" w:after=\"90\"/><w:outlineLvl w:val=\"2\"/>",
        "<w:b/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"22\"/>",
    ),
    (
        "ListParagraph",
        "List Paragraph",
        "Normal",
        "<w:spacing w:after=\"80\" w:line=\"264\" w:lineRule=\"auto\"/>",
        "",
    ),
    (
        "Quote",
        "Quote",
        "Normal",
        "<w:pBdr><w:left w:val=\"single\" w:sz=\"12\" w:space=\"10\" w:color=\"CFD4DA\"/></w:pBdr><w:spacing w:before=\"80\" w:after=\"160\"/><w:ind w:left=\"260\"/>",
        "<w:i/>",
    ),
    (
        "Code",
        "Code",
        "Normal",
        "<w:pBdr><w:top w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"CFD4DA\"/><w:left w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"CFD4DA\"/><w:bottom w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"CFD4DA\"/><w:right w:val=\"single\" w:sz=\"4\" w:space=\"4\" w:color=\"CFD4DA\"/></w:pBdr><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"F4F6F8\"/><w:spacing w:before=\"120\" w:after=\"180\"/><w:ind w:left=\"100\" w:right=\"100\"/>",
        "<w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:noProof/><w:sz w:val=\"17\"/>",
    ),
    (
        "Caption",
        "caption",
        "Normal",
        "<w:keepNext/><w:spacing w:before=\"220\" w:after=\"90\"/>",
        "<w:color w:val=\"5B6472\"/><w:sz w:val=\"19\"/>",
    ),
    (
        "FigureCaption",
        "Figure Caption",
        "Normal",
        "<w:spacing w:before=\"60\" w:after=\"260\"/>",
        "<w:color w:val=\"5B6472\"/><w:sz w:val=\"19\"/>",
    ),
    ("Figure", "Figure", "Normal", "<w:keepNext/><w:spacing w:before=\"220\" w:after=\"0\"/>", ""),
    ("TableText", "Table Text", "Normal", "<w:spacing w:after=\"0\"/>", "<w:sz w:val=\"17\"/>"),
    (
        "TableCode",
        "Table Code",
        "TableText",
        "",
        "<w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:noProof/><w:sz w:val=\"15\"/>",
    ),
    ("TableLabel", "Table Label", "TableText", "", "<w:color w:val=\"5B6472\"/>"),
    (
        "AfterTable",
        "After Table",
        "Normal",
        "<w:spacing w:after=\"0\" w:line=\"160\" w:lineRule=\"exact\"/>",
        "<w:sz w:val=\"8\"/>",
    ),
    (
        "Header",
        "header",
        "Normal",
        "<w:tabs><w:tab w:val=\"right\" w:pos=\"9526\"/></w:tabs>",
        "<w:color w:val=\"5B6472\"/><w:sz w:val=\"17\"/>",
    ),
];

pub(super) fn styles(language: &str) -> String {
    let language = escape(language);
    let mut xml = format!(
        "{DECLARATION}<w:styles xmlns:w=\"{W}\"><w:docDefaults><w:rPrDefault><w:rPr>\
         <w:rFonts w:ascii=\"Calibri\" w:hAnsi=\"Calibri\" w:eastAsia=\"Calibri\" w:cs=\"Calibri\"/><w:color w:val=\"1F2937\"/><w:sz w:val=\"21\"/><w:szCs w:val=\"21\"/><w:lang w:val=\"{language}\"/>\
         </w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:widowControl/></w:pPr></w:pPrDefault></w:docDefaults>\
         <w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\"><w:name w:val=\"Normal\"/><w:qFormat/></w:style>\
         <w:style w:type=\"character\" w:default=\"1\" w:styleId=\"DefaultParagraphFont\"><w:name w:val=\"Default Paragraph Font\"/></w:style>\
         <w:style w:type=\"character\" w:styleId=\"CodeText\"><w:name w:val=\"Code Text\"/><w:rPr><w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:noProof/><w:sz w:val=\"17\"/></w:rPr></w:style>\
         <w:style w:type=\"character\" w:styleId=\"Hyperlink\"><w:name w:val=\"Hyperlink\"/><w:rPr><w:color w:val=\"1D4F91\"/><w:u w:val=\"single\"/></w:rPr></w:style>\
         <w:style w:type=\"paragraph\" w:styleId=\"Footer\"><w:name w:val=\"footer\"/><w:basedOn w:val=\"Normal\"/><w:pPr><w:tabs><w:tab w:val=\"center\" w:pos=\"4763\"/><w:tab w:val=\"right\" w:pos=\"9526\"/></w:tabs></w:pPr><w:rPr><w:color w:val=\"5B6472\"/><w:sz w:val=\"17\"/></w:rPr></w:style>"
    );
    for (id, name, base, paragraph, run) in STYLES {
        // Writing into a String cannot fail.
        let _ = write!(
            xml,
            "<w:style w:type=\"paragraph\" w:styleId=\"{id}\"><w:name w:val=\"{name}\"/><w:basedOn w:val=\"{base}\"/><w:qFormat/><w:pPr>{paragraph}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
        );
    }
    xml + "</w:styles>"
}
