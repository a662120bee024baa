//! What a record must be for something to be said of it.

use super::file;
use super::names::Names;
use crate::{LogSource, Value};

/// The values of the fields that are looked for, each at its name's place.
pub(super) type Found<'e> = [Option<&'e Value>];

#[derive(Debug)]
pub(super) struct Test {
    has: Vec<usize>,
    lacks: Vec<usize>,
    /// Field, how it is compared, texts of which one must fit, and whether none may.
    texts: Vec<(usize, Compare, Vec<String>, bool)>,
    at_least: Vec<(usize, f64)>,
    product: Option<Vec<String>>,
    category: Option<Vec<String>>,
    service: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy)]
enum Compare {
    Is,
    Begins,
    Ends,
    Contains,
}

impl Test {
    pub(super) fn new(written: &file::Test, names: &mut Names) -> Result<Test, String> {
        let mut places =
            |fields: &[String]| fields.iter().map(|field| names.place(field)).collect::<Vec<_>>();
        let (has, lacks) = (places(&written.has.0), places(&written.lacks.0));
        let mut texts = Vec::new();
        for (pairs, compare, not) in [
            (&written.is, Compare::Is, false),
            (&written.is_not, Compare::Is, true),
            (&written.begins, Compare::Begins, false),
            (&written.ends, Compare::Ends, false),
            (&written.contains, Compare::Contains, false),
        ] {
            for (field, many) in &pairs.0 {
                if many.0.is_empty() {
                    return Err(format!("nothing is named that {field:?} may be"));
                }
                texts.push((names.place(field), compare, many.0.clone(), not));
            }
        }
        let at_least = written.at_least.0.iter().map(|(field, least)| (names.place(field), *least)).collect();
        let words = |many: &Option<file::Many>| many.as_ref().map(|many| many.0.clone());
        let test = Test {
            has,
            lacks,
            texts,
            at_least,
            product: words(&written.log.product),
            category: words(&written.log.category),
            service: words(&written.log.service),
        };
        if test.says_nothing() {
            return Err("the test says nothing; give `has`, `lacks`, `is`, `is-not`, `begins`, `ends`, \
                        `contains`, `at-least` or `log`"
                .to_owned());
        }
        Ok(test)
    }

    fn says_nothing(&self) -> bool {
        self.has.is_empty()
            && self.lacks.is_empty()
            && self.texts.is_empty()
            && self.at_least.is_empty()
            && self.product.is_none()
            && self.category.is_none()
            && self.service.is_none()
    }

    /// Whether a record of which no field is looked for could pass.
    pub(super) fn needs_a_field(&self) -> bool {
        !self.has.is_empty() || !self.at_least.is_empty() || self.texts.iter().any(|(.., not)| !not)
    }

    /// The places without which it cannot pass, as bits; those beyond the bits are left out.
    pub(super) fn needs(&self) -> u128 {
        let texts = self.texts.iter().filter(|(.., not)| !not).map(|(place, ..)| place);
        let numbers = self.at_least.iter().map(|(place, _)| place);
        self.has.iter().chain(texts).chain(numbers).fold(0, |bits, place| bits | bit(*place))
    }

    pub(super) fn passes(&self, found: &Found<'_>, source: &LogSource) -> bool {
        let at = |place: usize| found.get(place).copied().flatten();
        self.has.iter().all(|place| at(*place).is_some())
            && self.lacks.iter().all(|place| at(*place).is_none())
            && self.texts.iter().all(|(place, compare, texts, not)| {
                at(*place).is_some_and(|value| compare.any(value, texts)) != *not
            })
            && self
                .at_least
                .iter()
                .all(|(place, least)| at(*place).is_some_and(|value| reaches(value, *least)))
            && is_one(&self.product, source.product.as_deref())
            && is_one(&self.category, source.category.as_deref())
            && is_one(&self.service, source.service.as_deref())
    }
}

/// A place as a bit.
pub(super) fn bit(place: usize) -> u128 {
    if place < 128 { 1 << place } else { 0 }
}

fn is_one(wanted: &Option<Vec<String>>, own: Option<&str>) -> bool {
    match wanted {
        None => true,
        Some(wanted) => own.is_some_and(|own| wanted.iter().any(|word| word.eq_ignore_ascii_case(own))),
    }
}

fn reaches(value: &Value, least: f64) -> bool {
    match value {
        Value::Float(number) => *number >= least,
        Value::Int(_) | Value::Str(_) => value
            .as_text()
            .and_then(|text| text.trim().parse::<f64>().ok())
            .is_some_and(|number| number >= least),
        _ => false,
    }
}

impl Compare {
    /// Letters of either case are alike; of a list, one is enough.
    fn any(self, value: &Value, texts: &[String]) -> bool {
        match value {
            Value::List(items) => items.iter().any(|item| self.any(item, texts)),
            Value::Null => false,
            value => value.as_text().is_some_and(|own| texts.iter().any(|text| self.one(&own, text))),
        }
    }

    fn one(self, own: &str, text: &str) -> bool {
        let (own, text) = (own.as_bytes(), text.as_bytes());
        let same = |part: Option<&[u8]>| part.is_some_and(|part| part.eq_ignore_ascii_case(text));
        match self {
            Compare::Is => own.eq_ignore_ascii_case(text),
            Compare::Begins => same(own.get(..text.len())),
            Compare::Ends => same(own.len().checked_sub(text.len()).and_then(|start| own.get(start..))),
            Compare::Contains => text.is_empty() || own.windows(text.len()).any(|part| same(Some(part))),
        }
    }
}
