//! A mapping made ready: one walk over an event's fields finds all that it asks for, a second over its
//! parts says what the event is. Nothing of the record is changed or taken away; a name that the record
//! has itself keeps its value.

use std::borrow::Cow;

use serde_saphyr::Spanned;

use super::alert::{Alert, Reported};
use super::file;
use super::given::Given;
use super::names::Names;
use super::test::{Found, Test};
use super::{Hand, Located, Mappings, located};
use crate::name::Name;
use crate::{Event, LogSource, Value, time};

/// What one kind of record means.
#[derive(Debug)]
pub struct Mapping {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) recognise: Vec<Spanned<file::Test>>,
    names: Names,
    parts: Vec<Part>,
    time: Option<Given>,
    host: Option<Given>,
    user: Option<Given>,
    records: Option<String>,
    alert: Option<Alert>,
}

#[derive(Debug)]
struct Part {
    when: Option<Test>,
    /// Product, category and service.
    source: [Said; 3],
    unwrap: Vec<Prefix>,
    fields: Vec<(Name, Given)>,
    hand: Option<Hand>,
}

#[derive(Debug)]
enum Said {
    Open,
    None,
    Word(String),
    Given(Given),
}

#[derive(Debug)]
struct Prefix {
    text: Given,
    capital: bool,
}

/// Which parts of the log source are settled, so that nothing later changes them.
pub(super) type Settled = [bool; 3];

impl Mapping {
    pub(super) fn new(file: file::File, name: String) -> Result<Mapping, Located> {
        let mut names = Names::default();
        let mut parts = Vec::with_capacity(file.parts.len() + 1);
        // What stands outside of the parts is said of every record, once the parts have spoken.
        let whole = file::Part {
            when: None,
            product: file.product,
            category: file.category,
            service: file.service,
            unwrap: file.unwrap,
            fields: file.fields,
            hand: file.hand,
        };
        for part in &file.parts {
            parts.push(Part::new(&part.value, part.referenced.line(), &mut names)?);
        }
        parts.push(Part::new(&whole, 1, &mut names)?);
        let mut given = |written: &Option<Spanned<file::Given>>| {
            written.as_ref().map(|written| Given::new(written, &mut names)).transpose()
        };
        let (time, host, user) = (given(&file.time)?, given(&file.host)?, given(&file.user)?);
        Ok(Mapping {
            title: file.title.unwrap_or_else(|| name.clone()),
            name,
            recognise: file.recognise,
            names,
            parts,
            time,
            host,
            user,
            records: file.records,
            alert: file.alert.as_ref().map(|alert| Alert::new(&alert.value)).transpose()?,
        })
    }

    /// Its one word, by which others hand records on to it.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn title(&self) -> &str {
        &self.title
    }

    /// Where in a body the records stand, dotted; `None`: the body is a record or a list of them.
    pub fn records(&self) -> Option<&str> {
        self.records.as_deref()
    }

    /// Whether its records, or some, are alerts of another product.
    pub fn has_alert(&self) -> bool {
        self.alert.is_some()
    }

    /// The alert that an event reports; an error says why it should be one and is none.
    pub fn report(&self, event: &Event) -> Option<Result<Reported, &'static str>> {
        self.alert.as_ref()?.report(event)
    }

    /// The other mappings that it hands records on to.
    pub(super) fn hands(&self) -> impl Iterator<Item = (u64, &str)> {
        self.parts.iter().filter_map(|part| match &part.hand {
            Some(Hand::Mapping(name, line)) => Some((*line, name.as_str())),
            _ => None,
        })
    }

    /// Says what the event is. Returns to whom it is handed on.
    pub(super) fn say(&self, event: &mut Event, settled: &mut Settled) -> Option<&Hand> {
        let mut source = std::mem::take(&mut event.source);
        let mut new: Vec<(Name, Value)> = Vec::new();
        let mut hand = None;
        let (at, host);
        {
            let places = self.names.values(event);
            let found: &Found<'_> = &places;
            for part in &self.parts {
                if part.when.as_ref().is_some_and(|test| !test.passes(found, &source)) {
                    continue;
                }
                part.tell(found, &mut source, settled);
                for prefix in &part.unwrap {
                    let Some(text) = prefix.text.text(found, &source) else { continue };
                    new.extend(event.fields().filter_map(|(name, value)| {
                        let short = name.strip_prefix(text.as_str()).filter(|short| !short.is_empty())?;
                        let name = if prefix.capital { Name::new(&capital(short)) } else { Name::new(short) };
                        Some((name, value.clone()))
                    }));
                }
                for (name, given) in &part.fields {
                    if !event.has(name)
                        && let Some(value) = given.value(found, &source)
                    {
                        new.push((name.clone(), value));
                    }
                }
                hand = hand.or(part.hand.as_ref());
            }
            let given = |given: &Option<Given>| given.as_ref().and_then(|given| given.value(found, &source));
            at = given(&self.time).and_then(|value| time::value(&value));
            host = self.host.as_ref().and_then(|host| host.text(found, &source));
            if let Some(user) = given(&self.user) {
                new.push((Name::new("User"), user));
            }
        }
        event.source = source;
        event.time = event.time.or(at);
        event.host = event.host.take().or(host);
        for (name, value) in new {
            event.set_named(name, value);
        }
        hand
    }
}

