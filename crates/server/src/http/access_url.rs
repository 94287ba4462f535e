//! The address by which people reach the server, and sending clients there that come by another
//! (`--redirect-to-access-url`).
use std::net::SocketAddr;

use axum::{
    extract::{ConnectInfo, Request},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use url::Url;

use crate::{
    app::App,
    http::{
        error::ApiError,
        routes::{Audience, RouteFacts},
    },
};

/// Reads an access URL: a scheme and a host, and a port if it is not the usual one.
///
/// # Errors
/// What is wrong with it, and how to write it.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let url = text.parse::<Url>().ok().filter(|url| ["https", "http"].contains(&url.scheme()) && url.has_host());
    let url = url.ok_or_else(|| format!("`{text}` is no URL: write for example https://keyfob.example.com"))?;
    let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
    if has_more {
        return Err(format!("`{text}` is more than a scheme, a host and a port: the server is not below a path"));
    }
    Ok(url)
}

/// Sends clients to the access URL that come by another address, if the operator wants that. Probes come by the address
/// of the machine.
pub(crate) async fn redirect(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let is_probe = RouteFacts::of(&request).audience == Audience::Probe;
    if !app.settings().redirects_to_access_url || is_probe || is_here(named_host(app, &request), app.access_url()) {
        return next(request).await;
    }
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match HeaderValue::try_from(format!("{}{path}", app.access_url())) {
        Ok(location) => (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, location)]).into_response(),
        Err(error) => ApiError::internal(&error).into_response(),
    }
}

/// The host that a request is for; a trusted proxy may say which it was before it passed it on.
pub(super) fn named_host<'a>(app: &App, request: &'a Request) -> Option<&'a str> {
    let text = |name: &str| request.headers().get(name).and_then(|host| host.to_str().ok());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let is_proxy = peer.is_some_and(|peer| app.settings().proxies.trust(peer.to_canonical()));
    let before = if is_proxy { text("X-Forwarded-Host") } else { None };
    before.or_else(|| text(header::HOST.as_str()))
}

/// Whether this is the host of the access URL. A request that names no host is not sent on.
fn is_here(named: Option<&str>, access_url: &str) -> bool {
    let Some((named, here)) = named.zip(access_url.parse::<Url>().ok()) else { return true };
    let there = format!("{}://{named}", here.scheme()).parse::<Url>();
    there.is_ok_and(|there| {
        (there.host_str(), there.port_or_known_default()) == (here.host_str(), here.port_or_known_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_url_has_a_scheme_and_a_host_and_no_path() {
        for good in ["https://keyfob.example.com", "http://localhost:3000/", "https://[::1]:8443"] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in
            ["keyfob.example.com", "keyfob.example.com:8443", "https://", "https://x.example/keys", "ftp://x", ""]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
