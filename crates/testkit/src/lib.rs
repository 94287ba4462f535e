#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test may fail where it stands, and these are not our answers"
)]

mod github;
mod mail;
mod oidc;
mod service;

pub use github::{Account, Github};
pub use mail::{Mail, MailServer};
pub use oidc::{CLIENT as OIDC_CLIENT, Lie, OidcProvider};
