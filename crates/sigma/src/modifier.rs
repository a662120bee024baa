//! The modifiers behind a field name, `Field|contains|all`: which there are, which may stand
//! together, and in which order they transform a value (Sigma 2.1, appendix "Modifiers").

use crate::encode::Charset;
use crate::error::SigmaError;
use crate::number::{Relation, TimePart};

/// What a value is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    /// Text, number, null, true or false, compared as a whole or by a pattern.
    Plain,
    Regex,
    Network,
    Compare(Relation),
    FieldName,
    Exists,
}

/// Where in the field's text the value must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Whole,
    Anywhere,
    Start,
    End,
}

/// A change to a text value, in the order written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Windash,
    Charset(Charset),
    Base64,
    Base64Offset,
    Place(Place),
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct RegexFlags {
    pub ignore_case: bool,
    pub multi_line: bool,
    pub dot_all: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Modifiers {
    pub sense: Sense,
    pub place: Place,
    pub steps: Vec<Step>,
    pub flags: RegexFlags,
    pub time: Option<TimePart>,
    /// `all`: every value must be found, not just one.
    pub all: bool,
    /// `neq`: none of it may be so.
    pub negated: bool,
    pub cased: bool,
    pub expand: bool,
    /// The first that is for text alone, for messages.
    pub text_only: Option<String>,
}

impl Modifiers {
    pub fn none() -> Modifiers {
        Modifiers {
            sense: Sense::Plain,
            place: Place::Whole,
            steps: Vec::new(),
            flags: RegexFlags::default(),
            time: None,
            all: false,
            negated: false,
            cased: false,
            expand: false,
            text_only: None,
        }
    }

    pub fn parse<'a>(names: impl Iterator<Item = &'a str>) -> Result<Modifiers, SigmaError> {
        let mut modifiers = Modifiers::none();
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if let Some(other) = seen.iter().find(|other| conflict(other, name)) {
                return Err(SigmaError::ModifierConflict((*other).to_owned(), name.to_owned()));
            }
            modifiers.take(name)?;
            seen.push(name);
        }
        if let (Some(time), Sense::Plain) = (modifiers.time, modifiers.sense) {
            modifiers.sense = Sense::Compare(Relation::Equal);
            modifiers.time = Some(time);
        }
        Ok(modifiers)
    }

    fn take(&mut self, name: &str) -> Result<(), SigmaError> {
        match name {
            "all" => self.all = true,
            "neq" => self.negated = true,
            "cased" => self.cased = true,
            "expand" => self.expand = true,
            "re" => self.sense = Sense::Regex,
            "cidr" => self.sense = Sense::Network,
            "lt" => self.sense = Sense::Compare(Relation::Less),
            "lte" => self.sense = Sense::Compare(Relation::LessOrEqual),
            "gt" => self.sense = Sense::Compare(Relation::Greater),
            "gte" => self.sense = Sense::Compare(Relation::GreaterOrEqual),
            "fieldref" => self.sense = Sense::FieldName,
            "exists" => self.sense = Sense::Exists,
            "contains" => self.put(Place::Anywhere, name),
            "startswith" => self.put(Place::Start, name),
            "endswith" => self.put(Place::End, name),
            "windash" => self.step(Step::Windash, name),
            "wide" | "utf16le" => self.step(Step::Charset(Charset::Utf16Le), name),
            "utf16be" => self.step(Step::Charset(Charset::Utf16Be), name),
            "utf16" => self.step(Step::Charset(Charset::Utf16), name),
            "base64" => self.step(Step::Base64, name),
            "base64offset" => self.step(Step::Base64Offset, name),
            "minute" => self.time = Some(TimePart::Minute),
            "hour" => self.time = Some(TimePart::Hour),
            "day" => self.time = Some(TimePart::Day),
            "week" => self.time = Some(TimePart::Week),
            "month" => self.time = Some(TimePart::Month),
            "year" => self.time = Some(TimePart::Year),
            "i" | "ignorecase" => self.flag(name, |flags| flags.ignore_case = true)?,
            "m" | "multiline" => self.flag(name, |flags| flags.multi_line = true)?,
            "s" | "dotall" => self.flag(name, |flags| flags.dot_all = true)?,
            other => return Err(SigmaError::UnknownModifier(other.to_owned())),
        }
        Ok(())
    }

    fn put(&mut self, place: Place, name: &str) {
        self.place = place;
        self.step(Step::Place(place), name);
    }

    fn step(&mut self, step: Step, name: &str) {
        self.steps.push(step);
        self.text_only.get_or_insert_with(|| name.to_owned());
    }

    fn flag(&mut self, name: &str, set: impl FnOnce(&mut RegexFlags)) -> Result<(), SigmaError> {
        if self.sense != Sense::Regex {
            return Err(SigmaError::ModifierNeeds { modifier: name.to_owned(), needs: "re" });
        }
        set(&mut self.flags);
        Ok(())
    }
}

