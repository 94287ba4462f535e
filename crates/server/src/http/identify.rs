//! Who is calling: found out once a request, before anything else asks, and kept with it.
use std::sync::Arc;

use axum::{
    body::{Body, Bytes, HttpBody as _},
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use keyfob_authority::{AuthorizedStore, Credential, Identified, RequestContext, Unauthenticated};

use super::{
    MAX_BODY,
    credential::{self, Ambiguous},
    csrf,
    error::ApiError,
    unauthenticated::challenge_of,
};
use crate::app::App;

/// Who is calling, as far as the request says. It does not change while the request is answered.
#[derive(Clone)]
pub(crate) enum Identity {
    /// No credential was presented.
    Nobody,
    /// Two different credentials were presented.
    Ambiguous,
    /// The credential is not accepted, for this reason.
    Refused(Credential, Arc<Unauthenticated>),
    /// A verified and live key, and its owner.
    Known(Credential, Box<Identified>),
}

impl Identity {
    /// Verifies what was found in a request; one that is safe changes nothing (RFC 9110, section 9.2.1).
    async fn of(found: Result<Option<Credential>, Ambiguous>, is_safe: bool, app: &App) -> Self {
        let credential = match found {
            Err(Ambiguous) => return Self::Ambiguous,
            Ok(None) => return Self::Nobody,
            Ok(Some(credential)) => credential,
        };
        let authority = app.authority();
        let identified = if is_safe {
            authority.identify(&credential).await
        } else {
            authority.identify_for_change(&credential).await
        };
        match identified {
            Ok(identified) => Self::Known(credential, Box::new(identified)),
            Err(reason) => Self::Refused(credential, Arc::new(reason)),
        }
    }

    /// The credential that was presented, accepted or not.
    pub(crate) fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Nobody | Self::Ambiguous => None,
            Self::Refused(credential, _) | Self::Known(credential, _) => Some(credential),
        }
    }

    /// The key and its owner, if the key is verified and live.
    pub(crate) fn known(&self) -> Option<&Identified> {
        match self {
            Self::Known(_, identified) => Some(identified),
            Self::Nobody | Self::Ambiguous | Self::Refused(..) => None,
        }
    }
}

/// Finds out who is calling.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let found = credential::find(request.headers(), request.uri(), app.settings().credentials);
    let identity = Identity::of(found, request.method().is_safe(), &app).await;
    request.extensions_mut().insert(identity);
    next.run(request).await
}

/// Takes in the whole body before the request is answered, and looks at the caller again then: a body that is held back
/// keeps no rights alive.
pub(crate) async fn take_in_body(State(app): State<App>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(whole) => Body::from(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => return ApiError::body_too_large().into_response(),
        // One that breaks off is for the handler to tell of in its own words.
        Err(error) => Body::from_stream(stream::iter([Err::<Bytes, _>(error)])),
    };
    if let Some(Identity::Known(credential, identified)) = parts.extensions.get::<Identity>() {
        let again = match app.authority().identify_again(identified).await {
            Ok(identified) => Identity::Known(credential.clone(), Box::new(identified)),
            Err(reason) => Identity::Refused(credential.clone(), Arc::new(reason)),
        };
        parts.extensions.insert(again);
    }
    next.run(Request::from_parts(parts, body)).await
}

impl FromRequestParts<App> for AuthorizedStore {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let context = parts.extensions.get::<RequestContext>().cloned().unwrap_or_default();
        let decisions = context.decisions.clone();
        let refused = |reason: &Unauthenticated| {
            if !matches!(reason, Unauthenticated::Store(_)) {
                decisions.sign_in_failed("authenticate", None);
            }
            ApiError::from(reason)
        };
        match parts.extensions.get::<Identity>() {
            None | Some(Identity::Nobody) => Err(ApiError::no_credential()),
            Some(Identity::Ambiguous) => {
                decisions.sign_in_failed("authenticate", None);
                Err(csrf::mismatch().challenge(&challenge_of("invalid_request", AMBIGUOUS)))
            }
            Some(Identity::Refused(_, reason)) => Err(refused(reason)),
            Some(Identity::Known(_, identified)) => {
                app.authority().store_for(identified, context).await.map_err(|reason| refused(&reason))
            }
        }
    }
}

const AMBIGUOUS: &str = "The request holds two different credentials";
