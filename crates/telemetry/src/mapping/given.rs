//! Where a value comes from, and how it is changed on its way.

use std::borrow::Cow;

use super::file::{self, Step};
use super::names::Names;
use super::test::{Found, Test};
use super::{Located, located};
use crate::{LogSource, Value, time};

/// The longest list that a value may be split into.
const MOST_PARTS: usize = 1024;
/// How deep `from` in `from` may stand.
const DEEPEST: usize = 8;

#[derive(Debug)]
pub(super) struct Given {
    origin: Origin,
    when: Option<Test>,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Origin {
    Field(usize),
    First(Vec<Given>),
    All(Vec<Given>),
    Text(Vec<Piece>),
    Constant(Value),
}

/// A piece of a text that is put together.
#[derive(Debug)]
enum Piece {
    Text(String),
    Field(usize),
}

impl Given {
    pub(super) fn new(
        written: &serde_saphyr::Spanned<file::Given>,
        names: &mut Names,
    ) -> Result<Given, Located> {
        Self::nested(written, names, 0)
    }

    pub(super) fn field(name: &str, names: &mut Names) -> Given {
        Given::plain(Origin::Field(names.place(name)))
    }

    fn plain(origin: Origin) -> Given {
        Given { origin, when: None, steps: Vec::new() }
    }

    fn nested(
        written: &serde_saphyr::Spanned<file::Given>,
        names: &mut Names,
        depth: usize,
    ) -> Result<Given, Located> {
        let line = written.referenced.line();
        if depth > DEEPEST {
            return Err(located(line, format!("it nests deeper than {DEEPEST} levels")));
        }
        let mut many = |all: &[serde_saphyr::Spanned<file::Given>]| {
            if all.is_empty() {
                return Err(located(line, "the list of fields is empty"));
            }
            all.iter().map(|one| Given::nested(one, names, depth + 1)).collect::<Result<Vec<_>, _>>()
        };
        match &written.value {
            file::Given::Field(name) if name.is_empty() => Err(located(line, "the name of a field is empty")),
            file::Given::Field(name) => Ok(Given::field(name, names)),
            file::Given::First(all) => Ok(Given::plain(Origin::First(many(all)?))),
            file::Given::Made(made) => {
                let file::Made { from, text, value, all, when, then } = &**made;
                let origin = match (from, text, value, all) {
                    (Some(from), None, None, None) => {
                        Origin::First(vec![Given::nested(from, names, depth + 1)?])
                    }
                    (None, Some(text), None, None) => Origin::Text(
                        pieces(&text.value, names)
                            .map_err(|reason| located(text.referenced.line(), reason))?,
                    ),
                    (None, None, Some(file::Constant(value)), None) => Origin::Constant(value.clone()),
                    (None, None, None, Some(all)) => Origin::All(many(all)?),
                    _ => {
                        let reason = "one of `from`, `text`, `value` and `all` must stand here, and only one";
                        return Err(located(line, reason));
                    }
                };
                let when = when
                    .as_ref()
                    .map(|when| {
                        Test::new(&when.value, names)
                            .map_err(|reason| located(when.referenced.line(), reason))
                    })
                    .transpose()?;
                Ok(Given { origin, when, steps: then.clone() })
            }
        }
    }

