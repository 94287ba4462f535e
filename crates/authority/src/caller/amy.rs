//! A user and her key, for tests.
use std::sync::Arc;

use jiff::Timestamp;
use keyfob_rbac::{AllowList, Catalogue, Id, Scope, Subject};
use keyfob_store::{ApiKey, KeyId, KeyLoginType, LoginType, Origin, SecretHash, User, UserId, UserStatus};
use uuid::Uuid;

use super::{KeyRights, KeyTexts, Origins, Owner, PresentedKey, Seen, Shown};

/// A user who has no roles.
pub(crate) fn amy(id: UserId) -> User {
    User {
        id,
        username: "amy".to_owned(),
        email: String::new(),
        name: String::new(),
        avatar_url: String::new(),
        status: UserStatus::Active,
        login_type: LoginType::Password,
        roles: Vec::new(),
        is_service_account: false,
        deleted: false,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        last_seen_at: None,
    }
}

/// A key that may do all that amy may, who may do nothing.
pub(crate) fn presented_by_amy(id: KeyId) -> PresentedKey {
    let (user_id, at) = (UserId(Uuid::from_u128(7)), Timestamp::UNIX_EPOCH);
    let key = ApiKey {
        id,
        secret_hash: SecretHash([0; 32]),
        user_id,
        parent_id: None,
        login_type: KeyLoginType::Token,
        token_name: String::new(),
        scopes: Arc::default(),
        allow_list: Arc::default(),
        narrow_depth: 0,
        lifetime_seconds: 60,
        created_at: at,
        last_used: at,
        expires_at: Timestamp::MAX,
        absolute_end: None,
        is_revoked: false,
        live_descendants: 0,
        origin: Origin { ip_address: [127, 0, 0, 1].into(), user_agent: String::new() },
    };
    let user = amy(user_id);
    let seen = Seen::of(&user);
    let catalogue = Catalogue::built_in();
    let subject = Subject::compile(&catalogue, Id::from(user_id.0), &[], &[], &Scope::everything());
    let texts = KeyTexts::of(&key);
    PresentedKey {
        key,
        owner: Arc::new(Owner::of(user, Vec::new())),
        rights: Arc::new(KeyRights {
            texts,
            scopes: Vec::new(),
            allow_list: AllowList::everything(),
            subject: Arc::new(subject),
            shown: Shown::default(),
        }),
        origins: Origins::default(),
        seen,
        shown: Shown::default(),
        bytes: 1_000,
    }
}
