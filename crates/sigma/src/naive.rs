//! The meaning of a rule, walked straight along its tree for every event: slow, short and without a
//! single index. The engine must say the same. Only for tests.

#![allow(clippy::indexing_slicing, clippy::string_slice)]

use telemetry::{Event, Format, Value};

use crate::condition::Condition;
use crate::detection::Detection;
use crate::modifier::Place;
use crate::number::{Number, Relation};
use crate::pattern::{Part, fold};
use crate::rule::Rule;
use crate::tree::{Check, Subject, Test, Tree};

fn matches(rule: &Rule, event: &Event) -> bool {
    event.source.satisfies(&rule.logsource) && condition(&rule.detection.condition, &rule.detection, event)
}

fn condition(asked: &Condition, detection: &Detection, event: &Event) -> bool {
    let search = |at: &usize| tree(&detection.searches[*at].tree, event);
    match asked {
        Condition::Search(at) => search(at),
        Condition::All(all) => all.iter().all(|inner| condition(inner, detection, event)),
        Condition::Any(all) => all.iter().any(|inner| condition(inner, detection, event)),
        Condition::Not(inner) => !condition(inner, detection, event),
        Condition::AtLeast { count, of } => of.iter().filter(|at| search(at)).count() >= *count,
    }
}

fn tree(asked: &Tree, event: &Event) -> bool {
    match asked {
        Tree::Test(asked) => test(asked, event),
        Tree::All(all) => all.iter().all(|inner| tree(inner, event)),
        Tree::Any(all) => all.iter().any(|inner| tree(inner, event)),
        Tree::Not(inner) => !tree(inner, event),
    }
}

fn test(asked: &Test, event: &Event) -> bool {
    let Subject::Field(name) = &asked.subject else {
        let mut texts: Vec<String> = event.fields().flat_map(|(_, value)| texts(value)).collect();
        if event.format.is_plain_text() {
            texts.push(String::from_utf8_lossy(&event.raw).into_owned());
        }
        return texts.iter().any(|text| text_holds(&asked.check, text));
    };
    let value = event.get(name);
    let within = event.fields().any(|(field, _)| field.starts_with(&format!("{name}.")));
    match &asked.check {
        Check::Text { .. } | Check::Regex(_) | Check::Network(_) => {
            value.is_some_and(|value| texts(value).iter().any(|text| text_holds(&asked.check, text)))
        }
        Check::Number(_) | Check::Compare { .. } => {
            value.is_some_and(|value| number_holds(&asked.check, value))
        }
        Check::Null => value.map_or(!within, is_null),
        Check::Exists(wanted) => (value.is_some() || within) == *wanted,
        Check::OtherField { name, place, cased } => {
            let shown = |text: String| if *cased { text } else { fold(&text).into_owned() };
            let all = |value: Option<&Value>| value.map(texts).unwrap_or_default().into_iter().map(shown);
            all(value).any(|text| {
                all(event.get(name)).any(|other| match place {
                    Place::Whole => text == other,
                    Place::Anywhere => text.contains(&other),
                    Place::Start => text.starts_with(&other),
                    Place::End => text.ends_with(&other),
                })
            })
        }
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        value => value.as_text().map(std::borrow::Cow::into_owned).into_iter().collect(),
    }
}

fn text_holds(check: &Check, text: &str) -> bool {
    match check {
        Check::Text { patterns, cased } => {
            let text = if *cased { text.to_owned() } else { fold(text).into_owned() };
            patterns.iter().any(|pattern| glob(pattern.parts(), &text))
        }
        Check::Regex(regex) => regex.matches(text),
        Check::Network(networks) => networks.iter().any(|network| network.holds(text)),
        _ => false,
    }
}

fn glob(parts: &[Part], text: &str) -> bool {
    match parts.split_first() {
        None => text.is_empty(),
        Some((Part::Text(start), rest)) => {
            text.strip_prefix(start.as_str()).is_some_and(|text| glob(rest, text))
        }
        Some((Part::One, rest)) => {
            let mut chars = text.chars();
            chars.next().is_some() && glob(rest, chars.as_str())
        }
        Some((Part::Many, [])) => true,
        Some((Part::Many, rest)) => {
            text.char_indices().any(|(at, _)| glob(rest, &text[at..])) || glob(rest, "")
        }
    }
}

