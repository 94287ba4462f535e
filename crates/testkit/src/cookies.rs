//! Cookies of a browser, stored between its requests.
use std::collections::BTreeMap;

/// Cookies by name.
pub type Cookies = BTreeMap<String, String>;

/// The header `Cookie` with these cookies.
pub fn cookie_header(cookies: &Cookies) -> String {
    let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// Stores or deletes a cookie according to a header `Set-Cookie`.
pub fn keep_cookie(cookies: &mut Cookies, line: &str) {
    let (name, rest) = line.split_once('=').unwrap();
    if rest.contains("Max-Age=0") {
        cookies.remove(name);
    } else {
        let value = rest.split(';').next().unwrap();
        cookies.insert(name.to_owned(), value.to_owned());
    }
}
