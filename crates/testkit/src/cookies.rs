//! What a browser keeps of the pages that it is shown: cookies, and the proof that a form comes from one of them.
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

/// The proof in the first form of a page.
pub fn form_token(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf_token\" value=\"").unwrap_or_else(|| panic!("no form in {page}"));
    rest.split('"').next().unwrap().to_owned()
}
