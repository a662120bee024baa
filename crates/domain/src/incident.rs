//! An incident's life: what kind it is, the phase it is in, how it is closed and reopened. Each verb
//! looks at the incident as it stands and returns it as it stands afterwards, or the reason why not. A
//! verb that takes a `Text` cannot be called without a reason; it does not keep it, for what is recorded
//! about a change, and who may make it, is not decided here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::marking::Tlp;
use crate::words::words;
use crate::{Error, IncidentId, Line, Result, Severity, Text, UserId};

words! {
    /// What kind of incident; it picks the plan's procedure.
    pub enum IncidentType, "incident type" {
        Malware: "malware", "Malware";
        UnauthorisedAccess: "unauthorised_access", "Unauthorised access";
        DataBreach: "data_breach", "Data breach";
        DenialOfService: "denial_of_service", "Denial of service";
        Phishing: "phishing", "Phishing";
        Insider: "insider", "Insider";
        LostDevice: "lost_device", "Lost or stolen device";
        Ransomware: "ransomware", "Ransomware";
        SupplyChain: "supply_chain", "Supply chain";
        Other: "other", "Other";
    }
}

words! {
    /// Where the response stands. The order is the way forward.
    pub enum Phase, "phase" {
        Detection: "detection", "Detection";
        Assessment: "assessment", "Assessment";
        Containment: "containment", "Containment";
        Eradication: "eradication", "Eradication";
        Recovery: "recovery", "Recovery";
        Closed: "closed", "Closed";
    }
}

/// How two phases lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Stay,
    /// To the next phase: the ordinary way.
    Forward,
    /// Forward over at least one phase.
    Skip,
    Back,
}

impl Move {
    /// Whoever leaves the ordinary way says why.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Skip | Self::Back)
    }
}

impl Phase {
    /// The phase after this one; none after the last.
    pub const fn next(self) -> Option<Self> {
        match self {
            Self::Detection => Some(Self::Assessment),
            Self::Assessment => Some(Self::Containment),
            Self::Containment => Some(Self::Eradication),
            Self::Eradication => Some(Self::Recovery),
            Self::Recovery => Some(Self::Closed),
            Self::Closed => None,
        }
    }

    pub fn to(self, other: Self) -> Move {
        if other == self {
            Move::Stay
        } else if other < self {
            Move::Back
        } else if self.next() == Some(other) {
            Move::Forward
        } else {
            Move::Skip
        }
    }
}

words! {
    /// How an incident ended.
    pub enum Outcome, "outcome" {
        Resolved: "resolved", "Resolved";
        FalsePositive: "false_positive", "False positive";
        Duplicate: "duplicate", "Duplicate";
        /// What remains is known and borne by somebody entitled to bear it.
        AcceptedRisk: "accepted_risk", "Accepted risk";
        /// Another organisation or authority carries it on.
        HandedOver: "handed_over", "Handed over";
        /// It was an authorised test.
        Test: "test", "Authorised test";
    }
}

/// What a closed incident cannot be without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    pub outcome: Outcome,
    pub root_cause: Text,
    pub lessons: Text,
    /// What it cost: services, data, money, trust.
    #[serde(default)]
    pub impact: Option<Text>,
}

/// A phase with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    Detection,
    Assessment,
    Containment,
    Eradication,
    Recovery,
    Closed(Closing),
}

