#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(rustdoc::invalid_html_tags, reason = "the comments on arguments are their help texts")]

mod app;
mod arguments;
mod commands;
mod connection;
mod hidden_keys;
mod invocation;
mod names;
mod options;
mod pages;
mod roles;
mod signals;
mod state;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    app::run()
}
