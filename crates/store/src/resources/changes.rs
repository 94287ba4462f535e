//! Registering, changing and deleting resources.
use std::collections::{BTreeMap, BTreeSet};

use sea_query::{Expr, ExprTrait as _, Query};
use uuid::Uuid;

use super::{Grantee, IdRow, Resource, ResourceGrants, ResourceKey, Resources, RetiredResources, is};
use crate::{
    OrganizationId, Reach, Reader, ResourceId, StoreError, Tx,
    db::{MAX_IN_LIST, json, microseconds},
};

impl Reader<'_> {
    /// Whether a resource with this id, of any type, was deleted. Such an id is not used again, because allow lists may
    /// still name it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_retired(&mut self, id: ResourceId) -> Result<bool, StoreError> {
        let mut query = Query::select();
        query
            .column(RetiredResources::Id)
            .from(RetiredResources::Table)
            .and_where(Expr::col(RetiredResources::Id).eq(id.0))
            .limit(1);
        let row: Option<IdRow> = self.fetch_optional(&query).await?;
        Ok(row.is_some_and(|row| row.id == id.0))
    }
}

impl Tx {
    /// Adds a resource. Its grants are ignored.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is a resource with that id, or with that name in the same place.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn insert_resource(&mut self, new: &Resource) -> Result<(), StoreError> {
        use Resources as R;
        let mut query = Query::insert();
        query
            .into_table(R::Table)
            .columns([
                R::ResourceType,
                R::Id,
                R::Name,
                R::OrganizationId,
                R::OwnerId,
                R::Attributes,
                R::CreatedAt,
                R::UpdatedAt,
            ])
            .values_panic([
                new.key.resource_type.as_str().into(),
                new.key.id.0.into(),
                new.name.as_str().into(),
                new.organization_id.map_or(Uuid::nil(), |id| id.0).into(),
                new.owner_id.map_or(Uuid::nil(), |id| id.0).into(),
                json(&new.attributes).into(),
                microseconds(new.created_at).into(),
                microseconds(new.updated_at).into(),
            ]);
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Stores a resource's changed name, organization, owner and attributes.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is a resource with that name in the same place, [`StoreError::Gone`] when it
    /// does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn update_resource(&mut self, changed: &Resource) -> Result<(), StoreError> {
        use Resources as R;
        let mut query = Query::update();
        query
            .table(R::Table)
            .value(R::Name, changed.name.as_str())
            .value(R::OrganizationId, changed.organization_id.map_or(Uuid::nil(), |id| id.0))
            .value(R::OwnerId, changed.owner_id.map_or(Uuid::nil(), |id| id.0))
            .value(R::Attributes, json(&changed.attributes))
            .value(R::UpdatedAt, microseconds(changed.updated_at))
            .and_where(is(&changed.key));
        self.execute_one_for(Reach::Nobody, &query).await
    }

    /// Deletes a resource and retires its id.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it does not exist.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn delete_resource(&mut self, key: &ResourceKey) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Resources::Table).and_where(is(key));
        self.execute_one_for(Reach::Nobody, &query).await?;
        let mut retire = Query::insert();
        retire
            .into_table(RetiredResources::Table)
            .columns([RetiredResources::ResourceType, RetiredResources::Id])
            .values_panic([key.resource_type.as_str().into(), key.id.0.into()]);
        self.execute_one_for(Reach::Nobody, &retire).await
    }

    /// Removes a user or a group that is deleted from all access lists.
    pub(crate) async fn revoke_grants_to(&mut self, grantee: Uuid) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(ResourceGrants::Table).and_where(Expr::col(ResourceGrants::GranteeId).eq(grantee));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Removes a user who leaves an organization from the access lists of its resources.
    pub(crate) async fn revoke_grants_in(
        &mut self,
        organization: OrganizationId,
        grantee: Uuid,
    ) -> Result<(), StoreError> {
        use {ResourceGrants as G, Resources as R};
        let mut theirs = Query::select();
        theirs
            .columns([R::ResourceType, R::Id])
            .from(R::Table)
            .and_where(Expr::col(R::OrganizationId).eq(organization.0));
        let mut query = Query::delete();
        query
            .from_table(G::Table)
            .and_where(Expr::col(G::GranteeId).eq(grantee))
            .and_where(Expr::tuple([Expr::col(G::ResourceType), Expr::col(G::ResourceId)]).in_subquery(theirs));
        self.execute_for(Reach::Nobody, &query).await.map(drop)
    }

    /// Stores a resource's changed access list.
    ///
    /// # Errors
    /// When the database cannot be written, or does not have the resource in this organization.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn replace_grants(&mut self, changed: &Resource) -> Result<(), StoreError> {
        use ResourceGrants as G;
        let key = &changed.key;
        let mut clear = Query::delete();
        clear
            .from_table(G::Table)
            .and_where(Expr::col(G::ResourceType).eq(key.resource_type.as_str()))
            .and_where(Expr::col(G::ResourceId).eq(key.id.0));
        self.execute_for(Reach::Nobody, &clear).await?;
        let mut by_grantee = BTreeMap::<Grantee, BTreeSet<&str>>::new();
        for grant in &changed.grants {
            by_grantee.entry(grant.grantee).or_default().insert(&grant.action);
        }
        let by_grantee: Vec<_> = by_grantee.into_iter().collect();
        let columns =
            [G::ResourceType, G::ResourceId, G::OrganizationId, G::CreatedAt, G::GranteeKind, G::GranteeId, G::Actions];
        for some in by_grantee.chunks(MAX_IN_LIST / columns.len()) {
            let mut query = Query::insert();
            query.into_table(G::Table).columns(columns);
            for (grantee, actions) in some {
                query.values_panic([
                    key.resource_type.as_str().into(),
                    key.id.0.into(),
                    changed.organization_id.map_or(Uuid::nil(), |id| id.0).into(),
                    microseconds(changed.created_at).into(),
                    grantee.kind().into(),
                    grantee.id().into(),
                    json(actions).into(),
                ]);
            }
            self.execute_for(Reach::Nobody, &query).await?;
        }
        Ok(())
    }
}
