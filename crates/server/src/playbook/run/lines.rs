//! What the timeline of an incident says of its runs: steps that ended with what they gave, words of people, doubts,
//! the end.

use cacao::{Ending, Event, Key, Playbook, Status, Verdict, Visit, VisitResult};

use super::Record;

/// How much of an output stands on the timeline, in characters.
const SHOWN: usize = 400;

/// How a run stood before an event.
pub(super) struct Before {
    /// The numbers of the visits that were left.
    left: Vec<usize>,
    doubts: usize,
    undoing: bool,
}

impl Before {
    pub fn of(run: &Record) -> Self {
        let numbered = run.state.visits().iter().enumerate();
        Self {
            left: numbered.filter(|(_, visit)| visit.left.is_some()).map(|(number, _)| number).collect(),
            doubts: run.state.doubts().len(),
            undoing: matches!(run.state.status, Status::Undoing { .. }),
        }
    }
}

/// The lines that an event brings. `by` is the name of whoever brought it about.
pub(super) fn of(run: &Record, playbook: &Playbook, before: &Before, event: &Event, by: &str) -> Vec<String> {
    let words = Words { run, playbook };
    let mut lines: Vec<String> = words.said(event).into_iter().collect();
    let numbered = run.state.visits().iter().enumerate();
    lines.extend(
        numbered
            .filter(|(number, visit)| visit.left.is_some() && !before.left.contains(number))
            .filter_map(|(_, visit)| words.left(visit)),
    );
    if run.state.doubts().len() > before.doubts {
        lines.extend(run.state.doubts().iter().map(|(_, step, _)| {
            format!(
                "{}: {} may have happened, and nobody knows. Look, and settle it on the run's page.",
                run.id,
                words.title(step)
            )
        }));
    }
    lines.extend(words.end(before.undoing));
    // The machine knows people by their accounts' numbers.
    match event {
        Event::Approval { by: account, .. } => {
            lines.into_iter().map(|line| line.replace(account.as_str(), by)).collect()
        }
        _ => lines,
    }
}

struct Words<'a> {
    run: &'a Record,
    playbook: &'a Playbook,
}

impl Words<'_> {
    fn title(&self, id: &str) -> String {
        self.playbook.step(id).map_or_else(|| id.to_owned(), |step| step.title().to_owned())
    }

    fn title_of(&self, key: &Key) -> String {
        self.title(key.step())
    }

    /// What a person said.
    fn said(&self, event: &Event) -> Option<String> {
        let id = self.run.id;
        Some(match event {
            Event::Settled { key, verdict, .. } => {
                let found = match verdict {
                    Verdict::Happened { .. } => "had happened",
                    Verdict::Again => "had not happened, and is done now",
                    Verdict::GiveUp => "was given up",
                };
                format!("{id}: {} was in doubt: it {found}", self.title_of(key))
            }
            Event::Approval { key, yes: true, .. } => format!("{id}: {} approved", self.title_of(key)),
            Event::Approval { key, yes: false, .. } => {
                format!("{id}: approval refused for {}", self.title_of(key))
            }
            Event::Delegated { key, .. } => {
                format!("{id}: the approval of {} was handed to somebody else", self.title_of(key))
            }
            Event::RollBack { .. } => format!("{id}: its steps are being undone"),
            _ => return None,
        })
    }

    /// What became of a step that acts.
    fn left(&self, visit: &Visit) -> Option<String> {
        let step = self.playbook.step(&visit.step)?;
        if !matches!(step.type_name(), "action" | "playbook-action") {
            return None;
        }
        let what = match &visit.result {
            VisitResult::Done => "done".to_owned(),
            VisitResult::Failed { failure } => format!("failed: {}", failure.message),
            VisitResult::CalledOff => "called off".to_owned(),
            VisitResult::Open => return None,
        };
        let mut line = format!("{}: {}: {what}", self.run.id, step.title());
        for (name, value) in &visit.outputs {
            line.push_str(&format!("\n{name} = {}", shortened(value)));
        }
        Some(line)
    }

    fn end(&self, undone: bool) -> Option<String> {
        let Status::Ended { ending } = &self.run.state.status else { return None };
        let (name, id) = (&self.run.name, self.run.id);
        Some(match ending {
            _ if undone => format!("Playbook undone as far as it can be: {name} ({id})"),
            Ending::Completed => format!("Playbook completed: {name} ({id})"),
            Ending::Failed { failure } => format!("Playbook failed: {name} ({id}): {}", failure.message),
            Ending::Stopped { reason, .. } => format!("Playbook stopped: {name} ({id}): {reason}"),
        })
    }
}

fn shortened(text: &str) -> String {
    let clean: String = text.chars().filter(|letter| !letter.is_control() || *letter == '\n').collect();
    match clean.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{}…", clean.get(..cut).unwrap_or_default()),
        None => clean,
    }
}
