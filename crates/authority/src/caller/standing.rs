//! Callers as they stand in a transaction, and those who are absent.
use std::sync::Arc;

use keyfob_rbac::{Scope, Subject};
use keyfob_store::{ApiKey, KeyId, Reader, StoreError, User, UserStatus};

use super::{
    identify::{live, store_of},
    presented::{Origins, compile, subject_within},
};
use crate::{
    Authority, AuthorizedStore, Caller, Lapsed, Refused, RequestContext, Unauthenticated, sign_in::require_upstream,
};

/// The caller with the rights that they have where this reads; refused when they may not act any more.
pub(crate) async fn refreshed(
    authority: &Authority,
    caller: &Caller,
    read: &mut Reader<'_>,
) -> Result<Caller, Refused> {
    let Some(presented) = caller.presented() else { return Ok(caller.clone()) };
    let version = read.rights_version().await?;
    if presented.origins.version == Some(version) && presented.key.is_live(authority.now()) {
        return Ok(caller.clone());
    }
    let refreshed = async {
        let key = read.find_key(&presented.key.id).await?.ok_or(Unauthenticated::UnknownKey)?;
        let (key, user) = live(key, read, authority.now()).await?;
        if user.status == UserStatus::Suspended {
            return Err(Unauthenticated::NotActive(user.status));
        }
        let origins = Origins { version: Some(version), ..presented.origins };
        compile(key, user, authority, read, origins).await
    };
    match refreshed.await {
        Ok(known) => Ok(caller.with_key(Arc::new(known))),
        Err(Unauthenticated::Store(error)) => Err(Refused::Store(error)),
        Err(reason) => Err(Refused::Unauthenticated(Box::new(reason))),
    }
}

/// Why the server does not act for the absent bearer of a key.
#[derive(Debug)]
pub(crate) enum NotOnBehalf {
    /// The key has expired, or its owner may not act.
    Expired,
    /// The provider could not be asked whether the session stands; the text says why.
    ForNow(String),
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotOnBehalf {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The store as the absent bearer of this key may use it: for what they approved beforehand.
///
/// # Errors
/// Why the server does not act for them.
pub(crate) async fn on_behalf_of(
    authority: &Authority,
    id: &KeyId,
    context: RequestContext,
) -> Result<AuthorizedStore, NotOnBehalf> {
    let mut read = authority.store().read();
    let key = read.find_key(id).await?.filter(|key| key.is_live(authority.now())).ok_or(NotOnBehalf::Expired)?;
    let user = read.find_user(key.user_id).await?;
    let user = user.filter(|user| !user.deleted && user.status == UserStatus::Active).ok_or(NotOnBehalf::Expired)?;
    require_upstream(authority, &key).await.map_err(|lapsed| match lapsed {
        Lapsed::Store(error) => NotOnBehalf::Store(error),
        Lapsed::NotRenewed { cause, .. } => NotOnBehalf::ForNow(cause),
        Lapsed::NoLink | Lapsed::Ended { .. } | Lapsed::NotConfigured(_) => NotOnBehalf::Expired,
    })?;
    match compile(key, user, authority, &mut read, Origins::default()).await {
        Ok(known) => Ok(store_of(Arc::new(known), authority, context, false)),
        Err(Unauthenticated::Store(error)) => Err(NotOnBehalf::Store(error)),
        Err(reason) => {
            tracing::error!(%reason, "a key that approved a sign-in cannot be used");
            Err(NotOnBehalf::Expired)
        }
    }
}

/// What a user may do, with a full key.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn subject_of_user(
    authority: &Authority,
    user: &User,
    read: &mut Reader<'_>,
) -> Result<Subject, StoreError> {
    let members = read.memberships(user.id).await?;
    subject_within(&Scope::everything(), user, &members, authority, read).await
}

/// What the bearer of a key may do, or could do if the key were minted, whether it is live or not.
///
/// # Errors
/// When the store fails, or the catalogue lacks what the key names.
pub(crate) async fn subject_of_key(
    authority: &Authority,
    key: ApiKey,
    user: User,
    read: &mut Reader<'_>,
) -> Result<Arc<Subject>, Refused> {
    match compile(key, user, authority, read, Origins::default()).await {
        Ok(compiled) => Ok(Arc::clone(&compiled.rights.subject)),
        Err(Unauthenticated::Store(error)) => Err(error.into()),
        Err(reason) => Err(Refused::Unauthenticated(Box::new(reason))),
    }
}
