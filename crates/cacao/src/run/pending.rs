//! What is to be done, read off the state: whoever comes up again finds it there.

use std::collections::BTreeMap;

use super::{Effect, Flight, Key, Phase, Run, Status, Strand, Work};
use crate::check::start_line;
use crate::{Playbook, StepKind};

impl Run {
    /// All that is to be carried out now, and when to come back.
    pub fn pending(&self, playbook: &Playbook) -> Vec<Effect> {
        if !matches!(self.status, Status::Running | Status::Undoing { .. }) {
            return Vec::new();
        }
        let mut effects: Vec<Effect> =
            self.strands.values().filter_map(|strand| self.due_of(playbook, strand)).collect();
        if let Some(at) = self.strands.values().filter_map(Strand::wakes).min() {
            effects.push(Effect::Wake { at });
        }
        effects
    }

    fn due_of(&self, playbook: &Playbook, strand: &Strand) -> Option<Effect> {
        let step = playbook.step(&strand.step)?;
        let key = self.key(strand);
        match &strand.phase {
            Phase::Approval { until, .. } => {
                let approval = step.policy().ok()?.approval?;
                Some(Effect::Approve {
                    key,
                    step: strand.step.clone(),
                    role: approval.role,
                    quorum: approval.quorum,
                    until: *until,
                })
            }
            Phase::Act { attempt, call, flight: Flight::Ready, .. } => Some(Effect::Do(Box::new(Work {
                key,
                step: strand.step.clone(),
                attempt: *attempt,
                call: call.as_ref().clone(),
                safe: self.safe(playbook, strand),
                role: step.policy().ok().and_then(|policy| policy.role),
                out_args: step.out_args().to_vec(),
                due: strand.due,
            }))),
            Phase::Playbook { flight: Flight::Ready } => {
                let StepKind::PlaybookAction(action) = &step.kind else { return None };
                let values: BTreeMap<String, String> = step
                    .in_args()
                    .iter()
                    .filter_map(|name| {
                        let held = strand.locals.get(name).or_else(|| self.variables.get(name))?;
                        Some((name.clone(), held.text.clone()?))
                    })
                    .collect();
                Some(Effect::Playbook {
                    key,
                    step: strand.step.clone(),
                    playbook: action.playbook_id.clone(),
                    version: action.playbook_version.clone(),
                    values,
                    out_args: step.out_args().to_vec(),
                })
            }
            _ => None,
        }
    }

    /// The strand that a key is about.
    pub fn strand(&self, key: &Key) -> Option<&Strand> {
        self.strands.values().find(|strand| self.key(strand) == *key)
    }

    /// The key of what a strand is about.
    pub(super) fn key(&self, strand: &Strand) -> Key {
        let count = usize::try_from(strand.visit)
            .ok()
            .and_then(|visit| self.visits.get(visit))
            .map_or(0, |visit| visit.count);
        let step = &strand.step;
        Key::new(match &strand.phase {
            Phase::Act { command, target, attempt, .. } => {
                format!("{step}#{count}/{command}.{target}.{attempt}")
            }
            Phase::Approval { .. } => format!("{step}#{count}/approval"),
            Phase::Playbook { .. } => format!("{step}#{count}/playbook"),
            Phase::Delay { .. } | Phase::Branches { .. } => format!("{step}#{count}"),
        })
    }

    /// Whether what a strand does can be done twice without harm: it only reads, or its author says so.
    pub(super) fn safe(&self, playbook: &Playbook, strand: &Strand) -> bool {
        let Phase::Act { call, .. } = &strand.phase else { return false };
        let said = playbook
            .step(&strand.step)
            .and_then(|step| step.policy().ok())
            .and_then(|policy| policy.idempotent);
        said.unwrap_or_else(|| match call.kind.as_str() {
            "sigma" | "yara" => true,
            "http-api" => {
                start_line(&call.command).is_ok_and(|line| ["GET", "HEAD", "OPTIONS"].contains(&line.method))
            }
            _ => false,
        })
    }
}

impl Strand {
    /// When something happens to the strand though nothing comes from outside.
    fn wakes(&self) -> Option<jiff::Timestamp> {
        let own = match &self.phase {
            Phase::Delay { until } | Phase::Act { flight: Flight::Backoff { until }, .. } => Some(*until),
            Phase::Approval { until, .. } => *until,
            _ => None,
        };
        let in_doubt = matches!(self.phase, Phase::Act { flight: Flight::Doubt { .. }, .. });
        [own, self.due.filter(|_| !in_doubt)].into_iter().flatten().min()
    }
}
