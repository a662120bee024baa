//! Playbooks of CACAO v2.0: kept in versions, checked before they are kept, drawn, sealed. This file: the library.
//! Runs of them on an incident are in [`run`]; what carries their steps out is in [`carry`] and [`execute`].

pub mod api;
pub mod carry;
mod execute;
pub mod page;
pub mod run;
mod run_page;
mod store;
pub mod view;

use cacao::{Document, Drawing, Finding, Limits, Options, SealVerdict, Sealed, Severity, refuses};
use domain::{Actor, Permission, PlaybookId, UserId};
use jiff::Timestamp;
use platform::secrets;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::need;

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
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
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
            findings.insert(0, Finding {
                severity: Severity::Error,
                rule: "forged-signature",
                pointer: format!("/signatures/{place}"),
                sentence: format!("The signature of {} does not hold. {}", seal.signee, seal.verdict.sentence()),
            });
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
    let sha256 = hex::encode(Sha256::digest(&text));
    let by = actor.user();
    app.change(actor, move |change| {
        Box::pin(async move {
            let before = store::by_cacao_id(change.tx, &playbook.id).await?;
            if let Some((known, version)) = &before {
                let now = store::version_in(change.tx, *known, *version).await?;
                if now.sha256 == sha256 {
                    return Err(Error::Conflict("This is the version that is kept already.".to_owned()));
                }
                if playbook.modified < now.modified {
                    return Err(Error::Conflict(format!(
                        "A later version is kept: it was modified at {}, and this at {}. Set `modified` to now.",
                        now.modified, playbook.modified
                    )));
                }
            }
            let number = before.map_or(1, |(_, version)| version + 1);
            let id = store::put(change, before.map(|(id, _)| id), &playbook, number).await?;
            let version = Version {
                version: number,
                modified: playbook.modified.clone(),
                sha256,
                kept_by: by,
                kept_at: change.at,
            };
            store::add_version(change, id, &version, &text).await?;
            let kept = Playbook {
                id,
                cacao_id: playbook.id.clone(),
                name: playbook.name.clone(),
                description: playbook.description.clone(),
                version: number,
                steps: i64::try_from(playbook.workflow.len()).unwrap_or(i64::MAX),
                updated_at: change.at,
            };
            change.record(&id.to_string(), "playbook.keep", &(&kept, &version), None).await?;
            change.tell(TOPIC, &id.to_string(), None).await?;
            Ok(kept)
        })
    })
    .await
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

/// A version of a playbook; the present one where none is named.
pub async fn get(app: &App, actor: &Actor, id: PlaybookId, version: Option<i64>) -> Result<Kept> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    store::get(&app.db, id, version).await?.ok_or(Error::NotFound("playbook"))
}

pub async fn versions(app: &App, actor: &Actor, id: PlaybookId) -> Result<Vec<Version>> {
    need(actor, Permission::ReadPlan, "reading playbooks")?;
    store::versions(&app.db, id).await
}

/// What is said of the seals on a version.
pub fn seals(app: &App, kept: &Kept) -> Result<Vec<Sealed>> {
    Ok(cacao::verify(&kept.document()?, app.clock.now()))
}

/// Seals the present version with this server's key; the sealed text is a further version.
pub async fn seal(app: &App, actor: &Actor, id: PlaybookId) -> Result<Playbook> {
    need(actor, Permission::EditPlan, "sealing playbooks")?;
    let kept = get(app, actor, id, None).await?;
    let key = key(app)?;
    let organisation = crate::identity::organisation(app).await?.unwrap_or_else(|| "Watchbell".to_owned());
    let name = format!("jss--{}", uuid(&format!("{}{}{}", kept.version.sha256, cacao::fingerprint(&key.public_key()), app.clock.now())));
    let sealed = cacao::sign(&kept.document()?, &key, &name, &organisation, app.clock.now())
        .map_err(|fault| Error::Invalid(fault.to_string()))?;
    keep(app, actor, sealed.pretty()).await
}

/// A UUID (RFC 9562, version 5's form) out of a text.
fn uuid(text: &str) -> String {
    let mut hex = hex::encode(Sha256::digest(text));
    hex.truncate(32);
    hex.replace_range(12..13, "5");
    hex.replace_range(16..17, "8");
    for place in [20, 16, 12, 8] {
        hex.insert(place, '-');
    }
    hex
}

/// The key that seals playbooks: made once, readable by its owner alone.
fn key(app: &App) -> Result<cacao::SigningKey> {
    let path = app.data.join("playbook.key");
    let fault = |fault: cacao::CacaoError| Error::Damaged(fault.to_string());
    match std::fs::read(&path) {
        Ok(bytes) => cacao::SigningKey::from_pkcs8(&bytes).map_err(fault),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (key, bytes) = cacao::SigningKey::generate().map_err(fault)?;
            secrets::write_private(&path, &bytes)?;
            Ok(key)
        }
        Err(error) => Err(Error::Io(error)),
    }
}

/// A dry run: the steps that a run would take, and how it would end.
pub async fn rehearse(
    app: &App,
    actor: &Actor,
    id: PlaybookId,
    values: &std::collections::BTreeMap<String, String>,
) -> Result<cacao::Rehearsal> {
    let playbook = get(app, actor, id, None).await?.read()?;
    cacao::rehearse(&playbook, app.clock.now(), values, Limits::default()).map_err(run::refused)
}
