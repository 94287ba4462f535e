//! Audit events: what was done, for the record that the change itself writes.
use std::collections::BTreeSet;

use keyfob_rbac::Catalogue;
use keyfob_store::{AuditRecord, KeyId, OrganizationId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::unsuccessful::action_word;
use crate::{Authority, Caller};

/// What kind of thing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A key was minted with a key.
    KeyMinted,
    /// A user signed in, and a session was begun.
    SignedIn,
    /// The same, by a user who was created at that moment.
    Registered,
    /// A key was expired.
    KeyExpired,
    /// A key was deleted.
    KeyDeleted,
    /// A user signed out, and the session in use was deleted.
    SignedOut,
    /// A user was created.
    UserCreated,
    /// A user was changed.
    UserUpdated,
    /// A user was deleted.
    UserDeleted,
    /// A user's password was changed.
    PasswordSet,
    /// A passcode was requested.
    PasswordResetRequested,
    /// A user's login type was converted.
    LoginTypeConverted,
    /// Such a conversion was begun.
    ConversionBegun,
    /// A user became a member of an organization.
    MemberAdded,
    /// A member's roles were changed.
    MemberUpdated,
    /// A member was removed from an organization.
    MemberRemoved,
    /// An organization was created.
    OrganizationCreated,
    /// An organization was changed.
    OrganizationUpdated,
    /// An organization was deleted.
    OrganizationDeleted,
    /// A group was created.
    GroupCreated,
    /// A group, or its members, were changed.
    GroupUpdated,
    /// A group was deleted.
    GroupDeleted,
    /// A custom role was created.
    RoleCreated,
    /// A custom role was changed.
    RoleUpdated,
    /// A custom role was deleted.
    RoleDeleted,
    /// A resource was registered.
    ResourceRegistered,
    /// A resource, or its access list, was changed.
    ResourceUpdated,
    /// A resource was deleted.
    ResourceDeleted,
    /// A user approved or denied the sign-in of a machine.
    DeviceAnswered,
    /// Old audit records were removed.
    RecordsRetired,
    /// The deployment has another key for its records, or its secrets.
    KeyFileReplaced,
    /// More requests of a client were refused than could be told apart.
    RefusalsGathered,
}

impl EventKind {
    /// All of them.
    const ALL: [Self; 32] = [
        Self::KeyMinted,
        Self::SignedIn,
        Self::Registered,
        Self::KeyExpired,
        Self::KeyDeleted,
        Self::SignedOut,
        Self::UserCreated,
        Self::UserUpdated,
        Self::UserDeleted,
        Self::PasswordSet,
        Self::PasswordResetRequested,
        Self::LoginTypeConverted,
        Self::ConversionBegun,
        Self::MemberAdded,
        Self::MemberUpdated,
        Self::MemberRemoved,
        Self::OrganizationCreated,
        Self::OrganizationUpdated,
        Self::OrganizationDeleted,
        Self::GroupCreated,
        Self::GroupUpdated,
        Self::GroupDeleted,
        Self::RoleCreated,
        Self::RoleUpdated,
        Self::RoleDeleted,
        Self::ResourceRegistered,
        Self::ResourceUpdated,
        Self::ResourceDeleted,
        Self::DeviceAnswered,
        Self::RecordsRetired,
        Self::KeyFileReplaced,
        Self::RefusalsGathered,
    ];

    /// The action, as records name it.
    pub fn action(self) -> &'static str {
        match self {
            Self::KeyMinted
            | Self::UserCreated
            | Self::ConversionBegun
            | Self::MemberAdded
            | Self::OrganizationCreated
            | Self::GroupCreated
            | Self::RoleCreated
            | Self::ResourceRegistered => "create",
            Self::KeyExpired
            | Self::UserUpdated
            | Self::PasswordSet
            | Self::LoginTypeConverted
            | Self::MemberUpdated
            | Self::OrganizationUpdated
            | Self::GroupUpdated
            | Self::RoleUpdated
            | Self::ResourceUpdated
            | Self::DeviceAnswered
            | Self::KeyFileReplaced => "write",
            Self::KeyDeleted
            | Self::UserDeleted
            | Self::MemberRemoved
            | Self::OrganizationDeleted
            | Self::GroupDeleted
            | Self::RoleDeleted
            | Self::ResourceDeleted
            | Self::RecordsRetired => "delete",
            Self::RefusalsGathered => "refused",
            Self::SignedIn => "login",
            Self::Registered => "register",
            Self::SignedOut => "logout",
            Self::PasswordResetRequested => "request_password_reset",
        }
    }
}

