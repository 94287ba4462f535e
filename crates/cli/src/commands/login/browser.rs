//! Opening a page in a browser.
use std::{
    env,
    process::{Command, Stdio},
};

use crate::{invocation::Invocation, terminal::output::Unwritten};

/// Opens the page in a browser, or prints its URL for the person to open.
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
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    let (program, arguments) = match env::consts::OS {
        "macos" => ("open", vec![url]),
        "windows" => ("rundll32", vec!["url.dll,FileProtocolHandler", url]),
        _ if has_display => ("xdg-open", vec![url]),
        _ => return false,
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().is_ok()
}
