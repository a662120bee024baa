//! `watchbell serve`: runs the server in the foreground until it is told to stop.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use jiff::SignedDuration;
use server::Config;
use server::evidence::Limits;
use server::intake::syslog::{Addresses, Tls};
use server::serve::Server;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::text::{BOLD, paint};

/// Run the server: web pages, API, and the store.
///
/// Keeps everything in one data folder. The first start prints a link that sets Watchbell up; it works
/// once. Stops in order on Ctrl-C or SIGTERM; nothing that it has acknowledged is lost when it is
/// killed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7311", env = "WATCHBELL_LISTEN")]
    pub listen: SocketAddr,
    /// The folder that holds the database, evidence and keys. Made if it is missing.
    #[arg(long, value_name = "FOLDER", default_value = DATA, env = "WATCHBELL_DATA")]
    pub data: PathBuf,
    /// A PostgreSQL database to use instead of the embedded one.
    #[arg(long, value_name = "postgres://…", env = "WATCHBELL_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Folders of Sigma rules to use beside the ones that Watchbell ships.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// A folder of mappings, which say what records of your own products mean; `mappings` in a folder of
    /// rules is taken without being named.
    #[arg(long, value_name = "DIR", env = "WATCHBELL_MAPPINGS")]
    pub mappings: Option<PathBuf>,
    /// What `%placeholders%` in rules stand for: a YAML file of names with lists of values.
    #[arg(long, value_name = "FILE", env = "WATCHBELL_PLACEHOLDERS")]
    pub placeholders: Option<PathBuf>,
    /// Listen for syslog over UDP (RFC 5426).
    #[arg(long, value_name = "ADDRESS:PORT", env = "WATCHBELL_SYSLOG_UDP")]
    pub syslog_udp: Option<SocketAddr>,
    /// Listen for syslog over TCP (RFC 6587).
    #[arg(long, value_name = "ADDRESS:PORT", env = "WATCHBELL_SYSLOG_TCP")]
    pub syslog_tcp: Option<SocketAddr>,
    /// Listen for syslog over TLS (RFC 5425).
    #[arg(long, value_name = "ADDRESS:PORT", requires_all = ["syslog_cert", "syslog_key"], env = "WATCHBELL_SYSLOG_TLS")]
    pub syslog_tls: Option<SocketAddr>,
    /// The certificate for syslog over TLS, with its chain, as PEM.
    #[arg(long, value_name = "FILE", env = "WATCHBELL_SYSLOG_CERT")]
    pub syslog_cert: Option<PathBuf>,
    /// The certificate's key, as PEM.
    #[arg(long, value_name = "FILE", env = "WATCHBELL_SYSLOG_KEY")]
    pub syslog_key: Option<PathBuf>,
    /// Take syslog over TLS only from senders with a certificate of this authority.
    #[arg(long, value_name = "FILE", env = "WATCHBELL_SYSLOG_CLIENT_CA")]
    pub syslog_client_ca: Option<PathBuf>,
    /// The largest file that is taken as evidence, in GiB.
    #[arg(long, value_name = "GIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1 << 20), env = "WATCHBELL_EVIDENCE_LARGEST")]
    pub evidence_largest: u64,
    /// How much all unfinished uploads of evidence together may take, in GiB.
    #[arg(long, value_name = "GIB", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=1 << 20), env = "WATCHBELL_UPLOADS_UNFINISHED")]
    pub uploads_unfinished: u64,
    /// How long an unfinished upload is kept after its last piece, in hours.
    #[arg(long, value_name = "HOURS", default_value_t = 72, value_parser = clap::value_parser!(i64).range(1..=24 * 365), env = "WATCHBELL_UPLOADS_KEPT")]
    pub uploads_kept: i64,
    /// The hosts that playbooks may reach, and those within your own walls that channels of messages may, each as HOST or HOST:PORT, and networks as ADDRESS/BITS; without any, none.
    /// A name that stands for a private address is reached only where that address or its network is named, too.
    #[arg(long, num_args = 1.., value_name = "HOST[:PORT]", value_delimiter = ',', env = "WATCHBELL_REACH")]
    pub reach: Vec<String>,
    /// Where people reach this server, such as https://watchbell.example.org: links in messages lead there.
    #[arg(long, value_name = "URL", env = "WATCHBELL_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// What to log to standard error: error, warn, info, debug, trace, or a filter such as
    /// `info,server::intake=debug`.
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "WATCHBELL_LOG")]
    pub log: String,
    /// Listen on an address that other machines reach. A proxy that speaks TLS must stand in front:
    /// the cookies of a session are for secure connections alone, and passwords must not travel
    /// unencrypted.
    #[arg(long)]
    pub behind_tls_proxy: bool,
}

/// Where everything is kept unless told otherwise.
pub const DATA: &str = "./watchbell-data";

