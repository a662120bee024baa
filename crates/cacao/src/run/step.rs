//! Entering steps and choosing what follows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Failure, FailureCode, Flight, Phase, Strand, Todo, Visit, VisitResult, Walk};
use crate::run::value::Held;
use crate::{Condition, Dialect, Step, StepKind, fill};

impl<'a> Walk<'a> {
    /// Works off what one event brought about. It ends: every round enters a step or leaves one, and how many steps
    /// may be entered is bounded.
    pub(super) fn settle(&mut self) {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Enter(strand, step) => self.enter(strand, &step),
                Todo::Begin(strand) => self.begin(strand),
                Todo::Succeeded(strand) => self.succeeded(strand),
                Todo::Failed(strand, failure) => self.failed(strand, failure),
                Todo::BranchEnded(strand) => self.branch_ended(strand),
            }
        }
        self.close();
    }

    /// Opens a line of steps.
    pub(super) fn spawn(&mut self, parent: Option<u32>, step: &str) -> u32 {
        let number = self.run.next_strand;
        self.run.next_strand += 1;
        let strand = Strand {
            parent,
            step: step.to_owned(),
            visit: 0,
            due: None,
            locals: Default::default(),
            phase: Phase::Delay { until: self.run.now },
        };
        self.run.strands.insert(number, strand);
        self.todo.push_back(Todo::Enter(number, step.to_owned()));
        number
    }

    pub(super) fn enter(&mut self, number: u32, id: &str) {
        if !self.run.strands.contains_key(&number) {
            return;
        }
        let count =
            1 + self.run.visits.iter().rev().find(|visit| visit.step == id).map_or(0, |visit| visit.count);
        let Ok(place) = u32::try_from(self.run.visits.len()) else { return };
        if count > self.run.limits.visits || place >= self.run.limits.steps {
            let failure = Failure {
                code: FailureCode::StepLimit,
                step: id.to_owned(),
                message: "The run was stopped: its steps ran too often. Look for a circle in the workflow."
                    .to_owned(),
            };
            return self.give_up(failure);
        }
        let step = self.playbook.step(id);
        let locals = step.and_then(|step| step.step_variables.as_ref());
        let locals =
            locals.into_iter().flatten().map(|(name, variable)| (name.clone(), Held::of(variable))).collect();
        self.run.visits.push(Visit {
            step: id.to_owned(),
            count,
            entered: self.run.now,
            left: None,
            result: VisitResult::Open,
            outputs: Default::default(),
            undoes: None,
        });
        let delay = step.and_then(|step| step.delay).unwrap_or(0);
        let until = after(self.run.now, delay);
        if let Some(strand) = self.run.strands.get_mut(&number) {
            strand.step = id.to_owned();
            strand.visit = place;
            strand.due = None;
            strand.locals = locals;
            strand.phase = Phase::Delay { until };
        }
        if until <= self.run.now || self.run.rehearsal {
            self.todo.push_back(Todo::Begin(number));
        }
    }

    pub(super) fn begin(&mut self, number: u32) {
        let Some((id, step)) = self.step_of(number) else { return };
        if let Some(timeout) = step.timeout {
            let due = after(self.run.now, timeout);
            if let Some(strand) = self.run.strands.get_mut(&number) {
                strand.due = Some(due);
            }
        }
        let policy = step.policy().unwrap_or_default();
        if let (Some(approval), StepKind::Action(_) | StepKind::PlaybookAction(_)) =
            (&policy.approval, &step.kind)
        {
            let until = approval.expires.map(|expires| after(self.run.now, expires));
            return self.phase(number, Phase::Approval { yes: Vec::new(), until, handed: BTreeMap::new() });
        }
        self.go(number, &id, step);
    }

    /// Does what the step is there for.
    pub(super) fn go(&mut self, number: u32, id: &str, step: &Step) {
        match &step.kind {
            StepKind::Start(_) => self.todo.push_back(Todo::Succeeded(number)),
            StepKind::End(_) => self.todo.push_back(Todo::BranchEnded(number)),
            StepKind::Action(_) => self.act(number, 0, 0, 1),
            StepKind::PlaybookAction(_) => self.phase(number, Phase::Playbook { flight: Flight::Ready }),
            StepKind::Parallel(parallel) => {
                let open: BTreeSet<u32> =
                    parallel.next_steps.iter().map(|branch| self.spawn(Some(number), branch)).collect();
                self.phase(number, Phase::Branches { open, iteration: 1 });
            }
            StepKind::IfCondition(choice) => match self.decide(number, id, &choice.condition, 1) {
                Err(failure) => self.todo.push_back(Todo::Failed(number, failure)),
                Ok(true) => self.branch(number, &choice.on_true, 1),
                Ok(false) => match &choice.on_false {
                    Some(branch) => self.branch(number, branch, 1),
                    None => self.todo.push_back(Todo::Succeeded(number)),
                },
            },
            StepKind::WhileCondition(_) => self.again(number, 1),
            StepKind::SwitchCondition(choice) => {
                let value = fill(&choice.switch, Dialect::Plain, &|name| self.filling(number, name));
                let branch = match value {
                    Ok(value) => choice.cases.get(&value).or_else(|| choice.cases.get("default")),
                    Err(_) if self.run.rehearsal => choice.cases.values().next(),
                    Err(message) => return self.fail(number, FailureCode::ConditionUndecided, message),
                };
                match branch {
                    Some(branch) => self.branch(number, branch, 1),
                    None => self.todo.push_back(Todo::Succeeded(number)),
                }
            }
        }
    }

    /// Asks a while-condition, and runs its body once more or goes on.
    pub(super) fn again(&mut self, number: u32, iteration: u32) {
        let Some((id, step)) = self.step_of(number) else { return };
        let StepKind::WhileCondition(choice) = &step.kind else { return };
        match self.decide(number, &id, &choice.condition, iteration) {
            Err(failure) => self.todo.push_back(Todo::Failed(number, failure)),
            Ok(false) => self.todo.push_back(Todo::Succeeded(number)),
            Ok(true) if iteration > self.run.limits.iterations => self.fail(
                number,
                FailureCode::LoopLimit,
                format!(
                    "The loop has run {} times, as often as it may, and its condition still holds.",
                    iteration - 1
                ),
            ),
            Ok(true) => self.branch(number, &choice.on_true, iteration),
        }
    }

    fn branch(&mut self, number: u32, step: &str, iteration: u32) {
        let branch = self.spawn(Some(number), step);
        self.phase(number, Phase::Branches { open: BTreeSet::from([branch]), iteration });
    }

    fn decide(&self, number: u32, id: &str, condition: &str, iteration: u32) -> Result<bool, Failure> {
        let held = Condition::read(condition).and_then(|read| {
            read.holds(&|name| self.text(number, name)).map_err(|undecided| undecided.to_string())
        });
        match held {
            // Nothing a rehearsed step gave back changes a condition: a loop's body is rehearsed once.
            Ok(held) if self.run.rehearsal => Ok(held && iteration == 1),
            Err(_) if self.run.rehearsal => Ok(iteration == 1),
            other => other.map_err(|message| Failure {
                code: FailureCode::ConditionUndecided,
                step: id.to_owned(),
                message,
            }),
        }
    }

    pub(super) fn step_of(&self, number: u32) -> Option<(String, &'a Step)> {
        let id = self.run.strands.get(&number)?.step.clone();
        let step = self.playbook.step(&id)?;
        Some((id, step))
    }

    pub(super) fn phase(&mut self, number: u32, phase: Phase) {
        if let Some(strand) = self.run.strands.get_mut(&number) {
            strand.phase = phase;
        }
    }

    pub(super) fn fail(&mut self, number: u32, code: FailureCode, message: impl Into<String>) {
        let step = self.run.strands.get(&number).map(|strand| strand.step.clone()).unwrap_or_default();
        self.todo.push_back(Todo::Failed(number, Failure { code, step, message: message.into() }));
    }

    pub(super) fn visit_mut(&mut self, visit: u32) -> Option<&mut Visit> {
        self.run.visits.get_mut(usize::try_from(visit).ok()?)
    }
}

/// So many milliseconds later; the latest time there is where that is beyond it.
pub(super) fn after(at: jiff::Timestamp, milliseconds: u64) -> jiff::Timestamp {
    let span = jiff::SignedDuration::from_millis(i64::try_from(milliseconds).unwrap_or(i64::MAX));
    at.checked_add(span).unwrap_or(jiff::Timestamp::MAX)
}
