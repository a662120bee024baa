//! Layouts of JSON records. A shipper writes its records alike: the same names in the same order, and
//! only the values differ. What stood between the values of earlier records is compared as a whole, so
//! that names are neither read nor looked up again. A record of a new layout is read in the usual way,
//! and its layout is learnt.

use crate::Event;
use crate::flatten::{Sink, strictly};
use crate::name::Name;
use crate::straight::{self, Places, Scan};

/// All layouts together have no more values; then they are learnt anew.
const MOST_NODES: usize = 1 << 13;
/// So many different things may follow a value.
const MOST_STEPS: usize = 48;
/// Layouts with more values are not learnt.
const MOST_VALUES: usize = 512;
/// Longer lists are read in the usual way, where all values of a record are counted.
const LONGEST_LIST: usize = 64;
/// After so many records in a row of a new layout only some are tried.
const TRIED: u32 = 8;
const TRIED_THEN: u32 = 16;

/// Layouts of the records of one source, as a tree: what they begin with alike they have in common.
pub(crate) struct Layouts {
    nodes: Vec<Node>,
    /// Records in a row that had no known layout.
    unknown: u32,
    places: Places,
}

/// What may follow a value.
#[derive(Default)]
struct Node {
    steps: Vec<Step>,
    /// What may stand between the last value and the end.
    ends: Vec<Box<[u8]>>,
}

/// The next value.
struct Step {
    /// What stands before it.
    before: Box<[u8]>,
    name: Name,
    to: usize,
}

impl Default for Layouts {
    fn default() -> Self {
        Layouts { nodes: vec![Node::default()], unknown: 0, places: Places::default() }
    }
}

impl Layouts {
    /// Reads `bytes` as one JSON object and sets its leaves as fields, as [`crate::flatten::flatten`] does.
    pub(crate) fn flatten(&mut self, bytes: &[u8], event: &mut Event) -> Result<(), serde_json::Error> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.read(text, event),
            Err(_) => self.read(&String::from_utf8_lossy(bytes), event),
        }
    }

    fn read(&mut self, text: &str, event: &mut Event) -> Result<(), serde_json::Error> {
        if (self.unknown < TRIED || self.unknown.is_multiple_of(TRIED_THEN)) && straight::is_plain(text) {
            if self.follow(text, event).is_some() {
                self.unknown = 0;
                return Ok(());
            }
            event.clear();
        }
        self.unknown = self.unknown.wrapping_add(1);
        if straight::leaves(text, event, &mut self.places).is_some() {
            self.learn(text, event);
            return Ok(());
        }
        event.clear();
        strictly(text, event)
    }

    /// `None` if the record has no known layout; the event then has a part of its fields.
    fn follow(&self, text: &str, event: &mut Event) -> Option<()> {
        let mut scan = Scan { text, at: 0 };
        let mut node = self.nodes.first()?;
        loop {
            let rest = text.as_bytes().get(scan.at..)?;
            let Some(step) = node.steps.iter().find(|step| step.leads(rest)) else {
                return node.ends.iter().any(|end| **end == *rest).then_some(());
            };
            scan.at += step.before.len();
            let value = if scan.peek()? == b'[' { scan.list(LONGEST_LIST)? } else { scan.plain()? };
            event.push(step.name.clone(), value);
            node = self.nodes.get(step.to)?;
        }
    }

    /// Learns the layout of a record that was read into the event.
    fn learn(&mut self, text: &str, event: &Event) {
        let leaves = std::mem::take(&mut self.places.leaves);
        // A name that comes twice has one field. One that is not kept may be any other time.
        let alike = event.field_count() == leaves.len()
            && leaves.len() <= MOST_VALUES
            && !self.places.objects_in_lists
            && event.named_fields().all(|(name, _)| name.number().is_some());
        if alike {
            if self.nodes.len() + leaves.len() > MOST_NODES {
                *self = Layouts { unknown: self.unknown, ..Layouts::default() };
            }
            let names = event.named_fields().map(|(name, _)| name);
            if self.add(text.as_bytes(), names.zip(&leaves)).is_none() {
                *self = Layouts { unknown: self.unknown, ..Layouts::default() };
            }
        }
        self.places.leaves = leaves;
    }

    /// `None` if too much may follow one of the values.
    fn add<'n>(
        &mut self,
        text: &[u8],
        leaves: impl Iterator<Item = (&'n Name, &'n (usize, usize))>,
    ) -> Option<()> {
        let (mut node, mut at) = (0, 0);
        for (name, (begin, end)) in leaves {
            let before = text.get(at..*begin)?;
            let next = self.nodes.len();
            let steps = &mut self.nodes.get_mut(node)?.steps;
            node = match steps.iter().find(|step| *step.before == *before) {
                Some(step) => step.to,
                None if steps.len() == MOST_STEPS => return None,
                None => {
                    steps.push(Step { before: Box::from(before), name: name.clone(), to: next });
                    self.nodes.push(Node::default());
                    next
                }
            };
            at = *end;
        }
        let end = text.get(at..)?;
        let ends = &mut self.nodes.get_mut(node)?.ends;
        if !ends.iter().any(|known| **known == *end) {
            if ends.len() == MOST_STEPS {
                return None;
            }
            ends.push(Box::from(end));
        }
        Some(())
    }
}

