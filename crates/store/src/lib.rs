#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod audit;
mod db;
mod error;
mod filter;
mod ids;
mod keys;
mod organizations;
mod resources;
mod settings;
mod users;

pub use audit::AuditRecord;
pub use db::{Limits, Store, Tx};
pub use error::StoreError;
pub use ids::{KeyId, OrganizationId, ResourceId, UserId};
pub use keys::{ApiKey, KeyLoginType, KeyUse, ListKeys, NewApiKey, SecretHash};
pub use organizations::{Member, Organization};
pub use resources::{AttributeIs, Grant, Grantee, ListResources, Resource, ResourceKey};
pub use settings::NamesInUse;
pub use users::{LoginType, NewUser, PasswordHash, User, UserStatus};
