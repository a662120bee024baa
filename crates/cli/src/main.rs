//! The binary `watchbell`: parses what was asked, runs it, and ends with an exit code. Each command
//! is a module of its own; what they share is in `text` (words for a terminal) and `times`.
//!
//! Exit codes: 0 done, 1 it failed or was asked wrongly, 2 `hunt --fail-on` found something.

mod client;
mod demo;
mod files;
mod hunt;
mod import;
mod papers;
mod plan;
mod playbook;
mod rules;
mod serve;
mod tail;
mod text;
mod times;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use mimalloc::MiMalloc;

/// Events are many small texts; this one hands them out and takes them back sooner than the system's.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

/// Incident response in one binary: hunt through log files, run the server, write the report.
#[derive(Parser)]
#[command(name = "watchbell", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Start with:\n  watchbell hunt logs/          look through log files, no server needed\n  watchbell serve               start the server and open the link that it prints\n  watchbell help COMMAND        more about a command, with examples"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Hunt(hunt::Args),
    Serve(serve::Args),
    Tail(tail::Args),
    Rules(rules::Args),
    Plan(plan::Args),
    Playbook(playbook::Args),
    Demo(demo::Args),
    Import(import::Args),
    Report(papers::ReportArgs),
    Export(papers::ExportArgs),
    Verify(papers::VerifyArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A reader that went away is no reason to complain.
            error.print().ok();
            // clap's own code for a wrong command line is 2, which here means "found".
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let outcome = match cli.command {
        Command::Hunt(args) => hunt::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Tail(args) => tail::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Plan(args) => plan::run(&args),
        Command::Playbook(args) => playbook::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Report(args) => papers::report(&args),
        Command::Export(args) => papers::export(&args),
        Command::Verify(args) => papers::verify(&args),
    };
    match outcome {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            text::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads what we print may stop reading, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
