//! The caller of a request: found out once, before any other middleware asks, and kept with the request.
use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequestParts, Request},
    http::request::Parts,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use keyfob_authority::{AuthorizedStore, Credential, Identified, Lapsed, RequestContext, Unauthenticated};

use super::{
    MAX_BODY,
    credential::{self, Ambiguous},
    csrf,
    error::ApiError,
    unauthenticated::challenge_of,
};
use crate::app::App;

/// The caller of a request, as far as its credential tells. All middleware and handlers read this and look no further.
#[derive(Clone)]
pub(crate) enum Identity {
    /// No credential was presented.
    Anonymous,
    /// Two different credentials were presented.
    Ambiguous,
    /// The credential is not accepted, for this reason.
    Refused(Credential, Arc<Unauthenticated>),
    /// A verified and live key, and its owner.
    Known(Credential, Box<Identified>),
}

impl Identity {
    /// Verifies what was found in a request.
    async fn of(found: Result<Option<Credential>, Ambiguous>, app: &App) -> Self {
        let credential = match found {
            Err(Ambiguous) => return Self::Ambiguous,
            Ok(None) => return Self::Anonymous,
            Ok(Some(credential)) => credential,
        };
        match app.authority().identify(&credential).await {
            Ok(identified) => Self::Known(credential, Box::new(identified)),
            Err(reason) => Self::Refused(credential, Arc::new(reason)),
        }
    }

    /// The credential that was presented, accepted or not.
    pub(crate) fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Anonymous | Self::Ambiguous => None,
            Self::Refused(credential, _) | Self::Known(credential, _) => Some(credential),
        }
    }

    /// The key and its owner, if the key is verified and live.
    pub(crate) fn known(&self) -> Option<&Identified> {
        match self {
            Self::Known(_, identified) => Some(identified),
            Self::Anonymous | Self::Ambiguous | Self::Refused(..) => None,
        }
    }
}

/// Finds out who the caller is.
pub(crate) async fn identify(app: &App, mut request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let found = credential::find(request.headers(), request.uri(), app.settings().credentials);
    let identity = Identity::of(found, app).await;
    // For the requests that something refuses before a handler asks who their caller is.
    if let (true, Some(known)) = (app.settings().access_log, identity.known())
        && let Some(context) = request.extensions().get::<RequestContext>()
    {
        context.decisions.verified(known.user_id(), known.key_id().clone());
    }
    request.extensions_mut().insert(identity);
    next(request).await
}

/// Reads the whole body of a known caller before the request is answered, and then looks at the caller again if rights
/// have changed since: a body that is held back keeps no rights alive. Without a caller, handlers refuse first, or read
/// the body themselves.
pub(crate) async fn read_body(app: &App, request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let is_known = matches!(request.extensions().get(), Some(Identity::Known(..)));
    if !is_known || request.method().is_safe() || request.body().is_end_stream() {
        return next(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => Body::from(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => return ApiError::body_too_large().into_response(),
        // The handler has words of its own for a body that breaks off.
        Err(error) => Body::from_stream(stream::iter([Err::<Bytes, _>(error)])),
    };
    if let Some(Identity::Known(credential, identified)) = parts.extensions.get::<Identity>() {
        let again = match app.authority().identify_again(identified).await {
            Ok(identified) => Identity::Known(credential.clone(), Box::new(identified)),
            Err(reason) => Identity::Refused(credential.clone(), Arc::new(reason)),
        };
        parts.extensions.insert(again);
    }
    next(Request::from_parts(parts, body)).await
}

/// Why a request has no caller.
pub(crate) enum NoCaller {
    /// No credential was presented.
    NoCredential,
    /// Two different credentials were presented.
    Ambiguous,
    /// The credential is not accepted, for this reason.
    Refused(Arc<Unauthenticated>),
}

impl NoCaller {
    /// Whether signing in is what the client needs: it has no session, or one that is over. Otherwise the session may
    /// be as good as before, and something else fails.
    pub(crate) fn needs_sign_in(&self) -> bool {
        match self {
            Self::NoCredential => true,
            Self::Ambiguous => false,
            Self::Refused(reason) => match &**reason {
                Unauthenticated::Malformed(_)
                | Unauthenticated::UnknownKey
                | Unauthenticated::WrongSecret
                | Unauthenticated::Expired(_)
                | Unauthenticated::Lapsed(Lapsed::NoLink | Lapsed::Ended { .. }) => true,
                Unauthenticated::NotActive(_)
                | Unauthenticated::Unreadable(_)
                | Unauthenticated::Lapsed(Lapsed::NotRenewed { .. } | Lapsed::NotConfigured(_) | Lapsed::Store(_))
                | Unauthenticated::Store(_) => false,
            },
        }
    }
}

impl From<NoCaller> for ApiError {
    fn from(reason: NoCaller) -> Self {
        match reason {
            NoCaller::NoCredential => Self::no_credential(),
            NoCaller::Ambiguous => csrf::mismatch().challenge(&challenge_of("invalid_request", AMBIGUOUS)),
            NoCaller::Refused(reason) => Self::from(&*reason),
        }
    }
}

/// The store as the caller of a request may use it.
///
/// # Errors
/// Why the request has no caller. That is noted as a failed sign-in, unless the client presented nothing or the store
/// failed.
pub(crate) async fn caller(parts: &Parts, app: &App) -> Result<AuthorizedStore, NoCaller> {
    let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
    let decisions = context.decisions.clone();
    let no_caller = match parts.extensions.get::<Identity>() {
        None | Some(Identity::Anonymous) => NoCaller::NoCredential,
        Some(Identity::Ambiguous) => NoCaller::Ambiguous,
        Some(Identity::Refused(_, reason)) => NoCaller::Refused(Arc::clone(reason)),
        Some(Identity::Known(_, identified)) => match app.authority().store_for(identified, context).await {
            Ok(store) => return Ok(store),
            Err(reason) => NoCaller::Refused(Arc::new(reason)),
        },
    };
    let is_attempt = match &no_caller {
        NoCaller::NoCredential => false,
        NoCaller::Ambiguous => true,
        NoCaller::Refused(reason) => !matches!(**reason, Unauthenticated::Store(_)),
    };
    if is_attempt {
        decisions.sign_in_failed("authenticate", None);
    }
    Err(no_caller)
}

impl FromRequestParts<App> for AuthorizedStore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        Ok(caller(parts, app).await?)
    }
}

const AMBIGUOUS: &str = "The request holds two different credentials";
