//! A run as people see it: its steps with how they stand, what waits for somebody, and the figure in its colours.

use std::collections::BTreeMap;

use cacao::{Doubt, Effect, Flight, Look, Phase, Playbook, Status, Strand, VisitResult};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

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
    /// The names of the values to type in.
    pub outputs: Vec<OutputView>,
    /// How many have said yes so far, and how many must.
    pub said_yes: Option<usize>,
    pub quorum: Option<u32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// A value that a step gives.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OutputView {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub description: Option<String>,
}

pub fn detail(run: &Record, playbook: &Playbook) -> RunDetail {
    RunDetail {
        run: run.view(),
        steps: steps(run, playbook),
        waiting: waits(run, playbook),
        values: run.state.values().map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).collect(),
        undoable: run.state.is_over() && !run.state.undoable(playbook).is_empty(),
    }
}

fn title(playbook: &Playbook, id: &str) -> String {
    playbook.step(id).map_or_else(|| id.to_owned(), |step| step.title().to_owned())
}

fn steps(run: &Record, playbook: &Playbook) -> Vec<StepView> {
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
            VisitResult::Failed { failure } => Some(failure.message.clone()),
            _ => None,
        },
        outputs: visit.outputs.clone(),
        undoes: visit.undoes.is_some(),
        entered: visit.entered,
        left: visit.left,
    };
    run.state.visits().iter().map(view).collect()
}

fn waits(run: &Record, playbook: &Playbook) -> Vec<Wait> {
    let mut waits: Vec<Wait> = doubts(run, playbook);
    for effect in run.state.pending(playbook) {
        if let Effect::Approve { key, step, role, quorum, until } = effect {
            let yes = run.state.strands().find_map(|strand| match &strand.phase {
                Phase::Approval { yes, .. } if strand.step == step => Some(yes.len()),
                _ => None,
            });
            waits.push(Wait {
                kind: "approval",
                key: key.to_string(),
                title: title(playbook, &step),
                text: playbook.step(&step).and_then(|step| step.description.clone()).unwrap_or_default(),
                step,
                target: None,
                role: Some(role),
                outputs: Vec::new(),
                said_yes: Some(yes.unwrap_or(0)),
                quorum: Some(quorum),
                until,
            });
        }
    }
    for (key, strand, call) in run.state.open_calls().filter(|(_, _, call)| call.kind == "manual") {
        let step = playbook.step(&strand.step);
        waits.push(Wait {
            kind: "manual",
            key: key.to_string(),
            step: strand.step.clone(),
            title: title(playbook, &strand.step),
            text: call.command.clone(),
            target: Some(call.target_name.clone()),
            role: step.and_then(|step| step.policy().ok()).and_then(|policy| policy.role),
            outputs: outputs(playbook, step),
            said_yes: None,
            quorum: None,
            until: strand.due,
        });
    }
    waits
}

fn doubts(run: &Record, playbook: &Playbook) -> Vec<Wait> {
    let of = |(key, step, why): (cacao::Key, String, Doubt)| {
        let call = run.state.strands().find_map(|strand| match &strand.phase {
            Phase::Act { call, flight: Flight::Doubt { .. }, .. } if strand.step == step => Some(call.as_ref()),
            _ => None,
        });
        let why = match why {
            Doubt::Interrupted => "the server went down while it was under way".to_owned(),
            Doubt::TimedOut => "its time ran out while it was under way".to_owned(),
            Doubt::Unknown(why) => why,
        };
        Wait {
            kind: "doubt",
            key: key.to_string(),
            title: title(playbook, &step),
            text: match call {
                Some(call) => format!("{why}:\n{}", call.command),
                None => why,
            },
            target: call.map(|call| call.target_name.clone()),
            role: None,
            outputs: outputs(playbook, playbook.step(&step)),
            said_yes: None,
            quorum: None,
            until: None,
            step,
        }
    };
    run.state.doubts().into_iter().map(of).collect()
}

fn outputs(playbook: &Playbook, step: Option<&cacao::Step>) -> Vec<OutputView> {
    let names = step.map(cacao::Step::out_args).unwrap_or_default();
    let find = |name: &String| {
        let own = step.and_then(|step| step.step_variables.as_ref()).and_then(|own| own.get(name));
        let variable = own.or_else(|| playbook.playbook_variables.as_ref()?.get(name))?;
        Some(OutputView { name: name.clone(), kind: variable.kind.clone(), description: variable.description.clone() })
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
        Effect::Playbook { step, playbook: called, .. } => (title(playbook, step), format!("playbook {called}"), None),
        Effect::Wake { .. } => (String::new(), String::new(), None),
    };
    rehearsal.effects.iter().map(of).collect()
}
