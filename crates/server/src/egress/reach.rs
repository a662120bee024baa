//! Which hosts this server may reach: those that the operator names, each with or without its port, and networks. A
//! name is looked up once, and the connection goes to the address that was judged: a name that stands for a private
//! address reaches nothing unless that address or its network is named as well.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Unreachable;
use crate::error::{Error, Result};

/// What the operator let be reached.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    hosts: Vec<(String, Option<u16>)>,
    networks: Vec<Network>,
}

#[derive(Debug, Clone, Copy)]
struct Network {
    base: IpAddr,
    bits: u32,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (base, bits) = text.split_once('/')?;
        let (base, bits): (IpAddr, u32) = (base.parse().ok()?, bits.parse().ok()?);
        let most = if base.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { base, bits })
    }

    fn holds(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - self.bits).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - self.bits).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl Reach {
    /// Reads what stands after `--reach`.
    pub fn read(named: &[String]) -> Result<Self> {
        let mut reach = Self::default();
        for text in named.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let wrong = || {
                Error::Invalid(format!(
                    "`--reach {text}` names no host: write HOST, HOST:PORT, [IPV6]:PORT or a network as ADDRESS/BITS."
                ))
            };
            if text.contains('/') {
                reach.networks.push(Network::read(text).ok_or_else(wrong)?);
            } else {
                reach.hosts.push(host_and_port(text).ok_or_else(wrong)?);
            }
        }
        Ok(reach)
    }

    fn names(&self, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|(named, only)| named == host && only.is_none_or(|only| only == port))
    }

    fn names_address(&self, address: IpAddr, port: u16) -> bool {
        self.networks.iter().any(|network| network.holds(address))
            || self.hosts.iter().any(|(named, only)| {
                named.parse::<IpAddr>().is_ok_and(|named| named.to_canonical() == address)
                    && only.is_none_or(|only| only == port)
            })
    }

    /// The addresses under which this host may be reached.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
        self.judged(host, port, false).await
    }

    /// The same for what an administrator set up: out in the world whatever they name, within the walls what the
    /// operator named.
    pub async fn public_addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unreachable> {
        self.judged(host, port, true).await
    }

    async fn judged(&self, host: &str, port: u16, world: bool) -> Result<Vec<SocketAddr>, Unreachable> {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let unnamed = || {
            Unreachable::Refused(format!(
                "{host}:{port} is not among the hosts that may be reached; start the server with --reach {host}:{port}"
            ))
        };
        if let Ok(address) = host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return if self.names_address(address, port) || (world && !is_private(address)) {
                Ok(vec![SocketAddr::new(address, port)])
            } else {
                Err(unnamed())
            };
        }
        if !world && !self.names(&host, port) {
            return Err(unnamed());
        }
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), port))
            .await
            .map_err(|_| Unreachable::Unknown(format!("the name {host} is not known")))?
            .collect();
        let open = |address: &SocketAddr| {
            let ip = address.ip().to_canonical();
            !is_private(ip) || self.names_address(ip, port)
        };
        let allowed: Vec<SocketAddr> = found.iter().copied().filter(open).collect();
        match (allowed.is_empty(), found.first()) {
            (false, _) => Ok(allowed),
            (true, Some(address)) => Err(Unreachable::Refused(format!(
                "{host} stands for {}, a private address; name that address or its network after --reach as well",
                address.ip()
            ))),
            (true, None) => Err(Unreachable::Unknown(format!("the name {host} has no address"))),
        }
    }
}

fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some((address.to_string(), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse::<u16>().ok()?)),
        None => (text, None),
    };
    let host = host.trim_matches(['[', ']']);
    let plain =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte));
    plain.then(|| (host.trim_end_matches('.').to_ascii_lowercase(), port))
}

/// Whether an address lies within somebody's own walls, this machine among them.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || address.is_broadcast()
                || first == 0
                // Shared between carriers and their customers (RFC 6598).
                || (first == 100 && (64..128).contains(&second))
                || address == Ipv4Addr::UNSPECIFIED
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address == Ipv6Addr::UNSPECIFIED
                || address.is_multicast()
                || address.is_unique_local()
                || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(named: &[&str]) -> Reach {
        Reach::read(&named.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    async fn says(reach: &Reach, host: &str, port: u16) -> Result<(), String> {
        reach.addresses(host, port).await.map(|_| ()).map_err(|why| why.to_string())
    }

    #[tokio::test]
    async fn nothing_is_reached_that_nobody_named() {
        let none = reach(&[]);
        assert!(says(&none, "192.0.2.1", 443).await.unwrap_err().contains("--reach 192.0.2.1:443"));
        assert!(says(&none, "example.org", 443).await.unwrap_err().contains("--reach example.org:443"));
        let some = reach(&["192.0.2.1:443", "10.1.0.0/16", "[2001:db8::1]:22", "2001:db8:1::/48"]);
        assert!(says(&some, "192.0.2.1", 443).await.is_ok());
        assert!(says(&some, "192.0.2.1", 80).await.is_err(), "another port is another service");
        assert!(says(&some, "10.1.255.3", 9).await.is_ok());
        assert!(says(&some, "10.2.0.1", 9).await.is_err());
        assert!(says(&some, "[2001:db8::1]", 22).await.is_ok());
        assert!(says(&some, "::ffff:192.0.2.1", 443).await.is_ok(), "the same address in other words");
        assert!(says(&some, "2001:db8:1:2::3", 1).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_does_not_lead_within_the_walls() {
        let named = reach(&["localhost"]);
        assert!(says(&named, "localhost", 80).await.unwrap_err().contains("a private address"));
        let both = reach(&["LOCALHOST.", "127.0.0.0/8", "::1"]);
        assert!(says(&both, "localhost", 80).await.is_ok());
    }

    #[tokio::test]
    async fn what_an_administrator_sets_up_reaches_the_world_but_not_the_house() {
        let none = reach(&[]);
        assert!(none.public_addresses("192.0.2.1", 443).await.is_ok());
        for inside in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "localhost"] {
            assert!(none.public_addresses(inside, 25).await.is_err(), "{inside}");
        }
        assert!(reach(&["127.0.0.1:25"]).public_addresses("127.0.0.1", 25).await.is_ok());
    }

    #[test]
    fn what_is_no_host_is_refused_at_the_start() {
        for wrong in ["10.0.0.0/33", "a b", "host:port", "/", "http://host"] {
            assert!(Reach::read(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
