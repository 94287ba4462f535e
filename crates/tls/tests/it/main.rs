//! Which certificates are trusted.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod trust;
mod unreached;
