//! The book of duties: everything in `content/obligations`, read and checked, in one value.

use std::collections::BTreeMap;

use super::notice::Sheet;
use super::{Answer, Answers, Calendar, CalendarKey, Duty, DutyKey, Fact, FactKey, Regime, RegimeKey};
use crate::Error;

#[derive(Debug, Clone, Default)]
pub struct Book {
    pub(super) facts: Vec<Fact>,
    /// Names for many places or words: `eea`.
    pub(super) sets: BTreeMap<String, Vec<String>>,
    pub(super) calendars: Vec<Calendar>,
    pub(super) sheet: Sheet,
    pub(super) regimes: Vec<Regime>,
    pub(super) duties: Vec<Duty>,
}

impl Book {
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub fn fact(&self, id: &FactKey) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.id == *id)
    }

    pub fn calendars(&self) -> &[Calendar] {
        &self.calendars
    }

    pub fn calendar(&self, id: &CalendarKey) -> Option<&Calendar> {
        self.calendars.iter().find(|calendar| calendar.id == *id)
    }

    pub const fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    pub fn regimes(&self) -> &[Regime] {
        &self.regimes
    }

    pub fn regime(&self, id: &RegimeKey) -> Option<&Regime> {
        self.regimes.iter().find(|regime| regime.id == *id)
    }

    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    pub fn duty(&self, id: &DutyKey) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.id == *id)
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// When there is no such fact, or the text is no answer to it.
    pub fn answer(&self, fact: &str, text: &str) -> Result<(FactKey, Answer), Error> {
        let key: FactKey = fact.parse()?;
        let known = self.fact(&key).ok_or_else(|| Error::NoSuchFact(fact.to_owned()))?;
        Ok((key, known.answer(text)?))
    }

    /// Reads answers from pairs of fact and text, as files, forms and the database hold them.
    ///
    /// # Errors
    /// For the first pair that cannot be read.
    pub fn answers<'a>(&self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Answers, Error> {
        let mut answers = Answers::default();
        for (fact, text) in pairs {
            let (key, answer) = self.answer(fact, text)?;
            answers.set(key, Some(answer));
        }
        Ok(answers)
    }
}
