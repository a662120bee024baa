//! The conversation with a relay (RFC 5321): greeting, TLS where it is asked for, sign-in, one mail. A relay that
//! offers no STARTTLS although it should is refused, not trusted.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{Told, short};

/// The most lines of one reply, and bytes of a line, that are read.
const LINES: usize = 64;
const LONGEST: u64 = 2048;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    StartTls,
    Tls,
    None,
}

#[derive(Debug)]
pub(super) struct Relay {
    pub host: String,
    pub port: u16,
    pub security: Security,
}

trait Line: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Line for T {}

type Wire = BufReader<Box<dyn Line>>;

/// Hands a mail to the relay.
pub(super) async fn deliver(
    relay: &Relay,
    addresses: &[SocketAddr],
    sign_in: Option<(&str, &str)>,
    from: &str,
    to: &str,
    mail: &str,
) -> Told {
    match converse(relay, addresses, sign_in, from, to, mail).await {
        Ok(reply) => Told { sent: true, again: false, answer: reply.said() },
        Err(told) => told,
    }
}

async fn converse(
    relay: &Relay,
    addresses: &[SocketAddr],
    sign_in: Option<(&str, &str)>,
    from: &str,
    to: &str,
    mail: &str,
) -> Result<Reply, Told> {
    let stream = connected(addresses).await?;
    let mut wire: Wire = match relay.security {
        Security::Tls => secured(relay, Box::new(stream)).await?,
        Security::StartTls | Security::None => BufReader::new(Box::new(stream)),
    };
    heard(&mut wire, 2).await?;
    let me = from.rsplit('@').next().unwrap_or("localhost");
    let hello = format!("EHLO {me}");
    let mut offers = ask(&mut wire, &hello, 2).await?;
    if relay.security == Security::StartTls {
        if !offers.has("STARTTLS") {
            return Err(Told::refused("The relay offers no STARTTLS; nothing was sent to it."));
        }
        ask(&mut wire, "STARTTLS", 2).await?;
        if !wire.buffer().is_empty() {
            // What came before the handshake may be anybody's (CVE-2011-0411).
            return Err(Told::refused("The relay spoke before TLS was agreed on."));
        }
        wire = secured(relay, wire.into_inner()).await?;
        offers = ask(&mut wire, &hello, 2).await?;
    }
    if let Some((user, password)) = sign_in {
        if !offers.has("AUTH") {
            return Err(Told::refused("The relay takes no sign-in."));
        }
        let both = STANDARD.encode(format!("\0{user}\0{password}"));
        ask(&mut wire, &format!("AUTH PLAIN {both}"), 2).await?;
    }
    ask(&mut wire, &format!("MAIL FROM:<{from}>"), 2).await?;
    ask(&mut wire, &format!("RCPT TO:<{to}>"), 2).await?;
    ask(&mut wire, "DATA", 3).await?;
    // A line that begins with a dot gets another (§4.5.2); base64 has none, headers are ours.
    let reply =
        ask(&mut wire, &format!("{}\r\n.", mail.trim_end_matches("\r\n").replace("\r\n.", "\r\n..")), 2)
            .await?;
    // The mail is taken; how the relay says goodbye changes nothing.
    ask(&mut wire, "QUIT", 2).await.ok();
    Ok(reply)
}

async fn connected(addresses: &[SocketAddr]) -> Result<TcpStream, Told> {
    for address in addresses {
        let connecting = TcpStream::connect(address);
        if let Ok(Ok(stream)) = tokio::time::timeout(Duration::from_secs(5), connecting).await {
            return Ok(stream);
        }
    }
    Err(Told::failed("No connection to the relay."))
}

/// What verifies relays: the machine's own authorities.
static TLS: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
    let verified = ClientConfig::builder().with_platform_verifier().map_err(|error| error.to_string())?;
    Ok(Arc::new(verified.with_no_client_auth()))
});

async fn secured(relay: &Relay, stream: Box<dyn Line>) -> Result<Wire, Told> {
    let config = TLS.as_ref().map_err(|error| Told::refused(format!("TLS cannot be set up: {error}")))?;
    let name = ServerName::try_from(relay.host.clone());
    let name = name.map_err(|_| Told::refused("The relay's name is none for a certificate."))?;
    let secured = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
    let secured = secured.map_err(|error| Told::failed(format!("TLS with the relay failed: {error}")))?;
    Ok(BufReader::new(Box::new(secured)))
}

/// What a relay replied.
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn said(&self) -> String {
        format!("{} {}", self.code, short(&self.lines.join(" ")))
    }

    /// Whether an extension is offered.
    fn has(&self, extension: &str) -> bool {
        self.lines.iter().any(|line| {
            line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(extension))
        })
    }
}

async fn ask(wire: &mut Wire, line: &str, class: u16) -> Result<Reply, Told> {
    let broken = |_| Told::failed("The connection to the relay broke off.");
    wire.write_all(format!("{line}\r\n").as_bytes()).await.map_err(broken)?;
    wire.flush().await.map_err(broken)?;
    heard(wire, class).await
}

/// Reads a reply. One of another class than expected is the end: 4xx for now, 5xx for good (§4.2.1).
async fn heard(wire: &mut Wire, class: u16) -> Result<Reply, Told> {
    let strange = || Told::failed("The relay's reply is none of SMTP.");
    let mut lines = Vec::new();
    for _ in 0..LINES {
        let mut line = Vec::new();
        let read = tokio::io::AsyncReadExt::take(&mut *wire, LONGEST).read_until(b'\n', &mut line).await;
        if read.map_err(|_| strange())? == 0 {
            return Err(Told::failed("The connection to the relay broke off."));
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        let code: u16 = line.get(..3).and_then(|code| code.parse().ok()).ok_or_else(strange)?;
        let more = line.get(3..4) == Some("-");
        lines.push(line.get(4..).unwrap_or_default().trim_end().to_owned());
        if !more {
            let reply = Reply { code, lines };
            return if code / 100 == class {
                Ok(reply)
            } else {
                Err(Told { sent: false, again: code / 100 != 5, answer: reply.said() })
            };
        }
    }
    Err(strange())
}
