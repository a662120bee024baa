//! Playbooks of CACAO v2.0: kept in versions, checked before they are kept, drawn, sealed. This file: the library.
//! Those that ship are in [`shipped`], signatures in [`seal`], runs on an incident in [`run`]; [`carry`] and
//! [`execute`] carry their steps out.

pub mod api;
pub mod carry;
mod execute;
pub mod page;
mod role;
pub mod run;
pub mod seal;
pub mod shipped;
mod store;
pub mod view;

use std::collections::BTreeMap;

use cacao::{Document, Drawing, Finding, Limits, Options, SealVerdict, Sealed, Severity, StepKind, refuses};
use domain::{Actor, IncidentType, Permission, PlaybookId, UserId};
use jiff::Timestamp;
use platform::search;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::Change;
use crate::error::{Error, Result};
use crate::identity::need;
use crate::search::written;

pub use execute::Reach;

/// What changes when the library changes.
pub const TOPIC: &str = "playbooks";

/// A playbook as lists show it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Playbook {
    #[schema(value_type = String, example = "PBK-1")]
    pub id: PlaybookId,
    /// CACAO's own identifier.
    #[schema(example = "playbook--300270f9-0e64-42c8-93cc-0927edbe3ae7")]
    pub cacao_id: String,
    pub name: String,
    pub description: Option<String>,
    /// The number of the version that is run.
    pub version: i64,
    pub steps: i64,
    #[serde(flatten)]
    pub summary: Summary,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Playbook {
    /// Whether it is meant for this type of incident.
    pub fn fits(&self, incident: IncidentType) -> bool {
        self.summary.labels.iter().any(|label| label == incident.as_str())
    }

    /// The types of incident that it is meant for, by its labels.
    pub fn incident_types(&self) -> impl Iterator<Item = IncidentType> {
        self.summary.labels.iter().filter_map(|label| label.parse().ok())
    }
}

/// What a list says of a playbook's present version.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = PlaybookSummary)]
pub struct Summary {
    /// CACAO's `playbook_types`.
    pub types: Vec<String>,
    /// CACAO's `labels`. Those that name a type of incident say what it is for.
    pub labels: Vec<String>,
    /// How often each type of command stands in it.
    pub commands: BTreeMap<String, u32>,
    /// In how many ways it differs from the specification and is run all the same.
    pub warnings: usize,
    /// How many signatures it bears. They held when it was kept.
    pub signatures: usize,
    /// Whether it came with Watchbell and nobody has changed it.
    pub shipped: bool,
}

impl Summary {
    fn of(playbook: &cacao::Playbook, warnings: usize, signatures: usize, shipped: bool) -> Self {
        let mut commands = BTreeMap::new();
        for step in playbook.workflow.values() {
            if let StepKind::Action(action) = &step.kind {
                for command in &action.commands {
                    *commands.entry(command.kind.clone()).or_default() += 1;
                }
            }
        }
        Summary {
            types: playbook.playbook_types.clone().unwrap_or_default(),
            labels: playbook.labels.clone().unwrap_or_default(),
            commands,
            warnings,
            signatures,
            shipped,
        }
    }
}

/// A version of a playbook, without its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = PlaybookVersion)]
pub struct Version {
    pub version: i64,
    /// The playbook's own `modified`.
    pub modified: String,
    /// Of the text as it was sent.
    pub sha256: String,
    /// Nobody for one that came with Watchbell.
    #[schema(value_type = Option<String>, example = "USR-2")]
    pub kept_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub kept_at: Timestamp,
}

/// A version with its text.
#[derive(Debug, Clone)]
pub struct Kept {
    pub playbook: Playbook,
    pub version: Version,
    pub text: String,
}

impl Kept {
    /// The text in CACAO's types. It was checked before it was kept.
    pub fn read(&self) -> Result<cacao::Playbook> {
        self.document()?.playbook().map_err(Error::Damaged)
    }

    pub fn document(&self) -> Result<Document> {
        Document::read(&self.text).map_err(|fault| Error::Damaged(format!("{}: {fault}", self.playbook.id)))
    }

    pub fn is_present(&self) -> bool {
        self.version.version == self.playbook.version
    }
}

/// What is said of a text before it is kept.
pub struct Checked {
    pub findings: Vec<Finding>,
    pub seals: Vec<Sealed>,
    pub drawing: Option<Drawing>,
}

impl Checked {
    pub fn refused(&self) -> bool {
        refuses(&self.findings)
    }

    fn warnings(&self) -> usize {
        self.findings.iter().filter(|one| one.severity == Severity::Warning).count()
    }
}

/// Says what is wrong with a text, and draws it as far as it can be read.
pub fn check(app: &App, actor: &Actor, text: &str) -> Result<Checked> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    let document = match Document::read(text) {
        Ok(document) => document,
        Err(fault) => {
            let finding = Finding {
                severity: Severity::Error,
                rule: "unreadable",
                pointer: String::new(),
                sentence: fault.to_string(),
            };
            return Ok(Checked { findings: vec![finding], seals: Vec::new(), drawing: None });
        }
    };
    Ok(look(app, &document))
}

