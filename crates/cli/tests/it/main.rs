//! The real program, on a real port, in an empty folder.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail where it stands, and its output is shown when it does"
)]

mod audit;
mod authcheck;
mod command_line;
mod compare;
mod completion;
mod database;
mod device;
mod empty;
mod errors;
mod exits;
mod faults;
mod help;
mod home_folder;
mod host;
mod http;
mod login;
#[cfg(target_os = "linux")]
mod memory;
mod missing;
mod modules;
mod newcomer;
mod notices;
mod organizing;
mod output;
mod outside_proxy;
mod page;
mod player;
mod program;
mod provider_trust;
mod proxy;
mod recorded;
mod reference;
mod secrets;
mod settings;
mod signals;
mod sinks;
mod statements;
mod tables;
mod tls;
mod tokens;
mod tour;
mod usage;
mod users;
mod watching;
