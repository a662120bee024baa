//! The tables of CACAO v2.0: an object, a table. Where two objects share properties, each names them all, so that a
//! table can be held against the schema line by line.

use super::Kind::{Any, Bool, ByType, Dict, Held, Id, List, Object, Open, Text, Time, Whole, Word};
use super::{Field, Key, Kind, Otherwise, Shape, may, must, words};

const NO: &[&str] = &[];
const STEP_IDS: &[&str] = words::STEPS;
const PLAYBOOK_IDS: &[&str] = &["playbook"];
const IDENTITY_IDS: &[&str] = &["identity"];
const EXTENSION_IDS: &[&str] = &["extension-definition"];
const ANY_NUMBER: Kind = Whole(0, u64::MAX);

static TEXTS: Kind = Text;
static IDS: Kind = Id(NO);
static STEP_LINK: Kind = Id(STEP_IDS);
static EXTENSION: Kind = Dict(Key::Any, &ANYTHING, 0);
static ANYTHING: Kind = Any;
static TEXT_LIST: Kind = List(&TEXTS, 0);
static REFERENCE: Kind = Object(&EXTERNAL_REFERENCE);
static VARIABLE_KIND: Kind = Object(&VARIABLE);
static SIGNATURE_KIND: Kind = Object(&SIGNATURE);
static PLAYBOOK_TYPE: Kind = Open(words::PLAYBOOK_TYPES);
static ACTIVITY: Kind = Open(words::ACTIVITIES);
static SECTOR: Kind = Open(words::SECTORS);
static CATEGORY: Kind = Open(words::CATEGORIES);
static VLAN: Kind = Whole(0, 4095);

const EXTENSIONS: Kind = Dict(Key::Id(EXTENSION_IDS), &EXTENSION, 1);
const REFERENCES: Kind = List(&REFERENCE, 1);
const VARIABLES: Kind = Dict(Key::Variable, &VARIABLE_KIND, 0);

pub(super) static PLAYBOOK: Shape = Shape {
    name: "a playbook",
    fields: &[
        must("type", Word(&["playbook"])),
        must("spec_version", Word(&["cacao-2.0"])),
        must("id", Id(PLAYBOOK_IDS)),
        must("name", Text),
        may("description", Text),
        may("playbook_types", List(&PLAYBOOK_TYPE, 0)),
        may("playbook_activities", List(&ACTIVITY, 1)),
        may("playbook_processing_summary", Object(&SUMMARY)),
        must("created_by", Id(IDENTITY_IDS)),
        must("created", Time),
        must("modified", Time),
        may("revoked", Bool),
        may("valid_from", Time),
        may("valid_until", Time),
        may("derived_from", List(&IDS, 1)),
        may("related_to", List(&IDS, 1)),
        may("priority", Whole(0, 100)),
        may("severity", Whole(0, 100)),
        may("impact", Whole(0, 100)),
        may("industry_sectors", List(&SECTOR, 1)),
        may("labels", List(&TEXTS, 1)),
        may("external_references", REFERENCES),
        may("markings", List(&IDS, 1)),
        may("playbook_variables", VARIABLES),
        must("workflow_start", Id(&["start"])),
        may("workflow_exception", Id(STEP_IDS)),
        must("workflow", Dict(Key::SameType(words::STEPS), &STEP, 0)),
        may("playbook_extensions", EXTENSIONS),
        may(
            "authentication_info_definitions",
            Dict(Key::SameType(words::AUTHENTICATIONS), &AUTHENTICATION, 1),
        ),
        may("agent_definitions", Dict(Key::SameType(words::PARTIES), &PARTY, 1)),
        may("target_definitions", Dict(Key::SameType(words::PARTIES), &PARTY, 1)),
        may("extension_definitions", Dict(Key::Id(EXTENSION_IDS), &EXTENSION_DEFINITION_KIND, 0)),
        may("data_marking_definitions", Dict(Key::SameType(words::MARKINGS), &MARKING, 0)),
        may("signatures", List(&SIGNATURE_KIND, 1)),
    ],
};

