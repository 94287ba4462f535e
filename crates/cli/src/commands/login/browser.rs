//! Opening a page in a browser.
use std::{
    env,
    process::{Command, Stdio},
};

use crate::{invocation::Invocation, terminal::output::Unwritten};

/// Opens the page in a browser where there is one and somebody who sees it. Its URL is printed in any case: the browser
/// may be on another machine.
pub(super) fn invite(invocation: &Invocation, url: &str) -> Result<(), Unwritten> {
    let is_wanted = invocation.prompt().is_interactive() && !invocation.options.no_open;
    let how = if is_wanted && open(url) {
        "Your browser has been opened to visit:"
    } else {
        "Open the following in your browser:"
    };
    invocation.out.line(format!("{how}\n\n\t{url}\n"))
}

/// Whether a browser was started.
fn open(url: &str) -> bool {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let words = browser(variable, env::consts::OS, url);
    let Some((program, arguments)) = words.split_first() else { return false };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}

/// The command that shows a page: that of `BROWSER`, else that of the system. None where nobody would see it: in jobs,
/// and on machines without a display.
fn browser(variable: impl Fn(&str) -> Option<String>, os: &str, url: &str) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if variable("CI").is_some_and(|value| value != "false") {
        return Vec::new();
    }
    if let Some(wanted) = variable("BROWSER") {
        // As other programs read it: several, of which the first is the best, with or without a place for the URL.
        let first = wanted.split(':').next().unwrap_or_default();
        let with_url = if first.contains("%s") { first.to_owned() } else { format!("{first} %s") };
        return with_url.split_whitespace().map(|word| word.replace("%s", url)).collect();
    }
    match os {
        "macos" => words(&["open", url]),
        "windows" => words(&["rundll32", "url.dll,FileProtocolHandler", url]),
        _ if variable("DISPLAY").or_else(|| variable("WAYLAND_DISPLAY")).is_some() => words(&["xdg-open", url]),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://localhost:3000/cli-auth";

    fn command(variables: &[(&str, &str)], os: &str) -> String {
        let variable =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into());
        browser(variable, os, URL).join(" ")
    }

    #[test]
    fn a_browser_is_opened_where_somebody_sees_it() {
        let display = ("DISPLAY", ":0");
        assert_eq!(command(&[display], "linux"), format!("xdg-open {URL}"));
        assert_eq!(command(&[("WAYLAND_DISPLAY", "wayland-0")], "linux"), format!("xdg-open {URL}"));
        assert_eq!(command(&[], "macos"), format!("open {URL}"));
        assert_eq!(command(&[], "linux"), "");
        for os in ["linux", "macos", "windows"] {
            assert_eq!(command(&[display, ("CI", "true"), ("BROWSER", "firefox")], os), "");
        }
        assert_eq!(command(&[display, ("CI", "false")], "linux"), format!("xdg-open {URL}"));
    }

    #[test]
    fn the_browser_of_the_environment_is_the_one() {
        assert_eq!(command(&[("BROWSER", "firefox")], "linux"), format!("firefox {URL}"));
        assert_eq!(command(&[("BROWSER", "w3m -o x=%s:lynx")], "linux"), format!("w3m -o x={URL}"));
    }
}