impl Step {
    /// Whether the text begins with what stands before a value, and then a value.
    #[inline]
    fn leads(&self, text: &[u8]) -> bool {
        text.starts_with(&self.before) && !matches!(text.get(self.before.len()), Some(b'{' | b' '))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::Format;

    fn event() -> Event {
        Event::new(bytes::Bytes::new(), Format::JsonLines)
    }

    /// Whether the strict reader says the same.
    fn agree(layouts: &mut Layouts, text: &str) {
        let (mut quick, mut strict) = (event(), event());
        let read = layouts.flatten(text.as_bytes(), &mut quick);
        let wanted = strictly(text, &mut strict);
        assert_eq!(read.is_ok(), wanted.is_ok(), "{text}");
        if wanted.is_ok() {
            assert_eq!(format!("{quick:?}"), format!("{strict:?}"), "{text}");
        }
    }

    #[test]
    fn a_layout_is_known_after_one_record() {
        let mut layouts = Layouts::default();
        let first = r#"{"a":1,"b":{"c":"x","d":[1,"y"]},"e":{},"f":null}"#;
        layouts.flatten(first.as_bytes(), &mut event()).unwrap();
        for (text, known) in [
            (first, true),
            (r#"{"a":"q\\u00e9","b":{"c":-1.5,"d":[]},"e":{},"f":true}"#, true),
            (r#"{"a":1,"b":{"c":"x","d":[1,{"g":2}]},"e":{},"f":null}"#, false),
            (r#"{"a":1,"b":{"c":"x","d":1},"e":{},"f":null} "#, false),
            (r#"{"a":1,"b":{"c":"x","d":1},"e":{},"f":nul}"#, false),
            (r#"{"a":{"z":1},"b":{"c":"x","d":1},"e":{},"f":null}"#, false),
            (r#"{"a":1}"#, false),
        ] {
            assert_eq!(layouts.follow(text, &mut event()).is_some(), known, "{text}");
            agree(&mut layouts, text);
        }
    }

    #[test]
    fn what_is_learnt_is_bounded() {
        let mut layouts = Layouts::default();
        for number in 0..30_000 {
            agree(&mut layouts, &format!(r#"{{"k":1,"a{}":{number},"b{}":2}}"#, number % 97, number % 89));
            assert!(layouts.nodes.len() <= MOST_NODES);
        }
        let long = format!(r#"{{"a":[{}1]}}"#, "1,".repeat(LONGEST_LIST));
        let mut layouts = Layouts::default();
        (0..3).for_each(|_| agree(&mut layouts, &long));
        assert!(layouts.follow(&long, &mut event()).is_none());
    }

    proptest! {
        #[test]
        fn any_records_are_read_as_the_strict_reader_reads_them(
            records in prop::collection::vec(
                prop::collection::vec(
                    (
                        "[ab]{1,2}",
                        r#"("[x\\]{0,3}"|-?[01]\.?[0-9]?|null|true| ?\[(1|"x"|\{"a":1\})?(,2)?\]|\{("[ab]":(1|"y"|\[2\]))?\}|\{\})"#,
                    ),
                    0..5,
                ),
                1..12,
            ),
            end in "[}] ?}?",
        ) {
            let mut layouts = Layouts::default();
            for (at, members) in records.iter().chain(&records).enumerate() {
                let members: Vec<String> =
                    members.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                let end = if at % 3 == 0 { end.as_str() } else { "}" };
                agree(&mut layouts, &format!("{{{}{end}", members.join(",")));
            }
        }
    }
}
