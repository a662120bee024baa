//! One detection item, `Field|modifiers: values`, as a tree of tests.

use std::sync::Arc;

use crate::detection::{Placeholders, wrong_type};
use crate::encode::{Charset, base64, base64_at_offsets};
use crate::error::{Result, SigmaError};
use crate::modifier::{Modifiers, Place, Sense, Step};
use crate::number::{Network, Number, Relation};
use crate::pattern::{Part, Pattern, expand_plain};
use crate::tree::{Check, Regex, Subject, Test, Tree};
use crate::yaml::{Data, Kind, Node, Scalar};

/// What one value of the rule asks for. Texts, numbers and networks of one item are gathered into
/// one test; the others are tests of their own.
#[derive(Default)]
struct Wanted {
    patterns: Vec<Pattern>,
    numbers: Vec<Number>,
    networks: Vec<Network>,
    checks: Vec<Check>,
}

/// `key` is the item as written, for messages.
pub(crate) fn read(
    key: &str,
    subject: &Subject,
    modifiers: &Modifiers,
    values: &[&Node],
    placeholders: &Placeholders,
) -> Result<Tree> {
    if *subject == Subject::Record {
        let needs_field = match modifiers.sense {
            Sense::Plain | Sense::Regex => None,
            Sense::Network => Some("cidr"),
            Sense::Compare(_) => Some("a comparison"),
            Sense::FieldName => Some("fieldref"),
            Sense::Exists => Some("exists"),
        };
        if let (Some(name), Some(first)) = (needs_field, values.first()) {
            return Err(SigmaError::ModifierField(name.to_owned()).at(first.line));
        }
    }
    let reader = Reader { key, subject, modifiers, placeholders };
    let mut each = Vec::with_capacity(values.len());
    for node in values {
        let Data::Scalar(scalar) = &node.data else {
            return Err(wrong_type(key, "a value or a list of values", node));
        };
        each.push(reader.value(scalar).map_err(|error| error.at(node.line))?);
    }
    let tree = if modifiers.all {
        Tree::all(each.into_iter().map(|wanted| reader.tree(wanted)).collect())
    } else {
        let mut together = Wanted::default();
        for mut wanted in each {
            together.patterns.append(&mut wanted.patterns);
            together.numbers.append(&mut wanted.numbers);
            together.networks.append(&mut wanted.networks);
            together.checks.append(&mut wanted.checks);
        }
        reader.tree(together)
    };
    Ok(if modifiers.negated { Tree::Not(Box::new(tree)) } else { tree })
}

struct Reader<'a> {
    key: &'a str,
    subject: &'a Subject,
    modifiers: &'a Modifiers,
    placeholders: &'a Placeholders,
}

type Plain<T> = std::result::Result<T, SigmaError>;

