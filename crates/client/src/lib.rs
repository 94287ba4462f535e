#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod audit;
mod authz;
mod builder;
mod client;
mod deployment;
mod devices;
mod error;
mod groups;
mod keys;
mod observed;
mod organizations;
mod resources;
mod roles;
mod route;
mod sessions;
mod sign_in;
mod users;
mod views;

pub use keyfob_api as api;
pub use reqwest::StatusCode;

pub use crate::{
    builder::{BuildError, ClientBuilder},
    client::Client,
    devices::DeviceSignIn,
    error::{ApiError, Error},
    keys::{Descendants, ExpiredEverywhere, TokensFilter},
    resources::{Paging, ResourcesFilter},
};

/// The `{user}` that stands for the owner of the key in use.
///
/// # Examples
/// ```no_run
/// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
/// let me = keyfob.user(keyfob_client::ME).await?;
/// # Ok(())
/// # }
/// ```
pub const ME: &str = "me";

/// The `{organization}` that stands for the default one, which every deployment has.
///
/// # Examples
/// ```no_run
/// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
/// let organization = keyfob.organization(keyfob_client::DEFAULT_ORGANIZATION).await?;
/// # Ok(())
/// # }
/// ```
pub const DEFAULT_ORGANIZATION: &str = "default";
