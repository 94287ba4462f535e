//! Who acts: from a credential to a subject that decisions are made for, and the only store that it can reach.
mod addressed;
#[cfg(test)]
mod amy;
mod credential;
mod denied;
mod epochs;
mod identify;
mod key_cache;
mod key_text;
mod key_use;
mod known;
mod lease;
mod presented;
mod role_book;
mod shared;
mod standing;
mod store;
mod system;

#[cfg(test)]
pub(crate) use amy::{amy, presented_by_amy};
pub use credential::{Credential, Unauthenticated};
pub use denied::{Denied, ListError, Refused};
pub use identify::Identified;
pub(crate) use identify::{hash_secret, is_same};
pub use key_cache::CacheUsage;
pub(crate) use key_cache::KeyCache;
pub(crate) use key_text::SECRET_LENGTH;
pub use key_text::is_key_shaped;
#[cfg(test)]
pub(crate) use key_use::{UseBook, UseRules, noted_use};
pub use known::KnownCaller;
pub(crate) use lease::Lease;
pub use presented::Own;
pub(crate) use presented::PresentedKey;
#[cfg(test)]
pub(crate) use presented::{KeyRights, KeyTexts, Origins, Owner, Seen, Shown};
pub(crate) use role_book::{RoleBook, role_names};
pub(crate) use standing::{NotOnBehalf, on_behalf_of, refreshed, subject_of_key, subject_of_user};
pub use store::AuthorizedStore;
pub use system::System;

pub use crate::sign_in::Lapsed;

use crate::users::user_object;
use std::sync::Arc;

use keyfob_rbac::{Action, AllowReach, Catalogue, Filter, Id, Object, ResourceType, Subject, authorize, filter};
use keyfob_store::{ApiKey, KeyId, OrganizationId, User, UserId};
use uuid::Uuid;

use self::denied::Cause;

use crate::{RequestContext, Verdict, context::Denial};

/// The subject of a request. Having one is the proof: it is made by authentication and for the server's own work alone.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct Caller {
    actor: Actor,
    subject: Arc<Subject>,
    catalogue: Arc<Catalogue>,
    context: RequestContext,
}

/// What stands behind a caller.
#[derive(Clone)]
enum Actor {
    /// A user, with a key.
    Key {
        presented: Arc<PresentedKey>,
        /// It came in the cookie of a browser.
        from_cookie: bool,
    },
    /// The server itself.
    System,
}

/// Whether a key may do all that its owner may: such a key is *full*, every other *narrow*.
pub(crate) fn is_full(key: &ApiKey) -> bool {
    gives_all(&key.scopes, &key.allow_list)
}

/// Whether a key with these scopes, and the entries of this allow list, is full.
pub(crate) fn gives_all(scopes: &[String], allow_list: &[String]) -> bool {
    allow_list.iter().any(|entry| entry == "*:*") && scopes.iter().any(|scope| scope == "coder:all")
}

fn uuid(id: Id<'_>) -> Option<Uuid> {
    match id {
        Id::Uuid(id) => Some(id),
        _ => None,
    }
}

impl Caller {
    /// One decision.
    pub(crate) fn require(&self, action: Action, object: &Object<'_>) -> Result<(), Denied> {
        self.context.decisions.required(object.resource_type, action);
        if self.is_permitted(action, object) {
            self.context.decisions.decided(object.resource_type, action, Verdict::Allowed);
            return Ok(());
        }
        let resource_type = object.resource_type;
        self.context.decisions.denied(Denial {
            resource_type,
            action,
            organization: uuid(object.organization).map(OrganizationId),
            object: uuid(object.id),
            is_of_all: !self.could(action, resource_type),
        });
        Err(self.denied(action, resource_type))
    }

    /// The object must be visible: a refusal looks as if it were not there.
    pub(crate) fn require_visible(&self, object: &Object<'_>) -> Result<(), Refused> {
        self.require(Action::READ, object).map_err(|denied| Refused::Hidden(Some(denied)))
    }

    /// The object is visible: a refusal says so.
    pub(crate) fn require_permitted(&self, action: Action, object: &Object<'_>) -> Result<(), Refused> {
        self.require(action, object).map_err(Refused::Denied)
    }

    /// What is personal is hidden from others, and refused to those whom it is about.
    pub(crate) fn require_personal(&self, action: Action, user: UserId) -> Result<(), Refused> {
        self.require(action, &user_object(user))
            .map_err(|denied| if self.is_self(user) { Refused::Denied(denied) } else { Refused::Hidden(Some(denied)) })
    }

    /// What is answered for an object that is not there: the same as for one that may not be read, with the same
    /// permission as required.
    pub(crate) fn missing(&self, resource_type: ResourceType) -> Refused {
        self.context.decisions.required(resource_type, Action::READ);
        Refused::Hidden(Some(self.denied(Action::READ, resource_type)))
    }

