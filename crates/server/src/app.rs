//! What all slices share: the database, the blobs, the clock, the rules, the ledger's key. Cheap to
//! clone; one for each running server.

use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use ledger::SigningKey;
use platform::blobs::Blobs;
use platform::clock::Clock;
use platform::db::{Db, Migration};
use platform::outbox::{self, Signal};
use platform::secrets;
use tokio::sync::broadcast;

use crate::alert::rules::Catalogue;
use crate::error::{Error, Result};
use crate::evidence;
use crate::identity::throttle::Throttle;
use crate::intake::{Desk, syslog};
use crate::playbook::Reach;
use crate::playbook::carry::Carrier;
use crate::web::presence::Presence;

/// The schema, one file a subject. A file that has been released never changes.
pub const MIGRATIONS: &[Migration] = &[
    outbox::MIGRATION,
    Migration { name: "0001_ledger", sql: include_str!("../migrations/0001_ledger.sql") },
    Migration { name: "0002_identity", sql: include_str!("../migrations/0002_identity.sql") },
    Migration { name: "0003_event", sql: include_str!("../migrations/0003_event.sql") },
    Migration { name: "0004_alert", sql: include_str!("../migrations/0004_alert.sql") },
    Migration { name: "0005_plan", sql: include_str!("../migrations/0005_plan.sql") },
    Migration { name: "0006_incident", sql: include_str!("../migrations/0006_incident.sql") },
    Migration { name: "0007_evidence", sql: include_str!("../migrations/0007_evidence.sql") },
    Migration { name: "0008_source", sql: include_str!("../migrations/0008_source.sql") },
    Migration { name: "0009_outside", sql: include_str!("../migrations/0009_outside.sql") },
    Migration { name: "0010_correlation", sql: include_str!("../migrations/0010_correlation.sql") },
    Migration { name: "0011_reported", sql: include_str!("../migrations/0011_reported.sql") },
    Migration { name: "0012_suppression", sql: include_str!("../migrations/0012_suppression.sql") },
    Migration { name: "0013_source_mapping", sql: include_str!("../migrations/0013_source_mapping.sql") },
    Migration { name: "0014_noise", sql: include_str!("../migrations/0014_noise.sql") },
    Migration { name: "0014_grouping", sql: include_str!("../migrations/0014_grouping.sql") },
    Migration { name: "0014_risk", sql: include_str!("../migrations/0014_risk.sql") },
    Migration { name: "0015_vault", sql: include_str!("../migrations/0015_vault.sql") },
    Migration { name: "0017_room", sql: include_str!("../migrations/0017_room.sql") },
    Migration { name: "0018_response", sql: include_str!("../migrations/0018_response.sql") },
    Migration { name: "0018b_tasks", sql: include_str!("../migrations/0018b_tasks.sql") },
    Migration { name: "0018c_impact", sql: include_str!("../migrations/0018c_impact.sql") },
    Migration { name: "0018d_asset", sql: include_str!("../migrations/0018d_asset.sql") },
    Migration { name: "0019_kinship", sql: include_str!("../migrations/0019_kinship.sql") },
    Migration { name: "0016_viewing", sql: include_str!("../migrations/0016_viewing.sql") },
    Migration { name: "0019b_observable", sql: include_str!("../migrations/0019b_observable.sql") },
    Migration { name: "0024_custom", sql: include_str!("../migrations/0024_custom.sql") },
    Migration { name: "0017b_chat", sql: include_str!("../migrations/0017b_chat.sql") },
    Migration { name: "0020_playbook", sql: include_str!("../migrations/0020_playbook.sql") },
    Migration { name: "0022_living_plan", sql: include_str!("../migrations/0022_living_plan.sql") },
];

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// Keys, blobs and, unless `database` names another, the database.
    pub data: PathBuf,
    /// `sqlite:FILE` or `postgres://…`.
    pub database: Option<String>,
    /// More Sigma rules than the shipped ones.
    pub rules: Vec<PathBuf>,
    /// What the records of products mean.
    pub mappings: Arc<telemetry::Mappings>,
    /// What placeholders in rules stand for.
    pub placeholders: sigma::Placeholders,
    /// The largest request that the intake takes, in bytes.
    pub largest_intake: u64,
    /// The ledger's name in its checkpoints.
    pub origin: String,
    pub clock: Clock,
    /// What uploads of evidence may take.
    pub uploads: evidence::Limits,
    /// Where syslog is listened for.
    pub syslog: syslog::Addresses,
    /// The hosts that playbooks may reach, as HOST or HOST:PORT; all others are refused.
    pub reach: Vec<String>,
}

