//! `watchbell tail`: follows log files as they are written. Here is the course of it; `follow` reads one
//! file, `watch` finds the files, `state` keeps positions, `cut` tells whole records from half-written
//! ones, `show` detects and prints, `ship` sends to a server.

mod cut;
mod follow;
mod pipe;
mod ship;
mod show;
mod state;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use sigma::Level;
use telemetry::Format;

use crate::hunt::rules;
use crate::serve::DATA;
use crate::text;
use follow::{Follower, Piece};
use ship::Shipper;
use show::{Output, Show};
use state::State;
use watch::Watch;

/// Pieces of one file before the next has its turn.
const MOST_AT_ONCE: usize = 16;
/// How long to wait where nothing new was there.
const PAUSE: Duration = Duration::from_millis(400);

/// Follow log files as they grow: detect at once, and send them to a server.
///
/// Files are followed over rotation (by renaming, by copying and truncating), new files in a folder are
/// picked up, and a last line that is only half written is waited for. With --server each batch is sent
/// until the server has stored it, and only then the position in the state file moves on; a batch that is
/// sent again after a break is recognised there, so nothing is lost and nothing is doubled. Positions hold
/// where the file still has before them what it had.
///
/// EVTX files, packed files, UTF-16 and JSON that is not one record a line do not grow a record at a time
/// and are not followed; send them with `watchbell import`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Log files, or folders that hold them; `-` for standard input.
    #[arg(required = true, value_name = "FILES")]
    paths: Vec<PathBuf>,
    /// Folders or files of Sigma rules to use instead of the ones that Watchbell ships.
    #[arg(long, num_args = 1.., value_name = "DIR")]
    rules: Vec<PathBuf>,
    /// A folder of mappings, which say what records of your own products mean; `mappings` in a folder of
    /// rules is taken without being named.
    #[arg(long, value_name = "DIR")]
    mappings: Option<PathBuf>,
    /// What `%placeholders%` in rules stand for: a YAML file of names with lists of values.
    #[arg(long, value_name = "FILE")]
    placeholders: Option<PathBuf>,
    /// How to print detections.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Leave out detections below this level: informational, low, medium, high or critical.
    #[arg(short, long, default_value_t = Level::Informational, hide_default_value = true)]
    level: Level,
    /// Send what is read to this server.
    #[arg(long, value_name = "URL", env = "WATCHBELL_SERVER")]
    server: Option<String>,
    /// An API key for it; better given by the environment, where other people do not see it.
    #[arg(long, value_name = "KEY", env = "WATCHBELL_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The data folder of the server on this machine, where a key is if none is given.
    #[arg(long, value_name = "FOLDER", default_value = DATA, env = "WATCHBELL_DATA")]
    data: PathBuf,
    /// Only send, and leave detection to the server.
    #[arg(long, requires = "server")]
    send_only: bool,
    /// What the server shall call the source; by default this machine's name and the file's path.
    #[arg(long, value_name = "NAME", requires = "server")]
    source: Option<String>,
    /// Where positions are kept. With --server it is `watchbell-tail.json` if not named; without, positions
    /// are kept only if it is named.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Read files that are there already from their beginning, where no position is kept. Files that appear
    /// later always are.
    #[arg(long)]
    from_start: bool,
    /// The format, where the bytes do not tell it.
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    /// End when everything that is there has been read; a half-written last line stays for the next time.
    #[arg(long)]
    once: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell tail /var/log/auth.log /var/log/audit/audit.log
  watchbell tail /var/log/nginx --level high --output jsonl
  WATCHBELL_KEY=… watchbell tail /var/log --server https://watchbell.example.org --state /var/lib/tail.json
  journalctl -f -o short-iso | watchbell tail -";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    crate::serve::runtime()?.block_on(tail(args))
}

async fn tail(args: &Args) -> anyhow::Result<ExitCode> {
    let rules =
        if args.send_only { None } else { Some(rules::load(&args.rules, args.placeholders.as_deref())?) };
    let mappings = crate::files::mappings(args.mappings.as_deref(), &args.rules)?;
    let mut show = rules.map(|rules| Show::new(rules, mappings, args.level, args.output));
    let mut shipper = match &args.server {
        None => None,
        Some(server) => Some(Shipper::new(server, args.key.clone(), &args.data, args.source.clone())?),
    };
    if args.paths.iter().any(|path| path.as_os_str() == "-") {
        if args.paths.len() > 1 {
            bail!("standard input is followed alone; leave out the other files");
        }
        return pipe::run(args.format, &mut show, &mut shipper).await;
    }
    let kept = args.state.clone().or_else(|| shipper.is_some().then(|| "watchbell-tail.json".into()));
    let mut state = kept.map(|path| State::open(&path)).transpose()?;
    let mut watch = Watch::new(&args.paths, args.from_start, args.format);
    let mut is_last_look = false;
    loop {
        watch.look(state.as_ref());
        // Where a file begins is a position too: whoever is ended now knows it the next time.
        if let Some(state) = &mut state {
            state.keep_all(watch.followers())?;
        }
        let mut moved = false;
        for follower in watch.followers() {
            // A file that grows fast must not keep us from the others.
            for _ in 0..MOST_AT_ONCE {
                let Some(piece) = follower.next() else { break };
                moved = true;
                deliver(follower, &piece, &mut state, &mut show, &mut shipper).await?;
            }
        }
        watch.drop_finished();
        if !moved {
            if args.once {
                if is_last_look {
                    return Ok(ExitCode::SUCCESS);
                }
                is_last_look = true;
                // Long enough for what is held until it is idle.
                tokio::time::sleep(follow::IDLE + PAUSE).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Brings one piece where it belongs; when this returns it is there, and the position is behind it.
async fn deliver(
    follower: &mut Follower,
    piece: &Piece,
    state: &mut Option<State>,
    show: &mut Option<Show>,
    shipper: &mut Option<Shipper>,
) -> anyhow::Result<()> {
    if let Some(shipper) = shipper {
        // Should we be ended before the answer is noted, the very same piece is sent again.
        follower.plan(piece);
        if let Some(state) = state {
            state.keep(follower)?;
        }
        shipper.ship(follower.name(), piece).await;
    }
    if let Some(show) = show {
        let mut records = follower.records;
        show.piece(follower.name(), piece, &mut records)?;
        follower.records = records;
    }
    follower.acknowledge(piece);
    if let Some(state) = state {
        state.keep(follower)?;
    }
    Ok(())
}

/// Says once what is left out.
fn leave_out(path: &std::path::Path, why: &str) {
    text::warn(&format!("{} is not followed: {why}", text::plain(&path.display().to_string())));
}
