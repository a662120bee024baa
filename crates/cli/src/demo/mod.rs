//! `watchbell demo`: a server of its own with a sample organisation, on which a small made-up intrusion
//! is played through the ordinary intake. Here is the course of it; `folder` keeps the demo's data apart
//! from anything real, `scenario` reads the story, `player` sends it.

mod folder;
mod player;
mod scenario;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use domain::Role;
use server::Config;
use server::identity::{self, NewAccount};
use server::serve::Server;

use crate::client::Connection;
use crate::serve::{base, log_to_stderr, open, runtime, told_to_stop};
use crate::text::{BOLD, paint};
use folder::Folder;
use scenario::Scenario;

/// Start with a sample organisation and watch a small intrusion arise.
///
/// Makes a data folder for itself, sets up a sample organisation and an administrator, prints how to
/// sign in, and plays a made-up intrusion of about a minute through the ordinary intake. Alerts appear
/// on the page as it goes on; declare an incident from them. It goes on answering until Ctrl-C.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The address and port to listen on.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7311")]
    listen: SocketAddr,
    /// The folder for the demo's data. It is made, and marked as the demo's.
    #[arg(long, value_name = "FOLDER", default_value = "./watchbell-demo")]
    data: PathBuf,
    /// Empty the folder of an earlier demo without asking. A folder that no demo made is never touched.
    #[arg(long)]
    fresh: bool,
    /// How many times faster than life the story is told.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Stop when the story has been told.
    #[arg(long)]
    once: bool,
}

const EXAMPLES: &str = "\
Examples:
  watchbell demo                      then open the link, and watch the alerts
  watchbell demo --fresh --speed 10   again from the beginning, in six seconds
  watchbell demo --listen 127.0.0.1:8080";

const EMAIL: &str = "demo@watchbell.example";

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.1..=1000.0).contains(&speed) => Ok(speed),
        _ => Err("say how many times faster, from 0.1 to 1000".to_owned()),
    }
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if !args.listen.ip().is_loopback() {
        anyhow::bail!(
            "the demo listens on this machine alone, such as on 127.0.0.1:7311; {} is not",
            args.listen
        );
    }
    log_to_stderr("warn")?;
    let scenario = Scenario::shipped()?;
    let folder = Folder::take(&args.data, args.fresh)?;
    runtime()?.block_on(Box::pin(play(args, &scenario, &folder)))
}

async fn play(args: &Args, scenario: &Scenario, folder: &Folder) -> anyhow::Result<ExitCode> {
    let server = open(&Config::new(folder.path()), args.listen).await?;
    let password = set_up(&server, scenario).await?;
    let base = base(server.address);
    greet(&base, &password, scenario)?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async move {
        stopped.await.ok();
    }));
    let asked = told_to_stop()?;
    tokio::pin!(asked);
    let connection = Connection { server: base.clone(), key: None, data: folder.path().to_owned() };
    let told = tokio::select! {
        () = &mut asked => None,
        told = player::play(scenario, &connection, args.speed) => Some(told),
    };
    match told {
        None => {}
        Some(Err(error)) => {
            stop.send(()).ok();
            serving.await?.ok();
            return Err(error.context("the story broke off"));
        }
        Some(Ok(())) if args.once => {}
        Some(Ok(())) => {
            say(&format!(
                "\nThat was the story. Now it is yours: open {base}/alerts, look at the alerts, and declare an incident \
                 from them.\nWatchbell goes on answering; stop it with Ctrl-C."
            ))?;
            asked.await;
        }
    }
    stop.send(()).ok();
    serving.await?.context("the server stopped")?;
    Ok(ExitCode::SUCCESS)
}

/// Sets up the sample organisation and its administrator, whose password nobody else knows.
async fn set_up(server: &Server, scenario: &Scenario) -> anyhow::Result<String> {
    let token = server
        .setup_token
        .as_deref()
        .context("the demo's folder was set up already; start it with --fresh")?;
    let password = password()?;
    let first = NewAccount {
        name: "Demo Administrator".to_owned(),
        email: EMAIL.to_owned(),
        password: password.clone(),
        role: Role::Administrator,
    };
    identity::set_up(&server.app, token, &scenario.organisation, first).await?;
    Ok(password)
}

/// Eighty bits of chance, in groups that can be typed.
fn password() -> io::Result<String> {
    let token = platform::secrets::token()?;
    let groups: Vec<String> =
        token.chars().take(20).collect::<Vec<_>>().chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

fn greet(base: &str, password: &str, scenario: &Scenario) -> io::Result<()> {
    say(&format!(
        "{}\n  open      {base}\n  e-mail    {EMAIL}\n  password  {password}\n\n{}: {}\n",
        paint(BOLD, &format!("Watchbell's demo: {}", scenario.organisation)),
        scenario.name,
        scenario.about
    ))
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end())?;
    out.flush()
}
