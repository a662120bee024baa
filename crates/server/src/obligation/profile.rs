//! The organisation's profile: where it is, what it is, its zone and holidays, its contracts, and the duties
//! not yet binding that it follows. A new version leaves the former ones on record.

use std::collections::{BTreeMap, BTreeSet};

use domain::obligation::{Book, Contract, DutyKey, Profile};
use domain::{Actor, DutyProfileId, Permission, Text, UserId};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{book, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

/// A profile as it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// Answers by fact, as text: `{"countries": "DE,IE", "roles": "financial_entity"}`.
    #[schema(value_type = Object, example = json!({ "countries": "DE,IE", "roles": "financial_entity" }))]
    pub answers: BTreeMap<String, String>,
    /// A time zone of the IANA database, in which days end.
    #[schema(example = "Europe/Berlin")]
    pub zone: String,
    /// Days on which nobody works here, beside the calendars' holidays.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["2026-06-04"]))]
    pub holidays: BTreeSet<Date>,
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    pub contracts: Vec<Contract>,
    /// Duties that do not bind yet and are decided all the same.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["circia_incident"]))]
    pub followed: BTreeSet<DutyKey>,
}

/// A version of the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Version {
    #[schema(value_type = String, example = "DPR-1")]
    pub id: DutyProfileId,
    pub profile: Written,
    pub reason: String,
    #[schema(value_type = String, example = "USR-1")]
    pub set_by: UserId,
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Timestamp,
}

impl Written {
    /// What it says in the domain's words.
    pub fn read(&self, book: &Book) -> Result<Profile> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            Error::Invalid(format!("{:?} is no time zone; write it like Europe/Berlin.", self.zone))
        })?;
        let answers = self.answers.iter().map(|(fact, text)| (fact.as_str(), text.as_str()));
        let profile = Profile {
            answers: book.answers(answers)?,
            zone: Some(zone),
            holidays: self.holidays.clone(),
            contracts: self.contracts.clone(),
            followed: self.followed.clone(),
        };
        profile.contract_duties(book)?;
        let mut ids = BTreeSet::new();
        if let Some(twice) = self.contracts.iter().find(|contract| !ids.insert(&contract.id)) {
            return Err(Error::Invalid(format!("Two contracts have the id {}; choose another.", twice.id)));
        }
        Ok(profile)
    }
}

impl Written {
    /// What was put in force, as far as the content still asks it: a fact that is asked no longer, or otherwise, is
    /// unknown again, and a contract that cannot be reckoned any more counts for nothing.
    pub(super) fn kept(&self, book: &Book) -> Profile {
        let contracts = self.contracts.iter().filter(|contract| contract.duty(book).is_ok());
        Profile {
            answers: super::kept(book, &self.answers),
            zone: TimeZone::get(&self.zone).ok(),
            holidays: self.holidays.clone(),
            contracts: contracts.cloned().collect(),
            followed: self.followed.clone(),
        }
    }
}

/// The versions, the one in force first.
pub async fn versions(app: &App, actor: &Actor) -> Result<Vec<Version>> {
    need(actor, Permission::ReadPlan, "reading the profile")?;
    let mut connection = app.db.readers().acquire().await?;
    store::profiles(&mut connection, 20).await
}

/// Puts a profile in force; every incident's clocks are reckoned anew by the next look of the watch.
pub async fn set(app: &App, actor: &Actor, written: Written, reason: &str) -> Result<Version> {
    let reason = reason.to_owned();
    change(app, actor, move |known| {
        *known = written;
        Ok(reason)
    })
    .await
}

/// Adds a contract with a partner.
pub async fn add_contract(app: &App, actor: &Actor, contract: Contract) -> Result<Version> {
    change(app, actor, move |known| {
        let reason = format!("The contract with {} was added.", contract.partner);
        known.contracts.push(contract);
        Ok(reason)
    })
    .await
}

/// Takes a contract out.
pub async fn remove_contract(app: &App, actor: &Actor, id: DutyKey) -> Result<Version> {
    change(app, actor, move |known| {
        let place = known.contracts.iter().position(|contract| contract.id == id);
        let gone = known.contracts.remove(place.ok_or(Error::NotFound("contract"))?);
        Ok(format!("The contract with {} was removed.", gone.partner))
    })
    .await
}

/// Puts in force what `edit` makes of the profile as it is by then, with the reason that it gives.
async fn change(
    app: &App,
    actor: &Actor,
    edit: impl FnOnce(&mut Written) -> Result<String> + Send + 'static,
) -> Result<Version> {
    need(actor, Permission::EditPlan, "changing the profile")?;
    let set_by = actor.user().ok_or(Error::SignInFirst)?;
    app.change(actor, move |change| {
        Box::pin(async move {
            let known = store::profiles(&mut *change.tx, 1).await?.into_iter().next();
            let mut written = known.map(|version| version.profile).unwrap_or_default();
            let reason = Text::new("the reason", &edit(&mut written)?)?;
            written.read(book()?)?;
            let version = Version {
                id: DutyProfileId::try_from(1)?,
                profile: written,
                reason: reason.to_string(),
                set_by,
                set_at: change.at,
            };
            let version = store::insert_profile(change, version).await?;
            store::call_all(change).await?;
            change.record(&version.id.to_string(), "obligation.profile", &version, None).await?;
            change.tell("obligations", &version.id.to_string(), None).await?;
            Ok(version)
        })
    })
    .await
}
