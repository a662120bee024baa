//! Leaving steps: in success, in failure, at the end of a branch, called off from outside.

use super::{Ending, Failure, Flight, Loose, Phase, Status, Todo, VisitResult, Walk};
use crate::StepKind;

impl Walk<'_> {
    pub(super) fn succeeded(&mut self, number: u32) {
        let Some((_, step)) = self.step_of(number) else { return };
        self.leave(number, VisitResult::Done);
        if matches!(self.run.status, Status::Undoing { .. }) {
            return self.undo_next(number);
        }
        match step.next() {
            Some(next) => self.todo.push_back(Todo::Enter(number, next.to_owned())),
            None => self.todo.push_back(Todo::BranchEnded(number)),
        }
    }

    pub(super) fn failed(&mut self, number: u32, failure: Failure) {
        let Some((_, step)) = self.step_of(number) else { return };
        self.drop_branches(number);
        self.leave(number, VisitResult::Failed { failure: failure.clone() });
        if matches!(self.run.status, Status::Undoing { .. }) {
            // What could not be undone ends the undoing: the rest may rest on it.
            self.run.undo.clear();
            return self.undo_next(number);
        }
        if let Some(next) = &step.on_failure {
            return self.todo.push_back(Todo::Enter(number, next.clone()));
        }
        let parent = self.run.strands.get(&number).and_then(|strand| strand.parent);
        match parent {
            Some(parent) => {
                self.run.strands.remove(&number);
                if let Some(strand) = self.run.strands.get_mut(&parent)
                    && let Phase::Branches { open, .. } = &mut strand.phase
                {
                    open.remove(&number);
                }
                self.todo.push_back(Todo::Failed(parent, failure));
            }
            None => self.unhandled(number, failure),
        }
    }

    fn unhandled(&mut self, number: u32, failure: Failure) {
        match &self.playbook.workflow_exception {
            Some(exception) if !self.run.handling => {
                self.run.handling = true;
                self.run.failure = Some(failure);
                self.todo.push_back(Todo::Enter(number, exception.clone()));
            }
            _ => self.give_up(failure),
        }
    }

    /// Ends the run in failure. The failure that came first is its reason.
    pub(super) fn give_up(&mut self, failure: Failure) {
        let failure = self.run.failure.get_or_insert(failure).clone();
        self.finish(Ending::Failed { failure });
    }

    pub(super) fn branch_ended(&mut self, number: u32) {
        self.leave(number, VisitResult::Done);
        let Some(strand) = self.run.strands.remove(&number) else { return };
        let Some(parent) = strand.parent else {
            let ending = match &self.run.failure {
                Some(failure) => Ending::Failed { failure: failure.clone() },
                None => Ending::Completed,
            };
            return self.finish(ending);
        };
        let Some(above) = self.run.strands.get_mut(&parent) else { return };
        let Phase::Branches { open, iteration } = &mut above.phase else { return };
        open.remove(&number);
        if !open.is_empty() {
            return;
        }
        let iteration = *iteration;
        let again = self
            .playbook
            .step(&above.step)
            .is_some_and(|step| matches!(step.kind, StepKind::WhileCondition(_)));
        if again { self.again(parent, iteration + 1) } else { self.todo.push_back(Todo::Succeeded(parent)) }
    }

    /// Marks a visit as left, once.
    fn leave(&mut self, number: u32, result: VisitResult) {
        let now = self.run.now;
        let Some(visit) = self.run.strands.get(&number).map(|strand| strand.visit) else { return };
        if let Some(visit) = self.visit_mut(visit)
            && visit.result == VisitResult::Open
        {
            visit.result = result;
            visit.left = Some(now);
        }
    }

    /// Calls off all branches below a strand.
    pub(super) fn drop_branches(&mut self, number: u32) {
        let Some(strand) = self.run.strands.get_mut(&number) else { return };
        let Phase::Branches { open, .. } = &mut strand.phase else { return };
        for branch in std::mem::take(open) {
            self.call_off(branch);
        }
    }

    /// Ends a strand from outside. What it has under way is let loose: it may still happen, or have happened.
    fn call_off(&mut self, number: u32) {
        self.drop_branches(number);
        self.let_loose(number);
        self.leave(number, VisitResult::CalledOff);
        self.run.strands.remove(&number);
    }

    /// Stops waiting for what a strand has under way, without forgetting it.
    pub(super) fn let_loose(&mut self, number: u32) {
        let Some(strand) = self.run.strands.get(&number) else { return };
        let (flight, manual) = match &strand.phase {
            Phase::Act { flight, call, .. } => (flight, call.kind == "manual"),
            Phase::Playbook { flight } => (flight, false),
            _ => return,
        };
        // A person who was asked is simply not waited for any more.
        if manual || !matches!(flight, Flight::Away { .. } | Flight::Doubt { .. }) {
            return;
        }
        let safe = self.run.safe(self.playbook, strand);
        let loose = Loose { step: strand.step.clone(), visit: strand.visit, safe, flight: flight.clone() };
        self.run.loose.insert(self.run.key(strand), loose);
    }

    pub(super) fn finish(&mut self, ending: Ending) {
        self.todo.clear();
        let main: Vec<u32> = self
            .run
            .strands
            .iter()
            .filter(|(_, strand)| strand.parent.is_none())
            .map(|(number, _)| *number)
            .collect();
        for number in main {
            self.call_off(number);
        }
        let left: Vec<u32> = self.run.strands.keys().copied().collect();
        for number in left {
            self.call_off(number);
        }
        self.run.status = Status::Closing { ending };
    }

    /// A run that only waited for loose ends is over when there are none.
    pub(super) fn close(&mut self) {
        if let Status::Closing { ending } = &self.run.status
            && self.run.loose.is_empty()
        {
            self.run.status = Status::Ended { ending: ending.clone() };
        }
    }

    /// Undoes the next step of those to undo, or ends.
    pub(super) fn undo_next(&mut self, number: u32) {
        self.run.strands.remove(&number);
        self.begin_undo();
    }

    pub(super) fn begin_undo(&mut self) {
        let Status::Undoing { ending } = self.run.status.clone() else { return };
        let next = self.run.undo.pop().and_then(|visit| {
            let id = self.run.visits.get(usize::try_from(visit).ok()?)?.step.clone();
            let policy = self.playbook.step(&id)?.policy().ok()?;
            Some((visit, policy.rollback?))
        });
        let Some((visit, step)) = next else {
            return self.finish(ending);
        };
        self.spawn(None, &step);
        // Entered at once, to note on the visit which one it undoes.
        if let Some(Todo::Enter(number, step)) = self.todo.pop_back() {
            let before = self.run.visits.len();
            self.enter(number, &step);
            if let Some(entered) = self.run.visits.get_mut(before) {
                entered.undoes = Some(visit);
            }
        }
    }
}
