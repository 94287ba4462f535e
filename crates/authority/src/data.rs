//! The data that the authority keeps, as values: what fronts show and name. How it is kept is not among it.
pub use keyfob_store::{
    ApiKey, AttributeIs, AttributeValue, AuditEntry, AuditOrder, AuditRecord, ChainCheckpoint, ChainFault, ChainHead,
    CustomRole, DeviceGrant, DeviceState, Grant, Grantee, Group, GroupId, GroupSource, KeyId, KeyLoginType, KeyOrder,
    Limits, ListAudit, ListResources, ListUsers, LoginType, Member, Named, NamedPermission, NewUser, NoChainHead,
    Organization, OrganizationId, Origin, Page, PasswordHash, Period, PostgresOptions, Resource, ResourceId,
    ResourceKey, SecretHash, StoreError, UnconfirmedBy, User, UserCode, UserId, UserLink, UserStatus, VerifiedChain,
};