impl Config {
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Config {
            data: data.into(),
            database: None,
            rules: Vec::new(),
            mappings: telemetry::Mappings::shipped(),
            placeholders: sigma::Placeholders::new(),
            largest_intake: 512 << 20,
            origin: "watchbell.local/ledger".to_owned(),
            clock: Clock::System,
            uploads: evidence::Limits::default(),
            syslog: syslog::Addresses::default(),
            reach: Vec::new(),
        }
    }
}

#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub blobs: Blobs,
    pub clock: Clock,
    pub engine: Arc<sigma::Engine>,
    /// What people may read of the rules in the engine, and which were refused.
    pub rules: Arc<Catalogue>,
    /// What the records of products mean.
    pub mappings: Arc<telemetry::Mappings>,
    pub intake: Arc<Desk>,
    pub key: Arc<SigningKey>,
    /// The keys of evidence, and the uploads of it that are under way.
    pub vault: Arc<evidence::Vault>,
    pub signals: broadcast::Sender<Signal>,
    pub data: Arc<PathBuf>,
    /// Who has which incident open.
    pub(crate) presence: Arc<Presence>,
    /// The hosts that playbooks may reach.
    pub(crate) reach: Arc<Reach>,
    /// Whatever carries runs of playbooks on.
    pub(crate) playbooks: Arc<Carrier>,
    pub(crate) throttle: Arc<Throttle>,
    /// The hash of the one-time set-up token, until the first administrator exists.
    pub(crate) setup: Arc<RwLock<Option<String>>>,
    /// The plan in force as it was last read; see [`crate::plan::in_force`].
    pub(crate) plan: Arc<RwLock<Option<crate::plan::InForce>>>,
}

impl App {
    /// Opens everything that a server stands on, making what is missing.
    pub async fn open(config: &Config) -> Result<Self> {
        std::fs::create_dir_all(&config.data)?;
        let address = config.database.clone().unwrap_or_else(|| Db::embedded_address(&config.data));
        let db = Db::open(&address, MIGRATIONS).await?;
        let blobs = Blobs::open(config.data.join("blobs"))?;
        let key = ledger_key(&config.data.join("ledger.key"), &config.origin)?;
        let vault = evidence::Vault::open(&config.data, config.uploads)?;
        let (engine, rules) = crate::alert::rules::load(&config.rules, &config.placeholders)?;
        let signals = outbox::follow(&db).await?;
        Ok(App {
            db,
            blobs,
            clock: config.clock.clone(),
            engine: Arc::new(engine),
            rules: Arc::new(rules),
            mappings: Arc::clone(&config.mappings),
            intake: Arc::new(Desk::new(config.largest_intake)),
            key: Arc::new(key),
            vault: Arc::new(vault),
            signals,
            data: Arc::new(config.data.clone()),
            presence: Arc::default(),
            reach: Arc::new(Reach::read(&config.reach)?),
            playbooks: Arc::default(),
            throttle: Arc::default(),
            setup: Arc::default(),
            plan: Arc::default(),
        })
    }
}

/// The key that signs checkpoints: made once, readable by its owner alone.
fn ledger_key(path: &std::path::Path, origin: &str) -> Result<SigningKey> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(SigningKey::from_secret_text(text.trim())?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SigningKey::generate(origin)?;
            secrets::write_private(path, key.to_secret_text().as_bytes())?;
            Ok(key)
        }
        Err(error) => Err(Error::Io(error)),
    }
}