impl Reader<'_> {
    fn tree(&self, wanted: Wanted) -> Tree {
        let mut checks = Vec::new();
        if !wanted.numbers.is_empty() {
            checks.push(Check::Number(wanted.numbers));
        }
        if !wanted.networks.is_empty() {
            checks.push(Check::Network(wanted.networks));
        }
        if !wanted.patterns.is_empty() {
            checks.push(Check::Text { patterns: wanted.patterns, cased: self.modifiers.cased });
        }
        checks.extend(wanted.checks);
        let test = |check| Tree::Test(Test { subject: self.subject.clone(), check });
        Tree::any(checks.into_iter().map(test).collect())
    }

    fn value(&self, scalar: &Scalar) -> Plain<Wanted> {
        let mut wanted = Wanted::default();
        match self.modifiers.sense {
            Sense::Exists => match scalar.kind {
                Kind::Bool(present) => wanted.checks.push(Check::Exists(present)),
                _ => return Err(self.wrong("exists", "`true` or `false`", scalar)),
            },
            Sense::Compare(relation) => {
                for text in self.plain_texts(scalar, &ToOwned::to_owned)? {
                    wanted.checks.push(self.comparison(relation, &text, scalar)?);
                }
            }
            Sense::Network => {
                for text in self.plain_texts(scalar, &ToOwned::to_owned)? {
                    wanted.networks.push(Network::parse(&text).ok_or(SigmaError::Cidr(text))?);
                }
            }
            Sense::Regex => {
                for text in self.plain_texts(scalar, &|value| regex::escape(value))? {
                    let regex = Regex::new(&text, self.modifiers.flags, self.modifiers.place)?;
                    wanted.checks.push(Check::Regex(Arc::new(regex)));
                }
            }
            Sense::FieldName => {
                if scalar.kind == Kind::Null || scalar.text.is_empty() {
                    return Err(self.wrong("fieldref", "the name of a field", scalar));
                }
                wanted.checks.push(Check::OtherField {
                    name: scalar.text.clone(),
                    place: self.modifiers.place,
                    cased: self.modifiers.cased,
                });
            }
            Sense::Plain => self.plain(scalar, &mut wanted)?,
        }
        Ok(wanted)
    }

    fn wrong(&self, modifier: &str, wanted: &'static str, scalar: &Scalar) -> SigmaError {
        SigmaError::ModifierValue { modifier: modifier.to_owned(), wanted, found: scalar.text.clone() }
    }

    /// The value's text with placeholders filled in, for values that are no patterns.
    fn plain_texts(&self, scalar: &Scalar, quote: &dyn Fn(&str) -> String) -> Plain<Vec<String>> {
        if scalar.kind == Kind::Null {
            return Err(SigmaError::EmptyValue(self.key.to_owned()));
        }
        if self.modifiers.expand {
            expand_plain(&scalar.text, &|name| self.lookup(name), quote)
        } else {
            Ok(vec![scalar.text.clone()])
        }
    }

    fn lookup(&self, name: &str) -> Plain<Vec<String>> {
        match self.placeholders.get(name) {
            Some(values) if !values.is_empty() => Ok(values.clone()),
            _ => Err(SigmaError::Placeholder(name.to_owned())),
        }
    }

    fn comparison(&self, relation: Relation, text: &str, scalar: &Scalar) -> Plain<Check> {
        let number = match scalar.kind {
            Kind::Int(number) => Some(Number::Int(number)),
            Kind::Float(number) => Some(Number::float(number)),
            _ => Number::of_text(text),
        };
        let number = number.ok_or_else(|| {
            let name = if self.modifiers.time.is_some() { "of a date's part" } else { "of a comparison" };
            self.wrong(name, "a number", scalar)
        })?;
        Ok(Check::Compare { relation, number, time: self.modifiers.time })
    }

    fn plain(&self, scalar: &Scalar, wanted: &mut Wanted) -> Plain<()> {
        let keyword = *self.subject == Subject::Record;
        let as_it_is = self.modifiers.text_only.is_none() && !keyword;
        match scalar.kind {
            Kind::Null if keyword => Err(SigmaError::NullKeyword(self.key.to_owned())),
            Kind::Null => match &self.modifiers.text_only {
                Some(modifier) => Err(self.wrong(modifier, "a text", scalar)),
                None => {
                    wanted.checks.push(Check::Null);
                    Ok(())
                }
            },
            Kind::Int(number) if as_it_is => {
                wanted.numbers.push(Number::Int(number));
                if number.to_string() != scalar.text {
                    // `0x10` and `007` are also what an event may say word for word.
                    wanted.patterns.push(self.cased(Pattern::literal(scalar.text.clone())));
                }
                Ok(())
            }
            Kind::Float(number) if as_it_is => {
                wanted.numbers.push(Number::float(number));
                wanted.patterns.push(self.cased(Pattern::literal(scalar.text.clone())));
                Ok(())
            }
            Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Str => {
                let patterns = if self.modifiers.expand {
                    Pattern::parse_expanded(&scalar.text, &|name| self.lookup(name))?
                } else {
                    vec![Pattern::parse(&scalar.text)]
                };
                for pattern in self.transformed(patterns, &scalar.text)? {
                    let pattern = if keyword && self.modifiers.place == Place::Whole {
                        pattern.open_start().open_end()
                    } else {
                        pattern
                    };
                    wanted.patterns.push(self.cased(pattern));
                }
                Ok(())
            }
        }
    }

    fn cased(&self, pattern: Pattern) -> Pattern {
        if self.modifiers.cased { pattern } else { pattern.folded() }
    }

    /// The steps of the modifiers, in their order. A charset waits for the Base64 step that turns
    /// its bytes into text again.
    fn transformed(&self, patterns: Vec<Pattern>, value: &str) -> Plain<Vec<Pattern>> {
        let mut current = patterns;
        let mut charset = Charset::Utf8;
        let mut offsets = false;
        for step in &self.modifiers.steps {
            let each = std::mem::take(&mut current).into_iter();
            match step {
                Step::Windash => {
                    for pattern in each {
                        current.append(&mut pattern.dash_variants()?);
                    }
                }
                Step::Charset(next) => {
                    current = each.map(|pattern| widened(pattern, charset, value)).collect::<Plain<_>>()?;
                    charset = *next;
                }
                Step::Base64 => {
                    for pattern in each {
                        current.push(Pattern::literal(base64(&bytes(&pattern, charset, value)?)));
                    }
                    charset = Charset::Utf8;
                }
                Step::Base64Offset => {
                    for pattern in each {
                        let shapes = base64_at_offsets(&bytes(&pattern, charset, value)?);
                        current.extend(shapes.map(Pattern::literal));
                    }
                    charset = Charset::Utf8;
                    offsets = true;
                }
                Step::Place(Place::Start) => current = each.map(Pattern::open_end).collect(),
                Step::Place(Place::End) => current = each.map(Pattern::open_start).collect(),
                Step::Place(_) => current = each.map(|pattern| pattern.open_start().open_end()).collect(),
            }
        }
        current =
            current.into_iter().map(|pattern| widened(pattern, charset, value)).collect::<Plain<_>>()?;
        if offsets && self.modifiers.place == Place::Whole {
            // The three shapes are cut out of a longer text by their nature.
            current = current.into_iter().map(|pattern| pattern.open_start().open_end()).collect();
        }
        Ok(current)
    }
}

fn bytes(pattern: &Pattern, charset: Charset, value: &str) -> Plain<Vec<u8>> {
    let text = pattern.plain().ok_or_else(|| SigmaError::EncodedWildcard(value.to_owned()))?;
    if text.is_empty() {
        return Err(SigmaError::EmptyValue(value.to_owned()));
    }
    Ok(charset.encode(text))
}

/// The pattern's texts in a charset that no Base64 step took up: still text only where the bytes
/// happen to be.
fn widened(pattern: Pattern, charset: Charset, value: &str) -> Plain<Pattern> {
    if charset == Charset::Utf8 {
        return Ok(pattern);
    }
    let mut wide = Pattern::default();
    for part in pattern.parts() {
        wide.push(match part {
            Part::Text(text) => Part::Text(
                String::from_utf8(charset.encode(text))
                    .map_err(|_| SigmaError::NotTextEncoded(value.to_owned()))?,
            ),
            other => other.clone(),
        });
    }
    Ok(wide)
}
