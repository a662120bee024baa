//! A run as people see it: its steps with how they stand, what waits for somebody, and the figure in its colours.

use std::collections::BTreeMap;

use cacao::{Doubt, Effect, Flight, Look, Phase, Playbook, Status, Step, Strand, VisitResult};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::role::{self, Desk};
use super::run::{Record, RunView};

/// A run with its parts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunDetail {
    #[serde(flatten)]
    pub run: RunView,
    /// Every step that was entered, in order.
    pub steps: Vec<StepView>,
    /// What waits for a person.
    pub waiting: Vec<Wait>,
    /// The playbook's variables as they stand; null where a value is unknown.
    pub values: BTreeMap<String, Option<String>>,
    /// Whether something of it can be undone.
    pub undoable: bool,
}

/// A step that was entered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepView {
    pub step: String,
    pub title: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How often the step had been entered, this time included.
    pub count: u32,
    /// `open`, `done`, `failed` or `called_off`.
    pub result: &'static str,
    /// Why it failed.
    pub reason: Option<String>,
    pub outputs: BTreeMap<String, String>,
    /// Whether it undid another.
    pub undoes: bool,
    #[schema(value_type = String, format = DateTime)]
    pub entered: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub left: Option<Timestamp>,
}

/// Something that waits for a person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Wait {
    /// `manual`, `approval` or `doubt`.
    pub kind: &'static str,
    /// Names it in the verbs that answer it.
    pub key: String,
    pub step: String,
    pub title: String,
    /// What is to be done, or what may have been.
    pub text: String,
    /// On what.
    pub target: Option<String>,
    /// Which role of the plan.
    pub role: Option<String>,
    /// The role's title.
    pub role_title: Option<String>,
    /// The names of those who speak for the role, whoever fills it on the incident first.
    pub who: Vec<String>,
    /// Whether whoever asks speaks for the role, or was handed the approval.
    pub yours: bool,
    /// The phase of the incident that it belongs to, and within which time it is done.
    pub phase: Option<String>,
    pub due_within: Option<String>,
    /// What to keep of it.
    pub evidence: Vec<String>,
    /// The titles of the roles that must know.
    pub tell: Vec<String>,
    /// ATT&CK techniques and D3FEND countermeasures.
    pub references: Vec<String>,
    /// The names of the values to type in.
    pub outputs: Vec<OutputView>,
    /// How many have said yes so far, and how many must.
    pub said_yes: Option<usize>,
    /// Who has handed the word to whom.
    pub handed: Vec<String>,
    pub quorum: Option<u32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Whether the run goes on without it: it is not done again.
    pub left: bool,
}

/// A value that a step gives.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OutputView {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub description: Option<String>,
}

pub fn detail(run: &Record, playbook: &Playbook, desk: &Desk) -> RunDetail {
    RunDetail {
        run: run.view(),
        steps: steps(run, playbook, desk),
        waiting: waits(run, playbook, desk),
        values: run.state.values().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect(),
        undoable: run.state.is_over() && !run.state.undoable(playbook).is_empty(),
    }
}

fn title(playbook: &Playbook, id: &str) -> String {
    playbook.step(id).map_or_else(|| id.to_owned(), |step| step.title().to_owned())
}

fn steps(run: &Record, playbook: &Playbook, desk: &Desk) -> Vec<StepView> {
    let view = |visit: &cacao::Visit| StepView {
        step: visit.step.clone(),
        title: title(playbook, &visit.step),
        kind: playbook.step(&visit.step).map_or("", cacao::Step::type_name),
        count: visit.count,
        result: match visit.result {
            VisitResult::Open => "open",
            VisitResult::Done => "done",
            VisitResult::Failed { .. } => "failed",
            VisitResult::CalledOff => "called_off",
        },
        reason: match &visit.result {
            VisitResult::Failed { failure } => Some(desk.named(&failure.message)),
            _ => None,
        },
        outputs: visit.outputs.clone(),
        undoes: visit.undoes.is_some(),
        entered: visit.entered,
        left: visit.left,
    };
    run.state.visits().iter().map(view).collect()
}

