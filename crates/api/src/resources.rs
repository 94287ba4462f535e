//! The registry: objects of a platform, to which scopes and allow lists apply.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::Time;

/// A type of the catalogue, with its actions.
#[expect(clippy::struct_excessive_bools, reason = "the members of the JSON object")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceTypeInfo {
    /// The type's name.
    pub name: String,
    /// The actions on its objects.
    pub actions: Vec<String>,
    /// Whether its objects have an owner.
    pub owner: bool,
    /// Whether its objects are in an organization.
    pub organization: bool,
    /// Whether its objects have an access list.
    pub access_list: bool,
    /// The roles for entries of its access lists; empty if entries are lists of actions.
    #[serde(default)]
    pub access_list_roles: Vec<String>,
    /// Whether its objects can be registered; the others are stored by Keyfob itself.
    pub registrable: bool,
    /// Whether the deployment added it.
    pub custom: bool,
}

/// `GET /resource-types`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceTypes {
    /// All types, by name.
    pub resource_types: Vec<ResourceTypeInfo>,
}

/// A registered resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Resource {
    /// Its id, given at registration or chosen by the server.
    pub id: Uuid,
    /// Its type.
    pub resource_type: String,
    /// Unique per type, organization and owner.
    pub name: String,
    /// Its organization; none for types without organization.
    pub organization_id: Option<Uuid>,
    /// Its owner; none for types without owner.
    pub owner_id: Option<Uuid>,
    /// Data that the platform stores with it.
    pub attributes: Map<String, Value>,
    /// Its access list.
    pub acl: ResourceAcl,
    /// When it was registered.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// `GET /resources`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResourceList {
    /// A page of the resources that the caller may read.
    pub resources: Vec<Resource>,
    /// The number of resources on all pages.
    pub count: u64,
}

/// `POST /resources`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct CreateResourceRequest {
    /// Required.
    pub resource_type: String,
    /// Required.
    pub name: String,
    /// The platform's own id of the resource, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its organization; required for types with an organization, refused for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// Its owner; if left out, the caller. Refused for types without owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<Uuid>,
    /// Data to store with it, at most 16 KiB.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub attributes: Map<String, Value>,
}

/// `PATCH /resources/{type}/{id}`: what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct UpdateResourceRequest {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new organization; needs `create` there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_id: Option<Uuid>,
    /// The new owner; needs `create` for that owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<Uuid>,
    /// The new attributes, in place of all old ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Map<String, Value>>,
}

/// `GET /resources/{type}/{id}/acl`, and the body of its `PATCH`, which changes only the entries for the ids that it
/// names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ResourceAcl {
    /// The entries for users, by id.
    pub user_roles: BTreeMap<String, AclGrant>,
    /// The entries for groups, by id; the organization's id stands for all its members.
    pub group_roles: BTreeMap<String, AclGrant>,
}

/// What an entry of an access list permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum AclGrant {
    /// The name of a role, for types that have such roles; the empty name removes the entry.
    Role(String),
    /// A list of actions, for other types; an empty list removes the entry.
    Actions(Vec<String>),
}
