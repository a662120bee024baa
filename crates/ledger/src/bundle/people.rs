//! Verifying what people signed: the acts in the chains of custody of evidence items. A signature must
//! fit its act, and its key must be the one that the ledger holds for whoever acted.

use std::io::{Read, Seek};

use serde_json::Value;

use super::paths::body_path;
use super::verify::Verifier;
use crate::{RecordVersion, person};

impl<R: Read + Seek> Verifier<'_, R> {
    /// Checks every signed act of every item, as the item's newest version has it: acts never change.
    pub fn check_people(&mut self) {
        let mut newest: Vec<RecordVersion> = Vec::new();
        for of in self.leaves.keys().filter(|of| of.record.starts_with("EVD-")) {
            match newest.last_mut() {
                Some(last) if last.record == of.record => last.clone_from(of),
                _ => newest.push(of.clone()),
            }
        }
        for of in newest {
            let Some(body) = self.body(&of) else { continue };
            let chain = body.get("custody").and_then(Value::as_array);
            for (place, act) in chain.into_iter().flatten().enumerate() {
                self.check_act(&of, text(&body, "sha256"), place + 1, act);
            }
        }
    }

    fn check_act(&mut self, of: &RecordVersion, sha256: &str, number: usize, act: &Value) {
        let Some(signature) = act.get(person::SIGNATURE).filter(|signature| !signature.is_null()) else {
            self.verdict.acts.unsigned += 1;
            return;
        };
        let said = person::statement(&of.record, sha256, number, act);
        let who = act.get("by").and_then(Value::as_str).unwrap_or("somebody");
        if !person::is_signed(&said, text(signature, "public_key"), text(signature, "signature")) {
            let why = format!("act {number} of its chain of custody is not signed by {who} as it claims");
            return self.verdict.record_problem(of, None, why);
        }
        let record = RecordVersion { record: text(signature, "key").to_owned(), version: 1 };
        let stands = self.leaves.get(&record).is_some_and(|(_, ok)| *ok);
        let holds = stands
            && record.record.starts_with("SIG-")
            && self.body(&record).is_some_and(|key| {
                key.get("public_key") == signature.get("public_key")
                    && key.get("account") == act.get("account")
            });
        if holds {
            self.verdict.acts.signed += 1;
        } else {
            let why = format!("the key that signed act {number} is not, in this ledger, the key of {who}");
            self.verdict.record_problem(of, None, why);
        }
    }

    fn body(&mut self, of: &RecordVersion) -> Option<Value> {
        let bytes = self.archive.read(&body_path(of), self.limits.body).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
