//! Syslog listeners: UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425). Each peer of a listener is a
//! source, and what it sends is committed in batches, at least once a second. Plain syslog knows no
//! acknowledgement: over TCP and TLS a listener that cannot store stops reading, so that the sender
//! keeps what it has; over UDP what cannot be taken is counted as lost.

mod frame;
mod stream;
mod tls;
mod udp;

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use domain::{Actor, SourceId, SourceKind};
use telemetry::Format;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::{Batch, take_batch};
use crate::app::App;
use crate::error::{Error, Result};
use crate::source;

/// The longest message; what is longer is cut there (RFC 5424 §6.1 lets a receiver do so).
const LONGEST: usize = 64 << 10;
/// When a batch is committed: after this many messages or bytes, or this long after its first message.
const MESSAGES: usize = 1000;
const BYTES: usize = 4 << 20;
const WAIT: Duration = Duration::from_secs(1);
/// How many peers of a listener are sources of their own; the others are one.
const PEERS: usize = 256;

/// Where to listen for syslog.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    pub udp: Option<SocketAddr>,
    pub tcp: Option<SocketAddr>,
    pub tls: Option<Tls>,
}

/// Where to listen for syslog over TLS, and as whom.
#[derive(Debug, Clone)]
pub struct Tls {
    pub address: SocketAddr,
    /// The certificate with its chain, and its key, as PEM.
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whose certificates senders must show; anybody may send without.
    pub client_ca: Option<PathBuf>,
}

/// Open ports that nobody reads yet.
pub struct Listeners {
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    tls: Option<(TcpListener, TlsAcceptor)>,
}

impl Listeners {
    pub async fn bind(at: &Addresses) -> Result<Self> {
        let mut listeners = Listeners { udp: None, tcp: None, tls: None };
        if let Some(address) = at.udp {
            listeners.udp = Some(UdpSocket::bind(address).await.map_err(|error| taken(address, &error))?);
        }
        if let Some(address) = at.tcp {
            listeners.tcp = Some(TcpListener::bind(address).await.map_err(|error| taken(address, &error))?);
        }
        if let Some(tls) = &at.tls {
            let acceptor = tls::acceptor(tls)?;
            let bound = TcpListener::bind(tls.address).await.map_err(|error| taken(tls.address, &error))?;
            listeners.tls = Some((bound, acceptor));
        }
        Ok(listeners)
    }

    /// Where UDP, TCP and TLS are listened on.
    pub fn addresses(&self) -> [Option<SocketAddr>; 3] {
        [
            self.udp.as_ref().and_then(|socket| socket.local_addr().ok()),
            self.tcp.as_ref().and_then(|listener| listener.local_addr().ok()),
            self.tls.as_ref().and_then(|(listener, _)| listener.local_addr().ok()),
        ]
    }

    /// Takes messages until told to stop; what was received by then is committed before this returns.
    pub async fn serve(self, app: App, stopping: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        if let Some(socket) = self.udp {
            tasks.spawn(udp::serve(app.clone(), socket, stopping.clone()));
        }
        if let Some(listener) = self.tcp {
            tasks.spawn(stream::serve(app.clone(), listener, None, stopping.clone()));
        }
        if let Some((listener, acceptor)) = self.tls {
            tasks.spawn(stream::serve(app, listener, Some(acceptor), stopping));
        }
        tasks.join_all().await;
    }
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Error {
    Error::Invalid(format!("Syslog cannot be listened for on {address}: {error}. Choose another address."))
}

/// The peers that are sources of their own.
struct Peers {
    kind: SourceKind,
    known: Mutex<HashSet<IpAddr>>,
}

impl Peers {
    fn new(kind: SourceKind) -> Self {
        Peers { kind, known: Mutex::default() }
    }

    /// The name of a peer's source.
    fn name(&self, peer: IpAddr) -> String {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let prefix = self.kind.as_str().replace('_', "-");
        if known.contains(&peer) || known.len() < PEERS {
            known.insert(peer);
            format!("{prefix}/{}", peer.to_canonical())
        } else {
            format!("{prefix}/others")
        }
    }

    async fn source(&self, app: &App, peer: IpAddr) -> Result<SourceId> {
        let prefix = self.kind.as_str().replace('_', "-");
        match source::ensure(app, &Actor::Watchbell, self.kind, &self.name(peer)).await {
            Ok(source) => Ok(source.id),
            // There are too many sources.
            Err(Error::Conflict(_)) => {
                let others = format!("{prefix}/others");
                Ok(source::ensure(app, &Actor::Watchbell, self.kind, &others).await?.id)
            }
            Err(error) => Err(error),
        }
    }
}

/// Commits messages of a peer. They are kept with their length in front (RFC 6587 §3.4.1), since a
/// message may hold line ends.
async fn commit(app: &App, source: SourceId, messages: &[Bytes]) -> Result<()> {
    let mut body = Vec::with_capacity(messages.iter().map(|message| message.len() + 8).sum());
    for message in messages {
        body.extend_from_slice(message.len().to_string().as_bytes());
        body.push(b' ');
        body.extend_from_slice(message);
    }
    let batch = Batch {
        source,
        format: Some(Format::Syslog),
        body: body.into(),
        records: messages.to_vec(),
        key: None,
    };
    take_batch(app, &Actor::Watchbell, batch).await.map(drop)
}
