//! The address of a client whose request comes through proxies.
//!
//! INVARIANT: a header decides only if the connection comes from a trusted address, and of a list of addresses only
//! what trusted proxies wrote: what is left of the first untrusted address can be made up.
use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

/// Trusted proxies, and the headers in which they say where a request came from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) origins: Vec<IpNet>,
    pub(crate) headers: Vec<HeaderName>,
}

impl Proxies {
    /// The client of a request that came over a connection from this address.
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        self.headers.iter().find_map(|name| self.named(name, headers)).unwrap_or(peer)
    }

    /// Whether this is a trusted proxy's address.
    pub(crate) fn trust(&self, address: IpAddr) -> bool {
        self.origins.iter().any(|net| net.contains(&address))
    }

    /// The last address in a header that is no trusted proxy's, or the first if all are.
    fn named(&self, name: &HeaderName, headers: &HeaderMap) -> Option<IpAddr> {
        let mut first = None;
        let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        for text in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            // What cannot be read was not written by a proxy that is to be trusted.
            let Some(address) = std::str::from_utf8(text).ok().and_then(|text| address(text.trim())) else { break };
            first = Some(address);
            if !self.trust(address) {
                break;
            }
        }
        first
    }
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    let found = plain.parse().or_else(|_| text.parse::<std::net::SocketAddr>().map(|address| address.ip()));
    found.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies {
            origins: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            headers: vec![HeaderName::from_static("x-forwarded-for")],
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_trusted_proxies_say_where_a_request_comes_from() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "anybody can send the header");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_stands_before_the_first_untrusted_address_is_made_up() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["10.9.9.9, 10.0.0.2"]), "10.9.9.9");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, nonsense, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &["nonsense"]), "10.0.0.1");
        // A client cannot hide what a proxy writes behind what it writes itself.
        assert_eq!(client("10.0.0.1", &["\u{ff}, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn addresses_may_have_ports() {
        assert_eq!(client("10.0.0.1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(client("fd00::1", &["2001:db8::7"]), "2001:db8::7");
    }
}