static STEP: Kind = ByType(
    &[
        ("start", &START),
        ("end", &END),
        ("action", &ACTION),
        ("playbook-action", &PLAYBOOK_ACTION),
        ("parallel", &PARALLEL),
        ("if-condition", &IF),
        ("while-condition", &WHILE),
        ("switch-condition", &SWITCH),
    ],
    Otherwise::Refuse("a step"),
);

/// What all steps have, with what one adds.
macro_rules! step {
    ($name:literal, [$($links:expr),*], [$($more:expr),*]) => {
        Shape {
            name: $name,
            fields: &[
                must("type", Text),
                may("name", Text),
                may("description", Text),
                may("external_references", REFERENCES),
                may("delay", Whole(1, u64::MAX)),
                may("timeout", ANY_NUMBER),
                may("step_variables", VARIABLES),
                may("owner", Id(IDENTITY_IDS)),
                may("step_extensions", EXTENSIONS),
                $($links,)*
                $($more,)*
            ],
        }
    };
}

const COMPLETION: Field = may("on_completion", Id(STEP_IDS));
const SUCCESS: Field = may("on_success", Id(STEP_IDS));
const FAILURE: Field = may("on_failure", Id(STEP_IDS));

static START: Shape = step!("a start step", [COMPLETION], []);
static END: Shape = step!("an end step", [], []);
static ACTION: Shape = step!(
    "an action step",
    [COMPLETION, SUCCESS, FAILURE],
    [
        must("commands", List(&COMMAND, 1)),
        must("agent", Id(NO)),
        may("targets", List(&IDS, 1)),
        may("in_args", List(&TEXTS, 1)),
        may("out_args", List(&TEXTS, 1))
    ]
);
static PLAYBOOK_ACTION: Shape = step!(
    "a playbook-action step",
    [COMPLETION, SUCCESS, FAILURE],
    [
        must("playbook_id", Id(PLAYBOOK_IDS)),
        may("playbook_version", Time),
        may("in_args", List(&TEXTS, 1)),
        may("out_args", List(&TEXTS, 1))
    ]
);
static PARALLEL: Shape =
    step!("a parallel step", [COMPLETION, SUCCESS, FAILURE], [must("next_steps", List(&STEP_LINK, 2))]);
static IF: Shape = step!(
    "an if-condition step",
    [COMPLETION, SUCCESS, FAILURE],
    [must("condition", Text), must("on_true", Id(STEP_IDS)), may("on_false", Id(STEP_IDS))]
);
static WHILE: Shape = step!(
    "a while-condition step",
    [COMPLETION, SUCCESS, FAILURE],
    [must("condition", Text), must("on_true", Id(STEP_IDS))]
);
static SWITCH: Shape = step!(
    "a switch-condition step",
    [COMPLETION, SUCCESS, FAILURE],
    [must("switch", Text), must("cases", Dict(Key::Any, &STEP_LINK, 0))]
);

static COMMAND: Kind = ByType(
    &[
        ("manual", &COMMAND_TEXT),
        ("bash", &COMMAND_TEXT),
        ("caldera-cmd", &COMMAND_TEXT),
        ("powershell", &COMMAND_TEXT),
        ("ssh", &COMMAND_TEXT),
        ("elastic", &COMMAND_B64),
        ("jupyter", &COMMAND_B64),
        ("kestrel", &COMMAND_B64),
        ("sigma", &COMMAND_B64),
        ("yara", &COMMAND_B64),
        ("http-api", &HTTP_API),
        ("openc2-http", &OPENC2_HTTP),
    ],
    Otherwise::Base(&COMMAND_BASE),
);

macro_rules! command {
    ($name:literal, [$($more:expr),*]) => {
        Shape {
            name: $name,
            fields: &[
                must("type", Text),
                may("description", Text),
                may("version", Text),
                may("playbook_activity", Open(words::ACTIVITIES)),
                may("external_references", List(&REFERENCE, 0)),
                $($more,)*
            ],
        }
    };
}

static COMMAND_BASE: Shape = command!("a command", []);
static COMMAND_TEXT: Shape = command!("a command", [may("command", Text), may("command_b64", Text)]);
static COMMAND_B64: Shape = command!("a command of this type", [must("command_b64", Text)]);
static HTTP_API: Shape = command!(
    "an http-api command",
    [
        must("command", Text),
        may("headers", Dict(Key::Any, &TEXT_LIST, 0)),
        may("content", Text),
        may("content_b64", Text)
    ]
);
static OPENC2_HTTP: Shape = command!(
    "an openc2-http command",
    [must("command", Text), must("content_b64", Text), may("headers", Dict(Key::Any, &TEXT_LIST, 0))]
);

