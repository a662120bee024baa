//! What is wrong with a plan as a whole. Each part was checked when it was read; here the parts are held
//! against each other: names that lead nowhere, names used twice, a chain of command that never ends, an
//! incident type that nobody has a procedure for.

use std::collections::BTreeSet;
use std::fmt;

use jiff::tz::TimeZone;
use serde::Serialize;

use super::{ChannelKey, NotificationRule, Plan, Procedure, RoleKey, StepKey};
use crate::fitting::disorder;
use crate::{IncidentType, Phase, Severity};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PlanProblem {
    /// Such as `procedures/phishing: step block_sender`.
    pub place: String,
    /// What is wrong, as a sentence that says what to do.
    pub message: String,
    /// The word in the file that it is about, where there is one: what leads to its line.
    #[serde(skip)]
    pub word: Option<String>,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Collects problems; knows the names that may be referred to.
struct Check<'a> {
    roles: BTreeSet<&'a RoleKey>,
    channels: BTreeSet<&'a ChannelKey>,
    problems: Vec<PlanProblem>,
}

impl Plan {
    /// Everything that is wrong, in the order of the plan's files; nothing for a plan that can be put in
    /// force.
    pub fn check(&self) -> Vec<PlanProblem> {
        let mut check = Check {
            roles: self.roles.iter().map(|role| &role.id).collect(),
            channels: self.channels.all().map(|channel| &channel.id).collect(),
            problems: Vec::new(),
        };
        check.head(self);
        check.roles(self);
        check.channels(self);
        check.severity(self);
        check.notifications(&self.notifications);
        check.evidence_and_review(self);
        check.procedures(self);
        check.problems
    }
}

impl<'a> Check<'a> {
    fn report(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.problems.push(PlanProblem { place: place.into(), message: message.into(), word: None });
    }

    /// The same about one word of the file.
    fn report_word(&mut self, place: impl Into<String>, word: impl fmt::Display, message: impl Into<String>) {
        let word = Some(word.to_string());
        self.problems.push(PlanProblem { place: place.into(), message: message.into(), word });
    }

    fn not_empty<T>(&mut self, place: &str, what: &str, list: &[T]) {
        if list.is_empty() {
            self.report(place, format!("names no {what}; add at least one"));
        }
    }

    fn role_exists(&mut self, place: &str, role: &RoleKey) {
        if !self.roles.contains(role) {
            let message = format!("names the role {role}, which roles.yaml does not have");
            self.report_word(place, role, message);
        }
    }

    fn unique<T: Ord + fmt::Display>(&mut self, place: &str, what: &str, names: impl Iterator<Item = T>) {
        let mut seen = BTreeSet::new();
        let mut twice = BTreeSet::new();
        for name in names {
            if let Some(name) = seen.replace(name) {
                twice.insert(name);
            }
        }
        for name in twice {
            let message = format!("has the {what} {name} more than once; keep one");
            self.report_word(place, &name, message);
        }
    }