    /// A decision that the call does not depend on: it is not among those that the answer names.
    pub(crate) fn is_permitted(&self, action: Action, object: &Object<'_>) -> bool {
        authorize(&self.subject, action, object).is_allowed()
    }

    /// A refusal for another reason than a decision on an object.
    pub(crate) fn refuse(&self, action: Action, resource_type: ResourceType) -> Denied {
        let is_of_all = !self.could(action, resource_type);
        let denial = Denial { resource_type, action, organization: None, object: None, is_of_all };
        self.context.decisions.denied(denial);
        self.denied(action, resource_type)
    }

    /// A refusal because the user who is the object holds a role that the caller may not assign.
    pub(crate) fn outranked(&self, action: Action, resource_type: ResourceType) -> Denied {
        Denied { cause: Cause::Rank, ..self.refuse(action, resource_type) }
    }

    /// What a list of objects of this type may show.
    pub(crate) fn visible(&self, action: Action, resource_type: ResourceType) -> Filter {
        self.note_list(action, resource_type);
        filter(&self.subject, action, resource_type)
    }

    /// The same for objects that are here already: which of them a list may show.
    pub(crate) fn shows(&self, action: Action, resource_type: ResourceType) -> impl Fn(&Object<'_>) -> bool + use<> {
        self.note_list(action, resource_type);
        let subject = Arc::clone(&self.subject);
        move |object| authorize(&subject, action, object).is_allowed()
    }

    fn note_list(&self, action: Action, resource_type: ResourceType) {
        self.context.decisions.required(resource_type, action);
        self.context.decisions.decided(resource_type, action, Verdict::Filtered);
        self.context.decisions.listed(resource_type, action, self.could(action, resource_type));
    }

    /// Whether the caller could do that to some object of the type, as such objects are built. It looks at no object: what
    /// follows from it is what is offered, never what is allowed.
    pub fn could(&self, action: Action, resource_type: ResourceType) -> bool {
        self.subject.roles_could_permit(action, resource_type)
            && self.subject.scope_permits(action, resource_type)
            && self.subject.allow_list_reach(resource_type) != AllowReach::None
    }

    /// Whether the caller could do that to every object of the type, whoever has it. As [`Self::could`], it is about what
    /// is offered.
    pub fn could_to_all(&self, action: Action, resource_type: ResourceType) -> bool {
        self.is_permitted(action, &Object::of(resource_type))
    }

    /// The refusal of an action on a type, with what the key lacks for it. It looks at no object.
    fn denied(&self, action: Action, resource_type: ResourceType) -> Denied {
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

    /// The compiled roles, scopes and allow list.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The same, to be kept beyond the request.
    pub(crate) fn shared_subject(&self) -> &Arc<Subject> {
        &self.subject
    }

    /// The user behind the key; none for the server's own work.
    pub fn user(&self) -> Option<&User> {
        self.presented().map(|presented| &presented.owner.user)
    }

    /// The user's name; empty for the server's own work.
    pub fn username(&self) -> &str {
        self.user().map(|user| user.username.as_str()).unwrap_or_default()
    }

    /// The key; none for the server's own work.
    pub fn key(&self) -> Option<&ApiKey> {
        self.presented().map(|presented| &presented.key)
    }

    pub(crate) fn presented(&self) -> Option<&PresentedKey> {
        match &self.actor {
            Actor::Key { presented, .. } => Some(presented),
            Actor::System => None,
        }
    }

    /// The same caller with the key as it was read again.
    pub(super) fn with_key(&self, presented: Arc<PresentedKey>) -> Self {
        let subject = Arc::clone(&presented.rights.subject);
        let actor = Actor::Key { presented, from_cookie: self.has_cookie() };
        Self { actor, subject, ..self.clone() }
    }

    /// The circumstances of the request.
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The same caller for what is shown beside an answer where the caller may see it, and left out where not: the call
    /// does not need it, so its answer does not name it.
    pub(crate) fn incidental(&self) -> Self {
        let mut caller = self.clone();
        caller.context.decisions = crate::DecisionLog::default();
        caller
    }

    /// Whether this is the caller's own user.
    pub fn is_self(&self, user: UserId) -> bool {
        self.user().is_some_and(|own| own.id == user)
    }

    /// Whether the key came in the cookie of a browser.
    pub fn has_cookie(&self) -> bool {
        matches!(self.actor, Actor::Key { from_cookie: true, .. })
    }

    /// Whether nothing narrows what the caller's roles permit: they have a full key, or are the server itself.
    pub fn has_full_key(&self) -> bool {
        self.key().is_none_or(is_full)
    }

    /// Whether the caller may set what another user signs in with: no narrow key may, because it could then sign in
    /// with more than it has.
    pub(crate) fn may_set_credentials_of_others(&self) -> bool {
        self.has_full_key()
    }

    /// Whether this is the presented key itself. A key may always see and expire itself: that takes no scope.
    pub(crate) fn is_own_identity(&self, key: &KeyId) -> bool {
        self.key().is_some_and(|own| own.id == *key)
    }
}
