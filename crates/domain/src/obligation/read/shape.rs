//! The shapes of the files in `content/obligations`, as they are written. What they mean is checked next door.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::obligation::calendar::{Day, Holiday, Observed};
use crate::obligation::{
    CalendarKey, DutyKey, Fact, FactKey, Grounds, RegimeKey, SectionKey, Span, StageKey, Status,
};
use crate::{Line, Text};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsFile {
    pub(super) sets: BTreeMap<String, Vec<Spanned<String>>>,
    pub(super) facts: Vec<Spanned<Fact>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    pub(super) id: CalendarKey,
    pub(super) name: Line,
    pub(super) weekend: Vec<Day>,
    pub(super) observed: Observed,
    pub(super) holidays: Vec<Spanned<Holiday>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SectionFile {
    pub(super) id: SectionKey,
    pub(super) title: Line,
    pub(super) asks: Text,
    #[serde(default)]
    pub(super) facts: Vec<FactKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegimeFile {
    pub(super) id: Spanned<RegimeKey>,
    pub(super) name: Line,
    pub(super) jurisdiction: Line,
    pub(super) binds: Text,
    pub(super) source: Line,
    pub(super) grounds: Grounds,
    pub(super) as_of: Date,
    pub(super) zone: Option<Spanned<String>>,
    pub(super) duties: Vec<Spanned<DutyFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DutyFile {
    pub(super) id: DutyKey,
    pub(super) title: Line,
    pub(super) clause: Line,
    pub(super) to: Line,
    pub(super) status: Status,
    pub(super) grounds: Option<Grounds>,
    pub(super) effective_from: Option<Date>,
    pub(super) effective_to: Option<Date>,
    pub(super) note: Option<Text>,
    pub(super) notice: Option<Spanned<Line>>,
    pub(super) when: Vec<Spanned<ClauseFile>>,
    pub(super) stages: Vec<Spanned<StageFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClauseFile {
    #[serde(rename = "if")]
    pub(super) condition: Spanned<String>,
    pub(super) says: Line,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageFile {
    pub(super) id: StageKey,
    pub(super) title: Line,
    pub(super) to: Option<Line>,
    pub(super) when: Option<Spanned<ClauseFile>>,
    pub(super) wording: Option<Line>,
    pub(super) urges_from: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) clocks: Vec<Spanned<ClockFile>>,
    #[serde(default)]
    pub(super) content: Vec<Spanned<SectionKey>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockFile {
    pub(super) reading: Option<Line>,
    pub(super) from: Spanned<String>,
    pub(super) within: Span,
    pub(super) when: Option<Spanned<ClauseFile>>,
    pub(super) cap: Option<Spanned<CapFile>>,
    #[serde(default)]
    pub(super) whole_hours: bool,
    pub(super) working_days: Option<u8>,
    pub(super) calendar: Option<Spanned<CalendarKey>>,
    pub(super) roll: Option<Spanned<String>>,
    pub(super) ends_at: Option<Time>,
    pub(super) zone: Option<Spanned<String>>,
    pub(super) held_until: Option<Spanned<FactKey>>,
    pub(super) held_at_most: Option<Span>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapFile {
    pub(super) from: Spanned<String>,
    pub(super) within: Span,
    #[serde(default)]
    pub(super) void_if_started_later: bool,
}
