//! Who may do what, and who may know.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use common::{at, line, user};
use domain::access::Via;
use domain::incident::Stage;
use domain::{Actor, ApiKeyId, Incident, IncidentId, IncidentType, Permission, Role, Severity, Tlp};

fn actor(number: i64, role: Role) -> Actor {
    Actor::User { user: user(number), name: line("Alice"), role, via: Via::Session }
}

#[test]
fn the_table_of_rights() {
    // administrator, incident manager, responder, observer
    let table = [
        (Permission::ManageUsers, "yes - - -"),
        (Permission::ManageKeys, "yes - - -"),
        (Permission::EditPlan, "yes yes - -"),
        (Permission::ReadPlan, "yes yes yes yes"),
        (Permission::Ingest, "yes yes yes -"),
        (Permission::ReadAlerts, "yes yes yes yes"),
        (Permission::TriageAlerts, "yes yes yes -"),
        (Permission::DeclareIncident, "yes yes yes -"),
        (Permission::ReadIncident, "yes yes yes yes"),
        (Permission::WorkIncident, "yes yes yes -"),
        (Permission::CommandIncident, "yes yes - -"),
        (Permission::ExportIncident, "yes yes - -"),
        (Permission::ReadAudit, "yes yes - -"),
    ];
    assert_eq!(table.map(|(permission, _)| permission).as_slice(), Permission::ALL);
    for (permission, row) in table {
        for (role, expected) in Role::ALL.iter().zip(row.split(' ')) {
            assert_eq!(role.may(permission), expected == "yes", "{role}: {permission}");
            let key = ApiKeyId::try_from(1).unwrap();
            let by_key = Actor::User { user: user(1), name: line("Bot"), role: *role, via: Via::ApiKey(key) };
            assert_eq!(by_key.may(permission), role.may(permission), "a key has its role's rights, no more");
        }
        assert!(Actor::Watchbell.may(permission));
    }
}

#[test]
fn need_to_know_stands_above_every_role() {
    for role in Role::ALL {
        let actor = actor(1, *role);
        assert!(actor.may_see(false, false), "{role}: an open incident");
        assert!(!actor.may_see(true, false), "{role}: a restricted incident of others");
        assert!(actor.may_see(true, true), "{role}: a restricted incident of theirs");
    }
    assert!(Actor::Watchbell.may_see(true, false));
}

#[test]
fn a_responder_in_command_commands_this_incident_and_no_other() {
    let incident = |commander| Incident {
        id: IncidentId::try_from(1).unwrap(),
        title: line("Phishing wave"),
        incident_type: IncidentType::Phishing,
        severity: Severity::Low,
        stage: Stage::Detection,
        commander,
        restricted: false,
        tlp: Tlp::Amber,
        declared_by: user(9),
        declared_at: at(0),
    };
    assert!(actor(1, Role::Responder).may_command(&incident(Some(user(1)))));
    assert!(!actor(1, Role::Responder).may_command(&incident(Some(user(2)))));
    assert!(!actor(1, Role::Responder).may_command(&incident(None)));
    assert!(!actor(1, Role::Observer).may_command(&incident(Some(user(1)))), "an observer only looks");
    assert!(actor(1, Role::IncidentManager).may_command(&incident(None)));
    assert!(Actor::Watchbell.may_command(&incident(None)));
}

#[test]
fn an_actor_has_a_name_for_the_record() {
    assert_eq!((actor(1, Role::Observer).name(), actor(1, Role::Observer).user()), ("Alice", Some(user(1))));
    assert_eq!((Actor::Watchbell.name(), Actor::Watchbell.user()), ("watchbell", None));
}
