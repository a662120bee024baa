//! What is done for one type of incident, step by step. A step becomes a task when the incident is
//! declared.

use serde::{Deserialize, Serialize};

use super::key::{ProcedureKey, RoleKey, StepKey};
use crate::attack::{CountermeasureId, TechniqueId};
use crate::fitting::OnlyIf;
use crate::{IncidentType, Line, Period, Phase, Text};

/// One file of `procedures/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    pub id: ProcedureKey,
    pub incident_type: IncidentType,
    pub title: Line,
    pub when_to_use: Text,
    pub steps: Vec<Step>,
}

impl Procedure {
    pub fn steps_of(&self, phase: Phase) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(move |step| step.phase == phase)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Unique within its procedure.
    pub id: StepKey,
    /// A step of the phase `closed` is work for after the incident, such as the review.
    pub phase: Phase,
    pub title: Line,
    /// What to do, for somebody who does it for the first time, at night.
    pub text: Text,
    pub role: RoleKey,
    /// Counted from the moment at which the incident enters the step's phase.
    #[serde(default)]
    pub due_within: Option<Period>,
    /// Steps of the same procedure that are done, or skipped, first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<StepKey>,
    /// The circumstances under which the step fits; always if left out.
    #[serde(default, skip_serializing_if = "OnlyIf::is_always")]
    pub only_if: OnlyIf,
    /// What to keep, in words: "memory image of the host".
    #[serde(default)]
    pub evidence: Vec<Line>,
    /// Techniques that the step looks for or undoes.
    #[serde(default)]
    pub attack: Vec<TechniqueId>,
    /// Countermeasures that the step applies.
    #[serde(default)]
    pub d3fend: Vec<CountermeasureId>,
}
