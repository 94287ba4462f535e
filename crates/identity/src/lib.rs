#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod github;
mod http;
mod oidc;
mod pkce;
mod token;

pub use github::{DeviceCode, Github, GithubAccount, GithubSettings};
pub use http::{Http, HttpError};
pub use oidc::{
    Arrival, ClaimSource, Fields, Oidc, OidcError, OidcIdentity, OidcSettings, Profile, ProfileError, Start, profile,
    texts,
};
pub use token::{ClientAuth, Credential, TokenError, Tokens};
