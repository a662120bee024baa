//! The data types that many objects share (CACAO v2.0 §10), markings (§9), extensions (§8) and signatures (§10.15).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A variable (§10.18).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variable {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Outer nothing: not given. `null` is given, and means unknown.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<bool>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Variable {
    /// Its value as text; nothing where it is unknown. An object is its JSON.
    pub fn text(&self) -> Option<String> {
        match self.value.as_ref()? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        }
    }

    pub fn is_constant(&self) -> bool {
        self.constant.unwrap_or(false)
    }

    pub fn is_external(&self) -> bool {
        self.external.unwrap_or(false)
    }
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// A reference to something outside (§10.9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExternalReference {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How to reach somebody (§10.6).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_details: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A place on Earth (§10.4). Its properties are all text, and are kept as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CivicLocation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What a playbook makes use of (§10.14); all of them booleans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessingSummary {
    #[serde(flatten)]
    pub features: Map<String, Value>,
}

/// How data may be handled (§9).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataMarking {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlpv2_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What an extension is and who made it (§8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtensionDefinition {
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A seal on a playbook, or on another seal (§10.15).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    pub created: String,
    pub modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<bool>,
    pub signee: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    pub related_to: String,
    pub related_version: String,
    pub hash_algorithm: String,
    pub algorithm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_cert_chain: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbprint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A seal on this seal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<Signature>>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}