    /// The value; `None` if the record does not tell it.
    pub(super) fn value(&self, found: &Found<'_>, source: &LogSource) -> Option<Value> {
        if self.when.as_ref().is_some_and(|test| !test.passes(found, source)) {
            return None;
        }
        let field =
            |place: &usize| found.get(*place).copied().flatten().filter(|value| **value != Value::Null);
        let value = match &self.origin {
            Origin::Field(place) => field(place)?.clone(),
            Origin::First(all) => all.iter().find_map(|one| one.value(found, source))?,
            Origin::All(all) => {
                let mut values = Vec::new();
                for value in all.iter().filter_map(|one| one.value(found, source)) {
                    match value {
                        Value::List(more) => values.extend(more),
                        value => values.push(value),
                    }
                }
                if values.is_empty() {
                    return None;
                }
                Value::List(values)
            }
            Origin::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Text(piece) => text.push_str(piece),
                        Piece::Field(place) => {
                            let own = field(place)?.as_text().filter(|own| !own.is_empty())?;
                            text.push_str(&own);
                        }
                    }
                }
                Value::Str(text)
            }
            Origin::Constant(value) => value.clone(),
        };
        self.steps.iter().try_fold(value, step)
    }

    pub(super) fn text(&self, found: &Found<'_>, source: &LogSource) -> Option<String> {
        let value = match self.value(found, source)? {
            Value::List(items) => items.into_iter().next()?,
            value => value,
        };
        value.as_text().filter(|text| !text.trim().is_empty()).map(Cow::into_owned)
    }
}

/// `{user.domain}\{user.name}`; a brace itself is written twice.
fn pieces(text: &str, names: &mut Names) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            plain.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            plain.push('}');
            rest = after;
        } else {
            let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            match inside {
                Some((field, after)) if !field.is_empty() && !field.contains('{') => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Field(names.place(field)));
                    rest = after;
                }
                _ => {
                    return Err(format!(
                        "the braces of {text:?} do not enclose names of fields; write a brace itself twice"
                    ));
                }
            }
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// `None` where nothing is left.
fn step(value: Value, step: &Step) -> Option<Value> {
    match (step, value) {
        (Step::First, Value::List(items)) => items.into_iter().next(),
        (Step::Last, Value::List(items)) => items.into_iter().next_back(),
        (Step::First | Step::Last, value) => Some(value),
        (Step::Join(with), Value::List(items)) => {
            let texts: Vec<_> = items.iter().filter_map(Value::as_text).collect();
            (!texts.is_empty()).then(|| Value::Str(texts.join(with)))
        }
        (Step::Join(_), value) => Some(value),
        (Step::Split(at), Value::Str(text)) if !at.is_empty() => {
            let parts = text.split(at.as_str()).filter(|part| !part.is_empty()).take(MOST_PARTS);
            Some(Value::List(parts.map(Value::from).collect()))
        }
        (Step::Split(_), value) => Some(value),
        (step, Value::List(items)) => {
            let items: Vec<_> = items.into_iter().filter_map(|item| self::step(item, step)).collect();
            (!items.is_empty()).then_some(Value::List(items))
        }
        (step, value) => scalar(value, step),
    }
}

fn scalar(value: Value, step: &Step) -> Option<Value> {
    if let Step::Time = step {
        return time::value(&value).map(|time| Value::Str(time.to_string()));
    }
    let text = value.as_text()?;
    let text = match step {
        Step::Lower => text.to_lowercase(),
        Step::Upper => text.to_uppercase(),
        Step::Trim => text.trim().to_owned(),
        Step::Number => match text.trim().parse::<i64>() {
            Ok(number) => return Some(Value::Int(number)),
            Err(_) => return Some(value),
        },
        Step::Strip(start) => text.strip_prefix(start.as_str()).unwrap_or(&text).to_owned(),
        Step::StripEnd(end) => text.strip_suffix(end.as_str()).unwrap_or(&text).to_owned(),
        Step::Before(sign) => text.split_once(sign.as_str()).map_or(&*text, |(before, _)| before).to_owned(),
        Step::After(sign) => text.split_once(sign.as_str())?.1.to_owned(),
        Step::AfterLast(sign) => text.rsplit_once(sign.as_str())?.1.to_owned(),
        Step::Words(words) => match words.0.iter().find(|(word, _)| word.eq_ignore_ascii_case(&text)) {
            Some((_, other)) => other.clone(),
            None => return Some(value),
        },
        _ => return Some(value),
    };
    Some(Value::Str(text))
}
