//! The registry: objects of a platform that scopes and allow lists are to bite on.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
#[cfg(feature = "openapi")]
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::Time;

/// A type of the catalogue, with its actions.
#[expect(clippy::struct_excessive_bools, reason = "the members of the JSON object")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ResourceTypeInfo {
    /// The type's name.
    pub name: String,
    /// What can be done to objects of it.
    pub actions: Vec<String>,
    /// Whether objects of it have an owner.
    pub owner: bool,
    /// Whether objects of it are in an organization.
    pub organization: bool,
    /// Whether objects of it carry an access list.
    pub access_list: bool,
    /// The roles that its access lists are written with; none where they are written with actions.
    #[serde(default)]
    pub access_list_roles: Vec<String>,
    /// Whether objects of it can be registered, or are Keyfob's own.
    pub registrable: bool,
    /// Whether the deployment added it.
    pub custom: bool,
}

/// `GET /resource-types`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ResourceTypes {
    /// All of them, by name.
    pub resource_types: Vec<ResourceTypeInfo>,
}

/// A registered resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct Resource {
    /// Given by whoever registered it, or made up.
    pub id: Uuid,
    /// Its type.
    pub resource_type: String,
    /// Unique per type, organization and owner.
    pub name: String,
    /// None for types without organization.
    pub organization_id: Option<Uuid>,
    /// None for types without owner.
    pub owner_id: Option<Uuid>,
    /// Whatever the platform wants to keep with it.
    pub attributes: Map<String, Value>,
    /// Who else may do what.
    pub acl: ResourceAcl,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// `GET /resources`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
pub struct ResourceList {
    /// A page of what the caller may read.
    pub resources: Vec<Resource>,
    /// How many there are on all pages.
    pub count: u64,
}

/// `POST /resources`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct CreateResourceRequest {
    /// Required.
    pub resource_type: String,
    /// Required.
    pub name: String,
    /// The platform's own id for it, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Required for types with an organization, refused for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The caller, if left out; refused for types without owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<Uuid>,
    /// At most 16 KiB.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
}

/// `PATCH /resources/{type}/{id}`: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct UpdateResourceRequest {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Another organization: takes `create` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// Another owner: takes `create` for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<Uuid>,
    /// All the attributes, in place of the old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
}

/// `GET /resources/{type}/{id}/acl`, and the body of its `PATCH`, which changes only the ids it names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(default)]
pub struct ResourceAcl {
    /// What users may do, by id.
    pub user_roles: BTreeMap<String, AclGrant>,
    /// What groups may do, by id; the organization's own id stands for everyone in it.
    pub group_roles: BTreeMap<String, AclGrant>,
}

/// What one user or group may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(ToSchema))]
#[serde(untagged)]
pub enum AclGrant {
    /// A named role, for templates and workspaces; the empty one removes the entry.
    Role(String),
    /// Actions, for other types; an empty list removes the entry.
    Actions(Vec<String>),
}
