//! A dry run: the whole playbook is walked and nothing is done. Each command counts as done, each approval as given,
//! each called playbook as completed; waits are jumped over. What a real run would do comes out as a list.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::run::RunRefusal;
use crate::{Effect, Event, Limits, Outcome, Playbook, Run};

/// What a dry run found.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsal {
    /// What would have been done, in order.
    pub effects: Vec<Effect>,
    /// The run as it stood at the end.
    pub run: Run,
}

/// Walks a playbook without doing anything.
///
/// # Errors
/// Where the values do not fit.
pub fn rehearse(
    playbook: &Playbook,
    at: Timestamp,
    values: &BTreeMap<String, String>,
    limits: Limits,
) -> Result<Rehearsal, RunRefusal> {
    let (mut run, _) = Run::start(playbook, at, values, limits, true)?;
    let mut effects = Vec::new();
    // Each round answers one effect, and how many a run can have is bounded.
    while let Some(effect) = run.pending(playbook).into_iter().next() {
        answer(&mut run, playbook, &effect)?;
        if !matches!(effect, Effect::Wake { .. }) {
            effects.push(effect);
        }
    }
    Ok(Rehearsal { effects, run })
}

fn answer(run: &mut Run, playbook: &Playbook, effect: &Effect) -> Result<(), RunRefusal> {
    let at = run.now;
    let done = || Outcome::Done { outputs: BTreeMap::new() };
    match effect {
        Effect::Do(work) => {
            run.apply(playbook, &Event::Intended { at, key: work.key.clone() })?;
            run.apply(playbook, &Event::Outcome { at, key: work.key.clone(), outcome: done() })?;
        }
        Effect::Playbook { key, .. } => {
            run.apply(playbook, &Event::Intended { at, key: key.clone() })?;
            run.apply(playbook, &Event::Outcome { at, key: key.clone(), outcome: done() })?;
        }
        Effect::Approve { key, quorum, .. } => {
            let mut said = 0;
            while said < *quorum {
                said += 1;
                run.apply(
                    playbook,
                    &Event::Approval { at, key: key.clone(), by: format!("approver {said}"), yes: true },
                )?;
            }
        }
        Effect::Wake { at } => {
            run.apply(playbook, &Event::Tick { at: *at })?;
        }
    }
    Ok(())
}
