#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod audit;
mod beginning;
mod counted_mails;
mod custom_roles;
mod db;
mod device_grants;
mod error;
mod filter;
mod groups;
mod identifiers;
mod ids;
mod keys;
mod links;
mod members;
mod named;
mod notices;
mod object_counts;
mod organizations;
mod page;
mod passcodes;
mod reach;
mod replicas;
mod resources;
mod rights;
mod settings;
mod users;
mod uses;

pub use audit::{
    AuditEntry, AuditOrder, AuditRecord, CHAIN_KEY_FIELD, CHAIN_TYPE, ChainCheckpoint, ChainFault, ChainHead, ChainKey,
    ChainKeys, ChainVerifier, ListAudit, NoChainHead, VerifiedChain,
};
pub use counted_mails::MailBounds;
pub use custom_roles::{CustomRole, NamedPermission};
pub use db::{
    Bell, CopyError, CopyProgress, CopyStep, Limits, PostgresOptions, Reader, Store, Tx, backup_database, copy_database,
};
pub use device_grants::{DeviceGrant, DeviceState, UserCode};
pub use error::StoreError;
pub use groups::{Group, GroupSource, GroupsOf, ListGroups};
pub use identifiers::fold_identifier;
pub use ids::{GroupId, KeyId, OrganizationId, ResourceId, UserId};
pub use keys::{
    ApiKey, EndingTokens, FindingNumbers, KeyFinding, KeyLoginType, KeyOrder, KeyUse, ListKeys, MOST_ANCESTORS, Origin,
    SecretHash,
};
pub use links::UserLink;
pub use members::{Among, Member};
pub use named::Named;
pub use notices::Notice;
pub use object_counts::Countable;
pub use organizations::Organization;
pub use page::Page;
pub use passcodes::Passcode;
pub use reach::{Reach, Reached};
pub use replicas::{LogPosition, ReplicaId, RightsChanges, UnconfirmedBy};
pub use resources::{AttributeIs, AttributeValue, Grant, Grantee, ListResources, Resource, ResourceKey, ResourcesOf};
pub use rights::RightsVersion;
pub use settings::NamesInUse;
pub use users::{AttemptBounds, ListUsers, LoginType, NewUser, PasswordHash, Period, User, UserStatus};
pub use uses::{Uses, WritingUses};
