//! Words with placeholders, `{{incident.id}}`. What stands in for one is inserted as it is and never read again:
//! it cannot hold a placeholder, and nothing in it is markup.

use crate::words::words;

words! {
    /// What may stand between double braces.
    pub enum Field, "placeholder" {
        Organisation: "organisation", "The organisation";
        PreparedBy: "prepared_by", "Whoever makes the report";
        MadeAt: "made_at", "When it is made";
        Marking: "marking", "The marking of the report";
        IncidentId: "incident.id", "INC-1";
        IncidentTitle: "incident.title", "The title";
        IncidentType: "incident.type", "The type";
        IncidentSeverity: "incident.severity", "The severity";
        IncidentPhase: "incident.phase", "The phase";
        IncidentOutcome: "incident.outcome", "How it ended";
        IncidentCommander: "incident.commander", "The commander";
        IncidentDeclared: "incident.declared_at", "When it was declared";
        IncidentClosed: "incident.closed_at", "When it was closed";
        IncidentSummary: "incident.summary", "The summary";
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(Field),
}

/// Text in which fields are named.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(Vec<Piece>);

/// A placeholder that cannot be used: which, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unusable {
    /// As it stands in the file, from the braces on.
    pub(super) token: String,
    pub(super) reason: String,
}

impl Words {
    pub fn plain(text: &str) -> Self {
        Self(vec![Piece::Text(text.to_owned())])
    }

    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            let Some((name, behind)) = after.split_once("}}") else {
                let line = after.lines().next().unwrap_or_default();
                return Err(Unusable {
                    token: format!("{{{{{line}"),
                    reason: "two braces open a placeholder and nothing closes it; end it with }}".to_owned(),
                });
            };
            let unusable = |reason| Unusable { token: format!("{{{{{name}}}}}"), reason };
            let field: Field =
                name.trim().parse().map_err(|error: crate::Error| unusable(error.to_string()))?;
            pieces.push(Piece::Field(field));
            rest = behind;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// The words with what stands in for each field.
    pub fn filled(&self, value: impl Fn(Field) -> String) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Field(field) => value(*field),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_is_never_read_again() {
        let words = Words::parse("{{incident.id}}: {{ incident.title }}.").unwrap();
        let filled = words.filled(|field| match field {
            Field::IncidentId => "INC-1".to_owned(),
            _ => "{{incident.id}} <b>".to_owned(),
        });
        assert_eq!(filled, "INC-1: {{incident.id}} <b>.");
    }

    #[test]
    fn braces_that_name_nothing_are_refused() {
        let refused = |text: &str| Words::parse(text).unwrap_err();
        assert_eq!(refused("a {{7*7}}").token, "{{7*7}}");
        assert!(refused("a {{7*7}}").reason.contains("incident.id"));
        assert!(refused("{{incident.id}} {{open").reason.contains("}}"));
        assert_eq!(Words::parse("a { b } c").unwrap().filled(|_| String::new()), "a { b } c");
    }
}
