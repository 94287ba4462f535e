//! Proxies that the environment names, and which requests go around them.
use std::{fmt, net::IpAddr};

/// The proxies that the environment names, as curl reads it: lower-case names come before upper-case ones, and a variable
/// that is empty counts as not set.
#[derive(Clone)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    exceptions: Vec<String>,
}

impl Proxies {
    /// Reads the environment.
    pub fn from_environment() -> Self {
        Self::read(|name| std::env::var(name).ok())
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&str; 2]| names.into_iter().filter_map(&variable).find(|value| !value.is_empty());
        let all = first(["all_proxy", "ALL_PROXY"]);
        // For a program that a web server runs, the header `Proxy` of a request is in HTTP_PROXY.
        let is_of_request = variable("REQUEST_METHOD").is_some();
        let http = first(["http_proxy", if is_of_request { "http_proxy" } else { "HTTP_PROXY" }]);
        let exceptions = first(["no_proxy", "NO_PROXY"]).unwrap_or_default();
        let exceptions = exceptions.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self {
            http: http.or_else(|| all.clone()),
            https: first(["https_proxy", "HTTPS_PROXY"]).or(all),
            exceptions: exceptions.map(str::to_owned).collect(),
        }
    }

    /// The address of the proxy for `http`.
    pub fn http(&self) -> Option<&str> {
        self.http.as_deref()
    }

    /// The address of the proxy for `https`.
    pub fn https(&self) -> Option<&str> {
        self.https.as_deref()
    }

    /// What `NO_PROXY` names, with commas between. HTTP libraries find the networks in it.
    pub fn exceptions(&self) -> String {
        self.exceptions.join(",")
    }

    /// Whether a request to this host and port goes to no proxy: to this machine itself, or because `NO_PROXY` is `*` or
    /// names the host, a domain that it is in, or one of both with the port.
    ///
    /// The host is as in a URL, an IPv6 address in brackets.
    pub fn are_avoided_by(&self, host: &str, port: Option<u16>) -> bool {
        let host = bare(host);
        let is_named = |entry: &String| entry == "*" || is_within(host, bare(entry)) || names(entry, host, port);
        is_this_machine(host) || self.exceptions.iter().any(is_named)
    }
}

/// Addresses of proxies may hold passwords.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies").field("exceptions", &self.exceptions).finish_non_exhaustive()
    }
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

    fn read(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
    }

    fn is_direct(host: &str, port: Option<u16>, no_proxy: &str) -> bool {
        read(&[("no_proxy", no_proxy)]).are_avoided_by(host, port)
    }

    #[test]
    fn lower_case_names_come_first_and_empty_ones_are_not_set() {
        for (variables, http, https) in [
            (&[][..], None, None),
            (&[("HTTP_PROXY", "A"), ("HTTPS_PROXY", "B")], Some("A"), Some("B")),
            (&[("HTTP_PROXY", "A"), ("http_proxy", "a")], Some("a"), None),
            (&[("HTTPS_PROXY", "B"), ("https_proxy", "b"), ("ALL_PROXY", "C")], Some("C"), Some("b")),
            (&[("ALL_PROXY", "C"), ("all_proxy", "c")], Some("c"), Some("c")),
            (&[("http_proxy", ""), ("HTTP_PROXY", "A"), ("https_proxy", ""), ("all_proxy", "")], Some("A"), None),
            (&[("http_proxy", ""), ("HTTP_PROXY", ""), ("all_proxy", "c")], Some("c"), Some("c")),
            (&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "A"), ("HTTPS_PROXY", "B")], None, Some("B")),
            (&[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "A"), ("http_proxy", "a")], Some("a"), None),
        ] {
            let proxies = read(variables);
            assert_eq!((proxies.http(), proxies.https()), (http, https), "{variables:?}");
        }
        for (variables, is_direct) in [
            (&[("NO_PROXY", ""), ("no_proxy", "203.0.113.9")][..], true),
            (&[("NO_PROXY", "203.0.113.9"), ("no_proxy", "")], true),
            (&[("NO_PROXY", "203.0.113.9")], true),
            (&[("NO_PROXY", "203.0.113.9"), ("no_proxy", "203.0.113.8")], false),
            (&[("NO_PROXY", "203.0.113.8"), ("no_proxy", "203.0.113.9")], true),
        ] {
            assert_eq!(read(variables).are_avoided_by("203.0.113.9", Some(80)), is_direct, "{variables:?}");
        }
        assert_eq!(
            read(&[("no_proxy", "a.example b.example,\t10.0.0.0/8 ,")]).exceptions(),
            "a.example,b.example,10.0.0.0/8"
        );
    }

    #[test]
    fn a_dot_at_the_end_of_a_name_says_nothing() {
        for entry in ["example.invalid", "example.invalid.", ".example.invalid.", "invalid.", "example.invalid.:80"] {
            for host in ["example.invalid", "example.invalid.", "EXAMPLE.invalid"] {
                assert!(is_direct(host, Some(80), entry), "{host} {entry}");
            }
            assert!(!is_direct("notexample.test", Some(80), entry), "{entry}");
        }
        for entry in [".", "..", "example.invalid.:81", "ample.invalid."] {
            assert!(!is_direct("example.invalid", Some(80), entry), "{entry}");
        }
    }

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
