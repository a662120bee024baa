//! `watchbell import`: sends log files to a running server.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use telemetry::Options;
use tokio_util::io::ReaderStream;

use crate::client::{Api, Connection};
use crate::files::{self, LogFile};
use crate::text::{self, count, number, plain};

/// Send log files to a running server, where detections become alerts.
///
/// The server answers for a file once all of its events are stored. Sending the same file again changes
/// nothing, so after a break just send all of them again.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Log files, or folders that hold them.
    #[arg(required = true, value_name = "FILES")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

const EXAMPLES: &str = "\
Examples:
  watchbell import dc01.evtx ws07.evtx
  watchbell import evidence/                       every log file in the folder
  WATCHBELL_KEY=… watchbell import logs/ --server https://watchbell.example.org";

#[derive(Deserialize)]
struct Answer {
    deliveries: Vec<Receipt>,
}

/// What the server says of one file.
#[derive(Deserialize)]
struct Receipt {
    id: String,
    format: String,
    #[serde(default)]
    again: bool,
    events: u64,
    refused: u64,
    detections: u64,
    alerts: Vec<String>,
}

#[derive(Default)]
struct Sum {
    files: u64,
    events: u64,
    refused: u64,
    detections: u64,
    alerts: std::collections::BTreeSet<String>,
    skipped: u64,
    failed: u64,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    crate::serve::runtime()?.block_on(import(args))
}

async fn import(args: &Args) -> anyhow::Result<ExitCode> {
    let found = files::find(&args.paths)?;
    if found.files.is_empty() {
        bail!("there is no file to send in {}", files::shown(&args.paths));
    }
    let api = args.connection.open().await?;
    let bar = progress(&found.files);
    let mut sum = Sum::default();
    for problem in &found.unreadable {
        bar.suspend(|| text::warn(problem));
    }
    for file in &found.files {
        let before = bar.position();
        match send(&api, file, &bar).await {
            Ok(Some(receipts)) => {
                sum.files += 1;
                for receipt in &receipts {
                    bar.suspend(|| println(&file.path, receipt))?;
                    sum.add(receipt);
                }
            }
            Ok(None) => sum.skipped += 1,
            Err(error) => {
                sum.failed += 1;
                bar.suspend(|| text::complain(&format!("{}: {error:#}", file.path.display())));
            }
        }
        bar.set_position(before + file.bytes);
    }
    bar.finish_and_clear();
    sum.say();
    if sum.files == 0 && sum.failed == 0 {
        bail!("none of the files is in a known format");
    }
    Ok(if sum.failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Sum {
    fn add(&mut self, receipt: &Receipt) {
        if !receipt.again {
            self.events += receipt.events;
            self.refused += receipt.refused;
            self.detections += receipt.detections;
        }
        self.alerts.extend(receipt.alerts.iter().cloned());
    }

    fn say(&self) {
        let mut said = format!(
            "{} sent: {}, {} refused; {} in {}",
            count(self.files, "file", "files"),
            count(self.events, "event", "events"),
            number(self.refused),
            count(self.detections, "detection", "detections"),
            count(u64::try_from(self.alerts.len()).unwrap_or(0), "alert", "alerts"),
        );
        if self.skipped > 0 {
            said += &format!("; {} skipped (empty, or in no known format)", number(self.skipped));
        }
        if self.failed > 0 {
            said += &format!("; {} failed, send them again", number(self.failed));
        }
        text::say(&said);
    }
}

fn println(path: &Path, receipt: &Receipt) -> std::io::Result<()> {
    use std::io::Write;
    let mut said = format!(
        "{}  {} {}  ",
        plain(&path.display().to_string()),
        plain(&receipt.id),
        plain(&receipt.format)
    );
    said += &count(receipt.events, "event", "events");
    if receipt.refused > 0 {
        said += &format!(", {} refused", number(receipt.refused));
    }
    said += &format!(", {}", count(receipt.detections, "detection", "detections"));
    match receipt.alerts.as_slice() {
        [] => {}
        few if few.len() <= 5 => said += &format!(": {}", plain(&few.join(" "))),
        many => said += &format!(" in {}", count(u64::try_from(many.len()).unwrap_or(0), "alert", "alerts")),
    }
    if receipt.again {
        said += " (was here already)";
    }
    writeln!(std::io::stdout().lock(), "{said}")
}

/// Sends one file, piece by piece; `None` if it is no log file.
async fn send(api: &Api, file: &LogFile, bar: &ProgressBar) -> anyhow::Result<Option<Vec<Receipt>>> {
    let opened = telemetry::open(&file.path, &Options::new(Timestamp::now()));
    match opened {
        Ok(_) => {}
        Err(telemetry::Error::Unrecognised { .. } | telemetry::Error::Empty { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let content = tokio::fs::File::open(&file.path).await.context("cannot be opened")?;
    let bytes = content.metadata().await?.len();
    let stream = ReaderStream::with_capacity(bar.wrap_async_read(content), 256 * 1024);
    let body = reqwest::Body::wrap_stream(stream);
    let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy().into_owned();
    let form = Form::new().part("file", Part::stream_with_length(body, bytes).file_name(name));
    let request = api.request(Method::POST, "api/v1/intake")?.multipart(form);
    let answer: Answer =
        api.send(request).await?.json().await.context("the server's answer is not understood")?;
    Ok(Some(answer.deliveries))
}

fn progress(files: &[LogFile]) -> ProgressBar {
    let bar = ProgressBar::new(files.iter().map(|file| file.bytes).sum());
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        return bar;
    }
    if let Ok(style) =
        ProgressStyle::with_template("sending {bar:36} {bytes} of {total_bytes}  {binary_bytes_per_sec}")
    {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
