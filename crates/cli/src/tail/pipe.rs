//! Standard input, followed to its end. It has no position to go back to: what was read and not yet
//! acknowledged when this is ended is gone, which a file's is not.

use std::io::{BufRead, BufReader};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use bytes::Bytes;
use telemetry::Format;
use tokio::sync::mpsc;

use super::cut::whole;
use super::follow::Piece;
use super::ship::Shipper;
use super::show::Show;

/// The most that is delivered at once, and how long less than that waits for more.
const PIECE: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_millis(300);
const NAME: &str = "standard input";

pub async fn run(
    format: Option<Format>,
    show: &mut Option<Show>,
    shipper: &mut Option<Shipper>,
) -> anyhow::Result<ExitCode> {
    let (sender, mut pieces) = mpsc::channel::<Vec<u8>>(4);
    std::thread::spawn(move || {
        let mut input = BufReader::with_capacity(64 * 1024, std::io::stdin());
        loop {
            let bytes = match input.fill_buf() {
                Ok([]) | Err(_) => return,
                Ok(bytes) => bytes.to_vec(),
            };
            input.consume(bytes.len());
            if sender.blocking_send(bytes).is_err() {
                return;
            }
        }
    });
    let mut waiting: Vec<u8> = Vec::new();
    let (mut format, mut records, mut at) = (format, 0, 0_u64);
    let session = jiff::Timestamp::now().as_nanosecond();
    let mut header = super::cut::Header::default();
    let mut since = Instant::now();
    let mut ended = false;
    while !ended {
        match tokio::time::timeout(PATIENCE, pieces.recv()).await {
            Ok(Some(bytes)) => waiting.extend(bytes),
            Ok(None) => ended = true,
            Err(_) => {}
        }
        if waiting.is_empty() || (!ended && waiting.len() < PIECE && since.elapsed() < PATIENCE) {
            continue;
        }
        since = Instant::now();
        format = format.or_else(|| telemetry::detect(NAME, &waiting));
        let Some(format) = format else {
            if ended || waiting.len() > PIECE {
                anyhow::bail!("standard input is in no format that is known here; name one with --format");
            }
            continue;
        };
        let end = if ended { waiting.len() } else { whole(format, &waiting, true) };
        if end == 0 {
            continue;
        }
        let own: Vec<u8> = waiting.drain(..end).collect();
        let body = if at == 0 { own.clone() } else { header.before(&own) };
        header.learn(format, &own);
        at += u64::try_from(end).unwrap_or(0);
        let piece = Piece::of_stream(at, format, Bytes::from(body), format!("stdin-{session}-{at}"));
        if let Some(shipper) = shipper {
            shipper.ship(NAME, &piece).await;
        }
        if let Some(show) = show {
            show.piece(NAME, &piece, &mut records)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
