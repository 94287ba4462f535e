//! Registering resources.
use jiff::Timestamp;
use keyfob_rbac::{Action, Catalogue, ResourceType};
use keyfob_store::{OrganizationId, Resource, ResourceId, ResourceKey, StoreError, UserId};
use serde_json::{Map, Value};

use super::{UnknownPlace, WrongResourceField, fields::ResourceFields, is_registrable, new_object};
use crate::{
    AuthorizedStore, Caller, Refused,
    audit::{EventKind, resource_event},
};

/// A resource to register.
#[derive(Clone, Debug, Default)]
pub struct NewResource {
    /// The name of its type.
    pub resource_type: String,
    /// The platform's own id of it; if there is none, a random one.
    pub id: Option<ResourceId>,
    /// Unique per type, organization and owner.
    pub name: String,
    /// Its organization, for types that have one.
    pub organization_id: Option<OrganizationId>,
    /// Its owner, for types that have one; if none is named, the caller.
    pub owner_id: Option<UserId>,
    /// Data to store with it.
    pub attributes: Map<String, Value>,
}

/// Why a resource was not registered.
#[derive(Debug)]
pub enum RegisterResourceError {
    /// The catalogue has no type of this name.
    UnknownType(String),
    /// Objects of this type are created in other ways.
    NotRegistrable(String),
    /// Fields break their rules.
    Invalid(Vec<WrongResourceField>),
    /// The organization or the owner does not exist.
    UnknownPlace(UnknownPlace),
    /// A resource has, or had, this id.
    IdTaken,
    /// There is a resource of this name beside it.
    NameTaken,
    /// Everything else.
    Refused(Refused),
}

impl From<Vec<WrongResourceField>> for RegisterResourceError {
    fn from(wrong: Vec<WrongResourceField>) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for RegisterResourceError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for RegisterResourceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(columns) if columns.contains("name") => Self::NameTaken,
            StoreError::Conflict(_) => Self::IdTaken,
            other => Self::Refused(other.into()),
        }
    }
}

impl NewResource {
    /// The type, if every field keeps the rules of the type.
    fn check(&self, catalogue: &Catalogue) -> Result<ResourceType, RegisterResourceError> {
        let name = &self.resource_type;
        let of = catalogue.resource_type(name).ok_or_else(|| RegisterResourceError::UnknownType(name.clone()))?;
        if !is_registrable(of) {
            return Err(RegisterResourceError::NotRegistrable(name.clone()));
        }
        ResourceFields::of(name, catalogue.shape(of))
            .name(&self.name)
            .attributes(&self.attributes)
            .organization(self.organization_id.is_some())
            .owner(self.owner_id.is_some())
            .id(self.id.map(|id| id.0))
            .check()?;
        Ok(of)
    }

    fn into_resource(self, id: ResourceId, owner_id: Option<UserId>, now: Timestamp) -> Resource {
        Resource {
            key: ResourceKey { resource_type: self.resource_type, id },
            name: self.name,
            organization_id: self.organization_id,
            owner_id,
            attributes: self.attributes,
            grants: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }
}

impl AuthorizedStore {
    /// Registers a resource. Requires `create` on one of its type, organization and owner.
    ///
    /// # Errors
    /// As [`RegisterResourceError`] says; then nothing was registered.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn register_resource(&self, new: NewResource) -> Result<Resource, RegisterResourceError> {
        let of = new.check(self.catalogue())?;
        let has_owner = self.catalogue().shape(of).has_owner;
        let owner = |caller: &Caller| {
            let own = || caller.user().map(|user| user.id);
            if has_owner { new.owner_id.or_else(own) } else { None }
        };
        let mut work = self
            .begin_if(|caller| {
                caller.require_permitted(Action::CREATE, &new_object(of, new.organization_id, owner(caller)))
            })
            .await?;
        let owner = owner(&work.caller);
        let id = new.id.unwrap_or_else(|| ResourceId(work.authority.random().uuid()));
        let resource = new.into_resource(id, owner, work.now());
        if let Some(unknown) = work.find_unknown_place(&resource).await? {
            return Err(RegisterResourceError::UnknownPlace(unknown));
        }
        if work.read().is_retired(id).await? || work.read().find_resource(&resource.key).await?.is_some() {
            return Err(RegisterResourceError::IdTaken);
        }
        work.tx.insert_resource(&resource).await?;
        work.record(resource_event(EventKind::ResourceRegistered, None, Some(&resource)));
        work.commit().await?;
        Ok(resource)
    }
}
