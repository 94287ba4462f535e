//! Cookies as a browser keeps them between its requests.
use std::collections::BTreeMap;

/// Cookies by their names.
pub type Cookies = BTreeMap<String, String>;

/// What the header `Cookie` holds when these are sent.
pub fn cookie_header(cookies: &Cookies) -> String {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// Keeps what a line of `Set-Cookie` says: a value, or that there is none any more.
pub fn keep_cookie(cookies: &mut Cookies, line: &str) {
    let (name, rest) = line.split_once('=').unwrap();
    if rest.contains("Max-Age=0") {
        cookies.remove(name);
    } else {
        let value = rest.split(';').next().unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}
