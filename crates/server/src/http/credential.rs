//! Finding the key in a request (`docs/compatibility.md`).
use axum::http::{HeaderMap, HeaderName, Uri, header};
use keyfob_api::{SESSION_TOKEN_COOKIE, secret::SecretText};
use keyfob_authority::{Credential, is_key_shaped};

/// The header of a key.
const SESSION_TOKEN: HeaderName = HeaderName::from_static("coder-session-token");

/// Where a credential may be presented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialRules {
    /// Also in the query string.
    pub(crate) allow_query: bool,
    /// In the cookie of this name.
    pub(crate) cookie: &'static str,
}

/// More than one credential, and they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// The credential of a request, if it has one.
///
/// Values that cannot be keys, such as a proxy's own bearer token, are ignored beside one that can.
pub(super) fn find(headers: &HeaderMap, uri: &Uri, rules: CredentialRules) -> Result<Option<Credential>, Ambiguous> {
    let mut candidates: Vec<Credential> = Vec::new();
    let mut add = |text: Option<String>, from_cookie: bool| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            candidates.push(Credential { text: SecretText::new(text), from_cookie });
        }
    };
    for value in cookies(headers, rules.cookie) {
        add(Some(value), true);
    }
    if rules.allow_query {
        add(query(uri, SESSION_TOKEN_COOKIE), false);
    }
    for value in headers.get_all(SESSION_TOKEN).iter().filter_map(|value| value.to_str().ok()) {
        add(Some(value.to_owned()), false);
    }
    for value in headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| value.to_str().ok()) {
        add(after_bearer(value).map(str::to_owned), false);
    }
    if rules.allow_query {
        add(query(uri, "access_token").map(|text| text.trim().to_owned()), false);
    }
    let mut shaped = candidates.iter().filter(|candidate| is_key_shaped(candidate.text.reveal()));
    let Some(first) = shaped.next() else { return Ok(candidates.into_iter().next()) };
    if shaped.any(|other| other.text.reveal() != first.text.reveal()) {
        return Err(Ambiguous);
    }
    Ok(Some(first.clone()))
}

/// A cookie's value. Of two with the same name neither counts: another host of the same site may have set one of them
/// (RFC 6265, section 8.6), and nothing tells which.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = cookies(headers, name);
    values.next().filter(|_| values.next().is_none())
}

/// The credential of a request that presents it in one header alone. Others, with a key in a cookie or in the query, are
/// to be asked by [`find`].
pub(super) fn alone_in_a_header(headers: &HeaderMap) -> Option<Credential> {
    let own = headers.get_all(SESSION_TOKEN).iter().map(|value| value.to_str().ok());
    let bearer = headers.get_all(header::AUTHORIZATION).iter().map(|value| after_bearer(value.to_str().ok()?));
    let mut presented = own.chain(bearer);
    let only = presented.next().filter(|_| presented.next().is_none())?;
    Some(Credential { text: SecretText::new(only?), from_cookie: false })
}

/// The values of all cookies of a name.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = String> + 'a {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(move |(key, _)| *key == name)
        .map(|(_, value)| value.trim_matches('"').to_owned())
}

/// A header's value, where it is text.
pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// The credential behind `Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<String> {
    after_bearer(&header_text(headers, header::AUTHORIZATION.as_str())?).map(str::to_owned)
}

fn after_bearer(text: &str) -> Option<&str> {
    let (scheme, value) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| value.trim())
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    form_urlencoded::parse(uri.query()?.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
