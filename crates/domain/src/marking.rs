//! How far information may travel (TLP 2.0 of FIRST) and what may be done with it (PAP).

use crate::words::words;

words! {
    /// Traffic Light Protocol, version 2.0. Ascending: the later, the fewer may know.
    pub enum Tlp, "TLP marking" {
        Clear: "clear", "TLP:CLEAR";
        Green: "green", "TLP:GREEN";
        Amber: "amber", "TLP:AMBER";
        AmberStrict: "amber+strict", "TLP:AMBER+STRICT";
        Red: "red", "TLP:RED";
    }
}

words! {
    /// Permissible Actions Protocol. Ascending: the later, the less an adversary may notice.
    pub enum Pap, "PAP marking" {
        Clear: "clear", "PAP:CLEAR";
        Green: "green", "PAP:GREEN";
        Amber: "amber", "PAP:AMBER";
        Red: "red", "PAP:RED";
    }
}

impl Tlp {
    /// Who may know, in one sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Clear => "Anyone may know.",
            Self::Green => "The community may know; it does not go into public places.",
            Self::Amber => "The organisation and its clients may know, as far as they need to.",
            Self::AmberStrict => "Only the organisation may know, as far as it needs to.",
            Self::Red => "Only the people to whom it was given may know.",
        }
    }
}

impl Pap {
    /// What may be done, in one sentence.
    pub const fn help(self) -> &'static str {
        match self {
            Self::Clear => "Any lawful use.",
            Self::Green => "Active use is allowed, such as blocking; the source is not to be attacked.",
            Self::Amber => "Passive look-ups only; nothing that touches the adversary's systems.",
            Self::Red => "Only inside, unseen: nothing that the adversary could notice, not even a look-up.",
        }
    }
}