impl Part {
    fn new(written: &file::Part, line: u64, names: &mut Names) -> Result<Part, Located> {
        let when = match &written.when {
            Some(when) => Some(
                Test::new(&when.value, names).map_err(|reason| located(when.referenced.line(), reason))?,
            ),
            None => None,
        };
        let mut said = |word: &file::Word| {
            Ok(match word {
                file::Word::Open => Said::Open,
                file::Word::None => Said::None,
                file::Word::Text(text) if text.trim().is_empty() => {
                    return Err(located(
                        line,
                        "a part of the log source is an empty text; write nothing, or `null`",
                    ));
                }
                file::Word::Text(text) => Said::Word(text.to_ascii_lowercase()),
                file::Word::Given(given) => {
                    Said::Given(Given::new(given, names).map_err(|wrong| wrong.or_line(line))?)
                }
            })
        };
        let source = [said(&written.product)?, said(&written.category)?, said(&written.service)?];
        let mut unwrap = Vec::new();
        for prefix in &written.unwrap {
            let file::Unwrap { prefix: text, capital } = &prefix.value;
            let made = file::Made {
                text: Some(Spanned {
                    value: text.clone(),
                    referenced: prefix.referenced,
                    defined: prefix.defined,
                }),
                ..file::Made::default()
            };
            let given = Spanned {
                value: file::Given::Made(Box::new(made)),
                referenced: prefix.referenced,
                defined: prefix.defined,
            };
            unwrap.push(Prefix { text: Given::new(&given, names)?, capital: *capital });
        }
        let mut fields = Vec::with_capacity(written.fields.0.len());
        for (name, given) in &written.fields.0 {
            if name.value.trim().is_empty() {
                return Err(located(name.referenced.line(), "the name of a field is empty"));
            }
            fields.push((Name::new(&name.value), Given::new(given, names)?));
        }
        let hand = written.hand.as_ref().map(|hand| Hand::new(&hand.value, hand.referenced.line()));
        Ok(Part { when, source, unwrap, fields, hand })
    }

    fn tell(&self, found: &Found<'_>, source: &mut LogSource, settled: &mut Settled) {
        let parts = [&mut source.product, &mut source.category, &mut source.service];
        // What is said of one part may ask for the others as they were before.
        let mut told: [Option<Option<String>>; 3] = [None, None, None];
        let before =
            LogSource { product: parts[0].clone(), category: parts[1].clone(), service: parts[2].clone() };
        for (told, said) in told.iter_mut().zip(&self.source) {
            *told = match said {
                Said::Open => None,
                Said::None => Some(None),
                Said::Word(word) => Some(Some(word.clone())),
                Said::Given(given) => given.text(found, &before).map(Some),
            };
        }
        for ((part, told), settled) in parts.into_iter().zip(told).zip(settled.iter_mut()) {
            if let Some(told) = told
                && !*settled
            {
                *settled = true;
                *part = told.map(Cow::Owned);
            }
        }
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Shows one event to a mapping, and to those that it hands it on to.
pub(super) fn apply(mapping: &Mapping, all: &Mappings, event: &mut Event) {
    /// A mapping may hand on to another, and that to a third.
    const MOST: usize = 3;
    let mut settled =
        [event.source.product.is_some(), event.source.category.is_some(), event.source.service.is_some()];
    let mut next = Some(mapping);
    for _ in 0..MOST {
        let Some(mapping) = next else { return };
        match mapping.say(event, &mut settled) {
            None => return,
            Some(Hand::Windows) => return crate::windows::finish(event),
            Some(Hand::Mapping(name, _)) => next = all.named(name),
        }
    }
}