fn look(app: &App, document: &Document) -> Checked {
    let read = document.playbook().ok();
    let mut findings = read.as_ref().map(execute::refusals).unwrap_or_default();
    findings.extend(cacao::check(document));
    let seals = cacao::verify(document, app.clock.now());
    for (place, seal) in seals.iter().enumerate() {
        if matches!(seal.verdict, SealVerdict::Forged | SealVerdict::Elsewhere) {
            findings.insert(
                0,
                Finding {
                    severity: Severity::Error,
                    rule: "forged-signature",
                    pointer: format!("/signatures/{place}"),
                    sentence: format!(
                        "The signature of {} does not hold. {}",
                        seal.signee,
                        seal.verdict.sentence()
                    ),
                },
            );
        }
    }
    Checked { findings, seals, drawing: read.map(|playbook| cacao::draw(&playbook, &Options::default())) }
}

/// Keeps a playbook: a new one, or a further version of the one with the same identifier.
pub async fn keep(app: &App, actor: &Actor, text: String) -> Result<Playbook> {
    need(actor, Permission::EditPlan, "changing playbooks")?;
    let checked = check(app, actor, &text)?;
    if checked.refused() {
        return Err(Error::Invalid(refusal(&checked.findings)));
    }
    let document = Document::read(&text).map_err(|fault| Error::Invalid(fault.to_string()))?;
    let playbook = document.playbook().map_err(Error::Invalid)?;
    let summary = Summary::of(&playbook, checked.warnings(), checked.seals.len(), false);
    let (sha256, by) = (hex::encode(Sha256::digest(&text)), actor.user());
    app.change(actor, move |change| {
        Box::pin(async move {
            let before = store::by_cacao_id(change.tx, &playbook.id).await?;
            if let Some((known, version)) = &before {
                let now = store::version_in(change.tx, *known, *version).await?;
                if now.sha256 == sha256 {
                    return Err(Error::Conflict("This is the version that is kept already.".to_owned()));
                }
                if moment(&playbook.modified) < moment(&now.modified) {
                    return Err(Error::Conflict(format!(
                        "A later version is kept: it was modified at {}, and this at {}. Set `modified` to now.",
                        now.modified, playbook.modified
                    )));
                }
            }
            put(change, before, &playbook, summary, sha256, by, &text).await
        })
    })
    .await
}

/// A timestamp to compare by; as text it would depend on how many digits its fraction has.
fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// Stores a version as the present one, with its leaf.
async fn put(
    change: &mut Change<'_>,
    before: Option<(PlaybookId, i64)>,
    playbook: &cacao::Playbook,
    summary: Summary,
    sha256: String,
    by: Option<UserId>,
    text: &str,
) -> Result<Playbook> {
    let mut kept = Playbook {
        id: PlaybookId::try_from(1)?,
        cacao_id: playbook.id.clone(),
        name: playbook.name.clone(),
        description: playbook.description.clone(),
        version: before.map_or(1, |(_, version)| version + 1),
        steps: i64::try_from(playbook.workflow.len()).unwrap_or(i64::MAX),
        summary,
        updated_at: change.at,
    };
    kept.id = store::put(change, before.map(|(id, _)| id), &kept).await?;
    let version = Version {
        version: kept.version,
        modified: playbook.modified.clone(),
        sha256,
        kept_by: by,
        kept_at: change.at,
    };
    store::add_version(change, kept.id, &version, text).await?;
    change.record(&kept.id.to_string(), "playbook.keep", &(&kept, &version), None).await?;
    change.find_by(written::playbook(kept.id.get(), playbook, change.at_micros()));
    change.tell(TOPIC, &kept.id.to_string(), None).await?;
    Ok(kept)
}

/// The errors among findings, as one text.
fn refusal(findings: &[Finding]) -> String {
    const MOST: usize = 12;
    let errors: Vec<&Finding> = findings.iter().filter(|one| one.severity == Severity::Error).collect();
    let mut lines: Vec<String> =
        errors.iter().take(MOST).map(|one| format!("{} ({})", one.sentence, place(&one.pointer))).collect();
    if errors.len() > MOST {
        lines.push(format!("… and {} more.", errors.len() - MOST));
    }
    format!("The playbook is refused:\n{}", lines.join("\n"))
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the whole" } else { pointer }
}

pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Playbook>> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    store::list(&app.db).await
}

/// The texts by which playbooks are found, of each its present version's.
pub async fn documents(app: &App) -> Result<Vec<search::Document>> {
    let mut documents = Vec::new();
    for playbook in store::list(&app.db).await? {
        let kept = get(app, &Actor::Watchbell, playbook.id, None).await?;
        let at = playbook.updated_at.as_microsecond();
        documents.push(written::playbook(playbook.id.get(), &kept.read()?, at));
    }
    Ok(documents)
}

/// A version of a playbook; the present one where none is named.
pub async fn get(app: &App, actor: &Actor, id: PlaybookId, version: Option<i64>) -> Result<Kept> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    store::get(&app.db, id, version).await?.ok_or(Error::NotFound("playbook"))
}

pub async fn versions(app: &App, actor: &Actor, id: PlaybookId) -> Result<Vec<Version>> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    store::versions(&app.db, id).await
}

/// A dry run: the steps that a run would take, and how it would end.
pub async fn rehearse(
    app: &App,
    actor: &Actor,
    id: PlaybookId,
    values: &BTreeMap<String, String>,
) -> Result<cacao::Rehearsal> {
    let playbook = get(app, actor, id, None).await?.read()?;
    cacao::rehearse(&playbook, app.clock.now(), values, Limits::default()).map_err(run::refused)
}
