//! Who executes and what is acted on: agents and targets (CACAO v2.0 §7), and how they know us (§6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{CivicLocation, Contact, Extensions};

/// An agent or a target (§7). All ten types in one: what a type does not have is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentTarget {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<CivicLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_target_extensions: Option<Extensions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Addresses by their kind: `dname`, `ipv4`, `ipv6`, `l2mac`, `vlan`, `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<BTreeMap<String, Vec<Value>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl AgentTarget {
    /// Its first address of a kind that names a host, with that kind: a URL before a name before a number.
    pub fn host(&self) -> Option<(&str, &str)> {
        let addresses = self.address.as_ref()?;
        ["url", "dname", "ipv4", "ipv6"].into_iter().find_map(|kind| {
            let first = addresses.get(kind)?.first()?.as_str()?;
            Some((kind, first))
        })
    }

    /// Whether it is somebody or some place, not a machine.
    pub fn is_people(&self) -> bool {
        matches!(self.kind.as_str(), "group" | "individual" | "location" | "organization" | "sector")
    }
}

/// How a target knows us (§6). What is secret in it is never written out: it is named by `kms_key_identifier`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthenticationInfo {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_header: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key_identifier: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl AuthenticationInfo {
    /// The name under which the secret is kept; nothing where none is named.
    pub fn reference(&self) -> Option<&str> {
        self.kms_key_identifier.as_deref().filter(|_| self.kms == Some(true))
    }

    /// Who signs in.
    pub fn user(&self) -> Option<&str> {
        self.username.as_deref().or(self.user_id.as_deref())
    }
}
