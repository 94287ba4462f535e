//! Issuing keys.
//!
//! INVARIANT: no key is stronger than the one it was minted with. [`issue`] makes every new key, within [`bounds`].
use jiff::{SignedDuration, Timestamp};
use keyfob_api::secret::SecretText;
use keyfob_rbac::{AllowList, ScopeName, scopes_exceeding};
use keyfob_store::{ApiKey, KeyId, KeyLoginType};

use super::{MintError, MintRequest, MintedKey, NewKeyKind, Requested};
use crate::{
    Authority, Caller,
    caller::{SECRET_LENGTH, gives_all, hash_secret},
};

/// How many narrow keys a chain may have below the nearest full key: each is minted with the one before it.
pub const LONGEST_CHAIN: u32 = 16;

/// What a new key may do, to what, and until when at the most.
pub(crate) struct Bounds {
    pub(crate) scopes: Vec<ScopeName>,
    pub(crate) allow_list: AllowList,
    pub(crate) narrow_depth: u32,
    pub(crate) latest_expiry: Option<Timestamp>,
}

impl Bounds {
    /// The bounds of a key below one of this depth.
    fn of(
        scopes: Vec<ScopeName>,
        allow_list: AllowList,
        depth_above: u32,
        latest_expiry: Option<Timestamp>,
    ) -> Result<Self, MintError> {
        let is_full = gives_all(&texts(&scopes), &texts(allow_list.entries()));
        let narrow_depth = if is_full { 0 } else { depth_above.saturating_add(1) };
        if narrow_depth > LONGEST_CHAIN {
            return Err(MintError::ChainTooLong);
        }
        Ok(Self { scopes, allow_list, narrow_depth, latest_expiry })
    }
}

fn texts(of: &[impl ToString]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}

/// A lifetime in whole seconds. Below one second it is a day: zero would say "the server's default" to clients.
fn lifetime_seconds(lifetime: SignedDuration) -> i64 {
    match lifetime.as_secs() {
        seconds if seconds > 0 => seconds,
        _ => 86_400,
    }
}

/// A key as requested, within the bounds of the caller's own.
pub(crate) fn issue(
    authority: &Authority,
    caller: &Caller,
    request: MintRequest,
) -> Result<(ApiKey, MintedKey), MintError> {
    let bounds = bounds(authority, caller, &request)?;
    let now = authority.now();
    let lifetime = SignedDuration::try_from(request.lifetime).ok();
    let requested = lifetime.and_then(|lifetime| now.checked_add(lifetime).ok()).unwrap_or(Timestamp::MAX);
    let latest = bounds.latest_expiry.into_iter().chain(latest_session_expiry(authority, caller, &request.kind, now));
    let latest = latest.min();
    let expires_at = latest.map_or(requested, |latest| latest.min(requested));
    let secret = SecretText::new(authority.random().alphanumeric(SECRET_LENGTH));
    let id = KeyId::parse(&authority.random().alphanumeric(KeyId::LENGTH)).ok_or(MintError::Overtaken)?;
    let (login_type, token_name) = match request.kind {
        NewKeyKind::Token(name) => (KeyLoginType::Token, name),
        NewKeyKind::Session(begun) => (begun, String::new()),
    };
    let key = ApiKey {
        secret_hash: hash_secret(secret.reveal()),
        user_id: request.owner.id,
        parent_id: caller.key().map(|key| key.id.clone()),
        login_type,
        token_name,
        scopes: texts(&bounds.scopes).into(),
        allow_list: texts(bounds.allow_list.entries()).into(),
        narrow_depth: bounds.narrow_depth,
        lifetime_seconds: lifetime_seconds(expires_at.duration_since(now)),
        created_at: now,
        last_used: Timestamp::UNIX_EPOCH,
        expires_at,
        absolute_end: latest,
        is_revoked: false,
        live_descendants: 0,
        origin: caller.context().origin(),
        id,
    };
    let text = SecretText::new(format!("{}-{}", key.id, secret.reveal()));
    Ok((key.clone(), MintedKey { text, key: Box::new(key) }))
}

/// When a session expires at the latest, where the deployment bounds that: so long after signing in. A session that is
/// made with another expires with it.
fn latest_session_expiry(
    authority: &Authority,
    caller: &Caller,
    kind: &NewKeyKind,
    now: Timestamp,
) -> Option<Timestamp> {
    let limit = authority.rules().lifetimes.session_absolute;
    if limit.is_zero() || matches!(kind, NewKeyKind::Token(_)) {
        return None;
    }
    let own = caller.key().and_then(|key| key.absolute_end);
    own.or_else(|| now.checked_add(SignedDuration::try_from(limit).ok()?).ok())
}

/// What was requested, if it lies within the caller's own key.
pub(crate) fn bounds(authority: &Authority, caller: &Caller, request: &MintRequest) -> Result<Bounds, MintError> {
    let Some(own) = caller.presented() else {
        let scopes = authority.catalogue().scope("coder:all").into_iter().collect();
        return Bounds::of(scopes, AllowList::everything(), 0, None);
    };
    let scopes = match &request.scopes {
        Requested::Own => own.rights.scopes.clone(),
        Requested::Exactly(scopes) => scopes.clone(),
    };
    let allow_list = match &request.allow_list {
        Requested::Own => own.rights.allow_list.clone(),
        Requested::Exactly(list) => list.clone(),
    };
    let exceeding_scopes = scopes_exceeding(authority.catalogue(), &own.rights.scopes, &scopes);
    let exceeding_entries = own.rights.allow_list.exceeding(&allow_list);
    if exceeding_scopes.is_empty() && exceeding_entries.is_empty() {
        return Bounds::of(scopes, allow_list, own.key.narrow_depth, own.end_of_children());
    }
    Err(MintError::Exceeds { scopes: exceeding_scopes, entries: exceeding_entries })
}
