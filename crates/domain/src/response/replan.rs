//! What a severity starts, and what another severity changes of it. Nothing is done here: the same
//! [`Replan`] is told in words before somebody confirms it, and carried out afterwards.

use serde::Serialize;

use super::ActKind;
use super::clock::ClockKind;
use super::muster::MusterStatus;
use crate::plan::{ActionKey, ResponseAction, RoleKey, SeverityLevel, SeverityPlan};
use crate::task::TaskStatus;
use crate::{Period, Severity, TaskId};

/// A task that an action became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub task: TaskId,
    pub action: ActionKey,
    pub title: String,
    pub status: TaskStatus,
    /// That the present level no longer asks for it.
    pub surplus: bool,
}

/// A place that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub role: RoleKey,
    pub status: MusterStatus,
}

/// An action to be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewAction {
    pub action: ActionKey,
    pub title: String,
    pub role: RoleKey,
    pub within: Option<Period>,
}

/// A task that is there already and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    pub task: TaskId,
    pub title: String,
    /// How long it may take from now on; none leaves its time as it is.
    pub within: Option<Period>,
}

/// A time that is owed otherwise than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Target {
    pub clock: ClockKind,
    pub before: Option<Period>,
    pub after: Option<Period>,
}

/// An act that needs approval, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Needed {
    pub act: ActKind,
    pub roles: Vec<RoleKey>,
}

/// What reaching a level does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replan {
    /// The level before; none at the declaration.
    pub from: Option<Severity>,
    pub to: Severity,
    /// Actions that become tasks.
    pub start: Vec<NewAction>,
    /// Tasks that had been skipped because a lower level did not ask for them.
    pub reopen: Vec<Known>,
    /// Open tasks that are wanted, with the time that they have at this level.
    pub keep: Vec<Known>,
    /// Open tasks that this level does not ask for: proposed for skipping.
    pub surplus: Vec<Known>,
    /// Roles to be filled.
    pub muster: Vec<RoleKey>,
    /// Roles that this level does not ask for: proposed for standing down.
    pub stand_down: Vec<RoleKey>,
    pub targets: Vec<Target>,
    /// Acts that need an approval which they did not need before, or of others.
    pub approvals: Vec<Needed>,
    /// Acts that need no approval any more.
    pub freed: Vec<ActKind>,
}

impl Replan {
    pub fn of(
        plan: &SeverityPlan,
        from: Option<&SeverityLevel>,
        to: &SeverityLevel,
        running: &[Running],
        places: &[Place],
    ) -> Self {
        let mut replan = Replan {
            from: from.map(|level| level.severity),
            to: to.severity,
            start: Vec::new(),
            reopen: Vec::new(),
            keep: Vec::new(),
            surplus: Vec::new(),
            muster: Vec::new(),
            stand_down: Vec::new(),
            targets: Vec::new(),
            approvals: Vec::new(),
            freed: Vec::new(),
        };
        replan.actions(plan, to, running);
        replan.places(to, places);
        replan.times(from, to);
        replan.acts(from, to);
        replan
    }

    fn actions(&mut self, plan: &SeverityPlan, to: &SeverityLevel, running: &[Running]) {
        for start in &to.start {
            let known = running.iter().find(|task| task.action == start.action);
            match (known, plan.action(&start.action)) {
                (None, Some(ResponseAction { id, title, role, .. })) => self.start.push(NewAction {
                    action: id.clone(),
                    title: title.to_string(),
                    role: role.clone(),
                    within: start.within,
                }),
                (Some(task), _) if task.status == TaskStatus::Skipped && task.surplus => {
                    self.reopen.push(known_of(task, start.within));
                }
                (Some(task), _) if is_open(task.status) => self.keep.push(known_of(task, start.within)),
                // What is done stays done, and what somebody skipped for a reason of their own stays so.
                _ => {}
            }
        }
        let unasked = running.iter().filter(|task| is_open(task.status) && to.starts(&task.action).is_none());
        self.surplus.extend(unasked.map(|task| known_of(task, None)));
    }

    fn places(&mut self, to: &SeverityLevel, places: &[Place]) {
        let filled = |role: &RoleKey| {
            places.iter().any(|place| place.role == *role && place.status != MusterStatus::StoodDown)
        };
        self.muster.extend(to.muster.iter().filter(|role| !filled(role)).cloned());
        let unasked = places
            .iter()
            .filter(|place| place.status != MusterStatus::StoodDown && !to.muster.contains(&place.role));
        self.stand_down.extend(unasked.map(|place| place.role.clone()));
    }

    fn times(&mut self, from: Option<&SeverityLevel>, to: &SeverityLevel) {
        for clock in ClockKind::ALL {
            let (before, after) = (from.and_then(|level| level.target(*clock)), to.target(*clock));
            if before != after {
                self.targets.push(Target { clock: *clock, before, after });
            }
        }
    }

