#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test may fail where it stands")]

mod mail;

pub use mail::{Mail, MailServer};
