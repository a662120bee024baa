//! Acts: a command on a target, attempt by attempt, and what events do to them.

use std::collections::BTreeMap;

use super::step::after;
use super::{
    Call, Doubt, Ending, Event, FailureCode, Flight, Key, Outcome, Phase, RunRefusal, Status, Todo, Verdict,
    Walk,
};
use crate::{Action, AgentTarget, CommandKind, Dialect, StepKind, fill};

impl Walk<'_> {
    /// Takes an event in, or says why it does not fit.
    pub(super) fn take(&mut self, event: &Event) -> Result<(), RunRefusal> {
        match event {
            Event::Started { .. } => return Err(RunRefusal::Started),
            Event::RollBack { .. } => return self.roll_back(),
            _ if self.run.is_over() => return Err(RunRefusal::Over),
            Event::Intended { key, .. } => self.intended(key)?,
            Event::Outcome { key, outcome, .. } => self.outcome(key, outcome)?,
            Event::Interrupted { .. } => self.interrupted(),
            Event::Tick { .. } => self.tick(),
            Event::Settled { key, verdict, .. } => self.settled(key, verdict)?,
            Event::Approval { key, by, yes, .. } => self.approval(key, by, *yes)?,
            Event::Delegated { key, by, to, .. } => self.hand_on(key, by, to)?,
            Event::Stopped { by, reason, .. } => {
                self.finish(Ending::Stopped { by: by.clone(), reason: reason.clone() });
            }
        }
        Ok(())
    }

    /// Makes a command ready to be executed on a target.
    pub(super) fn act(&mut self, number: u32, command: u32, target: u32, attempt: u32) {
        let Some((_, step)) = self.step_of(number) else { return };
        let StepKind::Action(action) = &step.kind else { return };
        let call = match self.call(number, action, command, target) {
            Ok(call) => call,
            Err((code, message)) => return self.fail(number, code, message),
        };
        let acts_on_host = call.address.is_some() && call.kind != "manual";
        if acts_on_host && !self.run.targets.contains(&call.target) {
            let most = self.run.limits.targets;
            if u32::try_from(self.run.targets.len()).is_ok_and(|touched| touched >= most) {
                return self.fail(
                    number,
                    FailureCode::TargetLimit,
                    format!(
                        "The run has acted on {most} hosts, as many as it may; {} would be one more.",
                        call.target_name
                    ),
                );
            }
            self.run.targets.insert(call.target.clone());
        }
        self.phase(
            number,
            Phase::Act { command, target, attempt, call: Box::new(call), flight: Flight::Ready },
        );
    }

    fn call(
        &self,
        number: u32,
        action: &Action,
        command: u32,
        target: u32,
    ) -> Result<Call, (FailureCode, String)> {
        let unfit = |message: String| (FailureCode::Variable, message);
        let nothing = || unfit("The step has no such command.".to_owned());
        let command =
            usize::try_from(command).ok().and_then(|place| action.commands.get(place)).ok_or_else(nothing)?;
        let (id, party) = self.target(action, target).ok_or_else(nothing)?;
        let into =
            |text: &str, dialect| fill(text, dialect, &|name| self.filling(number, name)).map_err(unfit);
        let text = command.text().map_err(|reason| unfit(reason.to_owned()))?;
        let dialect = match command.known_kind() {
            Some(CommandKind::Ssh | CommandKind::Bash) => Dialect::Shell,
            Some(CommandKind::Powershell) => Dialect::Powershell,
            Some(CommandKind::HttpApi | CommandKind::Openc2Http) => Dialect::Target,
            Some(CommandKind::Sigma | CommandKind::Yara) => Dialect::Rule,
            _ => Dialect::Plain,
        };
        let filled = into(&text, dialect)?;
        if dialect == Dialect::Target && filled.split_whitespace().count() != text.split_whitespace().count()
        {
            return Err(unfit(format!(
                "A value with a space would change the request's start line: \"{}\".",
                crate::shape::shown(&filled)
            )));
        }
        let body = command.body().map_err(|reason| unfit(reason.to_owned()))?;
        let mut headers = BTreeMap::new();
        for (name, values) in command.headers.iter().flatten() {
            let values = values.iter().map(|value| into(value, Dialect::Header)).collect::<Result<_, _>>()?;
            headers.insert(name.clone(), values);
        }
        let address = match party.host() {
            Some((kind, address)) => Some((kind.to_owned(), into(address, Dialect::Plain)?)),
            None => None,
        };
        Ok(Call {
            kind: command.kind.clone(),
            command: filled,
            headers,
            body: body.map(|body| into(&body, Dialect::Body)).transpose()?,
            target: id.to_owned(),
            target_name: party.name.clone(),
            address,
            port: party.port.as_deref().map(|port| into(port, Dialect::Plain)).transpose()?,
            authentication: party.authentication_info.clone(),
        })
    }

    /// The target at a place in a step's list; the agent where there is no list.
    fn target<'p>(&'p self, action: &'p Action, place: u32) -> Option<(&'p str, &'p AgentTarget)> {
        match action.targets.as_deref() {
            Some([]) | None => (place == 0)
                .then_some(())
                .and_then(|()| Some((action.agent.as_str(), self.playbook.agent(&action.agent)?))),
            Some(targets) => {
                let id = targets.get(usize::try_from(place).ok()?)?;
                Some((id.as_str(), self.playbook.target(id)?))
            }
        }
    }

    /// Goes on to the next target, then to the next command, then to the next step.
    fn advance(&mut self, number: u32) {
        let Some((_, step)) = self.step_of(number) else { return };
        let (Some((command, target)), StepKind::Action(action)) = (self.place(number), &step.kind) else {
            return self.todo.push_back(Todo::Succeeded(number));
        };
        let targets = action.targets.as_ref().map_or(1, Vec::len).max(1);
        if usize::try_from(target + 1).is_ok_and(|next| next < targets) {
            self.act(number, command, target + 1, 1);
        } else if usize::try_from(command + 1).is_ok_and(|next| next < action.commands.len()) {
            self.act(number, command + 1, 0, 1);
        } else {
            self.todo.push_back(Todo::Succeeded(number));
        }
    }

    fn place(&self, number: u32) -> Option<(u32, u32)> {
        match self.run.strands.get(&number)?.phase {
            Phase::Act { command, target, .. } => Some((command, target)),
            _ => None,
        }
    }

    fn find(&self, key: &Key) -> Option<u32> {
        self.run.strands.iter().find(|(_, strand)| self.run.key(strand) == *key).map(|(number, _)| *number)
    }

    fn flight(&self, number: u32) -> Option<&Flight> {
        match &self.run.strands.get(&number)?.phase {
            Phase::Act { flight, .. } | Phase::Playbook { flight } => Some(flight),
            _ => None,
        }
    }

    fn set_flight(&mut self, number: u32, now: Flight) {
        if let Some(strand) = self.run.strands.get_mut(&number)
            && let Phase::Act { flight, .. } | Phase::Playbook { flight } = &mut strand.phase
        {
            *flight = now;
        }
    }

    /// What came of an act is known: nothing of it is under way any more.
    fn known(&mut self, number: u32) {
        self.set_flight(number, Flight::Ready);
    }

    fn intended(&mut self, key: &Key) -> Result<(), RunRefusal> {
        let number = self.find(key).ok_or_else(|| RunRefusal::NoSuchKey(key.clone()))?;
        match self.flight(number) {
            Some(Flight::Ready) => {
                self.set_flight(number, Flight::Away { since: self.run.now });
                Ok(())
            }
            _ => Err(RunRefusal::NoSuchKey(key.clone())),
        }
    }

    fn outcome(&mut self, key: &Key, outcome: &Outcome) -> Result<(), RunRefusal> {
        if let Some(loose) = self.run.loose.get(key) {
            // Nobody waits for it; that it is known is all that matters.
            match outcome {
                Outcome::Unknown { why } if !loose.safe => {
                    let flight = Flight::Doubt { since: self.run.now, why: Doubt::Unknown(why.clone()) };
                    if let Some(loose) = self.run.loose.get_mut(key) {
                        loose.flight = flight;
                    }
                }
                _ => {
                    self.run.loose.remove(key);
                }
            }
            return Ok(());
        }
        let number = self.find(key).ok_or_else(|| RunRefusal::NoSuchKey(key.clone()))?;
        if !matches!(self.flight(number), Some(Flight::Away { .. } | Flight::Doubt { .. })) {
            return Err(RunRefusal::NoSuchKey(key.clone()));
        }
        match outcome {
            Outcome::Done { outputs } => {
                self.known(number);
                self.done(number, outputs)
            }
            Outcome::Failed { message, again } => {
                self.known(number);
                self.attempt_failed(number, message, *again);
                Ok(())
            }
            Outcome::Unknown { why } => {
                if self.is_safe(number) {
                    self.known(number);
                    self.attempt_failed(number, why, true);
                } else {
                    self.set_flight(
                        number,
                        Flight::Doubt { since: self.run.now, why: Doubt::Unknown(why.clone()) },
                    );
                }
                Ok(())
            }
        }
    }

    fn done(&mut self, number: u32, outputs: &BTreeMap<String, String>) -> Result<(), RunRefusal> {
        match self.assign(number, outputs) {
            Ok(()) => self.advance(number),
            // A person is told at once and can type again; a machine has failed.
            Err(refusal) if self.is_manual(number) => return Err(refusal),
            Err(refusal) => self.fail(number, FailureCode::WrongOutput, refusal.to_string()),
        }
        Ok(())
    }

    fn attempt_failed(&mut self, number: u32, message: &str, again: bool) {
        let Some((_, step)) = self.step_of(number) else { return };
        let attempt = match self.run.strands.get(&number).map(|strand| &strand.phase) {
            Some(Phase::Act { attempt, .. }) => *attempt,
            _ => return self.fail(number, FailureCode::PlaybookFailed, message),
        };
        let retry = step.policy().unwrap_or_default().retry.filter(|retry| again && attempt < retry.attempts);
        match retry {
            Some(retry) => {
                let until = after(self.run.now, retry.wait(attempt));
                self.set_flight(number, Flight::Backoff { until });
            }
            None => self.fail(number, FailureCode::CommandFailed, message),
        }
    }

    /// Another attempt of the same act, under a key of its own.
    fn retry(&mut self, number: u32) {
        if let Some(strand) = self.run.strands.get_mut(&number)
            && let Phase::Act { attempt, flight, .. } = &mut strand.phase
        {
            *attempt += 1;
            *flight = Flight::Ready;
        }
    }

    fn is_safe(&self, number: u32) -> bool {
        self.run.strands.get(&number).is_some_and(|strand| self.run.safe(self.playbook, strand))
    }

    fn is_manual(&self, number: u32) -> bool {
        let phase = self.run.strands.get(&number).map(|strand| &strand.phase);
        matches!(phase, Some(Phase::Act { call, .. }) if call.kind == "manual")
    }

    fn interrupted(&mut self) {
        let doubt = Flight::Doubt { since: self.run.now, why: Doubt::Interrupted };
        let numbers: Vec<u32> = self.run.strands.keys().copied().collect();
        for number in numbers {
            let acting =
                matches!(self.run.strands.get(&number).map(|strand| &strand.phase), Some(Phase::Act { .. }));
            let away = matches!(self.flight(number), Some(Flight::Away { .. }));
            // A person goes on without us, and so does a playbook's own run.
            if !acting || !away || self.is_manual(number) {
                continue;
            }
            if self.is_safe(number) {
                self.retry(number);
            } else {
                self.set_flight(number, doubt.clone());
            }
        }
        let playbook = self.playbook;
        self.run.loose.retain(|_, loose| {
            let calls = playbook
                .step(&loose.step)
                .is_some_and(|step| matches!(step.kind, StepKind::PlaybookAction(_)));
            if !calls && matches!(loose.flight, Flight::Away { .. }) {
                loose.flight = doubt.clone();
                return !loose.safe;
            }
            true
        });
    }

    fn settled(&mut self, key: &Key, verdict: &Verdict) -> Result<(), RunRefusal> {
        if let Some(loose) = self.run.loose.get(key) {
            if !matches!(loose.flight, Flight::Doubt { .. }) {
                return Err(RunRefusal::NotInDoubt(key.clone()));
            }
            if matches!(verdict, Verdict::Again) {
                return Err(RunRefusal::NotWaitedFor(key.clone()));
            }
            self.run.loose.remove(key);
            return Ok(());
        }
        let number = self.find(key).ok_or_else(|| RunRefusal::NoSuchKey(key.clone()))?;
        if !matches!(self.flight(number), Some(Flight::Doubt { .. })) {
            return Err(RunRefusal::NotInDoubt(key.clone()));
        }
        self.known(number);
        match verdict {
            Verdict::Happened { outputs } => {
                self.assign(number, outputs)?;
                self.advance(number);
            }
            Verdict::Again => self.retry(number),
            Verdict::GiveUp => self.fail(
                number,
                FailureCode::GivenUp,
                "It was in doubt whether the step had happened, and it was given up.",
            ),
        }
        Ok(())
    }

    fn approval(&mut self, key: &Key, by: &str, says_yes: bool) -> Result<(), RunRefusal> {
        let number = self.find(key).ok_or_else(|| RunRefusal::NoSuchKey(key.clone()))?;
        let Some((id, step)) = self.step_of(number) else { return Err(RunRefusal::NoSuchKey(key.clone())) };
        let quorum = step.policy().unwrap_or_default().approval.map_or(1, |approval| approval.quorum);
        let strand = self.run.strands.get_mut(&number).map(|strand| &mut strand.phase);
        let Some(Phase::Approval { yes, handed, .. }) = strand else {
            return Err(RunRefusal::NoSuchKey(key.clone()));
        };
        if let Some(to) = handed.get(by) {
            return Err(RunRefusal::HandedOn { by: by.to_owned(), to: to.clone() });
        }
        if !says_yes {
            self.fail(number, FailureCode::ApprovalRefused, format!("{by} said no."));
            return Ok(());
        }
        if yes.iter().any(|one| one == by) {
            return Err(RunRefusal::SaidYes(by.to_owned()));
        }
        yes.push(by.to_owned());
        if u32::try_from(yes.len()).is_ok_and(|said| said >= quorum) {
            self.go(number, &id, step);
        }
        Ok(())
    }

    /// Whoever has handed his yes on says none himself: one person's word stays one.
    fn hand_on(&mut self, key: &Key, by: &str, to: &str) -> Result<(), RunRefusal> {
        let number = self.find(key).ok_or_else(|| RunRefusal::NoSuchKey(key.clone()))?;
        let phase = self.run.strands.get_mut(&number).map(|strand| &mut strand.phase);
        let Some(Phase::Approval { yes, handed, .. }) = phase else {
            return Err(RunRefusal::NoSuchKey(key.clone()));
        };
        if yes.iter().any(|one| one == by) {
            return Err(RunRefusal::SaidYes(by.to_owned()));
        }
        if by == to || handed.contains_key(to) {
            return Err(RunRefusal::HandedRound);
        }
        handed.insert(by.to_owned(), to.to_owned());
        Ok(())
    }

    fn tick(&mut self) {
        let now = self.run.now;
        let numbers: Vec<u32> = self.run.strands.keys().copied().collect();
        for number in numbers {
            let Some(strand) = self.run.strands.get(&number) else { continue };
            if strand.due.is_some_and(|due| due <= now) {
                self.timed_out(number);
                continue;
            }
            match &strand.phase {
                Phase::Delay { until } if *until <= now => self.todo.push_back(Todo::Begin(number)),
                Phase::Approval { until: Some(until), .. } if *until <= now => {
                    self.fail(number, FailureCode::ApprovalExpired, "Too few people said yes in time.");
                }
                Phase::Act { flight: Flight::Backoff { until }, .. } if *until <= now => self.retry(number),
                _ => {}
            }
        }
    }

    fn timed_out(&mut self, number: u32) {
        let in_flight = matches!(self.flight(number), Some(Flight::Away { .. }));
        let in_doubt = matches!(self.flight(number), Some(Flight::Doubt { .. }));
        let acting =
            matches!(self.run.strands.get(&number).map(|strand| &strand.phase), Some(Phase::Act { .. }));
        if in_doubt {
            return;
        }
        if in_flight && acting && !self.is_manual(number) && !self.is_safe(number) {
            let why = Doubt::TimedOut;
            return self.set_flight(number, Flight::Doubt { since: self.run.now, why });
        }
        self.let_loose(number);
        self.fail(number, FailureCode::ActionTimeout, "The step did not end in its time (ACTION_TIMEOUT).");
    }

    fn roll_back(&mut self) -> Result<(), RunRefusal> {
        let Status::Ended { ending } = &self.run.status else { return Err(RunRefusal::NotOver) };
        let mut undo: Vec<u32> =
            self.run.undoable(self.playbook).into_iter().map(|(visit, _)| visit).collect();
        if undo.is_empty() {
            return Err(RunRefusal::NothingToUndo);
        }
        undo.reverse();
        self.run.status = Status::Undoing { ending: ending.clone() };
        self.run.undo = undo;
        self.begin_undo();
        Ok(())
    }
}
