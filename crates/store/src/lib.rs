#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod audit;
mod db;
mod error;
mod filter;
mod ids;
mod keys;
mod organizations;
mod page;
mod resources;
mod settings;
mod users;

pub use audit::AuditRecord;
pub use db::{Limits, Store, Tx};
pub use error::StoreError;
pub use ids::{KeyId, OrganizationId, ResourceId, UserId};
pub use keys::{ApiKey, KeyLoginType, KeyUse, ListKeys, NewApiKey, SecretHash};
pub use organizations::{Member, Organization};
pub use page::Page;
pub use resources::{AttributeIs, Grant, Grantee, ListResources, Resource, ResourceKey};
pub use settings::NamesInUse;
pub use users::{ListUsers, LoginType, NewUser, PasswordHash, Period, User, UserStatus};
