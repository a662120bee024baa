//! The variables of a run and their scopes: a step's own first, then the playbook's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunRefusal, Walk};
use crate::check::fits;
use crate::{Filling, Playbook, Variable};

/// What a variable holds now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    pub kind: String,
    pub text: Option<String>,
    pub constant: bool,
}

impl Held {
    pub fn of(variable: &Variable) -> Self {
        Self { kind: variable.kind.clone(), text: variable.text(), constant: variable.is_constant() }
    }
}

/// The playbook's variables at the start, with the values given from outside.
pub(super) fn declared(
    playbook: &Playbook,
    values: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Held>, RunRefusal> {
    let mut held: BTreeMap<String, Held> =
        playbook.variables().map(|(name, variable)| (name.clone(), Held::of(variable))).collect();
    for (name, value) in values {
        let external = playbook.variables().any(|(known, variable)| known == name && variable.is_external());
        match held.get_mut(name).filter(|_| external) {
            Some(held) => {
                fit(name, &held.kind, value)?;
                // It came from outside: whatever the declaration says, it is no text of the author's.
                held.constant = false;
                held.text = Some(value.clone());
            }
            None => return Err(RunRefusal::NotExternal(name.clone())),
        }
    }
    Ok(held)
}

fn fit(name: &str, kind: &str, value: &str) -> Result<(), RunRefusal> {
    if value.is_empty() || fits(kind, value) {
        return Ok(());
    }
    Err(RunRefusal::WrongValue {
        name: name.to_owned(),
        kind: kind.to_owned(),
        value: crate::shape::shown(value),
    })
}

impl Walk<'_> {
    /// A variable as a strand sees it.
    pub(super) fn held(&self, strand: u32, name: &str) -> Option<&Held> {
        let own = self.run.strands.get(&strand).and_then(|strand| strand.locals.get(name));
        own.or_else(|| self.run.variables.get(name))
    }

    pub(super) fn text(&self, strand: u32, name: &str) -> Option<String> {
        self.held(strand, name)?.text.clone()
    }

    pub(super) fn filling(&self, strand: u32, name: &str) -> Option<Filling> {
        let held = self.held(strand, name)?;
        Some(Filling { text: held.text.clone()?, constant: held.constant })
    }

    /// Gives a strand's variables the values that a step gave back.
    pub(super) fn assign(
        &mut self,
        strand: u32,
        outputs: &BTreeMap<String, String>,
    ) -> Result<(), RunRefusal> {
        let step = self.run.strands.get(&strand).and_then(|strand| self.playbook.step(&strand.step));
        let names = step.map(crate::Step::out_args).unwrap_or_default();
        for (name, value) in outputs {
            if !names.contains(name) {
                return Err(RunRefusal::NotAnOutput(name.clone()));
            }
            let kind = self.held(strand, name).map(|held| held.kind.clone()).unwrap_or_default();
            fit(name, &kind, value)?;
        }
        for (name, value) in outputs {
            let own = self.run.strands.get_mut(&strand).and_then(|strand| strand.locals.get_mut(name));
            if let Some(held) = own.or_else(|| self.run.variables.get_mut(name)) {
                held.text = Some(value.clone());
            }
        }
        let visit = self.run.strands.get(&strand).map(|strand| strand.visit);
        if let Some(visit) = visit.and_then(|visit| self.visit_mut(visit)) {
            visit.outputs.extend(outputs.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        Ok(())
    }
}

/// The values that a command's text output gives to names: where it is a JSON object with members of these names
/// (with or without the underscores), those; else the one name gets the whole text. More names than that get nothing.
pub fn outputs_from(text: &str, names: &[String]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Object(object)) = serde_json::from_str(text) {
        for name in names {
            let bare = name.trim_matches('_');
            if let Some(value) = object.get(name).or_else(|| object.get(bare)) {
                let text = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                found.insert(name.clone(), text);
            }
        }
    }
    if let ([only], true) = (names, found.is_empty()) {
        found.insert(only.clone(), text.trim_end_matches(['\r', '\n']).to_owned());
    }
    found
}
