//! HTML as its text and its links. It is walked over as text: no tree is built, nothing is loaded.

use mail_parser::decoders::html::html_to_text;

use super::links::{Link, in_text};

/// The attributes that name something elsewhere.
const POINTING: [&str; 6] = ["href", "src", "action", "formaction", "background", "data"];
/// How far behind a tag the text that it shows is looked for.
const SHOWN: usize = 2_000;

/// The text that a reader would see, nearly.
pub(super) fn text(html: &str) -> String {
    let text = html_to_text(html);
    let mut plain = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines() {
        let line = line.trim_end();
        blank = if line.trim().is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain.trim_matches('\n').to_owned()
}

/// The links in attributes, with the text that they show, then those in the text.
pub(super) fn links(html: &str, text: &str, most: usize) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        let tail = rest.get(open + 1..).unwrap_or_default();
        let end = end_of_tag(tail);
        let (tag, behind) = tail.split_at(end);
        rest = behind;
        if links.len() >= most {
            break;
        }
        let is_anchor = tag
            .get(..2)
            .is_some_and(|name| name.eq_ignore_ascii_case("a ") || name.eq_ignore_ascii_case("a\n"));
        for (name, value) in attributes(tag) {
            if !POINTING.iter().any(|pointing| name.eq_ignore_ascii_case(pointing)) {
                continue;
            }
            let shown = is_anchor.then(|| shown(behind));
            let link = Link::new(&html_to_text(value), shown.as_deref());
            links.extend(link.filter(|link| !links.contains(link)));
        }
    }
    for link in in_text(text, most.saturating_sub(links.len())) {
        if !links.iter().any(|known| known.target == link.target) {
            links.push(link);
        }
    }
    links
}

/// The length of a tag: up to the first `>` outside of quotes, or of all where none closes.
fn end_of_tag(tail: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tail.bytes().enumerate().take(16 * 1024) {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    tail.find('>').unwrap_or(tail.len())
}

/// Names and values in a tag.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals);
        let name =
            before.trim_end().rsplit([' ', '\t', '\r', '\n', '"', '\'', '/']).next().unwrap_or_default();
        let after = after.get(1..).unwrap_or_default().trim_start();
        let (value, behind) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                after.get(1..).unwrap_or_default().split_once(quote).unwrap_or((after, ""))
            }
            _ => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
        };
        found.push((name, value));
        rest = behind;
    }
    found
}

/// What an anchor shows: the text up to its end.
fn shown(behind: &str) -> String {
    let mut end = behind.len().min(SHOWN);
    while !behind.is_char_boundary(end) {
        end -= 1;
    }
    let near = behind.get(1..end).unwrap_or_default();
    let lower = near.to_ascii_lowercase();
    let text = html_to_text(near.get(..lower.find("</a").unwrap_or(near.len())).unwrap_or_default());
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn the_text_stays_and_the_markup_goes() {
        let html = "<html><head><title>x</title></head><body><p>Hello &amp; welcome</p><script>evil()</script><style>p{}</style>Bye</body></html>";
        let text = text(html);
        assert!(text.contains("Hello & welcome") && text.contains("Bye"), "{text}");
        assert!(!text.contains("evil()") && !text.contains("p{}"), "{text}");
    }

    #[test]
    fn links_are_found_with_what_they_show() {
        let html = r#"<a class="x>y" href='https://evil.example/?a=1&amp;b=2'>https://<b>bank</b>.example</a>
            <img src=http://track.example/p.gif><A HREF="mailto:x@y.example">write</A><form action="//x"><a href="cid:1">"#;
        let links = links(html, "also https://plain.example.", 10);
        let targets: Vec<_> = links.iter().map(|link| link.target.as_str()).collect();
        assert_eq!(
            targets,
            [
                "https://evil.example/?a=1&b=2",
                "http://track.example/p.gif",
                "mailto:x@y.example",
                "https://plain.example"
            ]
        );
        assert!(
            links[0].misleads && links[0].shown.as_deref().is_some_and(|shown| shown.contains("bank")),
            "{links:?}"
        );
    }

    #[test]
    fn markup_without_end_is_no_trouble() {
        for html in
            ["<", "<a href=", "<a href=\"", "a<b='", &"<a ".repeat(10_000), &"<a href='".repeat(5_000)]
        {
            links(html, &text(html), 10);
        }
    }
}
