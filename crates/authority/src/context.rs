//! The circumstances of a request, and the decisions that were made while it was answered.
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{ApiKey, KeyId, OrganizationId, Origin, UserId};
use uuid::Uuid;

use crate::{Observer, Verdict, authcheck::has_lookup};

/// The circumstances of a request. Each front makes one for every request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Names the request in answers, logs and audit records.
    pub request_id: Uuid,
    /// The client's address: that of its connection, or the one that a trusted proxy names.
    pub client: IpAddr,
    /// The client's program, as it calls itself.
    pub user_agent: Arc<str>,
    /// The decisions that were made while the request was answered.
    pub decisions: DecisionLog,
}

/// A key's last days, in seconds.
const LAST_DAYS: i64 = 7 * 24 * 3600;

/// How many bytes of a program's name are kept with a key.
const MAX_USER_AGENT: usize = 512;

impl RequestContext {
    /// Where the request comes from, as it is kept with the key.
    pub fn origin(&self) -> Origin {
        let name = &self.user_agent;
        let end = name.floor_char_boundary(MAX_USER_AGENT);
        Origin { ip_address: self.client, user_agent: name.get(..end).unwrap_or_default().to_owned() }
    }
}

impl Default for RequestContext {
    fn default() -> Self {
        Self {
            request_id: Uuid::nil(),
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user_agent: Arc::default(),
            decisions: DecisionLog::default(),
        }
    }
}

/// The decisions that were made while a request was answered. Clones share one log.
#[derive(Clone, Debug, Default)]
pub struct DecisionLog(Arc<Log>);

#[derive(Debug, Default)]
struct Log {
    /// Counts the decisions.
    observer: Option<Arc<dyn Observer>>,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    key: Option<KeyLife>,
    actor: Option<(UserId, KeyId)>,
    /// The owner and the id of a key that was verified, also where the request was refused before it could act.
    verified: Option<(UserId, KeyId)>,
    required: Vec<(ResourceType, Action)>,
    /// The permissions of lists that the caller has on no object.
    lacking: Vec<(ResourceType, Action)>,
    /// Whether the caller has one of a list on some object.
    lists_some: bool,
    denied: Option<Denial>,
    failed_sign_in: Option<FailedSignIn>,
}

/// An action that was denied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial {
    /// The type of the object.
    pub(crate) resource_type: ResourceType,
    /// The action.
    pub(crate) action: Action,
    /// The organization of the object.
    pub(crate) organization: Option<OrganizationId>,
    /// The id of the object, if it has one.
    pub(crate) object: Option<Uuid>,
    /// Whether the caller may do it to no object of the type.
    pub(crate) is_of_all: bool,
}

/// A question about one's own rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnQuestion {
    /// The type of the object.
    pub resource_type: ResourceType,
    /// The action.
    pub action: Action,
    /// The id of the object; none to ask about one's own in any organization.
    pub object: Option<Uuid>,
}

/// A credential that was not right.
#[derive(Clone, Debug)]
pub(crate) struct FailedSignIn {
    /// The user whose credential it would have been, where that is known.
    pub(crate) user: Option<UserId>,
    /// `login` with a password or by a provider, `authenticate` with a key, or what else was tried with it.
    pub(crate) action: &'static str,
    /// The type of the object, as records name it.
    pub(crate) resource_type: &'static str,
}

/// What matters to a record of a refusal.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The user and the key of an authenticated request.
    pub(crate) actor: Option<(UserId, KeyId)>,
    /// The last action that was denied.
    pub(crate) denied: Option<Denial>,
    /// The last credential that was not right.
    pub(crate) failed_sign_in: Option<FailedSignIn>,
    /// The permissions that were required, in the order in which they first were.
    pub(crate) required: Vec<(ResourceType, Action)>,
}

/// From when to when the presented key lives.
#[derive(Clone, Copy, Debug)]
pub struct KeyLife {
    /// Its lifetime when it was minted, in seconds.
    pub lifetime_seconds: i64,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl KeyLife {
    /// The life of a key.
    pub fn of(key: &ApiKey) -> Self {
        Self { lifetime_seconds: key.lifetime_seconds, expires_at: key.expires_at }
    }

    /// How many seconds a key still lives, once it is in its last tenth or its last seven days, whichever is shorter:
    /// then it is worth a warning.
    pub fn seconds_left_near_end(&self, now: Timestamp) -> Option<i64> {
        let left = self.expires_at.duration_since(now).as_secs();
        (left <= LAST_DAYS.min(self.lifetime_seconds / 10)).then_some(left.max(0))
    }
}

impl DecisionLog {
    /// An empty log, whose decisions are counted.
    pub(crate) fn observed(observer: Arc<dyn Observer>) -> Self {
        Self(Arc::new(Log { observer: Some(observer), entries: Mutex::default() }))
    }

