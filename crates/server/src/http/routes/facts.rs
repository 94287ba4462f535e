//! Facts about a route that surround its handler: who reads its answers, what its changes prove, and what counts its
//! requests.
use axum::http::Method;
use keyfob_authority::audit::Effect;

/// Who reads the answers of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Programs: errors are JSON, whatever the client accepts.
    Program,
    /// People: errors are pages where the client accepts HTML.
    Person,
    /// Browsers, on behalf of a page. Answers are the same for all clients, and caches keep them.
    Asset,
    /// Probes, which reach the server by the address of its machine.
    Probe,
}

/// What the changes of a route prove, beside that no page of another origin sent them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CsrfRule {
    /// Those with a browser's session: that a page of this server sent them. With a key in a header they may come from
    /// anywhere: a page elsewhere cannot add one.
    Sessions,
    /// As [`Self::Sessions`], but wherever a key is: they sign a browser in, or help to.
    SignIn,
    /// All of them, also without a session: a form elsewhere signs no client in as another user.
    Forms,
    /// As [`Self::Forms`], and that a browser was asked for a name of this server: they set it up.
    SetUpForm,
    /// Only that name: programs set a server up, too, and so does a browser that has a session from elsewhere.
    SetUp,
    /// Nothing, and they may come from anywhere: browsers send such requests by themselves, whichever page they are
    /// about.
    Exempt,
}

/// Which requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Limiter {
    /// All calls of the API but checks of permissions, by what the path addresses.
    Api,
    /// Signing in and all that goes with it, by route.
    SignIn,
    /// Changing a password, by route.
    Password,
    /// Checks of permissions, by what the path addresses.
    Authcheck,
}

/// The facts about a route that are not its handler's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RouteFacts {
    /// Who reads its answers.
    pub(crate) audience: Audience,
    /// What its changes must prove.
    pub(crate) csrf: CsrfRule,
    /// What counts its requests. Clients are told the state of the last one.
    pub(crate) limiters: &'static [Limiter],
    /// What a request does there if it succeeds, where its method does not say it: that is what is recorded where it does
    /// not.
    pub(crate) deed: Option<Deed>,
}

/// What a request does, and the type of the object that it does that to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It changes nothing.
    Reads,
    /// It creates one.
    Creates(&'static str),
    /// It changes one.
    Changes(&'static str),
    /// It deletes one.
    Deletes(&'static str),
}

impl RouteFacts {
    /// A call of the API. This is the default below `/api/`.
    pub(crate) const API: Self =
        Self { audience: Audience::Program, csrf: CsrfRule::Sessions, limiters: &[Limiter::Api], deed: None };
    /// A call of the API that signs in, or helps to.
    pub(crate) const SIGN_IN: Self =
        Self { csrf: CsrfRule::SignIn, limiters: &[Limiter::Api, Limiter::SignIn], ..Self::API };
    /// A call of the API that changes a password.
    pub(crate) const PASSWORD: Self = Self { limiters: &[Limiter::Api, Limiter::Password], ..Self::API };
    /// A check of permissions: services ask them for all of their users.
    pub(crate) const AUTHCHECK: Self = Self { limiters: &[Limiter::Authcheck], ..Self::API.that(Deed::Reads) };
    /// Making the first user.
    pub(crate) const SET_UP: Self = Self { csrf: CsrfRule::SetUp, ..Self::API };
    /// A report that browsers send by themselves.
    pub(crate) const REPORT: Self = Self { csrf: CsrfRule::Exempt, ..Self::API };
    /// Where people leave for an identity provider, and come back to.
    pub(crate) const PROVIDER: Self = Self { audience: Audience::Person, ..Self::SIGN_IN };
    /// Public facts about this server, outside of the API.
    pub(crate) const METADATA: Self = Self { limiters: &[], ..Self::API };
    /// A page. This is the default outside of `/api/`.
    pub(crate) const PAGE: Self = Self { audience: Audience::Person, csrf: CsrfRule::Forms, limiters: &[], deed: None };
    /// A page whose answers are work: it is counted as a call of the API.
    pub(crate) const COUNTED_PAGE: Self = Self { limiters: &[Limiter::Api], ..Self::PAGE };
    /// A page where people sign in, or type something that could be guessed.
    pub(crate) const SIGN_IN_PAGE: Self = Self { limiters: &[Limiter::SignIn], ..Self::PAGE };
    /// The page where the first user is made.
    pub(crate) const SET_UP_PAGE: Self = Self { csrf: CsrfRule::SetUpForm, ..Self::SIGN_IN_PAGE };
    /// A file that pages load.
    pub(crate) const ASSET: Self = Self { audience: Audience::Asset, ..Self::PAGE };
    /// Whether the server lives.
    pub(crate) const PROBE: Self = Self { audience: Audience::Probe, ..Self::PAGE };

    /// The same for a route that does this.
    pub(crate) const fn that(self, deed: Deed) -> Self {
        Self { deed: Some(deed), ..self }
    }

    /// What a request with this method does if it succeeds, and the type of the object, where the route says it. Forms
    /// have one method for all changes.
    pub(crate) fn effect(self, method: &Method) -> (Effect, Option<&'static str>) {
        match self.deed {
            Some(Deed::Reads) => (Effect::Reads, None),
            Some(Deed::Creates(of)) => (Effect::Creates, Some(of)),
            Some(Deed::Changes(of)) => (Effect::Changes, Some(of)),
            Some(Deed::Deletes(of)) => (Effect::Deletes, Some(of)),
            None if method.is_safe() => (Effect::Reads, None),
            None if *method == Method::DELETE => (Effect::Deletes, None),
            None if *method == Method::POST && self.audience == Audience::Program => (Effect::Creates, None),
            None => (Effect::Changes, None),
        }
    }

    /// The facts of a path or a method that no route has.
    pub(crate) fn without_route(path: &str) -> Self {
        if path.starts_with("/api/") { Self::API } else { Self::PAGE }
    }
}