impl Stage {
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Detection => Phase::Detection,
            Self::Assessment => Phase::Assessment,
            Self::Containment => Phase::Containment,
            Self::Eradication => Phase::Eradication,
            Self::Recovery => Phase::Recovery,
            Self::Closed(_) => Phase::Closed,
        }
    }

    pub const fn closing(&self) -> Option<&Closing> {
        match self {
            Self::Closed(closing) => Some(closing),
            _ => None,
        }
    }

    /// The stage that these columns of a row say.
    pub fn restore(phase: Phase, closing: Option<Closing>) -> Result<Self> {
        match (phase, closing) {
            (Phase::Closed, Some(closing)) => Ok(Self::Closed(closing)),
            (phase, None) => Self::working(phase)
                .ok_or(Error::Inconsistent { what: "incident", why: "it is closed without an outcome" }),
            (_, Some(_)) => {
                Err(Error::Inconsistent { what: "incident", why: "it has an outcome and is open" })
            }
        }
    }

    /// The stage of a phase in which work goes on; none for closed.
    const fn working(phase: Phase) -> Option<Self> {
        match phase {
            Phase::Detection => Some(Self::Detection),
            Phase::Assessment => Some(Self::Assessment),
            Phase::Containment => Some(Self::Containment),
            Phase::Eradication => Some(Self::Eradication),
            Phase::Recovery => Some(Self::Recovery),
            Phase::Closed => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub title: Line,
    pub incident_type: IncidentType,
    pub severity: Severity,
    pub stage: Stage,
    pub commander: Option<UserId>,
    /// Need-to-know: only named members see that it exists (see [`crate::access`]).
    pub restricted: bool,
    pub tlp: Tlp,
    pub declared_by: UserId,
    pub declared_at: Timestamp,
}

impl Incident {
    pub const fn phase(&self) -> Phase {
        self.stage.phase()
    }

    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Closed(_))
    }

    /// To another phase: to the next one as it is; over a phase or back with a reason. Closing is
    /// [`Incident::close`], because it owes more than a reason.
    pub fn move_to(&self, to: Phase, reason: Option<&Text>) -> Result<Self> {
        self.open()?;
        let stage = Stage::working(to).ok_or(Error::ClosingNeeded)?;
        let step = self.phase().to(to);
        match step {
            Move::Stay => Err(Error::NothingChanges { what: "phase", value: to.label() }),
            Move::Skip if reason.is_none() => Err(Error::ReasonNeeded { verb: "skipping a phase" }),
            Move::Back if reason.is_none() => Err(Error::ReasonNeeded { verb: "going back" }),
            Move::Forward | Move::Skip | Move::Back => Ok(Self { stage, ..self.clone() }),
        }
    }

    /// The end, from any phase: a false positive has nothing to contain. The closing says why.
    pub fn close(&self, closing: Closing) -> Result<Self> {
        self.open()?;
        Ok(Self { stage: Stage::Closed(closing), ..self.clone() })
    }

    /// Back to work in the phase `to`. The former closing stays in the record of changes.
    pub fn reopen(&self, to: Phase, _reason: &Text) -> Result<Self> {
        if !self.is_closed() {
            return Err(Error::NotClosed);
        }
        let stage = Stage::working(to).ok_or(Error::NothingChanges { what: "phase", value: to.label() })?;
        Ok(Self { stage, ..self.clone() })
    }

    pub fn set_severity(&self, severity: Severity, _reason: &Text) -> Result<Self> {
        self.open()?;
        if severity == self.severity {
            return Err(Error::NothingChanges { what: "severity", value: severity.label() });
        }
        Ok(Self { severity, ..self.clone() })
    }

    pub fn set_type(&self, incident_type: IncidentType, _reason: &Text) -> Result<Self> {
        self.open()?;
        if incident_type == self.incident_type {
            return Err(Error::NothingChanges { what: "type", value: incident_type.label() });
        }
        Ok(Self { incident_type, ..self.clone() })
    }

    pub fn assign_commander(&self, commander: UserId) -> Result<Self> {
        self.open()?;
        if self.commander == Some(commander) {
            return Err(Error::AlreadyCommander);
        }
        Ok(Self { commander: Some(commander), ..self.clone() })
    }

    /// Puts it under need-to-know or lifts that; also after it is closed, for its record remains.
    pub fn restrict(&self, restricted: bool) -> Self {
        Self { restricted, ..self.clone() }
    }

    fn open(&self) -> Result<()> {
        if self.is_closed() { Err(Error::IncidentClosed) } else { Ok(()) }
    }
}
