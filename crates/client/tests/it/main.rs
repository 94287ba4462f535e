//! The client against prepared answers, and its examples against a server.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod answers;
mod examples;
mod keyfob;
mod requests;
mod server;
mod settings;
