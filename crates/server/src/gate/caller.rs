//! The authenticated subject of a request.
use std::sync::Arc;

use jiff::Timestamp;
use keyfob_rbac::{
    Action, AllowList, AllowReach, Catalogue, Filter, Id, Object, ResourceType, ScopeName, Subject, authorize, filter,
};
use keyfob_store::{ApiKey, KeyId, OrganizationId, User, UserId};

use super::{Denied, denied::Cause};
use crate::context::{Denial, RequestContext};

/// Who acts. Having one is the proof: it is made by [`super::authenticate`] and for the server's own work alone.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(super) actor: Actor,
    pub(super) subject: Subject,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) context: RequestContext,
}

/// What stands behind a caller.
#[derive(Clone)]
pub(super) enum Actor {
    /// A user, with a key.
    Key(Arc<PresentedKey>),
    /// The server itself.
    System,
}

/// A key that was presented and found right, with its owner.
pub(super) struct PresentedKey {
    pub(super) key: ApiKey,
    pub(super) user: User,
    pub(super) scopes: Vec<ScopeName>,
    pub(super) allow_list: AllowList,
    /// It came in the cookie of a browser.
    pub(super) from_cookie: bool,
}

impl PresentedKey {
    /// The end that whatever this key mints must have; a full key sets none.
    pub(super) fn end_of_children(&self) -> Option<Timestamp> {
        (!is_full(&self.key)).then_some(self.key.expires_at)
    }
}

/// Whether a key may do all that its owner may: such a key is *full*, every other *narrow*.
pub(super) fn is_full(key: &ApiKey) -> bool {
    key.allow_list.iter().any(|entry| entry == "*:*") && key.scopes.iter().any(|scope| scope == "coder:all")
}

impl Caller {
    /// One decision.
    pub(super) fn require(&self, action: Action, object: &Object<'_>) -> Result<(), Denied> {
        self.context.trail.required(object.resource_type, action);
        if authorize(&self.subject, action, object).is_allowed() {
            return Ok(());
        }
        let organization = match object.organization {
            Id::Uuid(id) => Some(OrganizationId(id)),
            _ => None,
        };
        self.context.trail.denied(Denial { resource_type: object.resource_type, action, organization });
        Err(self.denied(action, object.resource_type))
    }

    /// A refusal for another reason than a decision on an object.
    pub(super) fn refuse(&self, action: Action, resource_type: ResourceType) -> Denied {
        self.context.trail.denied(Denial { resource_type, action, organization: None });
        self.denied(action, resource_type)
    }

    /// What a list of objects of this type may show.
    pub(super) fn visible(&self, action: Action, resource_type: ResourceType) -> Filter {
        self.context.trail.required(resource_type, action);
        filter(&self.subject, action, resource_type)
    }

    /// Whether the caller could do that to some object of the type, as such objects are built.
    pub(super) fn could(&self, action: Action, resource_type: ResourceType) -> bool {
        self.subject.roles_could_permit(action, resource_type)
            && self.subject.scope_permits(action, resource_type)
            && self.subject.allow_list_reach(resource_type) != AllowReach::None
    }

    /// The refusal of an action on a type, with what the key lacks for it. It looks at no object.
    pub(super) fn denied(&self, action: Action, resource_type: ResourceType) -> Denied {
        let roles_could = self.subject.roles_could_permit(action, resource_type);
        let cause = if !roles_could {
            Cause::Other
        } else if !self.subject.scope_permits(action, resource_type) {
            Cause::Scopes
        } else if !self.subject.allow_list_reaches(resource_type) {
            Cause::AllowList
        } else {
            Cause::Other
        };
        Denied { catalogue: Arc::clone(&self.catalogue), resource_type, action, cause }
    }

    /// The user behind the key; none for the server's own work.
    pub(crate) fn user(&self) -> Option<&User> {
        self.presented().map(|presented| &presented.user)
    }

    /// What the user is called; nothing for the server's own work.
    pub(crate) fn username(&self) -> &str {
        self.user().map(|user| user.username.as_str()).unwrap_or_default()
    }

    /// The key; none for the server's own work.
    pub(crate) fn key(&self) -> Option<&ApiKey> {
        self.presented().map(|presented| &presented.key)
    }

    pub(super) fn presented(&self) -> Option<&PresentedKey> {
        match &self.actor {
            Actor::Key(presented) => Some(presented),
            Actor::System => None,
        }
    }

    /// The circumstances of the request.
    pub(crate) fn context(&self) -> &RequestContext {
        &self.context
    }

    /// Whether this is the caller's own user.
    pub(crate) fn is_self(&self, user: UserId) -> bool {
        self.user().is_some_and(|own| own.id == user)
    }

    /// Whether the key came in the cookie of a browser.
    pub(crate) fn has_cookie(&self) -> bool {
        self.presented().is_some_and(|presented| presented.from_cookie)
    }

    /// Whether the caller may set what somebody else signs in with: no narrow key may, because it could then sign in
    /// with more than it has.
    pub(super) fn may_set_credentials_of_others(&self) -> bool {
        self.key().is_none_or(is_full)
    }

    /// Whether this is the presented key itself. A key may always see and end itself: that takes no scope.
    pub(super) fn is_own_identity(&self, key: &KeyId) -> bool {
        self.key().is_some_and(|own| own.id == *key)
    }
}