/// Types that records name beside those of the catalogue.
pub(crate) const CONVERT_LOGIN: &str = "convert_login";
pub(crate) const CUSTOM_ROLE: &str = "custom_role";
pub(crate) const DEPLOYMENT_CONFIG: &str = "deployment_config";
pub(crate) const DEVICE_SIGN_IN: &str = "device_sign_in";

/// What a credential that was not right was for.
const WRONG_CREDENTIALS: [&str; 3] = ["authenticate", "login", "reset_password"];

/// The actions that records can name, each once: those of events, and of what was refused.
pub fn recorded_actions(catalogue: &Catalogue) -> Vec<&str> {
    let mut all: BTreeSet<&str> = EventKind::ALL.into_iter().map(EventKind::action).chain(WRONG_CREDENTIALS).collect();
    let of_types = catalogue.resource_types().flat_map(|of| catalogue.actions_of(of));
    all.extend(of_types.map(|action| action_word(catalogue, action)));
    all.into_iter().collect()
}

/// The types of objects that records can name, each once.
pub fn recorded_types(catalogue: &Catalogue) -> Vec<&str> {
    let of_catalogue = catalogue.resource_types().map(|of| catalogue.type_name(of));
    let others = [CONVERT_LOGIN, CUSTOM_ROLE, DEPLOYMENT_CONFIG, DEVICE_SIGN_IN];
    of_catalogue.chain(others).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What was done, apart from who did it and when.
#[derive(Clone, Debug)]
pub(crate) struct AuditEvent {
    pub(crate) kind: EventKind,
    pub(crate) resource_type: String,
    /// The id of the object, of a key that of its owner; the nil UUID if it has none.
    pub(crate) resource_id: Uuid,
    /// The id of the object if it is a key.
    pub(crate) api_key_id: Option<KeyId>,
    pub(crate) target: String,
    pub(crate) organization_id: Option<OrganizationId>,
    /// The user whom it is about: where no caller is signed in, that user did it.
    pub(crate) about: Option<UserId>,
    pub(crate) diff: Value,
}

impl AuditEvent {
    /// The same, and a field changed whose values are not for records.
    pub(crate) fn with_secret(mut self, field: &str) -> Self {
        if let Some(fields) = self.diff.as_object_mut() {
            fields.insert(field.to_owned(), json!({"old": "", "new": "", "secret": true}));
        }
        self
    }

    /// The same, and a field that has this value now.
    pub(crate) fn with_value(self, field: &str, new: &impl serde::Serialize) -> Self {
        self.with_change(field, &Value::Null, new)
    }

    /// The same, and a field that had the one value, and has the other now.
    pub(crate) fn with_change(mut self, field: &str, old: &impl serde::Serialize, new: &impl serde::Serialize) -> Self {
        if let Some(fields) = self.diff.as_object_mut() {
            fields.insert(field.to_owned(), json!({"old": old, "new": new, "secret": false}));
        }
        self
    }
}

/// The record of an event, done by this caller now.
pub(crate) fn record_of(authority: &Authority, caller: &Caller, event: AuditEvent) -> AuditRecord {
    let context = caller.context();
    AuditRecord {
        id: authority.random().uuid(),
        recorded_at: authority.now(),
        request_id: context.request_id,
        user_id: caller.user().map(|user| user.id).or(event.about),
        key_id: caller.key().map(|key| key.id.clone()),
        ip_address: context.client,
        user_agent: context.user_agent.to_string(),
        action: event.kind.action().to_owned(),
        resource_type: event.resource_type,
        resource_id: event.resource_id,
        api_key_id: event.api_key_id,
        resource_target: event.target,
        organization_id: event.organization_id,
        status_code: authority.recorded_status(event.kind),
        diff: event.diff,
    }
}
