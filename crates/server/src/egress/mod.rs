//! The one way out: which hosts may be reached, and the client that speaks HTTP to them. No redirect is followed, no
//! proxy is asked, and the connection goes to the address that was judged.

mod reach;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Client;

pub use reach::Reach;

/// Why a host is not reached.
#[derive(Debug, thiserror::Error)]
pub enum Unreachable {
    /// Nobody named it; trying again would not help.
    #[error("{0}")]
    Refused(String),
    /// Its name stands for nothing now.
    #[error("{0}")]
    Unknown(String),
}

/// A client for one host at these addresses; `None` if the machine cannot make one.
pub fn client(host: &str, addresses: &[SocketAddr], patience: Duration) -> Option<Client> {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .timeout(patience)
        .no_proxy()
        .resolve_to_addrs(host, addresses)
        .build()
        .ok()
}
