//! Syslog over UDP: a datagram is a message. One task empties the socket, another commits; between
//! them a bounded number of messages waits, and those beyond it are counted as lost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::SourceKind;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::{LONGEST, MESSAGES, Peers, WAIT, commit};
use crate::app::App;
use crate::source;

/// Messages that wait to be committed.
const WAITING: usize = 20_000;
/// How much is committed at once, of all peers.
const AT_ONCE: usize = 4 * MESSAGES;
/// Of how many peers losses are counted apart.
const LOSERS: usize = 1000;

/// How many messages of each peer were lost since this was last told.
type Lost = Arc<Mutex<HashMap<IpAddr, i64>>>;

pub async fn serve(app: App, socket: UdpSocket, mut stopping: watch::Receiver<bool>) {
    let (sender, waiting) = mpsc::channel(WAITING);
    let lost = Lost::default();
    let storing = tokio::spawn(store(app, waiting, Arc::clone(&lost)));
    let mut buffer = vec![0; LONGEST];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match received {
            Ok((length, from)) => {
                let message = buffer.get(..length).unwrap_or_default().trim_ascii_end();
                let is_lost = !message.is_empty()
                    && sender.try_send((from.ip(), Bytes::copy_from_slice(message))).is_err();
                if is_lost {
                    count(&lost, from.ip(), 1);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a syslog datagram was not read");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    drop(sender);
    storing.await.ok();
}

fn count(lost: &Lost, peer: IpAddr, messages: i64) {
    let mut lost = lost.lock().unwrap_or_else(PoisonError::into_inner);
    if lost.len() < LOSERS || lost.contains_key(&peer) {
        *lost.entry(peer).or_default() += messages;
    }
}

/// Commits what waits, at least once a second, until nothing will come any more.
async fn store(app: App, mut waiting: mpsc::Receiver<(IpAddr, Bytes)>, lost: Lost) {
    let peers = Peers::new(SourceKind::SyslogUdp);
    while let Some((first, message)) = waiting.recv().await {
        let mut by_peer: HashMap<IpAddr, Vec<Bytes>> = HashMap::from([(first, vec![message])]);
        let (until, mut taken) = (tokio::time::Instant::now() + WAIT, 1);
        while taken < AT_ONCE {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let Ok(Some((peer, message))) = timeout(left, waiting.recv()).await else { break };
            by_peer.entry(peer).or_default().push(message);
            taken += 1;
        }
        for (peer, messages) in by_peer {
            let done = match peers.source(&app, peer).await {
                Ok(source) => commit(&app, source, &messages).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(%peer, %error, lost = messages.len(), "syslog datagrams were not stored");
                count(&lost, peer, i64::try_from(messages.len()).unwrap_or(i64::MAX));
            }
        }
        let told = std::mem::take(&mut *lost.lock().unwrap_or_else(PoisonError::into_inner));
        for (peer, messages) in told {
            if let Ok(source) = peers.source(&app, peer).await {
                source::dropped(&app, source, messages).await.ok();
            }
        }
    }
}
