//! Records that are alerts of another product: what such a record says of title, gravity, whom it is about
//! and its own name. Whether the words are ones that anybody knows is for the reader of the report to say.

use std::borrow::Cow;

use super::file;
use super::given::Given;
use super::names::Names;
use super::test::Test;
use super::{Located, located};
use crate::{Event, Value};

/// An alert of another product, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    pub title: String,
    pub description: Option<String>,
    pub severity: Option<String>,
    /// Its name there, by which what is told twice is one alert.
    pub id: Option<String>,
    pub host: Option<String>,
    pub address: Option<String>,
    pub account: Option<String>,
    pub techniques: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Alert {
    names: Names,
    when: Option<Test>,
    title: Given,
    description: Option<Given>,
    severity: Option<Given>,
    id: Option<Given>,
    host: Option<Given>,
    address: Option<Given>,
    account: Option<Given>,
    techniques: Option<Given>,
}

impl Alert {
    pub(super) fn new(written: &file::Alert) -> Result<Alert, Located> {
        let mut names = Names::default();
        let when = match &written.when {
            Some(when) => Some(
                Test::new(&when.value, &mut names)
                    .map_err(|reason| located(when.referenced.line(), reason))?,
            ),
            None => None,
        };
        let title = Given::new(&written.title, &mut names)?;
        let mut given = |one: &Option<serde_saphyr::Spanned<file::Given>>| {
            one.as_ref().map(|one| Given::new(one, &mut names)).transpose()
        };
        Ok(Alert {
            when,
            title,
            description: given(&written.description)?,
            severity: given(&written.severity)?,
            id: given(&written.id)?,
            host: given(&written.host)?,
            address: given(&written.address)?,
            account: given(&written.account)?,
            techniques: given(&written.techniques)?,
            names,
        })
    }

    /// What the event reports; `None` if it is no alert, an error if it is one without a title.
    pub(super) fn report(&self, event: &Event) -> Option<Result<Reported, &'static str>> {
        let found = self.names.values(event);
        if self.when.as_ref().is_some_and(|test| !test.passes(&found, &event.source)) {
            return None;
        }
        let text = |given: &Option<Given>| given.as_ref().and_then(|one| one.text(&found, &event.source));
        let Some(title) = self.title.text(&found, &event.source) else {
            return Some(Err("it is to be an alert and none of the fields that hold its title is there"));
        };
        let techniques = match self.techniques.as_ref().and_then(|one| one.value(&found, &event.source)) {
            None => Vec::new(),
            Some(Value::List(items)) => {
                items.iter().filter_map(Value::as_text).map(Cow::into_owned).collect()
            }
            Some(one) => one.as_text().map(Cow::into_owned).into_iter().collect(),
        };
        Some(Ok(Reported {
            title,
            description: text(&self.description),
            severity: text(&self.severity),
            id: text(&self.id),
            host: text(&self.host),
            address: text(&self.address),
            account: text(&self.account),
            techniques,
        }))
    }
}
