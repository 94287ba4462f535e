//! What a path names, before the request is answered: requests are counted by it, whichever way it is spelled.
//!
//! Only what the caller may read is found: otherwise the counters would tell which name belongs to which id.
use keyfob_store::{OrganizationId, UserId};

use crate::{Authority, Identified};

impl Authority {
    /// The user that a path segment names, if the bearer of this key may read them.
    pub async fn user_named(&self, segment: &str, by: &Identified) -> Option<UserId> {
        let store = self.reading(by).await.ok()?;
        store.addressed_user(segment).await.ok().map(|user| user.id)
    }

    /// The user that a path segment names as a member of an organization, which another segment names, if the bearer of
    /// this key may read that membership; the user need not be readable.
    pub async fn member_named(&self, segment: &str, organization: &str, by: &Identified) -> Option<UserId> {
        let store = self.reading(by).await.ok()?;
        let organization = store.addressed_organization(organization).await.ok()?;
        store.addressed_member(&organization, segment).await.ok().map(|view| view.user.id)
    }

    /// The organization that a path segment names, if the bearer of this key may read it.
    pub async fn organization_named(&self, segment: &str, by: &Identified) -> Option<OrganizationId> {
        let store = self.reading(by).await.ok()?;
        store.addressed_organization(segment).await.ok().map(|organization| organization.id)
    }
}
