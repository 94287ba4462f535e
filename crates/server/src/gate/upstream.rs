//! A session that a provider began lives only as long as the provider's own (contract, section 1.7, rows 6 and 7).
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, KeyLoginType, LoginType, StoreError, UserId, UserLink};
use tokio::sync::OwnedMutexGuard;

use crate::{
    providers::{NotRenewed, Renewed, renew},
    state::App,
};

/// How long a provider's session counts as alive after a renewal that does not say.
const USUAL: SignedDuration = SignedDuration::from_hours(1);

/// Why a session is refused because of its provider.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lapsed {
    #[error("the user has no account at the provider any more")]
    NoLink,
    #[error("the {provider} session ended at {at}")]
    Ended { provider: &'static str, at: Timestamp },
    #[error("{provider} does not renew its session: {cause}")]
    NotRenewed { provider: &'static str, cause: String },
    #[error("the provider {0} is not set up any more")]
    NotConfigured(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose session at a provider is being renewed: nobody's is twice at the same time, because the second would come with
/// a token that the first has used up.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<HashMap<UserId, Arc<tokio::sync::Mutex<()>>>>);

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
pub(super) async fn require_upstream(app: &App, key: &ApiKey) -> Result<(), Lapsed> {
    let (login_type, provider) = match key.login_type {
        KeyLoginType::Github => (LoginType::Github, "GitHub"),
        KeyLoginType::Oidc => (LoginType::Oidc, "OpenID Connect"),
        KeyLoginType::Password | KeyLoginType::Token => return Ok(()),
    };
    let link = app.vault().0.find_link(key.user_id, login_type).await?.ok_or(Lapsed::NoLink)?;
    if lapsed_at(app, &link).is_none() {
        return Ok(());
    }
    // Whoever hangs up meanwhile must not lose what the provider gives: the token that was there is used up.
    let renewing = tokio::spawn(renew_in_turn(app.clone(), key.user_id, login_type, provider));
    renewing.await.unwrap_or_else(|error| Err(Lapsed::NotRenewed { provider, cause: error.to_string() }))
}

async fn renew_in_turn(app: App, user: UserId, login_type: LoginType, provider: &'static str) -> Result<(), Lapsed> {
    let app = &app;
    let _turn = app.renewals().turn(user).await;
    let link = app.vault().0.find_link(user, login_type).await?.ok_or(Lapsed::NoLink)?;
    let Some(at) = lapsed_at(app, &link) else { return Ok(()) };
    let sealed = link.sealed_refresh_token.as_deref();
    let token = sealed.and_then(|sealed| app.seal().open(sealed, &link.linked_id));
    let token = token.ok_or(Lapsed::Ended { provider, at })?;
    match renew(app, login_type, &token).await {
        Ok(renewed) => Ok(keep(app, link, renewed).await?),
        Err(NotRenewed::NotConfigured) => Err(Lapsed::NotConfigured(login_type.as_str())),
        Err(NotRenewed::Refused(cause)) => {
            // Another server on the same database may have been first.
            let by_now = app.vault().0.find_link(user, login_type).await?;
            let is_renewed = by_now.is_some_and(|link| lapsed_at(app, &link).is_none());
            if is_renewed { Ok(()) } else { Err(Lapsed::NotRenewed { provider, cause }) }
        }
    }
}

fn lapsed_at(app: &App, link: &UserLink) -> Option<Timestamp> {
    link.token_ends_at.filter(|at| *at <= app.clock().now())
}

/// Keeps what a renewal gave.
async fn keep(app: &App, link: UserLink, renewed: Renewed) -> Result<(), StoreError> {
    let seal = |token| app.seal().seal(&token, &link.linked_id, app.random());
    let sealed = renewed.refresh_token.and_then(seal);
    let mut tx = app.vault().0.begin().await?;
    let now = tx.find_link(link.user_id, link.login_type).await?;
    // Whoever signed in meanwhile, or took the account away, wins.
    let is_same =
        |now: &UserLink| now.linked_id == link.linked_id && now.sealed_refresh_token == link.sealed_refresh_token;
    if let Some(now) = now.filter(is_same) {
        let renewed = UserLink {
            sealed_refresh_token: sealed.or_else(|| now.sealed_refresh_token.clone()),
            token_ends_at: renewed.ends_at.or_else(|| app.clock().now().checked_add(USUAL).ok()),
            ..now
        };
        tx.put_link(&renewed).await?;
    }
    tx.commit().await
}