    fn head(&mut self, plan: &Plan) {
        let head = &plan.head;
        self.not_empty("plan", "objectives", &head.objectives);
        self.not_empty("plan", "definitions", &head.definitions);
        self.not_empty("plan", "stakeholders", &head.stakeholders);
        self.unique(
            "plan",
            "definition",
            head.definitions.iter().map(|definition| definition.term.to_lowercase()),
        );
        self.unique("plan: approvers", "approver", head.approvers.iter());
        for role in &head.approvers {
            self.role_exists("plan: approvers", role);
        }
        if let Some(zone) = head.time_zone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
            self.report_word(
                "plan: time_zone",
                "time_zone",
                format!("{zone} is no time zone; write its IANA name, such as Europe/Paris"),
            );
        }
        if let Some((from, until)) = head.valid.as_ref().and_then(|valid| Some((valid.from, valid.until?)))
            && until < from
        {
            self.report_word(
                "plan: valid",
                "until",
                format!("ends on {until}, before it begins on {from}; turn the days round"),
            );
        }
        for stakeholder in &head.stakeholders {
            if let Some(role) = &stakeholder.contact {
                self.role_exists(&format!("plan: stakeholder {}", stakeholder.name), role);
            }
        }
        for chapter in plan.chapters.iter().filter(|chapter| chapter.markdown.trim().is_empty()) {
            self.report(format!("prose/{}", chapter.name), "has no text; write it or remove the file");
        }
    }

    fn roles(&mut self, plan: &Plan) {
        self.not_empty("roles", "roles", &plan.roles);
        self.unique("roles", "role", plan.roles.iter().map(|role| &role.id));
        for role in &plan.roles {
            let place = format!("roles: {}", role.id);
            self.not_empty(&place, "responsibilities", &role.responsibilities);
            self.not_empty(&place, "alternates", &role.alternates);
            self.unique(&place, "alternate", role.alternates.iter());
            for other in role.alternates.iter().chain(&role.reports_to) {
                self.role_exists(&place, other);
            }
            if role.alternates.contains(&role.id) {
                self.report(&place, "names itself as its own alternate; name another role");
            }
            if reports_to_itself(plan, &role.id) {
                self.report_word(
                    &place,
                    "reports_to",
                    "reports to itself, at once or through others; end the chain of command at one role",
                );
            }
        }
        if !plan.roles.is_empty() && plan.roles.iter().all(|role| role.reports_to.is_some()) {
            self.report(
                "roles",
                "nobody is at the top of the chain of command; leave reports_to out of one role",
            );
        }
    }

    fn channels(&mut self, plan: &Plan) {
        self.not_empty("channels: primary", "channels", &plan.channels.primary);
        self.not_empty("channels: out_of_band", "channels", &plan.channels.out_of_band);
        self.unique("channels", "channel", plan.channels.all().map(|channel| &channel.id));
    }

    fn severity(&mut self, plan: &Plan) {
        let levels = &plan.severity.levels;
        self.unique("severity: levels", "level", levels.iter().map(|level| level.severity));
        for severity in Severity::ALL {
            if plan.severity.level(*severity).is_none() {
                self.report("severity: levels", format!("has no level {severity}; say what it means"));
            }
        }
        for level in levels {
            let place = format!("severity: {}", level.severity);
            self.not_empty(&place, "examples", &level.examples);
            self.not_empty(&place, "response", &level.response);
            for role in level.notify.iter().chain(&level.muster) {
                self.role_exists(&place, role);
            }
            self.unique(&place, "role to muster", level.muster.iter());
            self.unique(&place, "action", level.start.iter().map(|start| &start.action));
            for start in &level.start {
                if plan.severity.action(&start.action).is_none() {
                    self.report(
                        &place,
                        format!("starts the action {}, which severity.yaml does not have", start.action),
                    );
                }
            }
            self.unique(&place, "act that needs approval", level.approvals.iter().map(|rule| rule.act));
            for rule in &level.approvals {
                self.not_empty(&format!("{place}: {}", rule.act), "roles", &rule.roles);
                self.unique(&format!("{place}: {}", rule.act), "role", rule.roles.iter());
                for role in &rule.roles {
                    self.role_exists(&format!("{place}: {}", rule.act), role);
                }
            }
        }
        self.actions(plan);
    }

    fn actions(&mut self, plan: &Plan) {
        let actions = &plan.severity.actions;
        self.unique("severity: actions", "action", actions.iter().map(|action| &action.id));
        for action in actions {
            let place = format!("severity: action {}", action.id);
            self.role_exists(&place, &action.role);
            if !plan.severity.levels.iter().any(|level| level.starts(&action.id).is_some()) {
                self.report(&place, "is started by no level; start it somewhere or take it out");
            }
        }
    }

    fn notifications(&mut self, rules: &'a [NotificationRule]) {
        self.unique("notifications", "rule", rules.iter().map(|rule| &rule.id));
        for rule in rules {
            let place = format!("notifications: {}", rule.id);
            self.not_empty(&place, "roles", &rule.roles);
            self.not_empty(&place, "channels", &rule.channels);
            for role in rule.roles.iter().chain(&rule.escalate_to) {
                self.role_exists(&place, role);
            }
            for channel in &rule.channels {
                if !self.channels.contains(channel) {
                    self.report_word(
                        &place,
                        channel,
                        format!("names the channel {channel}, which channels.yaml does not have"),
                    );
                }
            }
            if rule.escalate_to.is_some() != rule.escalate_after.is_some() {
                self.report(&place, "gives only one of escalate_to and escalate_after; give both or neither");
            }
        }
    }

    fn evidence_and_review(&mut self, plan: &Plan) {
        self.role_exists("evidence: custodian", &plan.evidence.custodian);
        self.not_empty("evidence", "principles", &plan.evidence.principles);
        self.not_empty("evidence", "sources", &plan.evidence.sources);
        self.role_exists("review: owner", &plan.review.owner);
        self.not_empty("review", "metrics", &plan.review.metrics);
        self.unique("review", "metric", plan.review.metrics.iter().map(|metric| &metric.id));
    }

    fn procedures(&mut self, plan: &'a Plan) {
        let procedures = &plan.procedures;
        self.unique("procedures", "procedure", procedures.iter().map(|procedure| &procedure.id));
        for incident_type in IncidentType::ALL {
            let count =
                procedures.iter().filter(|procedure| procedure.incident_type == *incident_type).count();
            if count != 1 {
                self.report(
                    "procedures",
                    format!("there are {count} procedures for {incident_type}; there has to be one"),
                );
            }
        }
        for procedure in procedures {
            self.procedure(procedure);
        }
    }

    fn procedure(&mut self, procedure: &'a Procedure) {
        let place = format!("procedures/{}", procedure.id);
        self.unique(&place, "step", procedure.steps.iter().map(|step| &step.id));
        for phase in Phase::ALL.iter().filter(|phase| **phase != Phase::Closed) {
            if procedure.steps_of(*phase).next().is_none() {
                self.report(
                    &place,
                    format!("has no step in the phase {phase}; say at least what to confirm"),
                );
            }
        }
        for step in &procedure.steps {
            let here = format!("{place}: step {}", step.id);
            self.role_exists(&here, &step.role);
            let phase = |other: &StepKey| {
                procedure.steps.iter().find(|step| step.id == *other).map(|step| step.phase)
            };
            for later in step.after.iter().filter(|other| phase(other) > Some(step.phase)) {
                self.report(&here, format!("waits for {later}, which is of a later phase; turn them round"));
            }
        }
        let pieces: Vec<(StepKey, Vec<StepKey>)> =
            procedure.steps.iter().map(|step| (step.id.clone(), step.after.clone())).collect();
        for (step, message) in disorder(&pieces) {
            self.report(format!("{place}: step {step}"), message);
        }
    }
}

/// Whether whoever follows the chain of command upwards from `start` comes back to it.
fn reports_to_itself(plan: &Plan, start: &RoleKey) -> bool {
    let superior = |role: &RoleKey| plan.role(role)?.reports_to.as_ref();
    let mut above = superior(start);
    for _ in &plan.roles {
        match above {
            Some(role) if role == start => return true,
            Some(role) => above = superior(role),
            None => return false,
        }
    }
    false
}
