//! Who may do what. A role gives permissions by one table; an incident under need-to-know is further
//! closed to everyone who is not named in it, whatever the role. What follows from a refusal (a
//! missing object rather than a forbidden one) is the server's business.

use crate::incident::Incident;
use crate::words::words;
use crate::{ApiKeyId, Line, UserId};

words! {
    /// A user's role in Watchbell; not to be taken for a role of the plan.
    pub enum Role, "role" {
        Administrator: "administrator", "Administrator";
        IncidentManager: "incident_manager", "Incident manager";
        Responder: "responder", "Responder";
        Observer: "observer", "Observer";
    }
}

words! {
    pub enum Permission, "permission" {
        ManageUsers: "manage_users", "Manage users";
        ManageKeys: "manage_keys", "Manage API keys";
        EditPlan: "edit_plan", "Change the plan";
        ReadPlan: "read_plan", "Read the plan";
        Ingest: "ingest", "Send telemetry";
        ReadAlerts: "read_alerts", "Read alerts";
        TriageAlerts: "triage_alerts", "Triage alerts";
        DeclareIncident: "declare_incident", "Declare incidents";
        ReadIncident: "read_incident", "Read incidents";
        /// Tasks, entries, evidence, observables.
        WorkIncident: "work_incident", "Work on incidents";
        /// Phase, severity, closing, need-to-know, members.
        CommandIncident: "command_incident", "Command incidents";
        /// Bundles and reports that leave the house.
        ExportIncident: "export_incident", "Export incidents";
        ReadAudit: "read_audit", "Read the audit log";
    }
}

impl Role {
    /// The table of rights.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match (permission, self) {
            (P::ManageUsers | P::ManageKeys, Self::Administrator) => true,
            (P::ManageUsers | P::ManageKeys, _) => false,

            (P::EditPlan | P::CommandIncident | P::ExportIncident | P::ReadAudit, role) => {
                matches!(role, Self::Administrator | Self::IncidentManager)
            }

            (P::Ingest | P::TriageAlerts | P::DeclareIncident | P::WorkIncident, role) => {
                matches!(role, Self::Administrator | Self::IncidentManager | Self::Responder)
            }

            (P::ReadPlan | P::ReadAlerts | P::ReadIncident, _) => true,
        }
    }
}

/// How a person came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    Session,
    ApiKey(ApiKeyId),
}

/// Whoever acts. Every verb of the server takes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    User {
        user: UserId,
        name: Line,
        role: Role,
        via: Via,
    },
    /// Watchbell itself: rules that fire, clocks that run out. Nobody can come in as this.
    Watchbell,
}

impl Actor {
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User { user, .. } => Some(*user),
            Self::Watchbell => None,
        }
    }

    /// The name that stands in the record.
    pub fn name(&self) -> &str {
        match self {
            Self::User { name, .. } => name,
            Self::Watchbell => "watchbell",
        }
    }

    pub const fn may(&self, permission: Permission) -> bool {
        match self {
            Self::User { role, .. } => role.may(permission),
            Self::Watchbell => true,
        }
    }

    /// Whether this actor may know of an incident at all. Need-to-know stands above every role.
    pub const fn may_see(&self, restricted: bool, is_member: bool) -> bool {
        match self {
            Self::User { role, .. } => role.may(Permission::ReadIncident) && (is_member || !restricted),
            Self::Watchbell => true,
        }
    }

    /// Whether this actor may steer the incident: by role, or because they command it. To be asked after
    /// [`Actor::may_see`].
    pub fn may_command(&self, incident: &Incident) -> bool {
        self.may(Permission::CommandIncident)
            || (self.may(Permission::WorkIncident)
                && incident.commander.is_some()
                && incident.commander == self.user())
    }
}
