//! What people and programs read of a rule: id, title, level, status, tags, the spelling of its keys.

use super::Report;
use crate::yaml::{Data, Node};

/// The keys of a rule (Sigma 2.1, "Structure"). Others are allowed, but not ones that nearly are these.
const KEYS: [&str; 20] = [
    "title",
    "id",
    "name",
    "taxonomy",
    "status",
    "description",
    "license",
    "author",
    "references",
    "date",
    "modified",
    "logsource",
    "detection",
    "fields",
    "falsepositives",
    "level",
    "tags",
    "scope",
    "related",
    "correlation",
];

/// Longer titles are not allowed (Sigma 2.1, "Title").
const LONGEST_TITLE: usize = 256;

/// The tactics as tags name them, today's and those of older versions of ATT&CK.
const TACTICS: [&str; 16] = [
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "defense-evasion",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
];

pub(super) fn look(document: &Node, known_technique: &dyn Fn(&str) -> bool, report: &mut Report<'_>) {
    let top = document.line;
    let line_of = |key| document.get(key).map_or(top, |node: &Node| node.line);
    match document.get("id").and_then(Node::text) {
        None => report.say(top, "missing-id", "the rule has no `id`; give it a random UUID, so that its alerts stay together when its title changes"),
        Some(id) if !is_uuid(id) => {
            report.say(line_of("id"), "id-form", format!("the id `{id}` is not a UUID such as 5f1abf38-100e-4ad0-9a21-0a3a1a1d1d51"));
        }
        Some(_) => {}
    }
    if document.get("level").is_none() {
        report.say(
            top,
            "missing-level",
            "the rule has no `level` and counts as medium; say how bad a match is",
        );
    }
    if document.get("status").is_none() {
        report.say(
            top,
            "missing-status",
            "the rule has no `status`; say `experimental` until it has proved itself",
        );
    }
    if report.rule.description.is_none() {
        report.say(
            top,
            "missing-description",
            "the rule has no `description`; say what was seen and what to do next",
        );
    }
    let length = report.rule.title.chars().count();
    if length > LONGEST_TITLE {
        report.say(
            line_of("title"),
            "long-title",
            format!("the title has {length} characters; {LONGEST_TITLE} are allowed"),
        );
    }
    tags(document, known_technique, report);
    keys(document, report);
}

fn tags(document: &Node, known_technique: &dyn Fn(&str) -> bool, report: &mut Report<'_>) {
    let Some(Node { data: Data::List(tags), .. }) = document.get("tags") else { return };
    for node in tags {
        let Some(tag) = node.text() else { continue };
        let Some((namespace, name)) = tag.split_once('.') else {
            report.say(
                node.line,
                "tag-form",
                format!("the tag `{tag}` has no namespace; write `namespace.name`"),
            );
            continue;
        };
        if !namespace.eq_ignore_ascii_case("attack") {
            continue;
        }
        let name = name.to_ascii_lowercase();
        if is_numbered(&name) && name.starts_with('t') {
            if !known_technique(&name.to_ascii_uppercase()) {
                report.say(
                    node.line,
                    "unknown-technique",
                    format!(
                        "ATT&CK has no technique {}, so no coverage counts this tag",
                        name.to_ascii_uppercase()
                    ),
                );
            }
        } else if !is_numbered(&name) {
            let tactic = name.replace('_', "-");
            if !TACTICS.contains(&tactic.as_str()) {
                report.say(node.line, "unknown-tactic", format!("ATT&CK has no tactic `{name}`"));
            }
        }
    }
}

/// Whether it is the number of a technique, a group, a software, a campaign, a data source, …
fn is_numbered(name: &str) -> bool {
    let digits = name.trim_start_matches(|sign: char| sign.is_ascii_lowercase());
    name.len() - digits.len() <= 2 && digits.starts_with(|sign: char| sign.is_ascii_digit())
}

/// Keys that are one or two slips of the finger away from one that means something.
fn keys(document: &Node, report: &mut Report<'_>) {
    let Data::Map(entries) = &document.data else { return };
    for (key, _) in entries {
        if KEYS.contains(&key.text.as_str()) {
            continue;
        }
        let meant = KEYS.into_iter().find(|known| is_slip(&key.text, known));
        if let Some(meant) = meant {
            report.say(
                key.line,
                "key-spelling",
                format!("nothing reads the key `{}`; is `{meant}` meant?", key.text),
            );
        }
    }
    if let Some(Node { data: Data::Map(entries), .. }) = document.get("logsource") {
        for (key, _) in entries {
            if !["product", "category", "service", "definition"].contains(&key.text.as_str()) {
                report.say(
                    key.line,
                    "key-spelling",
                    format!(
                        "a log source has no `{}`; it has product, category, service and definition",
                        key.text
                    ),
                );
            }
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == lengths.len()
        && parts
            .iter()
            .zip(lengths)
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether one is the other with a letter more, less, or another one, or in other case.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    if one.eq_ignore_ascii_case(other) {
        return one != other;
    }
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() < 5 || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.bytes().zip(long.bytes()).take_while(|(left, right)| left == right).count();
    let from = if short.len() == long.len() { same + 1 } else { same };
    let rest = short.as_bytes().get(from..);
    rest.is_some() && rest == long.as_bytes().get(same + 1..)
}