    /// Counts a decision.
    pub(crate) fn decided(&self, resource_type: ResourceType, action: Action, verdict: Verdict) {
        if let Some(observer) = &self.0.observer {
            observer.decided(resource_type, action, verdict);
        }
    }

    /// Notes whose key the request presents, for [`Self::presenter`].
    pub fn verified(&self, user: UserId, key: KeyId) {
        self.lock().verified = Some((user, key));
    }

    /// The user and the key of a request whose key is right, as far as that was noted.
    pub fn presenter(&self) -> Option<(UserId, KeyId)> {
        let entries = self.lock();
        entries.actor.as_ref().or(entries.verified.as_ref()).cloned()
    }

    /// Notes that the request was authenticated.
    pub(crate) fn authenticated(&self, key: KeyLife, actor: (UserId, KeyId)) {
        let mut entries = self.lock();
        entries.key = Some(key);
        entries.actor = Some(actor);
    }

    /// Notes an action that was denied. The last one counts: the request was refused for it.
    pub(crate) fn denied(&self, denial: Denial) {
        self.decided(denial.resource_type, denial.action, Verdict::Denied);
        self.lock().denied = Some(denial);
    }

    /// Notes that a credential was not right.
    pub fn sign_in_failed(&self, action: &'static str, user: Option<UserId>) {
        self.lock().failed_sign_in = Some(FailedSignIn { user, action, resource_type: "api_key" });
    }

    /// Notes that a user's login type was not converted.
    pub fn conversion_failed(&self, user: Option<UserId>) {
        self.lock().failed_sign_in = Some(FailedSignIn { user, action: "write", resource_type: "user" });
    }

    /// What matters to a record of a refusal.
    pub(crate) fn outcome(&self) -> Outcome {
        let entries = self.lock();
        Outcome {
            actor: entries.actor.clone(),
            denied: entries.denied,
            failed_sign_in: entries.failed_sign_in.clone(),
            required: entries.required.clone(),
        }
    }

    /// Notes a permission that was required, whether the caller has it or not.
    pub(crate) fn required(&self, resource_type: ResourceType, action: Action) {
        let mut entries = self.lock();
        if !entries.required.contains(&(resource_type, action)) {
            entries.required.push((resource_type, action));
        }
    }

    /// Notes a permission that a list was made by, and whether the caller could have it on some object.
    pub(crate) fn listed(&self, resource_type: ResourceType, action: Action, could: bool) {
        let mut entries = self.lock();
        entries.lists_some |= could;
        if !could && !entries.lacking.contains(&(resource_type, action)) {
            entries.lacking.push((resource_type, action));
        }
    }

    /// The question whose answer is what was denied last; none where nothing was, or where no question has that answer:
    /// of an object that cannot be named the caller may ask nothing, and on others the same may be allowed.
    pub fn question_of_denial(&self) -> Option<OwnQuestion> {
        let Denial { resource_type, action, object, is_of_all, .. } = self.lock().denied?;
        let object = object.filter(|_| has_lookup(resource_type));
        (object.is_some() || is_of_all).then_some(OwnQuestion { resource_type, action, object })
    }

    /// The permissions that the caller lacks where a list could hold nothing for them; empty elsewhere.
    pub fn lacking(&self) -> Vec<(ResourceType, Action)> {
        let entries = self.lock();
        if entries.lists_some { Vec::new() } else { entries.lacking.clone() }
    }

    /// The life of the presented key and the permissions that were required; none before the request is authenticated.
    pub fn seen(&self) -> Option<(KeyLife, Vec<(ResourceType, Action)>)> {
        let entries = self.lock();
        entries.key.map(|key| (key, entries.required.clone()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_leads_to_a_question_only_where_the_answer_is_that_denial() {
        let id = Uuid::from_u128(7);
        for (resource_type, object, is_of_all, asked) in [
            (ResourceType::GROUP, Some(id), false, Some(Some(id))),
            (ResourceType::GROUP, Some(id), true, Some(Some(id))),
            (ResourceType::GROUP, None, true, Some(None)),
            (ResourceType::GROUP, None, false, None),
            // Nothing finds such an object by its id.
            (ResourceType::ASSIGN_ORG_ROLE, Some(id), false, None),
            (ResourceType::ASSIGN_ORG_ROLE, Some(id), true, Some(None)),
        ] {
            let decisions = DecisionLog::default();
            let denial = Denial { resource_type, action: Action::DELETE, organization: None, object, is_of_all };
            decisions.denied(denial);
            let question = decisions.question_of_denial().map(|question| question.object);
            assert_eq!(question, asked, "{object:?} {is_of_all}");
        }
    }
}
