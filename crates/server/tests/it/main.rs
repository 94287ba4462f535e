//! The server through its router, with a database in a folder of its own.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod administration;
mod authenticate;
mod bad_input;
mod faults;
mod groups;
mod identity;
mod keys;
mod monotone;
mod needs;
mod organizations;
mod people;
mod shapes;
mod support;
