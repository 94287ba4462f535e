//! The server's own work: each kind runs as a subject with a role of its own that holds what it needs.
use std::sync::Arc;

use keyfob_rbac::{Action, Id, Permission, ResourceType, Role, RoleName, Scope, Subject};

use super::Actor;
use crate::{Authority, AuthorizedStore, Caller, RequestContext};

/// A kind of work that the server does for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Making the first user and the organization they land in.
    SetUp,
    /// Finding the user of a password, and beginning their session.
    SignIn,
    /// Letting machines wait until a user approves their sign-in.
    Devices,
    /// Signing in users whom an identity provider identifies.
    Providers,
    /// Waking users who act again.
    Dormancy,
    /// Removing keys that ended long ago.
    Retention,
    /// Telling people by mail.
    Mail,
    /// Recording what was refused, and retiring old records.
    Records,
    /// What an operator does on the host.
    Host,
}

impl System {
    /// All that the work may do.
    fn permissions(self) -> Vec<(ResourceType, Action)> {
        match self {
            Self::SetUp => vec![
                (ResourceType::USER, Action::CREATE),
                (ResourceType::USER, Action::READ),
                (ResourceType::ORGANIZATION, Action::CREATE),
                (ResourceType::ORGANIZATION, Action::READ),
                (ResourceType::ORGANIZATION_MEMBER, Action::CREATE),
            ],
            Self::SignIn => vec![
                (ResourceType::USER, Action::READ),
                (ResourceType::USER, Action::UPDATE),
                (ResourceType::API_KEY, Action::CREATE),
                (ResourceType::API_KEY, Action::DELETE),
            ],
            Self::Devices => {
                vec![(ResourceType::API_KEY, Action::CREATE), (ResourceType::API_KEY, Action::DELETE)]
            }
            Self::Providers => vec![
                (ResourceType::USER, Action::CREATE),
                (ResourceType::USER, Action::READ),
                (ResourceType::USER, Action::READ_PERSONAL),
                (ResourceType::USER, Action::UPDATE),
                (ResourceType::API_KEY, Action::CREATE),
            ],
            Self::Dormancy => vec![(ResourceType::USER, Action::UPDATE)],
            Self::Retention => vec![(ResourceType::API_KEY, Action::DELETE)],
            Self::Mail => vec![
                (ResourceType::USER, Action::READ),
                (ResourceType::USER, Action::UPDATE),
                (ResourceType::API_KEY, Action::READ),
            ],
            Self::Records => vec![(ResourceType::AUDIT_LOG, Action::CREATE), (ResourceType::AUDIT_LOG, Action::DELETE)],
            Self::Host => vec![
                (ResourceType::USER, Action::CREATE),
                (ResourceType::USER, Action::READ),
                (ResourceType::USER, Action::UPDATE),
                (ResourceType::USER, Action::UPDATE_PERSONAL),
                (ResourceType::ORGANIZATION, Action::READ),
                (ResourceType::ORGANIZATION_MEMBER, Action::CREATE),
                (ResourceType::ORGANIZATION_MEMBER, Action::READ),
                (ResourceType::ASSIGN_ROLE, Action::ASSIGN),
                (ResourceType::ASSIGN_ORG_ROLE, Action::ASSIGN),
                (ResourceType::DEPLOYMENT_CONFIG, Action::UPDATE),
            ],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::SignIn => "sign-in",
            Self::Devices => "devices",
            Self::Providers => "providers",
            Self::Dormancy => "dormancy",
            Self::Retention => "retention",
            Self::Mail => "mail",
            Self::Records => "records",
            Self::Host => "host",
        }
    }

    /// The store as this work may use it.
    pub fn store(self, authority: &Authority, context: RequestContext) -> AuthorizedStore {
        let role = Role {
            site: self.permissions().into_iter().map(|(of, action)| Permission::allow(of, action)).collect(),
            ..Role::empty(RoleName::site(self.name()))
        };
        let catalogue = Arc::clone(authority.catalogue());
        let subject =
            Arc::new(Subject::compile(&catalogue, Id::from(uuid::Uuid::nil()), &[role], &[], &Scope::everything()));
        let caller = Caller { actor: Actor::System, subject, catalogue, context };
        AuthorizedStore::new(caller, authority.clone())
    }
}
