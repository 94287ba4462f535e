//! Which requests go around a proxy, beside what HTTP libraries make of `NO_PROXY`: names, suffixes and networks.
use std::net::IpAddr;

/// Whether a request to this host and port goes to no proxy, whatever `HTTP_PROXY` and its like say: to this machine
/// itself, or because `NO_PROXY` is `*` or names the host together with the port.
///
/// The host is as in a URL, an IPv6 address in brackets.
pub fn goes_around_proxies(host: &str, port: Option<u16>) -> bool {
    // The first of them counts even if it is empty, as in HTTP libraries.
    let no_proxy = ["NO_PROXY", "no_proxy"].iter().find_map(|name| std::env::var(name).ok());
    is_direct(host, port, &no_proxy.unwrap_or_default())
}

fn is_direct(host: &str, port: Option<u16>, no_proxy: &str) -> bool {
    let host = bare(host);
    let mut entries = no_proxy.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
    is_this_machine(host) || entries.any(|entry| entry == "*" || names(entry, host, port))
}

/// The host without the brackets of an IPv6 address, or the dot at the end of a name.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches([']', '.'])
}

/// A proxy would take these for itself, and see what is meant for no other machine.
fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback() || address.is_unspecified(),
        Err(_) => is_within(host, "localhost"),
    }
}

/// Whether an entry of the form `host:port` names this host, or a domain that it is in, with this port.
fn names(entry: &str, host: &str, port: Option<u16>) -> bool {
    let Some((named, with)) = entry.rsplit_once(':') else { return false };
    // Without brackets, what follows the last colon of an IPv6 address is a part of it.
    let has_port = !named.contains(':') || named.ends_with(']');
    has_port && port.is_some() && with.parse().ok() == port && is_within(host, bare(named))
}

/// Whether a host is the named one, or in the domain of that name.
fn is_within(host: &str, name: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        return name.parse() == Ok(address);
    }
    let name = name.strip_prefix('.').unwrap_or(name);
    let split = host.len().checked_sub(name.len()).and_then(|start| host.split_at_checked(start));
    split.is_some_and(|(below, end)| end.eq_ignore_ascii_case(name) && (below.is_empty() || below.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_reached_without_a_proxy() {
        let own = [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "keyfob.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
        ];
        for host in own {
            assert!(is_direct(host, Some(3000), ""), "{host}");
        }
        for host in ["notlocalhost", "localhost.example.com", "10.0.0.1", "128.0.0.1", "[2001:db8::1]", "1localhost"] {
            assert!(!is_direct(host, Some(3000), ""), "{host}");
        }
    }

    #[test]
    fn a_star_stands_for_every_host() {
        for host in ["keyfob.example.com", "10.0.0.1", "[2001:db8::1]"] {
            for no_proxy in ["*", " * ", "x.example.com, *"] {
                assert!(is_direct(host, Some(443), no_proxy), "{host} {no_proxy}");
            }
            assert!(!is_direct(host, Some(443), "*.example.org"), "{host}");
        }
    }

    #[test]
    fn a_host_may_be_named_with_its_port() {
        for (entry, host) in [
            ("keyfob.example.com:3000", "keyfob.example.com"),
            ("KEYFOB.example.com:3000", "keyfob.example.com."),
            ("example.com:3000", "keyfob.example.com"),
            (".example.com:3000", "keyfob.example.com"),
            ("x,10.0.0.1:3000", "10.0.0.1"),
            ("x 10.0.0.1:3000", "10.0.0.1"),
            ("[2001:db8:0::1]:3000", "[2001:db8::1]"),
        ] {
            assert!(is_direct(host, Some(3000), entry), "{entry}");
            assert!(!is_direct(host, Some(3001), entry), "{entry}");
            assert!(!is_direct(host, None, entry), "{entry}");
        }
        for (entry, host) in [
            ("example.com:3000", "notexample.com"),
            ("0.0.1:3000", "10.0.0.1"),
            ("2001:db8::3000", "[2001:db8:]"),
            (":3000", "keyfob.example.com"),
            ("keyfob.example.com:", "keyfob.example.com"),
        ] {
            assert!(!is_direct(host, Some(3000), entry), "{entry}");
        }
    }
}
