//! Which duties apply to an incident, may apply, or do not, with the reasons in words. What nobody knows yet
//! is named as a question; the question that settles most comes first.

use jiff::Timestamp;

use super::clock::{self, StageClock};
use super::{About, Answer, Answers, Book, Duty, DutyKey, FactKey, Profile, StageKey, Truth};
use crate::words::words;

/// All that is known when duties are decided.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub book: &'a Book,
    pub profile: &'a Profile,
    /// About the incident.
    pub incident: &'a Answers,
    /// What was sent already, and when.
    pub sent: &'a [(DutyKey, StageKey, Timestamp)],
    pub now: Timestamp,
}

words! {
    pub enum Verdict, "verdict" {
        Applies: "applies", "Applies";
        MayApply: "may_apply", "May apply";
        DoesNotApply: "does_not_apply", "Does not apply";
    }
}

/// Whether the law that makes a duty binds on the day of the incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Binding,
    /// Not (yet, or any more); decided because the profile follows it.
    Followed,
    /// Not, and nobody asked for it.
    NotBinding,
}

/// One condition, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    pub truth: Truth,
    /// The condition as a statement.
    pub says: String,
    /// What was looked at: label and answer.
    pub facts: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
pub struct Decision<'a> {
    pub duty: &'a Duty,
    pub verdict: Verdict,
    pub standing: Standing,
    pub reasons: Vec<Reason>,
    /// Unknown facts that keep it open, or a clock of it from running.
    pub questions: Vec<FactKey>,
    pub stages: Vec<StageClock<'a>>,
}

/// A question and what its answer may settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    pub fact: FactKey,
    /// How many duties wait for it.
    pub duties: usize,
}

impl<'a> Known<'a> {
    pub fn answer(&self, fact: &FactKey) -> Option<&'a Answer> {
        match self.book.fact(fact)?.about {
            About::Organisation => self.profile.answers.get(fact),
            About::Incident => self.incident.get(fact),
        }
    }

    pub fn moment(&self, fact: &FactKey) -> Option<Timestamp> {
        match self.answer(fact) {
            Some(Answer::Moment(at)) => Some(*at),
            _ => None,
        }
    }

    /// The day whose law counts: that of awareness, else of discovery, else today.
    fn reference(&self) -> Timestamp {
        let named = |name: &str| name.parse().ok().and_then(|fact| self.moment(&fact));
        named("aware").or_else(|| named("discovered")).unwrap_or(self.now)
    }

    pub(super) fn label(&self, fact: &FactKey) -> String {
        self.book.fact(fact).map_or_else(|| fact.to_string(), |known| known.label.to_string())
    }
}

impl Standing {
    pub const fn binds(self) -> bool {
        matches!(self, Self::Binding)
    }

    fn of(duty: &Duty, known: &Known<'_>) -> Self {
        let day = known.reference().to_zoned_datetime(known.profile.zone()).date();
        let dated = duty.effective_from.is_none_or(|from| day >= from)
            && duty.effective_to.is_none_or(|to| day <= to);
        if duty.status.binds() && dated {
            Self::Binding
        } else if known.profile.followed.contains(&duty.id) {
            Self::Followed
        } else {
            Self::NotBinding
        }
    }
}

/// Decides one duty.
pub fn decide<'a>(duty: &'a Duty, known: &Known<'_>) -> Decision<'a> {
    let standing = Standing::of(duty, known);
    if standing == Standing::NotBinding {
        return Decision {
            duty,
            verdict: Verdict::DoesNotApply,
            standing,
            reasons: vec![not_binding(duty)],
            questions: Vec::new(),
            stages: Vec::new(),
        };
    }
    let answer = |fact: &FactKey| known.answer(fact);
    let reasons: Vec<Reason> = duty.when.iter().map(|clause| reason(clause, known)).collect();
    let truth = reasons.iter().fold(Truth::Yes, |truth, reason| truth.and(reason.truth));
    let verdict = match truth {
        Truth::Yes => Verdict::Applies,
        Truth::Open => Verdict::MayApply,
        Truth::No => Verdict::DoesNotApply,
    };
    let mut questions: Vec<FactKey> = Vec::new();
    let mut stages = Vec::new();
    if verdict != Verdict::DoesNotApply {
        stages = clock::stages(duty, known);
        let open = duty.when.iter().flat_map(|clause| clause.condition.open_facts(&answer)).cloned();
        let of_stages = stages.iter().flat_map(|stage: &StageClock<'_>| stage.questions.iter().cloned());
        for fact in open.chain(of_stages) {
            if !questions.contains(&fact) {
                questions.push(fact);
            }
        }
    }
    Decision { duty, verdict, standing, reasons, questions, stages }
}

/// Decides every duty of the book and of the contracts, in their order.
pub fn decide_all<'a>(duties: impl IntoIterator<Item = &'a Duty>, known: &Known<'_>) -> Vec<Decision<'a>> {
    duties.into_iter().map(|duty| decide(duty, known)).collect()
}

/// What to ask next: first what most duties that bind wait for.
pub fn questions(decisions: &[Decision<'_>]) -> Vec<Open> {
    let mut open: Vec<Open> = Vec::new();
    for fact in decisions.iter().filter(|one| one.standing.binds()).flat_map(|one| &one.questions) {
        match open.iter_mut().find(|one| one.fact == *fact) {
            Some(known) => known.duties += 1,
            None => open.push(Open { fact: fact.clone(), duties: 1 }),
        }
    }
    // Stable: among equals the order of the duties stays.
    open.sort_by_key(|one| std::cmp::Reverse(one.duties));
    open
}

pub(super) fn reason(clause: &super::duty::Clause, known: &Known<'_>) -> Reason {
    let facts = clause.condition.facts();
    let shown = facts.into_iter().map(|fact| {
        let words = match (known.book.fact(fact), known.answer(fact)) {
            (Some(kind), Some(answer)) => kind.in_words(answer),
            _ => "not known".to_owned(),
        };
        (known.label(fact), words)
    });
    Reason {
        truth: clause.condition.truth(&|fact| known.answer(fact)),
        says: clause.says.to_string(),
        facts: shown.collect(),
    }
}

fn not_binding(duty: &Duty) -> Reason {
    let mut says = format!("It binds nobody on this day: {}", duty.status.label().to_lowercase());
    if let Some(from) = duty.effective_from {
        says += &format!(", from {from}");
    }
    if let Some(to) = duty.effective_to {
        says += &format!(", until {to}");
    }
    Reason { truth: Truth::No, says, facts: Vec::new() }
}
