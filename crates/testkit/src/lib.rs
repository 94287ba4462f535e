#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_types,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test may fail where it stands, and these are not our answers"
)]

mod client;
mod cookies;
mod github;
pub mod history;
mod mail;
mod oidc;
mod service;
mod tls;

/// The store itself, for tests that change data behind a server's back.
pub use keyfob_store as store;

pub use client::{CERTIFICATE as OIDC_CLIENT_CERTIFICATE, CLIENT as OIDC_CLIENT, KEY as OIDC_CLIENT_KEY};
pub use cookies::{Cookies, cookie_header, form_token, keep_cookie};
pub use github::{Account, Github};
pub use mail::{Mail, MailEncryption, MailServer};
pub use oidc::{Held, OidcProvider, SHORT_RSA_KEY, SigningKey, TokenFault};
pub use tls::{OwnCertificate, ServerTls};
