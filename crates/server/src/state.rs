//! What every request can reach.
use std::{sync::Arc, time::Duration};

use keyfob_rbac::Catalogue;
use keyfob_store::{ChainKey, SecretHash};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    audit::GatheredRefusals,
    clock::Clock,
    cookies::CookieRules,
    devices::Polls,
    gate::{CredentialRules, Renewals, RoleBook, Vault},
    limits::{RateLimits, Windows},
    mail::Mailer,
    passwords::{Passwords, Strangers},
    providers::{Providers, Tickets},
    proxies::Proxies,
    random::Random,
    seal::Seal,
};

/// A running server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// What an [`App`] is put together from.
pub(crate) struct Parts {
    pub(crate) vault: Vault,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) roles: RoleBook,
    pub(crate) passwords: Passwords,
    pub(crate) strangers: Strangers,
    pub(crate) refusals: GatheredRefusals,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) mail_waits: Notify,
    pub(crate) windows: Windows,
    pub(crate) polls: Polls,
    pub(crate) seal: Seal,
    pub(crate) providers: Providers,
    pub(crate) tickets: Tickets,
    pub(crate) renewals: Renewals,
    pub(crate) settings: Settings,
    pub(crate) audit_key: ChainKey,
}

/// Settings that requests look at.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) access_url: String,
    pub(crate) deployment_id: Uuid,
    pub(crate) credentials: CredentialRules,
    pub(crate) cookies: CookieRules,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) limits: RateLimits,
    pub(crate) proxies: Proxies,
    /// Whoever comes by another address is sent to the access URL.
    pub(crate) redirects_to_access_url: bool,
    /// Only owners sign in with a password.
    pub(crate) is_password_auth_disabled: bool,
    /// What browsers are told about HTTPS.
    pub(crate) strict_transport_security: Option<String>,
    /// What people must agree to before they sign in.
    pub(crate) terms_of_service_url: Option<String>,
    /// What the secret of an unknown key is compared with.
    pub(crate) dummy_hash: SecretHash,
}

/// How long keys live (contract, section 2.3).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetimes {
    pub(crate) session: Duration,
    pub(crate) sessions_slide: bool,
    /// How long a session lives at most; zero sets no end.
    pub(crate) session_absolute: Duration,
    pub(crate) token_default: Duration,
    pub(crate) token_max: Duration,
    pub(crate) token_max_for_owners: Duration,
    /// How long ended keys are kept; zero keeps them for ever.
    pub(crate) retention: Duration,
    /// The same for audit records.
    pub(crate) audit_retention: Duration,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn random(&self) -> &Random {
        &self.0.random
    }

    pub(crate) fn catalogue(&self) -> &Arc<Catalogue> {
        &self.0.catalogue
    }

    pub(crate) fn roles(&self) -> &RoleBook {
        &self.0.roles
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    /// Sign-ins with addresses that nobody has.
    pub(crate) fn strangers(&self) -> &Strangers {
        &self.0.strangers
    }

    /// Refusals that are not recorded yet.
    pub(crate) fn refusals(&self) -> &GatheredRefusals {
        &self.0.refusals
    }

    /// What sends mails; none if no mail server is set.
    pub(crate) fn mailer(&self) -> Option<&Mailer> {
        self.0.mailer.as_ref()
    }

    /// What seals and opens what must be read again.
    pub(crate) fn seal(&self) -> &Seal {
        &self.0.seal
    }

    /// The identity providers that are set up.
    pub(crate) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// Whose session at a provider is being renewed.
    pub(crate) fn renewals(&self) -> &Renewals {
        &self.0.renewals
    }

    /// What signs promises to convert.
    pub(crate) fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    /// How much was asked in the last two minutes.
    pub(crate) fn windows(&self) -> &Windows {
        &self.0.windows
    }

    /// When machines last asked that wait to be signed in.
    pub(crate) fn polls(&self) -> &Polls {
        &self.0.polls
    }

    /// Wakes whoever sends mails.
    pub(crate) fn mail_waits(&self) -> &Notify {
        &self.0.mail_waits
    }

    /// What the chain of audit records is keyed with.
    pub(crate) fn audit_key(&self) -> &ChainKey {
        &self.0.audit_key
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Where people reach this server, without a slash at the end.
    pub(crate) fn access_url(&self) -> &str {
        &self.0.settings.access_url
    }
}