fn number_holds(check: &Check, value: &Value) -> bool {
    if let Value::List(items) = value {
        return items.iter().any(|item| number_holds(check, item));
    }
    match check {
        Check::Number(wanted) => Number::of_value(value)
            .is_some_and(|number| wanted.iter().any(|wanted| Relation::Equal.holds(number, *wanted))),
        Check::Compare { relation, number, time: None } => {
            Number::of_value(value).is_some_and(|seen| relation.holds(seen, *number))
        }
        Check::Compare { relation, number, time: Some(part) } => match value {
            Value::Str(text) => part.of_text(text).is_some_and(|seen| relation.holds(seen, *number)),
            _ => false,
        },
        _ => false,
    }
}

fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty() || items.iter().any(is_null),
        _ => false,
    }
}

mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;
    use telemetry::{LogSource, Options};

    use super::*;
    use crate::{Engine, RuleSet};

    fn agree(engine: &Engine, event: &Event) -> usize {
        let slowly: Vec<usize> = (0..engine.rules().len())
            .filter(|number| super::matches(&engine.rules()[*number], event))
            .collect();
        assert_eq!(engine.matches(event), slowly, "{}", String::from_utf8_lossy(&event.raw));
        let explained: Vec<usize> = engine.detect(event).iter().map(|one| one.rule).collect();
        assert_eq!(explained, slowly);
        slowly.len()
    }

    /// What explanations say, of the rules that look at the event's source.
    fn explanations_agree(engine: &Engine, event: &Event) -> usize {
        let fired = engine.matches(event);
        let mut told = 0;
        for (number, rule) in engine.rules().iter().enumerate() {
            if event.source.satisfies(&rule.logsource) {
                let explained = rule.explain(event);
                assert_eq!(
                    explained.fires,
                    fired.contains(&number),
                    "{}: {:#?}",
                    rule.title,
                    explained.lines()
                );
                assert!(!explained.reasons().is_empty(), "{}", rule.title);
                told += 1;
            }
        }
        told
    }

    #[test]
    fn all_public_rules_match_what_their_trees_say() {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        if !root.exists() {
            println!("skipped: {} not there", root.display());
            return;
        }
        let engine = Engine::new(RuleSet::new().load_dir(root.join("sigma/rules")).unwrap().rules);
        let options = Options::new("2026-01-01T00:00:00Z".parse().unwrap());
        for (name, step) in [("mixed.jsonl", 9), ("process-creation.jsonl", 17)] {
            let log = telemetry::open(&root.join("windows-jsonl").join(name), &options).unwrap();
            let found: usize = log.step_by(step).map(|event| agree(&engine, &event.unwrap())).sum();
            println!("{name}: {found} matches agree");
            assert!(found > 0);
            let log = telemetry::open(&root.join("windows-jsonl").join(name), &options).unwrap();
            let told: usize =
                log.step_by(step * 20).map(|event| explanations_agree(&engine, &event.unwrap())).sum();
            println!("{name}: {told} explanations agree");
            assert!(told > 0);
        }
    }

    proptest! {
        #[test]
        fn any_rules_match_what_their_trees_say(
            rules in prop::collection::vec((
                prop::collection::vec(("[fgh](\\|(contains|startswith|endswith|cased|contains\\|all|contains\\|cased|neq|neq\\|contains|windash|re|re\\|i|exists|gt|lte|fieldref|fieldref\\|endswith))?", prop::collection::vec("[abB*?0-3]{1,4}", 1..3)), 1..4),
                "(a|not a|a and not b|a or b|1 of them|all of them|2 of them)",
            ), 1..12),
            events in prop::collection::vec(prop::collection::vec("[abB0-3é]{0,6}", 3), 1..4),
        ) {
            let mut text = String::new();
            for (items, condition) in rules {
                text.push_str("title: T\nlogsource: {product: test}\ndetection:\n");
                for (at, (key, values)) in items.iter().enumerate() {
                    let search = ["a", "b", "c"][at % 3];
                    let values = if key.ends_with("exists") { "true".to_owned() } else { format!("'{}'", values.join("', '")) };
                    let values = if ["exists", "gt", "lte"].iter().any(|last| key.ends_with(last)) { values.split(',').next().unwrap().replace('\'', "") } else { format!("[{values}]") };
                    text.push_str(&format!("    {search}:\n        {key}: {values}\n"));
                }
                text.push_str(&format!("    condition: {condition}\n---\n"));
            }
            let engine = Engine::new(RuleSet::new().load_str("any.yml", &text).rules);
            for values in events {
                let mut event = Event::new(Vec::new().into(), Format::JsonLines);
                event.source = LogSource { product: Some("test".into()), ..LogSource::default() };
                for (name, value) in ["f", "g", "h"].into_iter().zip(values) {
                    if !value.is_empty() {
                        event.set(name, Value::from(value));
                    }
                }
                agree(&engine, &event);
                explanations_agree(&engine, &event);
            }
        }
    }
}
