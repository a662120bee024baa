//! Who acts and how they reach each other: the plan's roles, its stakeholders and its channels. People
//! are put into roles by the roster, which is not part of the plan.

use serde::{Deserialize, Serialize};

use super::key::{ChannelKey, RoleKey};
use crate::words::words;
use crate::{Line, Text};

/// One entry of `roles.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRole {
    pub id: RoleKey,
    pub title: Line,
    /// What this role does, and may decide alone.
    pub responsibilities: Vec<Text>,
    /// The roles that stand in, first choice first.
    #[serde(default)]
    pub alternates: Vec<RoleKey>,
    /// Up the chain of command; nobody for the one at its top.
    #[serde(default)]
    pub reports_to: Option<RoleKey>,
}

/// Somebody who has a stake in how an incident goes, inside or outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stakeholder {
    pub name: Line,
    /// What they need from the response.
    pub interest: Text,
    /// The role that speaks with them.
    #[serde(default)]
    pub contact: Option<RoleKey>,
}

words! {
    pub enum ChannelKind, "kind of channel" {
        Chat: "chat", "Chat";
        Mail: "mail", "Mail";
        Phone: "phone", "Phone";
        Conference: "conference", "Conference call";
        Sms: "sms", "SMS";
        Radio: "radio", "Radio or pager";
        InPerson: "in_person", "In person";
    }
}

/// A way for responders to speak with each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub id: ChannelKey,
    pub name: Line,
    pub kind: ChannelKind,
    /// When it is used and what for.
    pub purpose: Text,
    /// Number, room or link; left out in a plan that is shipped.
    #[serde(default)]
    pub address: Option<Line>,
}

/// `channels.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channels {
    pub primary: Vec<Channel>,
    /// What is left when the organisation's own network and identities cannot be trusted.
    pub out_of_band: Vec<Channel>,
    /// The signs upon which everyone leaves the primary channels.
    pub switch_when: Text,
}

impl Channels {
    pub fn all(&self) -> impl Iterator<Item = &Channel> {
        self.primary.iter().chain(&self.out_of_band)
    }
}
