//! Changing resources.
use jiff::Timestamp;
use keyfob_rbac::{Action, Catalogue, ResourceType};
use keyfob_store::{OrganizationId, Resource, ResourceId, StoreError, UserId};
use serde_json::{Map, Value};

use super::{UnknownPlace, WrongResourceField, fields::ResourceFields, new_object};
use crate::{
    AuthorizedStore, Refused,
    audit::{EventKind, resource_event},
};

/// What to change about a resource; a field that is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ResourceChange {
    /// The new name.
    pub name: Option<String>,
    /// The new organization.
    pub organization_id: Option<OrganizationId>,
    /// The new owner.
    pub owner_id: Option<UserId>,
    /// The new attributes, in place of all old ones.
    pub attributes: Option<Map<String, Value>>,
}

/// Why a resource was not changed.
#[derive(Debug)]
pub enum UpdateResourceError {
    /// Fields break their rules.
    Invalid(Vec<WrongResourceField>),
    /// The new organization or owner does not exist.
    UnknownPlace(UnknownPlace),
    /// There is another resource of this name beside it.
    NameTaken,
    /// Everything else.
    Refused(Refused),
}

impl From<Vec<WrongResourceField>> for UpdateResourceError {
    fn from(wrong: Vec<WrongResourceField>) -> Self {
        Self::Invalid(wrong)
    }
}

impl From<Refused> for UpdateResourceError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for UpdateResourceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(_) => Self::NameTaken,
            other => Self::Refused(other.into()),
        }
    }
}

impl ResourceChange {
    fn check(&self, catalogue: &Catalogue, of: ResourceType) -> Result<(), Vec<WrongResourceField>> {
        let mut fields = ResourceFields::of(catalogue.type_name(of), catalogue.shape(of));
        if let Some(name) = &self.name {
            fields = fields.name(name);
        }
        if let Some(attributes) = &self.attributes {
            fields = fields.attributes(attributes);
        }
        if self.organization_id.is_some() {
            fields = fields.organization(true);
        }
        fields.owner(self.owner_id.is_some()).check()
    }

    fn apply_to(self, old: &Resource, now: Timestamp) -> Resource {
        Resource {
            name: self.name.unwrap_or_else(|| old.name.clone()),
            organization_id: self.organization_id.or(old.organization_id),
            owner_id: self.owner_id.or(old.owner_id),
            attributes: self.attributes.unwrap_or_else(|| old.attributes.clone()),
            updated_at: now,
            ..old.clone()
        }
    }
}

impl AuthorizedStore {
    /// Changes a resource. Requires `update` on it. Another organization or owner takes it from where it was: that
    /// requires `delete` on it, too, and `create` on one of the new organization and owner.
    ///
    /// # Errors
    /// As [`UpdateResourceError`] says; then nothing was changed.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn update_resource(
        &self,
        of: ResourceType,
        id: ResourceId,
        change: ResourceChange,
    ) -> Result<Resource, UpdateResourceError> {
        change.check(self.catalogue(), of)?;
        let mut work = self.begin().await?;
        let old = work.permitted_resource(of, id, Action::UPDATE).await?;
        let new = change.apply_to(&old, work.now());
        if (new.organization_id, new.owner_id) != (old.organization_id, old.owner_id) {
            work.require_permitted_on(of, &old, Action::DELETE)?;
            work.caller.require_permitted(Action::CREATE, &new_object(of, new.organization_id, new.owner_id))?;
            if let Some(unknown) = work.find_unknown_place(&new).await? {
                return Err(UpdateResourceError::UnknownPlace(unknown));
            }
        }
        work.tx.update_resource(&new).await?;
        work.record(resource_event(EventKind::ResourceUpdated, Some(&old), Some(&new)));
        work.commit().await?;
        Ok(new)
    }
}
