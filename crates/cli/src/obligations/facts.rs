//! A case in a file: who the organisation is, what is known of the incident, and what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use domain::obligation::{Answers, Book, Contract, DutyKey, Profile, StageKey};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    zone: String,
    #[serde(default)]
    profile: BTreeMap<String, String>,
    #[serde(default)]
    incident: BTreeMap<String, String>,
    #[serde(default)]
    sent: Vec<Sent>,
    #[serde(default)]
    holidays: BTreeSet<Date>,
    #[serde(default)]
    contracts: Vec<Contract>,
    #[serde(default)]
    followed: BTreeSet<DutyKey>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    duty: DutyKey,
    stage: StageKey,
    at: Timestamp,
}

/// A case, read.
pub struct Case {
    pub profile: Profile,
    pub incident: Answers,
    pub sent: Vec<(DutyKey, StageKey, Timestamp)>,
}

pub fn read(book: &Book, path: &Path) -> anyhow::Result<Case> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the facts in {} cannot be read; check the path", path.display()))?;
    let file: File = serde_saphyr::from_str(&text).map_err(|error| anyhow!("{}: {error}", path.display()))?;
    let answers = |pairs: &BTreeMap<String, String>| {
        let pairs = pairs.iter().map(|(fact, text)| (fact.as_str(), text.as_str()));
        book.answers(pairs).with_context(|| format!("in {}", path.display()))
    };
    let zone = TimeZone::get(&file.zone).map_err(|_| {
        anyhow!("{}: {:?} is no time zone; write it like Europe/Berlin", path.display(), file.zone)
    })?;
    Ok(Case {
        incident: answers(&file.incident)?,
        sent: file.sent.into_iter().map(|sent| (sent.duty, sent.stage, sent.at)).collect(),
        profile: Profile {
            answers: answers(&file.profile)?,
            zone: Some(zone),
            holidays: file.holidays,
            contracts: file.contracts,
            followed: file.followed,
        },
    })
}
