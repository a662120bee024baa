//! Markdown that people wrote, drawn so that it stays text. The writer below emits only tags that
//! stand in this file; everything that comes from the text goes through maud's escaping. HTML in the
//! text is shown as it was typed, pictures are never fetched, and a link is one only if it leads to the
//! web or to a mailbox. What the words mean is not looked at here.

use std::fmt::Write;

use maud::{Escaper, Markup, PreEscaped};
use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The text as HTML for inside of `.prose`. Its highest heading (`#`) stands at the level `top`, from
/// 1 to 6, so that it fits below the headings around it.
pub fn render(markdown: &str, top: u8) -> Markup {
    let mut writer = Writer { out: String::new(), top, links: Vec::new(), in_head: false };
    for event in parse(markdown) {
        writer.event(event);
    }
    PreEscaped(writer.out)
}

/// The words of the text's first heading.
pub fn title(markdown: &str) -> Option<String> {
    let mut inside = parse(markdown)
        .skip_while(|event| !matches!(event, Event::Start(Tag::Heading { .. })))
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    inside.next()?;
    let mut title = String::new();
    for event in inside {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => title.push_str(&text),
            Event::SoftBreak | Event::HardBreak => title.push(' '),
            _ => {}
        }
    }
    Some(title).filter(|title| !title.trim().is_empty())
}