/// What waits for people: theirs who asks first.
pub fn waits(run: &Record, playbook: &Playbook, desk: &Desk) -> Vec<Wait> {
    let mut waits = doubts(run, playbook, desk);
    waits.extend(approvals(run, playbook, desk));
    for (key, strand, call) in run.state.open_calls().filter(|(_, _, call)| call.kind == "manual") {
        let mut wait = Wait::of("manual", key.to_string(), &strand.step, playbook, desk);
        wait.text = call.command.clone();
        wait.target = (Some(&call.target_name) != wait.role_title.as_ref()).then(|| call.target_name.clone());
        wait.until = strand.due;
        waits.push(wait);
    }
    waits.sort_by_key(|wait| !wait.yours);
    waits
}

impl Wait {
    fn of(kind: &'static str, key: String, step: &str, playbook: &Playbook, desk: &Desk) -> Self {
        let known = playbook.step(step);
        let policy = known.and_then(|step| step.policy().ok()).unwrap_or_default();
        let mut wait = Wait {
            kind,
            key,
            step: step.to_owned(),
            title: title(playbook, step),
            text: String::new(),
            target: None,
            role: None,
            role_title: None,
            who: Vec::new(),
            yours: false,
            phase: policy.phase,
            due_within: policy.due_within,
            evidence: policy.evidence,
            tell: policy.tell.iter().map(|role| desk.title(role)).collect(),
            references: known.map(references).unwrap_or_default(),
            outputs: outputs(playbook, known),
            said_yes: None,
            handed: Vec::new(),
            quorum: None,
            until: None,
            left: false,
        };
        if let Some(role) = policy.role {
            wait.asks(&role, desk);
        }
        wait
    }

    fn asks(&mut self, role: &str, desk: &Desk) {
        self.role = Some(role.to_owned());
        self.role_title = Some(desk.title(role));
        self.who = desk.who(role);
        self.yours = desk.holds(role);
    }
}

/// The identifiers of techniques and countermeasures that a step names.
pub fn references(step: &Step) -> Vec<String> {
    let all = step.external_references.iter().flatten();
    all.filter_map(|reference| reference.external_id.clone()).collect()
}

fn approvals(run: &Record, playbook: &Playbook, desk: &Desk) -> Vec<Wait> {
    let mut waits = Vec::new();
    for effect in run.state.pending(playbook) {
        let Effect::Approve { key, step, role, quorum, until } = effect else { continue };
        let yes = run.state.strand(&key).and_then(|strand| match &strand.phase {
            Phase::Approval { yes, .. } => Some(yes.len()),
            _ => None,
        });
        let mut wait = Wait::of("approval", key.to_string(), &step, playbook, desk);
        wait.asks(&role, desk);
        if let Some((approval, handed)) = role::waiting(run, playbook, key.as_str()) {
            wait.yours = desk.may_approve(&approval, &handed);
            wait.handed = handed.iter().map(|(by, to)| desk.named(&format!("{by} to {to}"))).collect();
        }
        wait.text = acts(playbook, &step);
        wait.outputs = Vec::new();
        wait.said_yes = Some(yes.unwrap_or(0));
        wait.quorum = Some(quorum);
        wait.until = until;
        waits.push(wait);
    }
    waits
}

/// What a step would do once it is let.
fn acts(playbook: &Playbook, step: &str) -> String {
    let Some(step) = playbook.step(step) else { return String::new() };
    let mut lines: Vec<String> = step.description.iter().cloned().collect();
    if let cacao::StepKind::Action(action) = &step.kind {
        lines.extend(action.commands.iter().filter_map(|command| command.text().ok()));
    }
    lines.join("\n")
}

fn doubts(run: &Record, playbook: &Playbook, desk: &Desk) -> Vec<Wait> {
    let of = |(key, step, why): (cacao::Key, String, Doubt)| {
        let call = run.state.strand(&key).and_then(|strand| match &strand.phase {
            Phase::Act { call, flight: Flight::Doubt { .. }, .. } => Some(call.as_ref()),
            _ => None,
        });
        let why = match why {
            Doubt::Interrupted => "The server went down while it was under way.".to_owned(),
            Doubt::TimedOut => "Its time ran out while it was under way.".to_owned(),
            Doubt::Unknown(why) => sentence(&why),
        };
        let mut wait = Wait::of("doubt", key.to_string(), &step, playbook, desk);
        wait.text = match call {
            Some(call) => format!("{why}\n{}", call.command),
            None => why,
        };
        wait.target = call.map(|call| call.target_name.clone());
        wait.yours = desk.works;
        wait.left = run.state.loose().contains_key(&key);
        wait
    };
    run.state.doubts().into_iter().map(of).collect()
}

