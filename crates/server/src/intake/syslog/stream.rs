//! Syslog over TCP and TLS. A connection reads, and commits what it read before it reads on for long:
//! a sender that is faster than the disk is slowed by the network.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::SourceKind;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::frame::Frames;
use super::{BYTES, MESSAGES, Peers, WAIT, commit};
use crate::app::App;
use crate::error::Error;

/// How many connections a listener holds, and how many of one peer.
const CONNECTIONS: usize = 512;
const OF_ONE_PEER: usize = 32;
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a message may take to arrive, and how long a sender may be quiet between two.
const AMID: Duration = Duration::from_secs(30);
const QUIET: Duration = Duration::from_secs(3600);
/// What is read at once.
const PIECE: usize = 64 << 10;
/// When the server stops: how long a sender may pause in what it is sending, and for how long it is
/// listened to at the most.
const LAST_PAUSE: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(2);

/// How many connections each peer has.
#[derive(Default)]
struct Open(Mutex<HashMap<IpAddr, usize>>);

/// One connection of a peer; it is counted until this is dropped.
struct Counted(Arc<Open>, IpAddr);

impl Open {
    fn count(self: &Arc<Self>, peer: IpAddr) -> Option<Counted> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= CONNECTIONS {
            return None;
        }
        let of_peer = open.entry(peer).or_default();
        if *of_peer >= OF_ONE_PEER {
            return None;
        }
        *of_peer += 1;
        Some(Counted(Arc::clone(self), peer))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

pub async fn serve(
    app: App,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<bool>,
) {
    let kind = if tls.is_some() { SourceKind::SyslogTls } else { SourceKind::SyslogTcp };
    let (peers, open) = (Arc::new(Peers::new(kind)), Arc::new(Open::default()));
    let mut connections = JoinSet::new();
    let begin = |connections: &mut JoinSet<()>, stream: TcpStream, peer: SocketAddr| {
        // A connection too many is closed at once; its sender tries again.
        let Some(counted) = open.count(peer.ip()) else { return };
        let (app, peers, tls, stopping) = (app.clone(), Arc::clone(&peers), tls.clone(), stopping.clone());
        connections.spawn(async move {
            let _counted = counted;
            connection(app, &peers, stream, peer, tls, stopping).await;
        });
    };
    let mut stop = stopping.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stop.wait_for(|stopping| *stopping) => break,
        };
        match accepted {
            Ok((stream, peer)) => begin(&mut connections, stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a syslog connection was not accepted");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
    // Whoever has connected by now may have sent already.
    for _ in 0..CONNECTIONS {
        let Ok(Ok((stream, peer))) = timeout(LAST_PAUSE, listener.accept()).await else { break };
        begin(&mut connections, stream, peer);
    }
    drop(listener);
    connections.join_all().await;
}

async fn connection(
    app: App,
    peers: &Peers,
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    stopping: watch::Receiver<bool>,
) {
    let Some(tls) = tls else { return read(&app, peers, stream, peer.ip(), stopping).await };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => read(&app, peers, stream, peer.ip(), stopping).await,
        Ok(Err(error)) => tracing::info!(%peer, %error, "no TLS with a syslog sender"),
        Err(_) => tracing::info!(%peer, "a syslog sender did not finish its TLS handshake"),
    }
}

/// What a connection goes on with.
enum Next {
    /// So many bytes came.
    Came(usize),
    /// The sender is done, or took too long.
    End,
    /// What is held has waited long enough.
    Due,
    /// The server stops.
    Stop,
}

/// Reads a connection to its end.
async fn read(
    app: &App,
    peers: &Peers,
    mut stream: impl AsyncRead + Unpin,
    peer: IpAddr,
    stopping: watch::Receiver<bool>,
) {
    let (mut frames, mut held, mut bytes) = (Frames::default(), Vec::<Bytes>::new(), 0);
    let mut stop = stopping.clone();
    let mut due = Instant::now() + QUIET;
    // Until when something must have come to its end: a message, a pause, the last that is listened to.
    let mut until = Instant::now() + QUIET;
    let mut last = None;
    loop {
        frames.buffer().reserve(PIECE);
        let patience = last.map_or(until, |last: Instant| last.min(Instant::now() + LAST_PAUSE));
        let next = tokio::select! {
            biased;
            () = sleep_until(patience) => Next::End,
            received = stream.read_buf(frames.buffer()) => match received {
                Ok(count) if count > 0 => Next::Came(count),
                _ => Next::End,
            },
            () = sleep_until(due), if !held.is_empty() => Next::Due,
            _ = stop.wait_for(|stopping| *stopping), if last.is_none() => Next::Stop,
        };
        let received = match next {
            Next::Came(count) => Some(count),
            Next::End => None,
            Next::Due => {
                if !flush(app, peers, peer, &mut held, &stopping).await {
                    return;
                }
                bytes = 0;
                continue;
            }
            Next::Stop => {
                last = Some(Instant::now() + LAST);
                continue;
            }
        };
        let ended = received.is_none();
        let was_amid = frames.len() > received.unwrap_or_default();
        let complete = std::iter::from_fn(|| frames.next()).collect::<Vec<_>>();
        if !frames.is_amid() {
            until = Instant::now() + QUIET;
        } else if !complete.is_empty() || !was_amid {
            until = Instant::now() + AMID;
        }
        let rest = if ended { frames.rest() } else { None };
        for message in complete.into_iter().chain(rest) {
            if held.is_empty() {
                due = Instant::now() + WAIT;
            }
            bytes += message.len();
            held.push(message);
            if (held.len() >= MESSAGES || bytes >= BYTES)
                && !flush(app, peers, peer, &mut held, &stopping).await
            {
                return;
            }
            bytes = if held.is_empty() { 0 } else { bytes };
        }
        if ended {
            flush(app, peers, peer, &mut held, &stopping).await;
            return;
        }
    }
}

/// Commits what is held, and tries until it is; says whether the connection goes on. While this waits
/// nothing is read, so the sender waits too.
async fn flush(
    app: &App,
    peers: &Peers,
    peer: IpAddr,
    held: &mut Vec<Bytes>,
    stopping: &watch::Receiver<bool>,
) -> bool {
    while !held.is_empty() {
        let done = match peers.source(app, peer).await {
            Ok(source) => commit(app, source, held).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => held.clear(),
            Err(Error::Conflict(reason)) => {
                tracing::info!(%peer, reason, "a syslog connection is closed");
                return false;
            }
            Err(error) if *stopping.borrow() => {
                tracing::error!(%peer, %error, lost = held.len(), "syslog messages are lost as the server stops");
                return false;
            }
            Err(error) => {
                tracing::warn!(%peer, %error, "syslog messages wait to be stored");
                sleep(WAIT).await;
            }
        }
    }
    true
}
