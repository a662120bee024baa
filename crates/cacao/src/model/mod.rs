//! The objects of CACAO v2.0 as types. Each keeps what it does not know in `rest`, so that a document comes out as it
//! went in. Whether the values make sense is the check's business.

mod common;
mod party;
mod step;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use common::{
    CivicLocation, Contact, DataMarking, ExtensionDefinition, ExternalReference, ProcessingSummary,
    Signature, Variable,
};
pub use party::{AgentTarget, AuthenticationInfo};
pub use step::{
    Action, Command, CommandKind, IfCondition, Parallel, PlaybookAction, Step, StepKind, SwitchCondition,
    WhileCondition,
};

/// Extension properties by the identifier of their definition (§8).
pub type Extensions = BTreeMap<String, Value>;

/// A playbook (CACAO v2.0 §3.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Playbook {
    #[serde(rename = "type")]
    pub kind: String,
    pub spec_version: String,
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_types: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_activities: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_processing_summary: Option<ProcessingSummary>,
    pub created_by: String,
    pub created: String,
    pub modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub related_to: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub impact: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry_sectors: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_references: Option<Vec<ExternalReference>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub markings: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_variables: Option<BTreeMap<String, Variable>>,
    pub workflow_start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_exception: Option<String>,
    pub workflow: BTreeMap<String, Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook_extensions: Option<Extensions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_info_definitions: Option<BTreeMap<String, AuthenticationInfo>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_definitions: Option<BTreeMap<String, AgentTarget>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_definitions: Option<BTreeMap<String, AgentTarget>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension_definitions: Option<BTreeMap<String, ExtensionDefinition>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_marking_definitions: Option<BTreeMap<String, DataMarking>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Signature>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Playbook {
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.workflow.get(id)
    }

    pub fn agent(&self, id: &str) -> Option<&AgentTarget> {
        self.agent_definitions.as_ref()?.get(id)
    }

    pub fn target(&self, id: &str) -> Option<&AgentTarget> {
        self.target_definitions.as_ref()?.get(id)
    }

    pub fn authentication(&self, id: &str) -> Option<&AuthenticationInfo> {
        self.authentication_info_definitions.as_ref()?.get(id)
    }

    /// The playbook's own variables (§10.18.1), none where it has none.
    pub fn variables(&self) -> impl Iterator<Item = (&String, &Variable)> {
        self.playbook_variables.iter().flatten()
    }
}
