//! What the forms of the plan's parts ask for, in the order of the files: one table for each part.

/// Where the words of a choice come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    Roles,
    Channels,
    Actions,
    Severities,
    Types,
    Phases,
    Triggers,
    Kinds,
    Acts,
    Measures,
    Functional,
    Information,
    Recoverability,
}

#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Line,
    Text,
    /// Such as `30m`, `4h`, `2d`.
    Period,
    Date,
    Choice(From),
    /// Some of few, in no order.
    Many(From),
    /// Some of many, the first choice first.
    Picks(From),
    /// Short names, written with commas between them.
    Codes,
    /// A list of texts, each for itself.
    Texts,
    /// A list of short lines, each for itself.
    Lines,
    Record(&'static [Field]),
    /// A list of records; the second is the field that names one.
    List(&'static [Field], &'static str),
}

#[derive(Debug, Clone, Copy)]
pub struct Field {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    pub shape: Shape,
    pub needed: bool,
}

const fn field(name: &'static str, label: &'static str, help: &'static str, shape: Shape) -> Field {
    Field { name, label, help, shape, needed: true }
}

const fn may(name: &'static str, label: &'static str, help: &'static str, shape: Shape) -> Field {
    Field { name, label, help, shape, needed: false }
}

use Shape::{Choice, Codes, Date, Line, Lines, List, Many, Period, Picks, Record, Text, Texts};

const ID: Field = field("id", "Id", "Small letters, digits and _; other parts refer to it", Line);

pub const PLAN: Shape = Record(&[
    field("name", "Name", "", Line),
    field("version", "Your version", "Such as 1.2.0", Line),
    may("organisation", "Organisation", "", Line),
    may("approvers", "Approvers", "The roles whose word puts the next version in force", Picks(From::Roles)),
    may("time_zone", "Time zone", "Such as Europe/Stockholm", Line),
    may(
        "valid",
        "Meant to hold",
        "",
        Record(&[may("from", "From", "", Date), may("until", "Until", "", Date)]),
    ),
    field("purpose", "Purpose", "", Text),
    field("scope", "Scope", "What the plan covers, whom it binds, and what it does not cover", Text),
    field("objectives", "Objectives", "", Texts),
    field("authority", "Authority", "Who may declare, isolate, shut down, speak and pay", Text),
    field(
        "definitions",
        "Definitions",
        "",
        List(&[field("term", "Term", "", Line), field("meaning", "Meaning", "", Text)], "term"),
    ),
    field(
        "stakeholders",
        "Stakeholders",
        "",
        List(
            &[
                field("name", "Name", "", Line),
                field("interest", "What they need", "", Text),
                may("contact", "Who speaks with them", "", Choice(From::Roles)),
            ],
            "name",
        ),
    ),
    may(
        "approval",
        "Approved outside Watchbell",
        "",
        Record(&[may("by", "By", "", Line), may("on", "On", "", Date)]),
    ),
]);

pub const ROLES: Shape = List(
    &[
        ID,
        field("title", "Title", "", Line),
        field("responsibilities", "Responsibilities", "What the role does, and may decide alone", Texts),
        field("alternates", "Alternates", "First choice first", Picks(From::Roles)),
        may("reports_to", "Reports to", "Nobody for the one at the top", Choice(From::Roles)),
    ],
    "title",
);

const CHANNEL: &[Field] = &[
    ID,
    field("name", "Name", "", Line),
    field("kind", "Kind", "", Choice(From::Kinds)),
    field("purpose", "Used for", "", Text),
    may("address", "Address", "Number, room or link", Line),
];

pub const CHANNELS: Shape = Record(&[
    field("primary", "Primary channels", "", List(CHANNEL, "name")),
    field("out_of_band", "Out-of-band channels", "What is left when our own network cannot be trusted", List(CHANNEL, "name")),
    field("switch_when", "When to leave the primary channels", "Markdown", Text),
]);

const WHEN: &[Field] = &[
    may("functional", "Functional impact", "Any if none is ticked", Many(From::Functional)),
    may("information", "Information impact", "Any if none is ticked", Many(From::Information)),
    may("recoverability", "Recoverability", "Any if none is ticked", Many(From::Recoverability)),
];

pub const SEVERITY: Shape = Record(&[
    field(
        "matrix",
        "Rules of the matrix",
        "The first rule that holds decides",
        List(
            &[
                may("when", "When", "", Record(WHEN)),
                field("severity", "Severity", "", Choice(From::Severities)),
                field("because", "Because", "", Text),
            ],
            "because",
        ),
    ),
    may(
        "actions",
        "Actions",
        "What levels start, each written once",
        List(
            &[
                ID,
                field("title", "Title", "", Line),
                field("text", "What to do", "", Text),
                field("role", "Role", "", Choice(From::Roles)),
            ],
            "title",
        ),
    ),
    field("levels", "Levels", "", List(LEVEL, "severity")),
]);

