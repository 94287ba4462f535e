//! A session that a provider began lives only as long as the provider's own.
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

/// How long a provider's session counts as alive after a renewal if the provider does not say.
const DEFAULT_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The tokens that a provider gave in exchange for a refresh token.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Renewed {
    /// The refresh token to use the next time; none means the same one.
    pub refresh_token: Option<SecretText>,
    /// When the access token expires; none if the provider does not say.
    pub expires_at: Option<Timestamp>,
}

/// Why a provider gave none.
#[derive(Clone, Debug)]
pub enum NotRenewed {
    /// The provider is not set up any more.
    NotConfigured,
    /// The provider refused, or could not be asked; the text says why.
    Refused(String),
}

/// Renews sessions at identity providers. The authority speaks no HTTP: the server does that for it.
pub trait SessionRenewer: Send + Sync {
    /// Asks the provider of this kind for new tokens, with a refresh token.
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
    /// The user has no account at the provider any more.
    #[error("the user has no account at the provider any more")]
    NoLink,
    /// The session there ended at that instant.
    #[error("the {provider} session ended at {at}")]
    Ended {
        /// The provider's name.
        provider: &'static str,
        /// When it ended.
        at: Timestamp,
    },
    /// The provider refuses to renew it.
    #[error("{provider} does not renew its session: {cause}")]
    NotRenewed {
        /// The provider's name.
        provider: &'static str,
        /// What it says.
        cause: String,
    },
    /// The provider is not set up any more.
    #[error("the provider {0} is not set up any more")]
    NotConfigured(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long a refusal is remembered: a provider is not asked again for every request of a client that does not give up.
const REFUSED_FOR: SignedDuration = SignedDuration::from_mins(1);

/// The sessions at providers that are being renewed, or were not renewed a moment ago.
#[derive(Debug, Default)]
pub struct Renewals {
    /// One request at a time renews a user's session, because a second would come with a token that the first has used
    /// up.
    turns: Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>,
    refusals: Mutex<HashMap<UserId, Refusal>>,
}

/// A renewal that was refused.
#[derive(Clone, Debug)]
struct Refusal {
    /// The token that was refused, sealed: a new sign-in brings another.
    sealed_token: Option<Vec<u8>>,
    at: Timestamp,
    cause: String,
}

impl Renewals {
    /// Waits until no other request renews the user's session.
    async fn turn(&self, user: UserId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Locks that no request holds or waits for are dropped.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(user).or_default())
        };
        turn.lock_owned().await
    }

    /// Why this session was not renewed a moment ago; none if it may be tried.
    fn refused(&self, link: &UserLink, now: Timestamp) -> Option<String> {
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let refusal = refusals.get(&link.user_id)?;
        let is_same = refusal.sealed_token == link.sealed_refresh_token;
        (is_same && now.duration_since(refusal.at) < REFUSED_FOR).then(|| refusal.cause.clone())
    }

    fn remember(&self, link: &UserLink, now: Timestamp, cause: &str) {
        let refusal = Refusal { sealed_token: link.sealed_refresh_token.clone(), at: now, cause: cause.to_owned() };
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.retain(|_, refusal| now.duration_since(refusal.at) < REFUSED_FOR);
        refusals.insert(link.user_id, refusal);
    }
}

/// Goes on if the provider's session behind a key lives, or was renewed just now. Says when that ends; none where there is
/// no such session, or it has no end.
pub(crate) async fn require_upstream(authority: &Authority, key: &ApiKey) -> Result<Option<Timestamp>, Lapsed> {
    let (login_type, provider) = match key.login_type {
        KeyLoginType::Github => (LoginType::Github, "GitHub"),
        KeyLoginType::Oidc => (LoginType::Oidc, "OpenID Connect"),
        KeyLoginType::Password | KeyLoginType::Token => return Ok(None),
    };
    let link = authority.store().read().find_link(key.user_id, login_type).await?.ok_or(Lapsed::NoLink)?;
    if lapsed_at(authority, &link).is_none() {
        return Ok(link.token_ends_at);
    }
    // A client that hangs up meanwhile must not lose the new tokens: the old one is used up.
    let renewing = tokio::spawn(renew_in_turn(authority.clone(), key.user_id, login_type, provider));
    renewing.await.unwrap_or_else(|error| {
        tracing::error!(%error, "renewing a session at its provider failed");
        Err(Lapsed::NotRenewed { provider, cause: "The server failed; see its log.".to_owned() })
    })
}

async fn renew_in_turn(
    authority: Authority,
    user: UserId,
    login_type: LoginType,
    provider: &'static str,
) -> Result<Option<Timestamp>, Lapsed> {
    let authority = &authority;
    let _turn = authority.renewals().turn(user).await;
    let link = authority.store().read().find_link(user, login_type).await?.ok_or(Lapsed::NoLink)?;
    let Some(at) = lapsed_at(authority, &link) else { return Ok(link.token_ends_at) };
    if let Some(cause) = authority.renewals().refused(&link, authority.now()) {
        return Err(Lapsed::NotRenewed { provider, cause });
    }
    let sealed = link.sealed_refresh_token.as_deref();
    let token = sealed.and_then(|sealed| authority.seal().open(sealed, &link.linked_id));
    let token = token.ok_or(Lapsed::Ended { provider, at })?;
    match authority.renewer().renew(authority, login_type, token).await {
        Ok(renewed) => Ok(keep(authority, link, renewed).await?),
        Err(NotRenewed::NotConfigured) => Err(Lapsed::NotConfigured(login_type.as_str())),
        Err(NotRenewed::Refused(cause)) => {
            // Another server on the same database may have been first.
            let by_now = authority.store().read().find_link(user, login_type).await?;
            if let Some(link) = by_now.filter(|link| lapsed_at(authority, link).is_none()) {
                return Ok(link.token_ends_at);
            }
            authority.renewals().remember(&link, authority.now(), &cause);
            Err(Lapsed::NotRenewed { provider, cause })
        }
    }
}

fn lapsed_at(authority: &Authority, link: &UserLink) -> Option<Timestamp> {
    link.token_ends_at.filter(|at| *at <= authority.now())
}

/// Keeps the tokens of a renewal. Says when the session then ends.
async fn keep(authority: &Authority, link: UserLink, renewed: Renewed) -> Result<Option<Timestamp>, StoreError> {
    let seal = |token| authority.seal().seal(&token, &link.linked_id, authority.random());
    let sealed = renewed.refresh_token.and_then(seal);
    let expires_at = renewed.expires_at.or_else(|| authority.now().checked_add(DEFAULT_LIFE).ok());
    let change = |now: UserLink| UserLink {
        sealed_refresh_token: sealed.or_else(|| now.sealed_refresh_token.clone()),
        token_ends_at: expires_at,
        ..now
    };
    keep_renewal(authority, &link, change).await?;
    Ok(expires_at)
}
