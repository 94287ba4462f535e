//! The application: everything that a request can reach.
use std::sync::Arc;

use keyfob_authority::{Authority, Clock, Random, Rules};
use keyfob_rbac::Catalogue;

use crate::{
    config::Given,
    http::{
        cookies::CookieRules,
        credential::CredentialRules,
        limits::{RateLimits, RateWindows},
    },
    listen::proxies::Proxies,
    mail::Mailer,
    metrics::Metrics,
    ways::Providers,
};

/// A running server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// The parts of an [`App`].
pub(crate) struct Parts {
    pub(crate) authority: Authority,
    pub(crate) mailer: Option<Mailer>,
    pub(crate) windows: RateWindows,
    pub(crate) providers: Arc<Providers>,
    pub(crate) settings: Settings,
    pub(crate) metrics: Option<Arc<Metrics>>,
}

/// Settings that decide how requests are answered.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) access_url: String,
    pub(crate) credentials: CredentialRules,
    pub(crate) cookies: CookieRules,
    pub(crate) limits: RateLimits,
    pub(crate) proxies: Proxies,
    /// Each request has a line in the log.
    pub(crate) access_log: bool,
    /// Clients that come by another address are sent to the access URL.
    pub(crate) redirects_to_access_url: bool,
    /// The `Strict-Transport-Security` header of pages.
    pub(crate) strict_transport_security: Option<String>,
    /// The terms that people must agree to before they sign in.
    pub(crate) terms_of_service_url: Option<String>,
    /// All settings as the operator gave them, for those who may read them.
    pub(crate) given: Given,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The rules, and the data behind them.
    pub(crate) fn authority(&self) -> &Authority {
        &self.0.authority
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.0.authority.clock()
    }

    pub(crate) fn random(&self) -> &Random {
        self.0.authority.random()
    }

    pub(crate) fn catalogue(&self) -> &Arc<Catalogue> {
        self.0.authority.catalogue()
    }

    pub(crate) fn rules(&self) -> &Rules {
        self.0.authority.rules()
    }

    /// The sender of mails; none if no mail server is set.
    pub(crate) fn mailer(&self) -> Option<&Mailer> {
        self.0.mailer.as_ref()
    }

    /// The identity providers that are set up.
    pub(crate) fn providers(&self) -> &Providers {
        &self.0.providers
    }

    /// The counters of requests of the last two minutes.
    pub(crate) fn windows(&self) -> &RateWindows {
        &self.0.windows
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The numbers about this server; none if nothing asks for them.
    pub(crate) fn metrics(&self) -> Option<&Arc<Metrics>> {
        self.0.metrics.as_ref()
    }

    /// Where people reach this server, without a slash at the end.
    pub(crate) fn access_url(&self) -> &str {
        &self.0.settings.access_url
    }
}
