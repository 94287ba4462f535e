//! The client against answers that were written down beforehand.
#![forbid(unsafe_code)]
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may fail where it stands")]

mod answers;
mod requests;
mod server;
mod settings;
