//! A session that a provider began lives only as long as the provider's own (contract, section 1.7, rows 6 and 7).
use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_store::{ApiKey, KeyLoginType, LoginType, StoreError, UserId, UserLink};
use tokio::sync::OwnedMutexGuard;

use crate::{Authority, work::keep_renewal};

/// How long a provider's session counts as alive after a renewal that does not say.
const USUAL: SignedDuration = SignedDuration::from_hours(1);

/// Other tokens of a provider.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Renewed {
    /// What to ask with the next time; none means with the same.
    pub refresh_token: Option<SecretText>,
    /// When the access token ends; none if the provider does not say.
    pub ends_at: Option<Timestamp>,
}

/// Why there are none.
#[derive(Clone, Debug)]
pub enum NotRenewed {
    /// The provider is not set up any more.
    NotConfigured,
    /// What the provider says.
    Refused(String),
}

/// What asks identity providers for other tokens. The authority speaks no HTTP: the server does that for it.
pub trait SessionRenewer: Send + Sync {
    /// Asks the provider of this kind for other tokens, with a refresh token.
    fn renew<'a>(
        &'a self,
        authority: &'a Authority,
        login_type: LoginType,
        token: SecretText,
    ) -> Pin<Box<dyn Future<Output = Result<Renewed, NotRenewed>> + Send + 'a>>;
}

/// Why a session is refused because of its provider.
#[derive(Debug, thiserror::Error)]
pub enum Lapsed {
    /// There is no account at the provider any more.
    #[error("the user has no account at the provider any more")]
    NoLink,
    /// The session there ended at that instant.
    #[error("the {provider} session ended at {at}")]
    Ended { provider: &'static str, at: Timestamp },
    /// The provider refuses to renew it.
    #[error("{provider} does not renew its session: {cause}")]
    NotRenewed { provider: &'static str, cause: String },
    /// The provider is not set up any more.
    #[error("the provider {0} is not set up any more")]
    NotConfigured(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose session at a provider is being renewed: nobody's is twice at the same time, because the second would come with
/// a token that the first has used up.
#[derive(Debug, Default)]
pub struct Renewals(Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>);

impl Renewals {
    /// Waits for its turn, and holds it.
    async fn turn(&self, user: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // What nobody waits for or holds is done.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(user).or_default())
        };
        turn.lock_owned().await
    }
}

/// Goes on if the provider's session behind a key lives, or was renewed just now.
pub(crate) async fn require_upstream(authority: &Authority, key: &ApiKey) -> Result<(), Lapsed> {
    let (login_type, provider) = match key.login_type {
        KeyLoginType::Github => (LoginType::Github, "GitHub"),
        KeyLoginType::Oidc => (LoginType::Oidc, "OpenID Connect"),
        KeyLoginType::Password | KeyLoginType::Token => return Ok(()),
    };
    let link = authority.store().read().find_link(key.user_id, login_type).await?.ok_or(Lapsed::NoLink)?;
    if lapsed_at(authority, &link).is_none() {
        return Ok(());
    }
    // Whoever hangs up meanwhile must not lose what the provider gives: the token that was there is used up.
    let renewing = tokio::spawn(renew_in_turn(authority.clone(), key.user_id, login_type, provider));
    renewing.await.unwrap_or_else(|error| Err(Lapsed::NotRenewed { provider, cause: error.to_string() }))
}

async fn renew_in_turn(
    authority: Authority,
    user: UserId,
    login_type: LoginType,
    provider: &'static str,
) -> Result<(), Lapsed> {
    let authority = &authority;
    let _turn = authority.renewals().turn(user).await;
    let link = authority.store().read().find_link(user, login_type).await?.ok_or(Lapsed::NoLink)?;
    let Some(at) = lapsed_at(authority, &link) else { return Ok(()) };
    let sealed = link.sealed_refresh_token.as_deref();
    let token = sealed.and_then(|sealed| authority.seal().open(sealed, &link.linked_id));
    let token = token.ok_or(Lapsed::Ended { provider, at })?;
    match authority.renewer().renew(authority, login_type, token).await {
        Ok(renewed) => Ok(keep(authority, link, renewed).await?),
        Err(NotRenewed::NotConfigured) => Err(Lapsed::NotConfigured(login_type.as_str())),
        Err(NotRenewed::Refused(cause)) => {
            // Another server on the same database may have been first.
            let by_now = authority.store().read().find_link(user, login_type).await?;
            let is_renewed = by_now.is_some_and(|link| lapsed_at(authority, &link).is_none());
            if is_renewed { Ok(()) } else { Err(Lapsed::NotRenewed { provider, cause }) }
        }
    }
}

fn lapsed_at(authority: &Authority, link: &UserLink) -> Option<Timestamp> {
    link.token_ends_at.filter(|at| *at <= authority.clock().now())
}

/// Keeps what a renewal gave.
async fn keep(authority: &Authority, link: UserLink, renewed: Renewed) -> Result<(), StoreError> {
    let seal = |token| authority.seal().seal(&token, &link.linked_id, authority.random());
    let sealed = renewed.refresh_token.and_then(seal);
    let ends_at = renewed.ends_at.or_else(|| authority.now().checked_add(USUAL).ok());
    let change = |now: UserLink| UserLink {
        sealed_refresh_token: sealed.or_else(|| now.sealed_refresh_token.clone()),
        token_ends_at: ends_at,
        ..now
    };
    keep_renewal(authority, &link, change).await
}