fn parse(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// Where a link may lead: the web and mailboxes, in letters that show what they are.
fn may_be_followed(target: &str) -> bool {
    let plain = target.bytes().all(|byte| byte.is_ascii_graphic());
    let known = ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    plain && known
}

/// Writes tags and text one after the other: no recursion, so that deep nesting costs no stack.
struct Writer {
    out: String,
    top: u8,
    /// For each link or picture that is open, how it ends.
    links: Vec<LinkEnd>,
    in_head: bool,
}

enum LinkEnd {
    Tag,
    /// It was no link; its target is shown as text.
    Target(String),
}

impl Writer {
    /// Markup of ours: a `'static` string, which no text from outside can be.
    fn tag(&mut self, tag: &'static str) {
        self.out.push_str(tag);
    }

    /// Text from outside.
    fn text(&mut self, text: &str) {
        // Writing into a string never fails.
        Escaper::new(&mut self.out).write_str(text).ok();
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.tag("<code>");
                self.text(&text);
                self.tag("</code>");
            }
            Event::FootnoteReference(text) => self.text(&text),
            Event::SoftBreak => self.tag("\n"),
            Event::HardBreak => self.tag("<br>"),
            Event::Rule => self.tag("<hr>"),
            Event::TaskListMarker(done) => self.tag(if done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.heading(level, true),
            Tag::BlockQuote(_) => self.tag("<blockquote>"),
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.tag("<pre tabindex=\"0\"><code>");
            }
            Tag::List(None) => self.tag("<ul>"),
            Tag::List(Some(1)) => self.tag("<ol>"),
            Tag::List(Some(first)) => {
                self.tag("<ol start=\"");
                self.text(&first.to_string());
                self.tag("\">");
            }
            Tag::Item => self.tag("<li>"),
            Tag::Table(alignments) => self.table(&alignments),
            Tag::TableHead => {
                self.in_head = true;
                self.tag("<thead><tr>");
            }
            Tag::TableRow => self.tag("<tr>"),
            Tag::TableCell => self.tag(if self.in_head { "<th scope=\"col\">" } else { "<td>" }),
            Tag::Emphasis => self.tag("<em>"),
            Tag::Strong => self.tag("<strong>"),
            Tag::Strikethrough => self.tag("<del>"),
            Tag::Superscript => self.tag("<sup>"),
            Tag::Subscript => self.tag("<sub>"),
            Tag::Link { dest_url, .. } if may_be_followed(&dest_url) => {
                self.tag("<a rel=\"noopener noreferrer nofollow\" href=\"");
                self.text(&dest_url);
                self.tag("\">");
                self.links.push(LinkEnd::Tag);
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(LinkEnd::Target(dest_url.into_string()));
            }
            Tag::Paragraph
            | Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::MetadataBlock(_) => self.tag("<p>"),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.heading(level, false),
            TagEnd::BlockQuote(_) => self.tag("</blockquote>"),
            TagEnd::CodeBlock => self.tag("</code></pre>"),
            TagEnd::List(ordered) => self.tag(if ordered { "</ol>" } else { "</ul>" }),
            TagEnd::Item => self.tag("</li>"),
            TagEnd::Table => self.tag("</tbody></table></div>"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.tag("</tr></thead><tbody>");
            }
            TagEnd::TableRow => self.tag("</tr>"),
            TagEnd::TableCell => self.tag(if self.in_head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.tag("</em>"),
            TagEnd::Strong => self.tag("</strong>"),
            TagEnd::Strikethrough => self.tag("</del>"),
            TagEnd::Superscript => self.tag("</sup>"),
            TagEnd::Subscript => self.tag("</sub>"),
            TagEnd::Link | TagEnd::Image => match self.links.pop() {
                Some(LinkEnd::Target(target)) if !target.is_empty() => {
                    self.tag(" (");
                    self.text(&target);
                    self.tag(")");
                }
                Some(LinkEnd::Target(_)) | None => {}
                Some(LinkEnd::Tag) => self.tag("</a>"),
            },
            TagEnd::Paragraph
            | TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::MetadataBlock(_) => self.tag("</p>"),
        }
    }

    fn heading(&mut self, level: HeadingLevel, opens: bool) {
        let below = match level {
            HeadingLevel::H1 => 0,
            HeadingLevel::H2 => 1,
            HeadingLevel::H3 => 2,
            HeadingLevel::H4 => 3,
            HeadingLevel::H5 => 4,
            HeadingLevel::H6 => 5,
        };
        self.tag(match (self.top.saturating_add(below), opens) {
            (0 | 1, true) => "<h1>",
            (0 | 1, false) => "</h1>",
            (2, true) => "<h2>",
            (2, false) => "</h2>",
            (3, true) => "<h3>",
            (3, false) => "</h3>",
            (4, true) => "<h4>",
            (4, false) => "</h4>",
            (5, true) => "<h5>",
            (5, false) => "</h5>",
            (_, true) => "<h6>",
            (_, false) => "</h6>",
        });
    }

    /// Wide tables scroll in their own box. Alignment would need inline styles, which the policy of
    /// our pages refuses; only whether every column is one of numbers is kept.
    fn table(&mut self, alignments: &[Alignment]) {
        let numbers = !alignments.is_empty() && alignments.iter().all(|one| *one == Alignment::Right);
        self.tag("<div class=\"table-scroll\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">");
        self.tag(if numbers { "<table class=\"table number\">" } else { "<table class=\"table\">" });
    }
}

#[cfg(test)]
mod tests {
    use super::{render, title};

    fn html(markdown: &str) -> String {
        render(markdown, 2).into_string()
    }

    #[test]
    fn ordinary_text_is_set_as_people_mean_it() {
        assert_eq!(
            html("# Title\n\nSome **strong** and *soft* `code`.\n\n- one\n- two\n"),
            "<h2>Title</h2><p>Some <strong>strong</strong> and <em>soft</em> <code>code</code>.</p>\
             <ul><li>one</li><li>two</li></ul>"
        );
        assert_eq!(html("4. four\n5. five\n"), "<ol start=\"4\"><li>four</li><li>five</li></ol>");
        assert_eq!(html("> said\n"), "<blockquote><p>said</p></blockquote>");
        assert_eq!(html("one  \ntwo\nthree\n"), "<p>one<br>two\nthree</p>");
        assert!(html("| A | B |\n|---|---|\n| 1 | 2 |\n").contains(
            "<thead><tr><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead>\
             <tbody><tr><td>1</td><td>2</td></tr></tbody>"
        ));
    }

    #[test]
    fn headings_never_leave_their_place() {
        assert_eq!(render("# a", 3).into_string(), "<h3>a</h3>");
        assert_eq!(render("###### a", 4).into_string(), "<h6>a</h6>");
    }

    #[test]
    fn markup_in_the_text_is_shown_not_run() {
        assert_eq!(html("<script>alert(1)</script>"), "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>");
        assert_eq!(html("a <img src=x onerror=alert(1)> b"), "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>");
        assert_eq!(html("`</code><b>`"), "<p><code>&lt;/code&gt;&lt;b&gt;</code></p>");
        assert_eq!(
            html("```\"><script>\n</code></pre><script>\n```"),
            "<pre tabindex=\"0\"><code>&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;\n</code></pre>"
        );
        assert_eq!(html("&lt;b&gt; &#60;i&#62;"), "<p>&lt;b&gt; &lt;i&gt;</p>");
        assert_eq!(html("# <u>x</u> {onclick=y}"), "<h2>&lt;u&gt;x&lt;/u&gt; {onclick=y}</h2>");
    }

    #[test]
    fn links_lead_to_the_web_or_a_mailbox_or_nowhere() {
        assert_eq!(
            html("[a](https://example.org/?q=1&r=2)"),
            "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://example.org/?q=1&amp;r=2\">a</a></p>"
        );
        assert!(html("<mailto:a@example.org>").contains("href=\"mailto:a@example.org\""));
        assert_eq!(html("[a](javascript:alert(1))"), "<p>a (javascript:alert(1))</p>");
        assert_eq!(html("[a](/logout)"), "<p>a (/logout)</p>");
        for target in [
            "JaVaScRiPt:alert(1)",
            "&#106;avascript:alert(1)",
            "java&Tab;script:alert(1)",
            "data:text/html,<script>",
            "vbscript:x",
            "//example.org",
            "https:evil",
            "file:///etc/passwd",
            "https://exa\u{202e}mple.org",
        ] {
            let drawn = html(&format!("[a](<{target}>)"));
            assert!(!drawn.contains("<a") && !drawn.contains("href"), "{target}: {drawn}");
        }
        let drawn = html("[a](https://example.org/\"onmouseover=alert(1) \"t\")");
        assert!(!drawn.contains("\"onmouseover"), "{drawn}");
        let drawn = html("[<b>](<https://example.org/\"><script>>)");
        assert!(!drawn.contains("<script") && !drawn.contains("<b>"), "{drawn}");
    }

    #[test]
    fn pictures_are_never_fetched() {
        assert_eq!(
            html("![seen](https://example.org/track.png \"x\")"),
            "<p>seen (https://example.org/track.png)</p>"
        );
        assert!(!html("[![a](javascript:x)](https://example.org)").contains("<img"));
    }

    #[test]
    fn deep_nesting_costs_no_stack() {
        let quotes = html(&"> ".repeat(20_000));
        assert_eq!(quotes.matches("<blockquote>").count(), quotes.matches("</blockquote>").count());
        let stars = html(&"*a ".repeat(20_000));
        assert!(stars.contains("*a *a"));
        html(&"[".repeat(20_000));
    }

    #[test]
    fn the_title_is_the_first_heading() {
        assert_eq!(title("text\n\n## A `b` *c*\n\n# D").as_deref(), Some("A b c"));
        assert_eq!(title("no heading"), None);
        assert_eq!(title("#\n"), None);
    }
}
