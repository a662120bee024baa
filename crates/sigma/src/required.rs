//! What a regular expression cannot match without: texts of which one must stand in whatever it
//! matches. Most expressions are never run, because an index has seen that none of these occurs.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::modifier::RegexFlags;
use crate::pattern::fold;

/// Shorter texts stand nearly everywhere.
const SHORTEST: usize = 3;
const MOST_ALTERNATIVES: usize = 24;

/// Folded texts, one of which occurs in every folded text that the expression matches; none if no
/// such texts are known.
pub(crate) fn required(source: &str, flags: RegexFlags) -> Option<Vec<String>> {
    let hir = ParserBuilder::new()
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_all)
        .nest_limit(64)
        .build()
        .parse(source)
        .ok()?;
    of(&hir)
}

fn of(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(_) | HirKind::Class(_) => in_sequence(std::slice::from_ref(hir)),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Concat(parts) => in_sequence(parts),
        HirKind::Alternation(choices) => {
            let mut all = Vec::new();
            for choice in choices {
                all.extend(of(choice)?);
            }
            (all.len() <= MOST_ALTERNATIVES).then_some(all)
        }
    }
}

/// The best of what the parts need: neighbouring literals are one text.
fn in_sequence(parts: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut offer = |texts: Vec<String>| {
        let shortest = |texts: &[String]| texts.iter().map(String::len).min().unwrap_or(0);
        let better = best.as_ref().is_none_or(|best| shortest(&texts) > shortest(best));
        if shortest(&texts) >= SHORTEST && better {
            best = Some(texts);
        }
    };
    let mut run = String::new();
    for part in parts {
        match literal(part) {
            Some(text) => run.push_str(&text),
            None => {
                offer(vec![std::mem::take(&mut run)]);
                if !matches!(part.kind(), HirKind::Literal(_) | HirKind::Class(_))
                    && let Some(texts) = of(part)
                {
                    offer(texts);
                }
            }
        }
    }
    offer(vec![run]);
    best
}

/// The one folded text that the part matches: a literal, or a class of letters that all fold alike,
/// which is what becomes of a letter whose case does not matter.
fn literal(part: &Hir) -> Option<String> {
    match part.kind() {
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0).ok().map(|text| fold(text).into_owned()),
        HirKind::Class(Class::Unicode(class)) => {
            let members: usize = class.ranges().iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum();
            if members > 4 {
                return None;
            }
            let mut all = class.iter().flat_map(|range| range.start()..=range.end());
            let fold_one = |sign: char| sign.to_lowercase().collect::<String>();
            let first = fold_one(all.next()?);
            all.all(|sign| fold_one(sign) == first).then_some(first)
        }
        HirKind::Capture(capture) => literal(&capture.sub),
        HirKind::Class(_)
        | HirKind::Empty
        | HirKind::Look(_)
        | HirKind::Repetition(_)
        | HirKind::Concat(_)
        | HirKind::Alternation(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(source: &str) -> String {
        required(source, RegexFlags::default()).map_or_else(|| "none".to_owned(), |texts| texts.join(","))
    }

    #[test]
    fn what_must_stand_there() {
        let cases = [
            ("Invoke-.*Expression", "expression"),
            ("(?i)invoke", "invoke"),
            // An `s` may also be the long one, which does not fold to it.
            ("(?i)powershell", "power"),
            ("abc|defg", "abc,defg"),
            ("abc|x*", "none"),
            ("(abc)+d", "abc"),
            ("a?bcd{0,3}", "none"),
            ("(foo|bar)baz{2}", "foo,bar"),
            ("^abc$", "abc"),
            (".*", "none"),
            ("[", "none"),
        ];
        for (source, expected) in cases {
            assert_eq!(shown(source), expected, "{source}");
        }
    }

    proptest! {
        #[test]
        fn every_match_holds_one(source in "(\\(\\?i\\))?[abKs.]{2,6}([|][abKs]{3,5})?[abKs*+?]{0,3}", text in "[abkKsſ\u{212a}]{0,16}") {
            let Ok(regex) = regex::Regex::new(&source) else { return Ok(()) };
            if let Some(texts) = required(&source, RegexFlags::default()) && regex.is_match(&text) {
                let folded = fold(&text);
                prop_assert!(texts.iter().any(|one| folded.contains(one)), "{source} {text} {texts:?}");
            }
        }
    }
}