const EXAMPLES: &str = "\
Examples:
  watchbell serve                                    on http://127.0.0.1:7311, data in ./watchbell-data
  watchbell serve --listen 127.0.0.1:8080 --data /var/lib/watchbell
  watchbell serve --database postgres://watchbell@localhost/watchbell
  watchbell serve --syslog-udp 0.0.0.0:514 --syslog-tcp 0.0.0.0:514    and hear syslog
  watchbell serve --rules sigma/rules                with more rules
  watchbell serve --listen 0.0.0.0:7311 --behind-tls-proxy";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    log_to_stderr(&args.log)?;
    if !args.listen.ip().is_loopback() && !args.behind_tls_proxy {
        bail!(
            "{} can be reached from other machines, and Watchbell itself speaks no TLS: sign-in would not work, \
             because the session's cookie is for secure connections alone, and passwords would travel unencrypted.\n\
             Listen on 127.0.0.1 and let a proxy that speaks TLS forward to it. If the proxy is on another \
             machine or in another container, say --behind-tls-proxy.",
            args.listen
        );
    }
    let config = config(args)?;
    let _claim = claim(&args.data)?;
    runtime()?.block_on(async {
        let server = open(&config, args.listen).await?;
        greet(&server, &args.data)?;
        server.run(told_to_stop()?).await.context("the server stopped")?;
        tracing::info!("stopped");
        Ok(ExitCode::SUCCESS)
    })
}

fn config(args: &Args) -> anyhow::Result<Config> {
    for folder in &args.rules {
        if !folder.exists() {
            bail!("the rules in {} cannot be loaded: there is no such folder", folder.display());
        }
    }
    Ok(Config {
        database: args.database.clone(),
        rules: args.rules.clone(),
        mappings: crate::files::mappings(args.mappings.as_deref(), &args.rules)?,
        placeholders: crate::rules::placeholders(args.placeholders.as_deref())?,
        syslog: syslog(args),
        uploads: Limits {
            largest: args.evidence_largest << 30,
            unfinished: args.uploads_unfinished << 30,
            kept_for: SignedDuration::from_hours(args.uploads_kept),
            ..Limits::default()
        },
        reach: args.reach.clone(),
        public: args.public_url.clone(),
        ..Config::new(&args.data)
    })
}

fn syslog(args: &Args) -> Addresses {
    let tls = args.syslog_tls.zip(args.syslog_cert.clone()).zip(args.syslog_key.clone());
    let tls = tls.map(|((address, certificate), key)| Tls {
        address,
        certificate,
        key,
        client_ca: args.syslog_client_ca.clone(),
    });
    Addresses { udp: args.syslog_udp, tcp: args.syslog_tcp, tls }
}

/// Two servers on one data folder would each think that they alone write. The lock ends with the process,
/// however it ends.
fn claim(data: &Path) -> anyhow::Result<File> {
    let about = || format!("the data folder {} cannot be used", data.display());
    std::fs::create_dir_all(data).with_context(about)?;
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(data.join("in-use"))
        .with_context(about)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(anyhow!(
            "another Watchbell runs with the data in {}: stop it, or give this one its own with --data",
            data.display()
        )),
        Err(TryLockError::Error(error)) => Err(error).with_context(about),
    }
}

pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().context("the system gave no threads")
}

pub fn log_to_stderr(filter: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| anyhow!("--log {filter} is not understood: {error}; use info or debug"))?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(crate::text::colours())
        .try_init()
        .map_err(|error| anyhow!("logging cannot start: {error}"))
}

/// Opens the store and the port; says what to do when either is taken.
pub async fn open(config: &Config, listen: SocketAddr) -> anyhow::Result<Server> {
    // Holding every future of the start at once is much for the stack.
    match Box::pin(Server::bind(config, listen)).await {
        Ok(server) => Ok(server),
        Err(server::Error::Io(error)) if error.kind() == io::ErrorKind::AddrInUse => Err(anyhow!(
            "{listen} is in use: another Watchbell or another program listens there. Stop it, or choose another \
             port with --listen {}:{}",
            listen.ip(),
            listen.port().wrapping_add(1)
        )),
        Err(server::Error::Db(error @ platform::db::DbError::Locked)) => {
            Err(anyhow!(error).context(format!("the data in {} is in use", config.data.display())))
        }
        Err(error) => Err(anyhow!(error)
            .context(format!("Watchbell cannot start with the data in {}", config.data.display()))),
    }
}

/// Says where it is, on standard output, so that a script can read it.
fn greet(server: &Server, data: &Path) -> io::Result<()> {
    let base = base(server.address);
    let mut said =
        format!("{} listens on {base}\n", paint(BOLD, concat!("Watchbell ", env!("CARGO_PKG_VERSION"))));
    writeln!(said, "  data    {}", crate::text::plain(&data.display().to_string())).ok();
    for (name, address) in ["udp", "tcp", "tls"].into_iter().zip(server.syslog.addresses()) {
        if let Some(address) = address {
            writeln!(said, "  syslog  {name} {address}").ok();
        }
    }
    if let Some(token) = &server.setup_token {
        writeln!(said, "  set up  {base}/setup?token={token}").ok();
        writeln!(said, "          Open this link to make the first administrator. It works once.").ok();
    }
    said.push_str("Stop it with Ctrl-C.\n");
    let mut out = io::stdout().lock();
    out.write_all(said.as_bytes())?;
    out.flush()
}

/// The address for a browser on this machine.
pub fn base(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

/// Completes when the process is asked to end.
pub fn told_to_stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        tracing::info!("stopping: requests under way are finished first");
    })
}
