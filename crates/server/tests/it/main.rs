//! The server through its router, with a database in a folder of its own.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod access_lists;
mod authcheck;
mod authenticate;
mod custom_types;
mod explain;
mod lists;
mod resource_changes;
mod resources;
mod support;
mod views;
