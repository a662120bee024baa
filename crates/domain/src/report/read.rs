//! From a file of `content/reports`, or of the organisation's own folder, to a [`Template`]. A file that cannot be
//! used is refused with its name, line, column and the cause; all that is wrong in it is told at once.

use std::fmt::Display;

use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use super::words::Unusable;
use super::{Chapter, LeaveOut, Part, Template, TemplateKey, Words};
use crate::{Line, Text};

/// Why a template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {reason}")]
pub struct Refusal {
    pub file: String,
    /// Both counted from 1.
    pub line: u64,
    pub column: u64,
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateFile {
    id: Spanned<String>,
    title: Line,
    purpose: Text,
    #[serde(default)]
    subtitle: Option<Spanned<String>>,
    #[serde(default = "yes")]
    numbered: bool,
    #[serde(default = "yes")]
    cover: bool,
    #[serde(default)]
    leave_out: Vec<LeaveOut>,
    chapters: Spanned<Vec<ChapterFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChapterFile {
    part: Spanned<Part>,
    #[serde(default)]
    heading: Option<Spanned<String>>,
    #[serde(default)]
    before: Option<Spanned<String>>,
    #[serde(default)]
    after: Option<Spanned<String>>,
    #[serde(default)]
    new_page: bool,
}

const fn yes() -> bool {
    true
}

impl Template {
    /// `file` is how the refusals call it.
    ///
    /// # Errors
    /// All that is wrong in the file, in its order.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Refusal>> {
        let mut reader = Reader { file, text, refusals: Vec::new() };
        match serde_saphyr::from_str::<TemplateFile>(text) {
            Ok(parsed) => {
                let template = reader.template(parsed);
                template.filter(|_| reader.refusals.is_empty()).ok_or(reader.refusals)
            }
            Err(error) => {
                let location = error.location();
                // The parser's own picture of the place follows its first line.
                let told = error.to_string();
                let reason = told.lines().next().unwrap_or("cannot be read").to_owned();
                reader
                    .refuse(location.map_or((1, 1), |location| (location.line(), location.column())), reason);
                Err(reader.refusals)
            }
        }
    }
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    refusals: Vec<Refusal>,
}

impl Reader<'_> {
    fn refuse(&mut self, (line, column): (u64, u64), reason: impl Display) {
        self.refusals.push(Refusal {
            file: self.file.to_owned(),
            line: line.max(1),
            column: column.max(1),
            reason: reason.to_string(),
        });
    }

    fn template(&mut self, file: TemplateFile) -> Option<Template> {
        let id = match file.id.value.parse::<TemplateKey>() {
            Ok(id) => Some(id),
            Err(error) => {
                self.refuse(place(file.id.referenced), error);
                None
            }
        };
        let at_chapters = file.chapters.referenced;
        if file.chapters.value.is_empty() {
            self.refuse(place(at_chapters), "there is no chapter; add one, such as {part: summary}");
        }
        let subtitle = self.words(file.subtitle);
        let chapters = file.chapters.value.into_iter().map(|chapter| self.chapter(chapter)).collect();
        Some(Template {
            id: id?,
            subtitle: subtitle.unwrap_or_else(|| Words::plain(&file.title)),
            title: file.title,
            purpose: file.purpose,
            numbered: file.numbered,
            cover: file.cover,
            leave_out: file.leave_out,
            chapters,
        })
    }

    fn chapter(&mut self, file: ChapterFile) -> Chapter {
        let part = file.part.value;
        if part == Part::Text && file.before.is_none() && file.after.is_none() {
            self.refuse(place(file.part.referenced), "a chapter of text needs words; write them in `before`");
        }
        Chapter {
            part,
            heading: self.words(file.heading).unwrap_or_else(|| Words::plain(part.label())),
            before: self.words(file.before),
            after: self.words(file.after),
            new_page: file.new_page,
        }
    }

    fn words(&mut self, given: Option<Spanned<String>>) -> Option<Words> {
        let given = given?;
        if given.value.trim().is_empty() {
            self.refuse(place(given.referenced), "is empty; write something, or leave the line out");
            return None;
        }
        match Words::parse(given.value.trim()) {
            Ok(words) => Some(words),
            Err(Unusable { token, reason }) => {
                let found = self.find(given.referenced, &token);
                self.refuse(found, reason);
                None
            }
        }
    }

    /// Where a piece of a value stands in the file: at or behind the beginning of the value.
    fn find(&self, from: Location, token: &str) -> (u64, u64) {
        let lines =
            self.text.lines().enumerate().skip(usize::try_from(from.line()).unwrap_or(1).saturating_sub(1));
        for (number, line) in lines {
            if let Some((before, _)) = line.split_once(token) {
                let column = before.chars().count() + 1;
                return (count(number + 1), count(column));
            }
        }
        place(from)
    }
}

fn place(location: Location) -> (u64, u64) {
    (location.line(), location.column())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id: own\ntitle: Our own\npurpose: For us.\n";

    fn refused(rest: &str) -> String {
        let refusals = Template::read("own.yaml", &format!("{HEAD}{rest}")).unwrap_err();
        refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_template_says_what_stands_in_which_order() {
        let text = format!(
            "{HEAD}subtitle: About {{{{incident.id}}}}\ncover: false\nleave_out: [empty]\nchapters:\n- part: summary\n- part: text\n  heading: Words\n  before: |\n    First {{{{incident.title}}}}.\n    Second.\n"
        );
        let template = Template::read("own.yaml", &text).unwrap();
        assert_eq!(template.chapters[0].heading, Words::plain("Executive summary"));
        assert!(template.numbered && !template.cover && template.leaves_out(LeaveOut::Empty));
        let words = template.chapters[1].before.as_ref().unwrap().filled(|field| field.to_string());
        assert_eq!(words, "First incident.title.\nSecond.");
    }

    #[test]
    fn what_is_wrong_is_told_with_line_column_and_cause() {
        for (rest, told) in [
            ("chapters: []\n", "own.yaml:4:11: there is no chapter"),
            ("chapters:\n- part: sumary\n", "own.yaml:5:9: "),
            ("chapters:\n- part: text\n", "own.yaml:5:9: a chapter of text needs words"),
            (
                "chapters:\n- part: text\n  before: |\n    One line.\n    See {{incident.nmae}}.\n",
                "own.yaml:8:9: ",
            ),
            ("chapters:\n- part: summary\n  heading: \"{{incident\"\n", "own.yaml:6:13: two braces"),
            ("chapters:\n- part: summary\n  colour: red\n", "own.yaml:6:3: "),
            ("chapter:\n- part: summary\n", "own.yaml:4:1: "),
            ("chapters:\n- part: summary\n  heading: ''\n", "own.yaml:6:12: is empty"),
        ] {
            let said = refused(rest);
            assert!(said.starts_with(told), "{rest}\n{said}");
        }
        // All at once.
        assert_eq!(refused("chapters:\n- part: text\n- part: text\n").lines().count(), 2);
        let bad = Template::read("x.yaml", &HEAD.replace("own", "Not A Name")).unwrap_err();
        assert_eq!(bad.len(), 1);
    }
}
