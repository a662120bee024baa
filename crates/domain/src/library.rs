//! Reusable tasks in groups, which people add to an incident as they need them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::attack::{CountermeasureId, TechniqueId};
use crate::fitting::{OnlyIf, disorder};
use crate::plan::{PlanProblem, RoleKey, StepKey};
use crate::{Line, Period, Phase, Text};

/// One file of `content/tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskGroup {
    pub id: StepKey,
    pub title: Line,
    pub tasks: Vec<LibraryTask>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibraryTask {
    /// Unique in the whole library.
    pub id: StepKey,
    pub title: Line,
    pub text: Text,
    pub role: RoleKey,
    pub phase: Phase,
    /// Counted from when it is added, or from entering its phase if that comes later.
    #[serde(default)]
    pub within: Option<Period>,
    /// Tasks of the same group that come first.
    #[serde(default)]
    pub after: Vec<StepKey>,
    #[serde(default)]
    pub only_if: OnlyIf,
    #[serde(default)]
    pub attack: Vec<TechniqueId>,
    #[serde(default)]
    pub d3fend: Vec<CountermeasureId>,
}

/// What is wrong with the library: names used twice, an order that cannot be kept.
pub fn check(groups: &[TaskGroup]) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    let mut groups_seen = BTreeSet::new();
    let mut tasks_seen = BTreeSet::new();
    for group in groups {
        let place = format!("tasks: group {}", group.id);
        if !groups_seen.insert(&group.id) {
            problems
                .push(PlanProblem { place: place.clone(), message: "is there twice; keep one".to_owned(), word: None });
        }
        if group.tasks.is_empty() {
            problems.push(PlanProblem { place: place.clone(), message: "has no task; add one".to_owned(), word: None });
        }
        for task in group.tasks.iter().filter(|task| !tasks_seen.insert(&task.id)) {
            problems.push(PlanProblem {
                place: format!("{place}: task {}", task.id),
                message: "has a name that another task has; give each its own".to_owned(),
                word: None,
            });
        }
        let pieces: Vec<(StepKey, Vec<StepKey>)> =
            group.tasks.iter().map(|task| (task.id.clone(), task.after.clone())).collect();
        problems.extend(
            disorder(&pieces)
                .into_iter()
                .map(|(task, message)| PlanProblem { place: format!("{place}: task {task}"), message, word: None }),
        );
    }
    problems
}
