#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod github;
mod http;
mod oidc;
mod person;
mod pkce;
mod rsa;
mod token;

pub use github::{DeviceCode, Github, GithubAccount, GithubSettings};
pub use http::{Http, HttpError, NoHttp};
pub use oidc::{
    Arrival, ClaimSource, Fields, IdTokenTerms, ListClaim, Oidc, OidcError, OidcIdentity, OidcSettings, Profile,
    ProfileError, Start, id_token_claims, profile,
};
pub use rsa::ShortKey;
pub use token::{BadKey, ClientAuth, Credential, TokenError, Tokens};