static PARTY: Kind = ByType(
    &[
        ("group", &PEOPLE),
        ("individual", &PEOPLE),
        ("organization", &PEOPLE),
        ("location", &PLACE),
        ("sector", &SECTOR_PARTY),
        ("http-api", &HOST),
        ("ssh", &HOST),
        ("linux", &HOST),
        ("net-address", &NET_ADDRESS),
        ("security-category", &SECURITY_CATEGORY),
    ],
    Otherwise::Base(&PARTY_BASE),
);

macro_rules! party {
    ($name:literal, [$($more:expr),*]) => {
        Shape {
            name: $name,
            fields: &[
                must("type", Text),
                must("name", Text),
                may("description", Text),
                may("location", Object(&LOCATION)),
                may("agent_target_extensions", EXTENSIONS),
                $($more,)*
            ],
        }
    };
}

static PARTY_BASE: Shape = party!("an agent or target", []);
static PEOPLE: Shape = party!("an agent or target of this type", [may("contact", Object(&CONTACT))]);
static PLACE: Shape = party!("a location", []);
static SECTOR_PARTY: Shape = party!("a sector", [must("sector", Open(words::SECTORS))]);
static HOST: Shape = party!(
    "an agent or target of this type",
    [
        must("address", Object(&ADDRESS)),
        may("port", Text),
        may("authentication_info", Id(NO)),
        may("category", List(&CATEGORY, 1))
    ]
);
static NET_ADDRESS: Shape = party!(
    "a net-address",
    [
        must("address", Object(&ADDRESS)),
        may("authentication_info", Id(NO)),
        may("category", List(&CATEGORY, 1))
    ]
);
static SECURITY_CATEGORY: Shape = party!("a security category", [must("category", List(&CATEGORY, 1))]);

static ADDRESS: Shape = Shape {
    name: "an address",
    fields: &[
        may("dname", TEXT_LIST_0),
        may("ipv4", TEXT_LIST_0),
        may("ipv6", TEXT_LIST_0),
        may("l2mac", TEXT_LIST_0),
        may("url", TEXT_LIST_0),
        may("vlan", List(&VLAN, 0)),
    ],
};
const TEXT_LIST_0: Kind = List(&TEXTS, 0);

static LOCATION: Shape = Shape {
    name: "a location",
    fields: &[
        may("name", Text),
        may("description", Text),
        may("building_details", Text),
        may("network_details", Text),
        may("region", Word(words::REGIONS)),
        may("country", Text),
        may("administrative_area", Text),
        may("city", Text),
        may("street_address", Text),
        may("postal_code", Text),
        may("latitude", Text),
        may("longitude", Text),
        may("precision", Text),
    ],
};

static CONTACT: Shape = Shape {
    name: "a contact",
    fields: &[
        may("email", Dict(Key::Any, &TEXTS, 0)),
        may("phone", Dict(Key::Any, &TEXTS, 0)),
        may("contact_details", Text),
    ],
};

static AUTHENTICATION: Kind = ByType(
    &[("http-basic", &HTTP_BASIC), ("oauth2", &OAUTH2), ("user-auth", &USER_AUTH)],
    Otherwise::Base(&AUTHENTICATION_BASE),
);

macro_rules! authentication {
    ($name:literal, [$($more:expr),*]) => {
        Shape {
            name: $name,
            fields: &[
                must("type", Text),
                may("name", Text),
                may("description", Text),
                may("authentication_info_extensions", EXTENSIONS),
                $($more,)*
            ],
        }
    };
}

static AUTHENTICATION_BASE: Shape = authentication!("an authentication object", []);
static HTTP_BASIC: Shape = authentication!(
    "an http-basic object",
    [may("user_id", Text), may("password", Text), may("kms", Bool), may("kms_key_identifier", Text)]
);
static OAUTH2: Shape = authentication!(
    "an oauth2 object",
    [must("oauth_header", Text), must("token", Text), may("kms", Bool), may("kms_key_identifier", Text)]
);
static USER_AUTH: Shape = authentication!(
    "a user-auth object",
    [may("username", Text), may("password", Text), may("kms", Bool), may("kms_key_identifier", Text)]
);

