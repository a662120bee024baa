//! The names by which the plan's parts refer to each other.

use crate::key::keys;

keys! {
    RoleKey = "the id of a role", "incident_commander";
    ChannelKey = "the id of a channel", "crisis_bridge";
    ProcedureKey = "the id of a procedure", "ransomware";
    StepKey = "the id of a step", "isolate_host";
    ActionKey = "the id of an action", "open_bridge";
    NotificationKey = "the id of a notification rule", "declared_high";
    MetricKey = "the id of a metric", "time_to_contain";
}
