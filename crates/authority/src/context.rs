//! What is known of a request besides its content, and what is gathered while it is answered.
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use keyfob_rbac::{Action, ResourceType};
use keyfob_store::{KeyId, OrganizationId, Origin, UserId};
use uuid::Uuid;

/// A request's circumstances. The outermost layer puts one into every request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Names the request in answers, logs and audit records.
    pub request_id: Uuid,
    /// The client's address, as far as the socket tells.
    pub client: IpAddr,
    /// The client's program, as it calls itself.
    pub user_agent: String,
    /// What the gate was asked while this request was answered.
    pub decisions: DecisionLog,
}

/// The most of a program's name that is kept with a key.
const MOST_OF_USER_AGENT: usize = 512;

impl RequestContext {
    /// Where the request comes from, as it is kept with the key.
    pub fn origin(&self) -> Origin {
        let name = &self.user_agent;
        let end = name.floor_char_boundary(MOST_OF_USER_AGENT);
        Origin { ip_address: self.client, user_agent: name.get(..end).unwrap_or_default().to_owned() }
    }
}

impl Default for RequestContext {
    fn default() -> Self {
        Self {
            request_id: Uuid::nil(),
            client: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            user_agent: String::new(),
            decisions: DecisionLog::default(),
        }
    }
}

/// What the gate was asked while a request was answered.
#[derive(Clone, Debug, Default)]
pub struct DecisionLog(Arc<Mutex<Steps>>);

#[derive(Debug, Default)]
struct Steps {
    key: Option<KeyLife>,
    actor: Option<(UserId, KeyId)>,
    required: Vec<(ResourceType, Action)>,
    denied: Option<Denial>,
    failed_sign_in: Option<FailedSignIn>,
}

/// What the gate said no to.
#[derive(Clone, Copy, Debug)]
pub struct Denial {
    pub resource_type: ResourceType,
    pub action: Action,
    /// Where the object is.
    pub organization: Option<OrganizationId>,
}

/// A credential that was not right.
#[derive(Clone, Debug)]
pub struct FailedSignIn {
    /// Whose it is, where that is known.
    pub user: Option<UserId>,
    /// `login` with a password or by a provider, `authenticate` with a key, or what else was tried with it.
    pub action: &'static str,
    /// What that was done to, as records call it.
    pub of: &'static str,
}

/// All that matters to a record of a refusal.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub actor: Option<(UserId, KeyId)>,
    pub denied: Option<Denial>,
    pub failed_sign_in: Option<FailedSignIn>,
    /// The last permission that was asked for.
    pub last_required: Option<(ResourceType, Action)>,
}

/// From when to when the presented key lives.
#[derive(Clone, Copy, Debug)]
pub struct KeyLife {
    /// How long it was to live when it was minted, in seconds.
    pub lifetime_seconds: i64,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

impl DecisionLog {
    /// Notes that the request was authenticated.
    pub(crate) fn authenticated(&self, key: KeyLife, actor: (UserId, KeyId)) {
        let mut steps = self.lock();
        steps.key = Some(key);
        steps.actor = Some(actor);
    }

    /// Notes what the gate said no to. The last counts: it is what the request was refused for.
    pub(crate) fn denied(&self, denial: Denial) {
        self.lock().denied = Some(denial);
    }

    /// Notes that a credential was not right.
    pub fn sign_in_failed(&self, action: &'static str, user: Option<UserId>) {
        self.lock().failed_sign_in = Some(FailedSignIn { user, action, of: "api_key" });
    }

    /// Notes that a user was not converted to another way to sign in.
    pub fn conversion_failed(&self, user: Option<UserId>) {
        self.lock().failed_sign_in = Some(FailedSignIn { user, action: "write", of: "user" });
    }

    /// What came of it all.
    pub fn outcome(&self) -> Outcome {
        let steps = self.lock();
        Outcome {
            actor: steps.actor.clone(),
            denied: steps.denied,
            failed_sign_in: steps.failed_sign_in.clone(),
            last_required: steps.required.last().copied(),
        }
    }

    /// Notes a permission that the gate was asked for, allowed or not.
    pub(crate) fn required(&self, resource_type: ResourceType, action: Action) {
        let mut steps = self.lock();
        if !steps.required.contains(&(resource_type, action)) {
            steps.required.push((resource_type, action));
        }
    }

    /// The presented key's life and the permissions asked for, once the request is authenticated.
    pub fn seen(&self) -> Option<(KeyLife, Vec<(ResourceType, Action)>)> {
        let steps = self.lock();
        steps.key.map(|key| (key, steps.required.clone()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Steps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