const LEVEL: &[Field] = &[
    field("severity", "Severity", "", Choice(From::Severities)),
    field("meaning", "Meaning", "", Text),
    field("examples", "Examples", "", Texts),
    field("response", "How we work", "", Texts),
    may(
        "start",
        "Started at once",
        "",
        List(
            &[field("action", "Action", "", Choice(From::Actions)), may("within", "Within", "Such as 30m or 4h", Period)],
            "action",
        ),
    ),
    may("muster", "Mustered", "Roles that somebody has to fill", Picks(From::Roles)),
    may("notify", "Told at once", "", Picks(From::Roles)),
    may(
        "approvals",
        "Needs the word of",
        "",
        List(&[field("act", "Act", "", Choice(From::Acts)), field("roles", "Roles", "", Picks(From::Roles))], "act"),
    ),
    field("acknowledge_within", "Acknowledge within", "Such as 15m", Period),
    may("assign_within", "Assign within", "", Period),
    may("contain_within", "Contain within", "", Period),
    may("update_every", "Update every", "", Period),
];

pub const NOTIFICATIONS: Shape = List(
    &[
        ID,
        field("trigger", "When", "", Choice(From::Triggers)),
        may("severity_at_least", "Severity at least", "", Choice(From::Severities)),
        may("incident_types", "Only for", "All types if none is ticked", Many(From::Types)),
        may("phases", "Only upon entering", "All phases if none is ticked", Many(From::Phases)),
        field("roles", "Told", "", Picks(From::Roles)),
        field("channels", "Over", "First choice first", Picks(From::Channels)),
        field("message", "Message", "{number}, {title}, {type}, {severity}, {phase}, {commander}, {link} are filled in", Text),
        may("escalate_to", "Without an answer tell", "", Choice(From::Roles)),
        may("escalate_after", "After", "Such as 15m", Period),
    ],
    "id",
);

pub const EVIDENCE: Shape = Record(&[
    field("custodian", "Answers for it", "", Choice(From::Roles)),
    field("principles", "Principles", "", Texts),
    field(
        "sources",
        "What to take, the most volatile first",
        "",
        List(
            &[
                field("name", "Source", "", Line),
                field("how", "How", "", Text),
                may("lost_after", "Gone after", "Empty if it stays", Period),
            ],
            "name",
        ),
    ),
    field("retain_for", "Kept for", "After the incident is closed, such as 730d", Period),
    may("exceptions", "Exceptions", "", Texts),
]);

pub const REVIEW: Shape = Record(&[
    field("owner", "Owner of the plan", "", Choice(From::Roles)),
    field("plan_every", "Review the plan every", "Such as 180d", Period),
    field("exercise_every", "Exercise every", "", Period),
    field("incidents_at_least", "Review incidents of at least", "", Choice(From::Severities)),
    field("incidents_within", "Within", "After closing", Period),
    may("also_when", "Also when", "", Texts),
    field(
        "metrics",
        "Metrics",
        "",
        List(
            &[
                ID,
                field("name", "Name", "", Line),
                field("question", "Question that it answers", "", Text),
                field("measure", "Measured", "", Choice(From::Measures)),
                field("target", "Target", "", Line),
            ],
            "name",
        ),
    ),
]);

pub const PROCEDURE: Shape = Record(&[
    ID,
    field("incident_type", "Type of incident", "", Choice(From::Types)),
    field("title", "Title", "", Line),
    field("when_to_use", "When to use it", "", Text),
    field("steps", "Steps", "", List(STEP, "title")),
]);

const STEP: &[Field] = &[
    ID,
    field("phase", "Phase", "", Choice(From::Phases)),
    field("title", "Title", "", Line),
    field("text", "What to do", "For somebody who does it for the first time, at night", Text),
    field("role", "Role", "", Choice(From::Roles)),
    may("due_within", "Due within", "From entering the phase, such as 30m", Period),
    may("after", "Waits for", "Ids of steps, with commas", Codes),
    may(
        "only_if",
        "Only if",
        "",
        Record(&[
            may("types", "Type", "", Many(From::Types)),
            may("severity_at_least", "Severity at least", "", Choice(From::Severities)),
            may("functional", "Functional impact", "", Many(From::Functional)),
            may("information", "Information impact", "", Many(From::Information)),
            may("recoverability", "Recoverability", "", Many(From::Recoverability)),
        ]),
    ),
    may("evidence", "Keep", "What to keep, in words", Lines),
    may("attack", "ATT&CK", "Techniques, with commas: T1078, T1566.001", Codes),
    may("d3fend", "D3FEND", "Countermeasures, with commas", Codes),
];