static MARKING: Kind = ByType(
    &[
        ("marking-tlp", &MARKING_TLP),
        ("marking-statement", &MARKING_STATEMENT),
        ("marking-iep", &MARKING_IEP),
    ],
    Otherwise::Refuse("a data marking"),
);

macro_rules! marking {
    ($name:literal, [$($more:expr),*]) => {
        Shape {
            name: $name,
            fields: &[
                must("type", Text),
                must("id", Id(words::MARKINGS)),
                must("created_by", Id(IDENTITY_IDS)),
                must("created", Time),
                may("revoked", Bool),
                may("valid_from", Time),
                may("valid_until", Time),
                may("labels", List(&TEXTS, 1)),
                may("marking_extensions", EXTENSIONS),
                $($more,)*
            ],
        }
    };
}

static MARKING_TLP: Shape = marking!(
    "a TLP marking",
    [
        may("name", Text),
        may("description", Text),
        may("external_references", REFERENCES),
        must("tlpv2_level", Word(words::TLP))
    ]
);
static MARKING_STATEMENT: Shape = marking!(
    "a statement marking",
    [
        may("name", Text),
        may("description", Text),
        may("external_references", REFERENCES),
        must("statement", Text)
    ]
);
static MARKING_IEP: Shape = marking!(
    "an IEP marking",
    [
        must("name", Text),
        must("description", Text),
        must("tlp", Text),
        must("iep_version", ANY_NUMBER),
        must("start_date", Time),
        must("end_date", Any),
        must("encrypt_in_transit", Text),
        must("permitted_actions", Text),
        must("affected_party_notifications", Text),
        must("attribution", Text),
        must("unmodified_resale", Text),
        must("external_references", Any)
    ]
);

static EXTENSION_DEFINITION_KIND: Kind = Object(&EXTENSION_DEFINITION);
static EXTENSION_DEFINITION: Shape = Shape {
    name: "an extension definition",
    fields: &[
        must("type", Word(&["extension-definition"])),
        must("name", Text),
        may("description", Text),
        must("created_by", Id(IDENTITY_IDS)),
        must("schema", Text),
        must("version", Text),
        may("external_references", List(&REFERENCE, 0)),
    ],
};

static EXTERNAL_REFERENCE: Shape = Shape {
    name: "an external reference",
    fields: &[
        must("name", Text),
        may("description", Text),
        may("source", Text),
        may("url", Text),
        may("external_id", Text),
        may("reference_id", Text),
    ],
};

static VARIABLE: Shape = Shape {
    name: "a variable",
    fields: &[
        must("type", Open(words::VARIABLES)),
        may("description", Text),
        may("value", Held),
        may("constant", Bool),
        may("external", Bool),
    ],
};

static SUMMARY: Shape = Shape {
    name: "a processing summary",
    fields: &[
        may("manual_playbook", Bool),
        may("external_playbooks", Bool),
        may("parallel_processing", Bool),
        may("if_logic", Bool),
        may("while_logic", Bool),
        may("switch_logic", Bool),
        may("temporal_logic", Bool),
        may("data_markings", Bool),
        may("digital_signatures", Bool),
        may("countersigned_signatures", Bool),
        may("extensions", Bool),
    ],
};

static SIGNATURE: Shape = Shape {
    name: "a signature",
    fields: &[
        must("type", Word(&["jss"])),
        must("id", Id(NO)),
        may("created_by", Id(IDENTITY_IDS)),
        must("created", Time),
        must("modified", Time),
        may("revoked", Bool),
        must("signee", Text),
        may("valid_from", Time),
        may("valid_until", Time),
        must("related_to", Id(NO)),
        must("related_version", Time),
        must("hash_algorithm", Text),
        must("algorithm", Open(words::SIGNATURES)),
        may("public_key", Text),
        may("public_cert_chain", List(&TEXTS, 1)),
        may("cert_url", Text),
        may("thumbprint", Text),
        must("value", Text),
        may("signature", Object(&SIGNATURE)),
    ],
};
