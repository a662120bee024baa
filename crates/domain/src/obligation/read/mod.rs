//! From the files of `content/obligations` to a [`Book`]. A file says what it means or is refused, with its
//! name, the line and the cause; all that is wrong is told at once.

mod shape;

use std::collections::BTreeSet;
use std::fmt::Display;

use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_saphyr::Spanned;

use shape::{CalendarFile, ClauseFile, ClockFile, DutyFile, FactsFile, RegimeFile, SectionFile, StageFile};

use super::calendar::Calendar;
use super::condition::{Condition, Vocabulary};
use super::duty::{Cap, Clause, ClockRule, Duty, Grounds, Regime, Roll, Stage, Start};
use super::fact::{About, FactKind, is_place};
use super::notice::{self, Section};
use super::{Book, FactKey, RegimeKey, Span, StageKey};
use crate::key::is_key;

/// A file: its name within the folder (`gdpr.yaml`, `notices/general.md`) and its text.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// Something in a file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct Refusal {
    pub file: String,
    /// Counted from 1.
    pub line: u64,
    pub reason: String,
}

const FACTS: &str = "facts.yaml";
const CALENDARS: &str = "calendars.yaml";
const SHEET: &str = "sheet.yaml";
const FORMS: &str = "notices/";

impl Book {
    /// # Errors
    /// All that is wrong, in the order of the files.
    pub fn read(sources: &[Source<'_>]) -> Result<Self, Vec<Refusal>> {
        let mut reader = Reader::default();
        reader.vocabulary(sources);
        // Without its vocabulary, every file would be called wrong for the same cause.
        if reader.refusals.is_empty() {
            for source in sources.iter().filter(|source| is_regime(source.name)) {
                reader.file = source.name.to_owned();
                if let Some(file) = reader.parsed::<RegimeFile>(source.text) {
                    reader.regime(file);
                }
            }
        }
        if reader.refusals.is_empty() { Ok(reader.book) } else { Err(reader.refusals) }
    }
}

fn is_regime(name: &str) -> bool {
    name.ends_with(".yaml") && ![FACTS, CALENDARS, SHEET].contains(&name) && !name.contains('/')
}

#[derive(Default)]
struct Reader {
    book: Book,
    refusals: Vec<Refusal>,
    /// The one that is read now.
    file: String,
}

impl Reader {
    fn refuse(&mut self, line: u64, reason: impl Display) {
        self.refusals.push(Refusal {
            file: self.file.clone(),
            line: line.max(1),
            reason: reason.to_string(),
        });
    }

    fn parsed<T: DeserializeOwned>(&mut self, text: &str) -> Option<T> {
        match serde_saphyr::from_str(text) {
            Ok(value) => Some(value),
            Err(error) => {
                let line = error.location().map_or(1, |location| location.line());
                // The parser's own picture of the place follows its first line.
                let told = error.to_string();
                let reason = told.lines().next().unwrap_or("cannot be read").to_owned();
                self.refuse(line, reason);
                None
            }
        }
    }