    fn acts(&mut self, from: Option<&SeverityLevel>, to: &SeverityLevel) {
        for act in ActKind::ALL {
            let before = from.and_then(|level| level.approval(*act)).map(|rule| &rule.roles);
            match to.approval(*act) {
                Some(rule) if before != Some(&rule.roles) => {
                    self.approvals.push(Needed { act: *act, roles: rule.roles.clone() });
                }
                None if before.is_some() => self.freed.push(*act),
                _ => {}
            }
        }
    }

    /// In one sentence: "starts 4 actions, musters 3 roles, shortens updates to 1 hour".
    pub fn summary(&self) -> String {
        let mut parts = Vec::new();
        if !self.start.is_empty() {
            parts.push(format!("starts {}", count(self.start.len(), "action")));
        }
        if !self.reopen.is_empty() {
            parts.push(format!("opens {} again", count(self.reopen.len(), "task")));
        }
        if !self.surplus.is_empty() {
            parts.push(format!("proposes to skip {}", count(self.surplus.len(), "task")));
        }
        if !self.muster.is_empty() {
            parts.push(format!("musters {}", count(self.muster.len(), "role")));
        }
        if !self.stand_down.is_empty() {
            parts.push(format!("proposes to stand down {}", count(self.stand_down.len(), "role")));
        }
        parts.extend(self.targets.iter().filter(|target| target.clock == ClockKind::Update).map(updates));
        if !self.approvals.is_empty() {
            parts.push(format!("puts {} under approval", count(self.approvals.len(), "act")));
        }
        if !self.freed.is_empty() {
            parts.push(format!("frees {} of approval", count(self.freed.len(), "act")));
        }
        match parts.as_slice() {
            [] => "changes nothing of the response".to_owned(),
            _ => parts.join(", "),
        }
    }

    /// All of it in sentences, for whoever confirms it and for the record afterwards.
    pub fn sentences(&self, title: impl Fn(&RoleKey) -> String) -> Vec<String> {
        let mut said = Vec::new();
        if !self.start.is_empty() {
            let named = self.start.iter().map(|one| {
                let within = one.within.map(|within| format!(", within {}", within.words()));
                format!("{} ({}{})", one.title, title(&one.role), within.unwrap_or_default())
            });
            said.push(format!("Starts {}: {}.", count(self.start.len(), "action"), list(named)));
        }
        if !self.reopen.is_empty() {
            said.push(format!(
                "Opens {} again that had been skipped as not asked for: {}.",
                count(self.reopen.len(), "task"),
                list(self.reopen.iter().map(|one| one.title.clone()))
            ));
        }
        if !self.surplus.is_empty() {
            said.push(format!(
                "Proposes to skip {} not asked for at {}: {}. Nothing is dropped.",
                count(self.surplus.len(), "task"),
                self.to.label().to_lowercase(),
                list(self.surplus.iter().map(|one| one.title.clone()))
            ));
        }
        if !self.muster.is_empty() {
            let roles = list(self.muster.iter().map(&title));
            said.push(format!("Musters {}: {roles}.", count(self.muster.len(), "role")));
        }
        if !self.stand_down.is_empty() {
            let roles = list(self.stand_down.iter().map(&title));
            said.push(format!(
                "Proposes to stand down {}: {roles}. Nobody is sent away.",
                count(self.stand_down.len(), "role")
            ));
        }
        said.extend(self.targets.iter().map(times));
        for needed in &self.approvals {
            let roles = list(needed.roles.iter().map(&title));
            said.push(format!("{} needs the approval of: {roles}.", needed.act.label()));
        }
        if !self.freed.is_empty() {
            let acts = list(self.freed.iter().map(|act| act.label().to_lowercase()));
            said.push(format!("No approval is needed any more for: {acts}."));
        }
        said
    }
}

const fn is_open(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Open | TaskStatus::InProgress)
}

fn known_of(task: &Running, within: Option<Period>) -> Known {
    Known { task: task.task, title: task.title.clone(), within }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("; ")
}

fn updates(target: &Target) -> String {
    match (target.before, target.after) {
        (Some(before), Some(after)) if after < before => format!("shortens updates to {}", after.words()),
        (_, Some(after)) => format!("wants an update every {}", after.words()),
        (_, None) => "ends the updates".to_owned(),
    }
}

fn times(target: &Target) -> String {
    if target.clock == ClockKind::Update {
        return match (target.before, target.after) {
            (Some(before), Some(after)) => {
                format!("An update is owed every {}, until now every {}.", after.words(), before.words())
            }
            (None, Some(after)) => format!("An update is owed every {}.", after.words()),
            (_, None) => "No updates are owed any more.".to_owned(),
        };
    }
    let verb = target.clock.label();
    match (target.before, target.after) {
        (Some(before), Some(after)) => {
            format!("{verb} within {}, until now {}.", after.words(), before.words())
        }
        (None, Some(after)) => format!("{verb} within {}.", after.words()),
        (_, None) => format!("{verb}: no time is set any more."),
    }
}
