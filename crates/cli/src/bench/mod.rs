//! `watchbell bench`: fills a store to a size, and measures how fast it answers.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use platform::clock::Clock;
use server::bench::{self, Measured, Size};
use server::{App, Config};

use crate::serve;
use crate::text::{number, say};

/// Fill a store to a size, and measure how fast it answers.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Fill(FillArgs),
    Search(SearchArgs),
}

#[derive(clap::Args)]
struct Store {
    /// The data folder of the store. Made if it is missing.
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// A PostgreSQL database to use instead of the embedded one.
    #[arg(long, value_name = "postgres://…", env = "WATCHBELL_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// The same seed makes the same store, and asks the same.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Fill an empty store with incidents and alerts of the last two years.
///
/// Every record goes through a change like any other, with its leaf in the ledger. A server opens the store
/// afterwards; nobody has an account with a known password in it but whoever is set up then.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  watchbell bench fill --data /tmp/large --incidents 100000 --alerts 1000000"
)]
struct FillArgs {
    #[command(flatten)]
    store: Store,
    #[arg(long, default_value_t = 1000)]
    incidents: u64,
    #[arg(long, default_value_t = 10_000)]
    alerts: u64,
    /// Fill a store that holds something already. What is made up then stands beside it for ever.
    #[arg(long)]
    into_a_used_store: bool,
}

/// Measure searches on a store, and print the times of 50, 95 and 99 of a hundred.
#[derive(clap::Args)]
struct SearchArgs {
    #[command(flatten)]
    store: Store,
    /// How often each kind of query is asked.
    #[arg(long, default_value_t = 200)]
    rounds: u64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    serve::runtime()?.block_on(async {
        match &args.command {
            Command::Fill(args) => Box::pin(fill(args)).await,
            Command::Search(args) => Box::pin(search(args)).await,
        }
    })
}

async fn open(store: &Store, clock: Clock) -> anyhow::Result<App> {
    let config = Config { database: store.database.clone(), clock, ..Config::new(&store.data) };
    let app = App::open(&config).await.context("the store cannot be opened")?;
    server::plan::ensure_in_force(&app).await?;
    server::search::catch_up::bring_up(&app).await?;
    Ok(app)
}

async fn fill(args: &FillArgs) -> anyhow::Result<ExitCode> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = Timestamp::from_second(i64::try_from(seconds).unwrap_or(0)).unwrap_or(Timestamp::UNIX_EPOCH);
    let _claim = serve::claim(&args.store.data)?;
    let app = open(&args.store, Clock::manual(bench::begins(now))).await?;
    if !args.into_a_used_store && !bench::is_empty(&app).await? {
        bail!(
            "there is something in this store already: name an empty folder with --data, or say --into-a-used-store"
        );
    }
    let size = Size { incidents: args.incidents, alerts: args.alerts, seed: args.store.seed };
    let bar = ProgressBar::new(size.incidents + size.alerts);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {per_sec} {eta} left") {
        bar.set_style(style);
    }
    let begun = Instant::now();
    bench::fill(&app, size, |done| bar.inc(done)).await?;
    bar.finish_and_clear();
    app.db.close().await;
    let took = begun.elapsed();
    say(&format!(
        "{} incidents and {} alerts in {:.1} s",
        number(size.incidents),
        number(size.alerts),
        took.as_secs_f64()
    ));
    Ok(ExitCode::SUCCESS)
}

async fn search(args: &SearchArgs) -> anyhow::Result<ExitCode> {
    let _claim = serve::claim(&args.store.data)?;
    let app = open(&args.store, Clock::System).await?;
    let measured = bench::measure(&app, args.rounds, args.store.seed).await?;
    say(&format!("{:<26} {:>9} {:>9} {:>9}  such as", "query", "p50 ms", "p95 ms", "p99 ms"));
    for one in &measured {
        say(&line(one));
    }
    app.db.close().await;
    Ok(ExitCode::SUCCESS)
}

fn line(one: &Measured) -> String {
    let at = |hundredths| milliseconds(one.percentile(hundredths));
    format!("{:<26} {:>9} {:>9} {:>9}  {}", one.what, at(50), at(95), at(99), one.example)
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1000.0)
}
