//! The steps of a workflow (CACAO v2.0 §4) and the commands of action steps (§5).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extensions, ExternalReference, Variable};

/// A step: what all have in common, and what its type adds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_references: Option<Vec<ExternalReference>>,
    /// Milliseconds to wait before the step begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
    /// Milliseconds after which the step has failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_variables: Option<BTreeMap<String, Variable>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_completion: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_extensions: Option<Extensions>,
    #[serde(flatten)]
    pub kind: StepKind,
}

/// What a step does. What a type does not know stays in its `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum StepKind {
    Start(Rest),
    End(Rest),
    Action(Action),
    PlaybookAction(PlaybookAction),
    Parallel(Parallel),
    IfCondition(IfCondition),
    WhileCondition(WhileCondition),
    SwitchCondition(SwitchCondition),
}

/// What nobody knows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rest {
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An action step (§4.5).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    pub commands: Vec<Command>,
    pub agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub targets: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_args: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_args: Option<Vec<String>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A step that runs another playbook (§4.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlaybookAction {
    pub playbook_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_args: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_args: Option<Vec<String>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Branches at the same time (§4.7).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parallel {
    pub next_steps: Vec<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A branch where a condition holds, another where not (§4.8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IfCondition {
    pub condition: String,
    pub on_true: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_false: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A branch again and again while a condition holds (§4.9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhileCondition {
    pub condition: String,
    pub on_true: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A branch by a variable's value (§4.10).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SwitchCondition {
    pub switch: String,
    pub cases: BTreeMap<String, String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Step {
    /// The step's type as CACAO writes it.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            StepKind::Start(_) => "start",
            StepKind::End(_) => "end",
            StepKind::Action(_) => "action",
            StepKind::PlaybookAction(_) => "playbook-action",
            StepKind::Parallel(_) => "parallel",
            StepKind::IfCondition(_) => "if-condition",
            StepKind::WhileCondition(_) => "while-condition",
            StepKind::SwitchCondition(_) => "switch-condition",
        }
    }

    /// What to call it: its name, or its type where it has none.
    pub fn title(&self) -> &str {
        match self.name.as_deref().map(str::trim) {
            Some(name) if !name.is_empty() => name,
            _ => self.type_name(),
        }
    }

    /// The step after this one, once it has succeeded.
    pub fn next(&self) -> Option<&str> {
        self.on_success.as_deref().or(self.on_completion.as_deref())
    }

    /// The names that the step gives values to.
    pub fn out_args(&self) -> &[String] {
        match &self.kind {
            StepKind::Action(action) => action.out_args.as_deref().unwrap_or_default(),
            StepKind::PlaybookAction(action) => action.out_args.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The names that the step says it reads.
    pub fn in_args(&self) -> &[String] {
        match &self.kind {
            StepKind::Action(action) => action.in_args.as_deref().unwrap_or_default(),
            StepKind::PlaybookAction(action) => action.in_args.as_deref().unwrap_or_default(),
            _ => &[],
        }
    }

    /// The first steps of the step's branches, with the word that chooses each.
    pub fn branches(&self) -> Vec<(String, &str)> {
        match &self.kind {
            StepKind::Parallel(step) => step
                .next_steps
                .iter()
                .enumerate()
                .map(|(place, id)| ((place + 1).to_string(), id.as_str()))
                .collect(),
            StepKind::IfCondition(step) => {
                let otherwise = step.on_false.as_deref().map(|id| ("no".to_owned(), id));
                std::iter::once(("yes".to_owned(), step.on_true.as_str())).chain(otherwise).collect()
            }
            StepKind::WhileCondition(step) => vec![("each time".to_owned(), step.on_true.as_str())],
            StepKind::SwitchCondition(step) => {
                step.cases.iter().map(|(case, id)| (case.clone(), id.as_str())).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A command (§5). All types in one: what a type does not have is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_activity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_references: Option<Vec<ExternalReference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_b64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_b64: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// The command types of the vocabulary (§5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CommandKind {
    Manual,
    Bash,
    CalderaCmd,
    Elastic,
    HttpApi,
    Jupyter,
    Kestrel,
    Openc2Http,
    Powershell,
    Sigma,
    Ssh,
    Yara,
}

impl CommandKind {
    pub const ALL: [Self; 12] = [
        Self::Manual,
        Self::Bash,
        Self::CalderaCmd,
        Self::Elastic,
        Self::HttpApi,
        Self::Jupyter,
        Self::Kestrel,
        Self::Openc2Http,
        Self::Powershell,
        Self::Sigma,
        Self::Ssh,
        Self::Yara,
    ];

    /// The type as CACAO writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Bash => "bash",
            Self::CalderaCmd => "caldera-cmd",
            Self::Elastic => "elastic",
            Self::HttpApi => "http-api",
            Self::Jupyter => "jupyter",
            Self::Kestrel => "kestrel",
            Self::Openc2Http => "openc2-http",
            Self::Powershell => "powershell",
            Self::Sigma => "sigma",
            Self::Ssh => "ssh",
            Self::Yara => "yara",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Command {
    pub fn known_kind(&self) -> Option<CommandKind> {
        CommandKind::named(&self.kind)
    }

    /// What is to be executed, decoded where it was encoded.
    ///
    /// # Errors
    /// Where there is neither `command` nor `command_b64`, or the latter does not decode to text.
    pub fn text(&self) -> Result<String, &'static str> {
        match (&self.command, &self.command_b64) {
            (Some(command), None) => Ok(command.clone()),
            (_, Some(encoded)) => decode(encoded),
            (None, None) => Err("there is neither `command` nor `command_b64`"),
        }
    }

    /// The body that is sent, decoded where it was encoded; nothing where there is none.
    ///
    /// # Errors
    /// Where `content_b64` does not decode to text.
    pub fn body(&self) -> Result<Option<String>, &'static str> {
        match (&self.content, &self.content_b64) {
            (_, Some(encoded)) => decode(encoded).map(Some),
            (content, None) => Ok(content.clone()),
        }
    }
}

fn decode(encoded: &str) -> Result<String, &'static str> {
    use base64::Engine;
    let packed: String = encoded.split_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .map_err(|_| "what should be base64 (RFC 4648 §4) is not")?;
    String::from_utf8(bytes).map_err(|_| "the decoded text is not UTF-8")
}
