//! The store, tested at its boundary with a real database file.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may fail where it stands, and its output is shown when it does"
)]

mod retention;
mod schema;
mod support;
mod worlds;

mod audit;
mod chain;
mod counted_mails;
mod damaged;
mod durability;
mod faults;
mod filters;
mod findings;
mod key_uses;
mod keys;
mod lineage;
mod lists;
mod long_lists;
mod object_counts;
mod organizations;
mod passcodes;
mod replicas;
mod resources;
mod together;
mod users;