/// The groups of modifiers that matter for what may stand together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Regex,
    RegexFlag,
    Network,
    Compare,
    FieldName,
    Exists,
    Place,
    Encoding,
    Cased,
    Time,
    Expand,
    List,
}

fn group(name: &str) -> Group {
    match name {
        "re" => Group::Regex,
        "i" | "m" | "s" | "ignorecase" | "multiline" | "dotall" => Group::RegexFlag,
        "cidr" => Group::Network,
        "lt" | "lte" | "gt" | "gte" => Group::Compare,
        "fieldref" => Group::FieldName,
        "exists" => Group::Exists,
        "contains" | "startswith" | "endswith" => Group::Place,
        "windash" | "wide" | "utf16le" | "utf16be" | "utf16" | "base64" | "base64offset" => Group::Encoding,
        "cased" => Group::Cased,
        "minute" | "hour" | "day" | "week" | "month" | "year" => Group::Time,
        "expand" => Group::Expand,
        _ => Group::List,
    }
}

fn conflict(one: &str, other: &str) -> bool {
    use Group::{
        Cased, Compare, Encoding, Exists, Expand, FieldName, List, Network, Place, Regex, RegexFlag, Time,
    };
    if one == other {
        return true;
    }
    let (left, right) = (group(one), group(other));
    let pair = |a: &[Group], b: &[Group]| {
        (a.contains(&left) && b.contains(&right)) || (a.contains(&right) && b.contains(&left))
    };
    let types = [Regex, Network, Compare, FieldName, Exists];
    pair(&types, &types)
        || pair(&[Exists], &[Place, Encoding, Cased, Time, Expand, List])
        || pair(&[Network, Compare], &[Place, Encoding, Cased])
        || pair(&[Regex], &[Encoding, Cased])
        || pair(&[FieldName], &[Encoding, Expand])
        || pair(&[Time], &[Time, Regex, Network, FieldName, Place, Encoding, Cased])
        || pair(&[Network], &[Time])
        || pair(&[Place], &[Place])
        || pair(&[RegexFlag], &[Cased])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(chain: &str) -> Result<Modifiers, String> {
        Modifiers::parse(chain.split('|')).map_err(|error| error.to_string())
    }

    #[test]
    fn what_may_stand_together() {
        let good = [
            "contains|all",
            "contains|all|windash",
            "windash|contains|all",
            "wide|base64offset|contains",
            "base64offset|contains",
            "re|i|m|s",
            "re|ignorecase",
            "re|contains",
            "re|expand",
            "contains|expand",
            "cidr|expand",
            "fieldref|endswith",
            "fieldref|neq",
            "neq|contains",
            "cased|startswith",
            "contains|cased",
            "hour|gte",
            "gte|hour",
            "day",
            "re|neq|all",
            "cidr|neq",
        ];
        for chain in good {
            assert!(parse(chain).is_ok(), "{chain}: {:?}", parse(chain).err());
        }
        let bad = [
            "contains|startswith",
            "contains|contains",
            "re|cidr",
            "re|cased",
            "re|windash",
            "re|base64",
            "cidr|contains",
            "gt|lt",
            "gt|contains",
            "exists|all",
            "exists|contains",
            "exists|neq",
            "fieldref|base64",
            "fieldref|re",
            "hour|day",
            "hour|contains",
            "i",
            "contains|i",
            "",
            "near",
            "Contains",
        ];
        for chain in bad {
            assert!(parse(chain).is_err(), "{chain}");
        }
    }
}
