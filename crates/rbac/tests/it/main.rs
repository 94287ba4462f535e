//! The engine, tested by decided cases, by a second implementation of its semantics, and by properties.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test may fail where it stands, and its output is shown when it does"
)]

mod cases;
mod custom_types;
mod explanations;
mod filters;
mod lists;
mod matrix;
mod model;
mod strangers;
mod vectors;
mod worlds;