/// A reason as a sentence.
fn sentence(why: &str) -> String {
    let mut letters = why.trim_end_matches('.').chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

fn outputs(playbook: &Playbook, step: Option<&cacao::Step>) -> Vec<OutputView> {
    let names = step.map(cacao::Step::out_args).unwrap_or_default();
    let find = |name: &String| {
        let own = step.and_then(|step| step.step_variables.as_ref()).and_then(|own| own.get(name));
        let variable = own.or_else(|| playbook.playbook_variables.as_ref()?.get(name))?;
        Some(OutputView {
            name: name.clone(),
            kind: variable.kind.clone(),
            description: variable.description.clone(),
        })
    };
    names.iter().filter_map(find).collect()
}

/// How each step stands, for the figure.
pub fn looks(run: &Record) -> BTreeMap<String, Look> {
    let mut looks = BTreeMap::new();
    for visit in run.state.visits() {
        let look = match visit.result {
            VisitResult::Open => Look::Active,
            VisitResult::Done => Look::Done,
            VisitResult::Failed { .. } => Look::Failed,
            VisitResult::CalledOff => Look::CalledOff,
        };
        looks.insert(visit.step.clone(), look);
    }
    if !matches!(run.state.status, Status::Ended { .. }) {
        for strand in run.state.strands() {
            looks.insert(strand.step.clone(), of_strand(strand));
        }
        for (_, step, _) in run.state.doubts() {
            looks.insert(step, Look::Doubt);
        }
    }
    looks
}

fn of_strand(strand: &Strand) -> Look {
    match &strand.phase {
        Phase::Delay { .. } | Phase::Approval { .. } => Look::Waiting,
        Phase::Act { call, .. } if call.kind == "manual" => Look::Waiting,
        Phase::Act { flight: Flight::Backoff { .. }, .. } => Look::Waiting,
        Phase::Act { flight: Flight::Doubt { .. }, .. } => Look::Doubt,
        Phase::Act { .. } | Phase::Playbook { .. } | Phase::Branches { .. } => Look::Active,
    }
}

/// What a dry run would have done: the step's name, what is done, and on what.
pub fn rehearsed(rehearsal: &cacao::Rehearsal, playbook: &Playbook) -> Vec<(String, String, Option<String>)> {
    let of = |effect: &Effect| match effect {
        Effect::Do(work) => (
            title(playbook, &work.step),
            format!("{}: {}", work.call.kind, work.call.command),
            Some(work.call.target_name.clone()),
        ),
        Effect::Approve { step, role, quorum, .. } => {
            (title(playbook, step), format!("approval by {role}, {quorum} of them"), None)
        }
        Effect::Playbook { step, playbook: called, .. } => {
            (title(playbook, step), format!("playbook {called}"), None)
        }
        Effect::Wake { .. } => (String::new(), String::new(), None),
    };
    rehearsal.effects.iter().map(of).collect()
}

/// All steps in the order in which they come: a step's branches before what follows it. The start comes first.
pub fn in_order(playbook: &Playbook) -> Vec<(&str, &Step)> {
    let roots = std::iter::once(playbook.workflow_start.as_str())
        .chain(playbook.workflow_exception.as_deref())
        .chain(playbook.workflow.keys().map(String::as_str));
    let (mut seen, mut order) = (std::collections::BTreeSet::new(), Vec::new());
    for root in roots {
        let mut open = vec![root];
        while let Some(id) = open.pop() {
            let Some((id, step)) = playbook.workflow.get_key_value(id) else { continue };
            if !seen.insert(id) {
                continue;
            }
            order.push((id.as_str(), step));
            let next = step.branches().into_iter().map(|(_, to)| to);
            let next: Vec<&str> = next.chain(step.next()).chain(step.on_failure.as_deref()).collect();
            open.extend(next.into_iter().rev());
        }
    }
    order
}