    fn named<T: DeserializeOwned>(&mut self, sources: &[Source<'_>], name: &str) -> Option<T> {
        name.clone_into(&mut self.file);
        match sources.iter().find(|source| source.name == name) {
            Some(source) => self.parsed(source.text),
            None => {
                self.refuse(1, "is missing; every other file needs it");
                None
            }
        }
    }

    fn vocabulary(&mut self, sources: &[Source<'_>]) {
        if let Some(file) = self.named::<FactsFile>(sources, FACTS) {
            self.facts(file);
        }
        if let Some(calendars) = self.named::<Vec<Spanned<CalendarFile>>>(sources, CALENDARS) {
            for calendar in calendars {
                self.calendar(calendar);
            }
        }
        if let Some(sections) = self.named::<Vec<Spanned<SectionFile>>>(sources, SHEET) {
            for section in sections {
                self.section(section);
            }
        }
        for source in sources.iter().filter(|source| source.name.starts_with(FORMS)) {
            source.name.clone_into(&mut self.file);
            let name = source.name.trim_start_matches(FORMS).trim_end_matches(".md");
            match notice::Form::read(source.text) {
                Ok(form) => {
                    self.book.sheet.forms.insert(name.to_owned(), form);
                }
                Err((line, reason)) => self.refuse(line, reason),
            }
        }
        if !self.book.sheet.forms.contains_key(notice::GENERAL) {
            self.file = format!("{FORMS}{}.md", notice::GENERAL);
            self.refuse(1, "is missing; notices without a form of their own need it");
        }
    }

    fn facts(&mut self, file: FactsFile) {
        for (name, members) in file.sets {
            for member in &members {
                if !is_place(&member.value) && !is_key(&member.value) {
                    let reason = format!(
                        "{:?} is no place and no word; write it like DE, US-CA or health",
                        member.value
                    );
                    self.refuse(member.referenced.line(), reason);
                }
            }
            self.book.sets.insert(name, members.into_iter().map(|member| member.value).collect());
        }
        for fact in file.facts {
            let (line, fact) = (fact.referenced.line(), fact.value);
            if self.book.fact(&fact.id).is_some() {
                self.refuse(line, format!("the fact {} is there already", fact.id));
            }
            if matches!(fact.kind, FactKind::Words | FactKind::OneOf) == fact.options.is_empty() {
                self.refuse(line, format!("the fact {}: words have options, other kinds have none", fact.id));
            }
            if fact.kind == FactKind::Moment && fact.about == About::Organisation {
                self.refuse(
                    line,
                    format!("the moment {} is about an incident, not the organisation", fact.id),
                );
            }
            self.book.facts.push(fact);
        }
    }

    fn calendar(&mut self, calendar: Spanned<CalendarFile>) {
        let (line, calendar) = (calendar.referenced.line(), calendar.value);
        if self.book.calendar(&calendar.id).is_some() {
            self.refuse(line, format!("the calendar {} is there already", calendar.id));
        }
        if calendar.weekend.iter().collect::<BTreeSet<_>>().len() >= 7 {
            self.refuse(line, format!("the calendar {} has no working day", calendar.id));
        }
        for holiday in &calendar.holidays {
            if let Some(flaw) = holiday.value.flaw() {
                let reason = format!("calendar {}: {} {flaw}", calendar.id, holiday.value.name);
                self.refuse(holiday.referenced.line(), reason);
            }
        }
        let CalendarFile { id, name, weekend, observed, holidays } = calendar;
        let holidays = holidays.into_iter().map(|holiday| holiday.value).collect();
        self.book.calendars.push(Calendar { id, name, weekend, observed, holidays });
    }

    fn section(&mut self, section: Spanned<SectionFile>) {
        let (line, section) = (section.referenced.line(), section.value);
        if self.book.sheet.section(&section.id).is_some() {
            self.refuse(line, format!("the section {} is there already", section.id));
        }
        for fact in &section.facts {
            if self.book.fact(fact).is_none() {
                self.refuse(line, format!("the section {} shows {fact}, which is no fact", section.id));
            }
        }
        let SectionFile { id, title, asks, facts } = section;
        self.book.sheet.sections.push(Section { id, title, asks, facts });
    }

    fn regime(&mut self, file: RegimeFile) {
        let line = file.id.referenced.line();
        let id = file.id.value;
        if self.book.regime(&id).is_some() {
            self.refuse(line, format!("the regime {id} is there already"));
        }
        let zone = file.zone.and_then(|zone| self.zone(&zone));
        if file.duties.is_empty() {
            self.refuse(line, format!("the regime {id} has no duties"));
        }
        for duty in file.duties {
            let line = duty.referenced.line();
            if let Some(duty) = self.duty(duty.value, line, &id, file.grounds, zone.as_ref()) {
                self.book.duties.push(duty);
            }
        }
        let RegimeFile { name, jurisdiction, binds, source, grounds, as_of, .. } = file;
        self.book.regimes.push(Regime { id, name, jurisdiction, binds, source, grounds, as_of });
    }

    fn zone(&mut self, name: &Spanned<String>) -> Option<TimeZone> {
        let found = TimeZone::get(&name.value).ok();
        if found.is_none() {
            let reason = format!("{:?} is no time zone; write it like America/New_York", name.value);
            self.refuse(name.referenced.line(), reason);
        }
        found
    }

    fn duty(
        &mut self,
        file: DutyFile,
        line: u64,
        regime: &RegimeKey,
        grounds: Grounds,
        zone: Option<&TimeZone>,
    ) -> Option<Duty> {
        let before = self.refusals.len();
        if self.book.duty(&file.id).is_some() {
            self.refuse(line, format!("the duty {} is there already", file.id));
        }
        if file.when.is_empty() || file.stages.is_empty() {
            self.refuse(line, format!("the duty {} needs a condition and a stage", file.id));
        }
        if let (Some(from), Some(to)) = (file.effective_from, file.effective_to)
            && from > to
        {
            self.refuse(line, format!("the duty {} ends on {to}, before it begins on {from}", file.id));
        }
        if let Some(form) = &file.notice
            && !self.book.sheet.forms.contains_key(&*form.value)
        {
            let reason = format!("the form notices/{}.md is not there", form.value);
            self.refuse(form.referenced.line(), reason);
        }
        let when = file.when.into_iter().filter_map(|clause| self.clause(clause)).collect();
        let mut stages: Vec<Stage> = Vec::new();
        for stage in file.stages {
            let line = stage.referenced.line();
            let stage = self.stage(stage.value, line, &stages, zone);
            stages.push(stage);
        }
        (self.refusals.len() == before).then_some(Duty {
            id: file.id,
            regime: regime.clone(),
            title: file.title,
            clause: file.clause,
            to: file.to,
            status: file.status,
            grounds: file.grounds.unwrap_or(grounds),
            effective_from: file.effective_from,
            effective_to: file.effective_to,
            note: file.note,
            when,
            stages,
            notice: file.notice.map(|form| form.value),
        })
    }

    fn clause(&mut self, clause: Spanned<ClauseFile>) -> Option<Clause> {
        let ClauseFile { condition, says } = clause.value;
        let vocabulary = Vocabulary { facts: &self.book.facts, sets: &self.book.sets };
        match Condition::read(&condition.value, &vocabulary) {
            Ok(condition) => Some(Clause { condition, says }),
            Err(reason) => {
                self.refuse(condition.referenced.line(), format!("the condition cannot be read: {reason}"));
                None
            }
        }
    }

    fn stage(&mut self, file: StageFile, line: u64, before: &[Stage], zone: Option<&TimeZone>) -> Stage {
        if before.iter().any(|stage| stage.id == file.id) {
            self.refuse(line, format!("the stage {} is there already", file.id));
        }
        if file.clocks.is_empty() && file.wording.is_none() {
            let reason = format!(
                "the stage {} has no clock; give one, or the law's wording where it has no number",
                file.id
            );
            self.refuse(line, reason);
        }
        for section in &file.content {
            if self.book.sheet.section(&section.value).is_none() {
                let reason = format!("{} is no section of {SHEET}", section.value);
                self.refuse(section.referenced.line(), reason);
            }
        }
        Stage {
            when: file.when.and_then(|clause| self.clause(clause)),
            urges_from: file.urges_from.and_then(|from| self.start(&from, before)),
            clocks: file.clocks.into_iter().filter_map(|clock| self.clock(clock, before, zone)).collect(),
            content: file.content.into_iter().map(|section| section.value).collect(),
            id: file.id,
            title: file.title,
            to: file.to,
            wording: file.wording,
        }
    }

    fn clock(
        &mut self,
        file: Spanned<ClockFile>,
        before: &[Stage],
        zone: Option<&TimeZone>,
    ) -> Option<ClockRule> {
        let (line, file) = (file.referenced.line(), file.value);
        for flaw in impossible(&file) {
            self.refuse(line, format!("an impossible clock: {flaw}"));
        }
        if let Some(calendar) = &file.calendar
            && self.book.calendar(&calendar.value).is_none()
        {
            let known: Vec<&str> = self.book.calendars.iter().map(|known| known.id.as_str()).collect();
            let reason = format!(
                "the calendar {} is not in {CALENDARS}; there are {}",
                calendar.value,
                known.join(", ")
            );
            self.refuse(calendar.referenced.line(), reason);
        }
        if let Some(held) = &file.held_until {
            self.moment(held.value.as_str(), held.referenced.line());
        }
        let cap = file.cap.map(|cap| (cap.value.within, cap.value.void_if_started_later, cap.value.from));
        let cap = match cap {
            Some((within, void_if_started_later, from)) => {
                Some(Cap { from: self.start(&from, before)?, within, void_if_started_later })
            }
            None => None,
        };
        Some(ClockRule {
            from: self.start(&file.from, before)?,
            when: file.when.and_then(|clause| self.clause(clause)),
            roll: file.roll.and_then(|roll| self.roll(&roll)),
            zone: file.zone.and_then(|zone| self.zone(&zone)).or_else(|| zone.cloned()),
            reading: file.reading,
            within: file.within,
            cap,
            whole_hours: file.whole_hours,
            working_days: file.working_days,
            calendar: file.calendar.map(|calendar| calendar.value),
            ends_at: file.ends_at,
            held_until: file.held_until.map(|held| held.value),
            held_at_most: file.held_at_most,
        })
    }

    /// `aware`, `end of year of discovered`, `sent initial`, `last sent intermediate`.
    fn start(&mut self, from: &Spanned<String>, before: &[Stage]) -> Option<Start> {
        let (text, line) = (from.value.trim(), from.referenced.line());
        if let Some(fact) = text.strip_prefix("end of year of ") {
            return self.moment(fact, line).map(Start::EndOfYear);
        }
        let sent = text.strip_prefix("sent ").map(|stage| (stage, Start::Sent as fn(StageKey) -> Start));
        let last =
            text.strip_prefix("last sent ").map(|stage| (stage, Start::LastSent as fn(StageKey) -> Start));
        let Some((stage, made)) = sent.or(last) else {
            return self.moment(text, line).map(Start::Moment);
        };
        match before.iter().find(|known| known.id.as_str() == stage) {
            Some(stage) => Some(made(stage.id.clone())),
            None => {
                self.refuse(
                    line,
                    format!("the clock starts from the stage {stage:?}, which is none before it"),
                );
                None
            }
        }
    }

    fn moment(&mut self, name: &str, line: u64) -> Option<FactKey> {
        let fact = self.book.facts.iter().find(|fact| fact.id.as_str() == name);
        match fact {
            Some(fact) if fact.kind == FactKind::Moment => Some(fact.id.clone()),
            Some(_) => {
                self.refuse(line, format!("a clock cannot start from {name}, which is no moment"));
                None
            }
            None => {
                self.refuse(line, format!("a clock cannot start from {name:?}, which is no fact of {FACTS}"));
                None
            }
        }
    }

    fn roll(&mut self, text: &Spanned<String>) -> Option<Roll> {
        if text.value == "end of next working day" {
            return Some(Roll::EndOfDay);
        }
        let time = text.value.strip_suffix(" of next working day").and_then(|time| time.parse().ok());
        if time.is_none() {
            let reason = format!(
                "{:?} is no rule for days without work; write \"end of next working day\" or \"12:00 of next working day\"",
                text.value
            );
            self.refuse(text.referenced.line(), reason);
        }
        time.map(Roll::At)
    }
}

/// What about a clock cannot be.
fn impossible(file: &ClockFile) -> Vec<&'static str> {
    let hours = matches!(file.within, Span::Hours(_));
    let needs_calendar = file.within.needs_calendar() || file.roll.is_some() || file.working_days.is_some();
    let mut flaws = Vec::new();
    if needs_calendar && file.calendar.is_none() {
        flaws.push("it counts working days without a calendar; name one");
    }
    if !needs_calendar && file.calendar.is_some() {
        flaws.push("it names a calendar that it never looks at; leave it out, or say roll or business days");
    }
    if hours && file.ends_at.is_some() {
        flaws.push("hours end when they are over, not at a time of day; leave ends_at out");
    }
    if !hours && file.whole_hours {
        flaws.push("whole_hours is for periods in hours");
    }
    if file.held_at_most.is_some() && file.held_until.is_none() {
        flaws.push("it limits a hold that it does not have; name held_until");
    }
    if file.cap.as_ref().is_some_and(|cap| cap.value.within.needs_calendar()) {
        flaws.push("a cap is counted in hours, days or months");
    }
    if file.held_at_most.is_some_and(Span::needs_calendar) {
        flaws.push("a hold is limited in hours, days or months");
    }
    flaws
}
