//! A thing of ours that an incident affects: whether the intruder had it, and how far we have got with it.

use crate::words::words;
use crate::{Error, Result, Text};

words! {
    /// Where an asset stands, in one word for lists: see [`Standing::summary`].
    pub enum AssetState, "state of an asset" {
        Suspected: "suspected", "Suspected";
        Compromised: "compromised", "Compromised";
        Contained: "contained", "Contained";
        Clean: "clean", "Clean";
    }
}

words! {
    /// Whether the intruder had it.
    pub enum Compromise, "compromise of an asset" {
        Suspected: "suspected", "Suspected";
        Confirmed: "confirmed", "Confirmed";
        /// Somebody has shown that it is clean.
        Cleared: "cleared", "Cleared";
    }
}

words! {
    /// How far we have got in keeping harm from it and from others.
    pub enum Containment, "containment of an asset" {
        Open: "open", "Not contained";
        Requested: "requested", "Containment asked for";
        Isolated: "isolated", "Isolated";
        Rebuilding: "rebuilding", "Being rebuilt";
        /// In use again.
        Restored: "restored", "Restored";
    }
}

/// Where an asset stands in both ways. What was clean can turn out not to be, and what was isolated may be
/// let go: every such step back has its reason. Nothing goes back into use before it is cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub compromise: Compromise,
    pub containment: Containment,
}

impl Standing {
    pub const NEW: Self = Self { compromise: Compromise::Suspected, containment: Containment::Open };

    /// Both in one word.
    pub const fn summary(self) -> AssetState {
        match (self.compromise, self.containment) {
            (Compromise::Cleared, _) => AssetState::Clean,
            (_, Containment::Isolated | Containment::Rebuilding) => AssetState::Contained,
            (Compromise::Confirmed, _) => AssetState::Compromised,
            (Compromise::Suspected, _) => AssetState::Suspected,
        }
    }

    /// What somebody says who says it in one word.
    pub const fn meant_by(self, state: AssetState) -> Self {
        match state {
            AssetState::Suspected => Self { compromise: Compromise::Suspected, containment: self.let_go() },
            AssetState::Compromised => Self { compromise: Compromise::Confirmed, containment: self.let_go() },
            AssetState::Contained => {
                let compromise = match self.compromise {
                    Compromise::Cleared => Compromise::Confirmed,
                    other => other,
                };
                Self { compromise, containment: Containment::Isolated }
            }
            AssetState::Clean => Self { compromise: Compromise::Cleared, containment: self.containment },
        }
    }

    const fn let_go(self) -> Containment {
        match self.containment {
            Containment::Requested => Containment::Requested,
            _ => Containment::Open,
        }
    }

    /// Says what is known of its compromise. To clear it, and to go back, needs a reason.
    pub fn found(self, to: Compromise, reason: Option<&Text>) -> Result<Self> {
        use Compromise as C;
        match (self.compromise, to) {
            (now, to) if now == to => {
                return Err(Error::NothingChanges { what: "compromise", value: to.label() });
            }
            (C::Suspected, C::Confirmed) => {}
            (_, C::Cleared) if reason.is_none() => {
                return Err(Error::ReasonNeeded { verb: "clearing an asset" });
            }
            (C::Confirmed, C::Suspected) | (C::Cleared, _) if reason.is_none() => {
                return Err(Error::ReasonNeeded { verb: "another finding about an asset" });
            }
            _ => {}
        }
        if self.containment == Containment::Restored && to != C::Cleared {
            // It is in use: that it is contained no longer is part of the finding.
            return Ok(Self { compromise: to, containment: Containment::Open });
        }
        Ok(Self { compromise: to, ..self })
    }

    /// Says how far its containment is. To go back needs a reason.
    pub fn contained(self, to: Containment, reason: Option<&Text>) -> Result<Self> {
        use Containment as C;
        let now = self.containment;
        if now == to {
            return Err(Error::NothingChanges { what: "containment", value: to.label() });
        }
        if to == C::Restored && self.compromise != Compromise::Cleared {
            return Err(Error::NotAllowed {
                what: "the asset",
                from: self.compromise.label(),
                to: to.label(),
                hint: "; clear it first, and say how it was shown to be clean",
            });
        }
        let back = matches!(
            (now, to),
            (C::Requested | C::Isolated | C::Rebuilding | C::Restored, C::Open)
                | (C::Isolated | C::Rebuilding, C::Requested)
                | (C::Rebuilding, C::Isolated)
                | (C::Restored, _)
        );
        if back && reason.is_none() {
            return Err(Error::ReasonNeeded { verb: "taking containment back" });
        }
        Ok(Self { containment: to, ..self })
    }
}
