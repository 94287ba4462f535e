//! Whether a page of this server sent a request, as far as its browser says: in `Origin` (RFC 6454, section 7) and in
//! `Sec-Fetch-Site` (Fetch Metadata). Programs send neither.
use axum::{
    extract::Request,
    http::{HeaderName, header},
};
use url::{Host, Origin, Url};

use super::access_url::named_host;
use crate::app::App;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether nothing says that a page of another origin sent this request. A sibling host of the same site is another
/// origin, and may be anybody's.
pub(super) fn is_own(app: &App, request: &Request) -> bool {
    let headers = request.headers();
    let is_own_site = headers.get_all(SITE).iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let named = named_host(app, request);
    let mut origins = headers.get_all(header::ORIGIN).iter();
    is_own_site && origins.all(|origin| origin.to_str().is_ok_and(|origin| is_here(origin, app.access_url(), named)))
}

/// Whether an origin is that of the access URL, or of the host that the request is for.
fn is_here(text: &str, access_url: &str, named: Option<&str>) -> bool {
    let Some(origin) = parse(text).filter(Origin::is_tuple) else { return false };
    let access_url = parse(access_url);
    if Some(&origin) == access_url.as_ref() {
        return true;
    }
    let Some(named) = named else { return false };
    let at = |scheme: &str| parse(&format!("{scheme}://{named}"));
    // A page without TLS, at the host that the access URL has with TLS, may be anybody's on the way.
    let is_without_tls = at("https") == access_url;
    // The scheme at other hosts is not known, because a proxy may speak TLS there. Browsers themselves say so when a
    // page without TLS sends to one that has it.
    !is_without_tls && ["http", "https"].into_iter().filter_map(at).any(|own| own == origin)
}

/// Whether a browser sent the request to a name that is not known to be this server's. Whoever owns a name can let it
/// lead here for a while (DNS rebinding); their page and this server are of the same origin then.
pub(super) fn is_of_unknown_name(app: &App, request: &Request) -> bool {
    let is_browser = [header::ORIGIN, SITE].iter().any(|name| request.headers().contains_key(name));
    is_browser && !named_host(app, request).is_some_and(|named| is_known(named, app.access_url()))
}

/// Whether a host leads to this server and cannot be made to lead elsewhere by strangers: the access URL's, an address,
/// or `localhost`.
fn is_known(named: &str, access_url: &str) -> bool {
    let parse = |url: &str| url.parse::<Url>().ok().and_then(|url| url.host().map(|host| host.to_owned()));
    match parse(&format!("http://{named}")) {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => true,
        named => named.is_some() && named == parse(access_url),
    }
}

fn parse(text: &str) -> Option<Origin> {
    text.parse::<Url>().ok().map(|url| url.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_own_if_it_is_that_of_the_access_url_or_of_the_host_that_was_asked() {
        let with_tls = "https://keyfob.test";
        let plain = "http://127.0.0.1:3000";
        for (origin, access_url, named) in [
            ("https://keyfob.test", with_tls, Some("10.0.0.7:3000")),
            ("https://keyfob.test", with_tls, None),
            ("https://KEYFOB.test:443", with_tls, Some("keyfob.test")),
            ("http://10.0.0.7:3000", with_tls, Some("10.0.0.7:3000")),
            ("http://127.0.0.1:3000", plain, None),
            ("http://localhost:3000", plain, Some("localhost:3000")),
            ("http://[::1]:3000", plain, Some("[::1]:3000")),
            // Behind a proxy that speaks TLS.
            ("https://other.test", plain, Some("other.test")),
            ("https://other.test", plain, Some("other.test:443")),
        ] {
            assert!(is_here(origin, access_url, named), "{origin} {access_url} {named:?}");
        }
        for (origin, access_url, named) in [
            ("http://keyfob.test", with_tls, Some("keyfob.test")),
            ("http://keyfob.test", with_tls, None),
            ("https://keyfob.test:8443", with_tls, Some("keyfob.test")),
            ("https://evil.keyfob.test", with_tls, Some("keyfob.test")),
            ("https://keyfob.test.evil.test", with_tls, Some("keyfob.test")),
            ("http://127.0.0.1:3001", plain, Some("127.0.0.1:3000")),
            ("http://localhost", plain, Some("localhost:3000")),
            ("null", with_tls, Some("null")),
            ("", with_tls, Some("")),
            ("file://", with_tls, Some("keyfob.test")),
            ("data:,x", with_tls, Some("keyfob.test")),
            ("chrome-extension://keyfob.test", with_tls, Some("keyfob.test")),
        ] {
            assert!(!is_here(origin, access_url, named), "{origin} {access_url} {named:?}");
        }
    }

    #[test]
    fn a_name_is_known_if_strangers_cannot_let_it_lead_here() {
        for named in ["keyfob.test", "KEYFOB.test:3000", "localhost:3000", "a.localhost", "127.0.0.1:3000", "[::1]"] {
            assert!(is_known(named, "https://keyfob.test"), "{named}");
        }
        for named in ["evil.test:3000", "keyfob.test.evil.test", "localhost.evil.test", "evil.keyfob.test", "", "a b"] {
            assert!(!is_known(named, "https://keyfob.test"), "{named}");
        }
    }
}
