//! The row of a new user.
use keyfob_store::{LoginType, User, UserId, UserStatus};

use crate::Authority;

/// An active user of that name and address, with no roles, who was never seen.
pub(crate) fn person(authority: &Authority, username: String, email: String, login_type: LoginType) -> User {
    let now = authority.clock().now();
    User {
        id: UserId(authority.random().uuid()),
        username,
        email,
        name: String::new(),
        avatar_url: String::new(),
        status: UserStatus::Active,
        login_type,
        roles: Vec::new(),
        is_service_account: false,
        deleted: false,
        created_at: now,
        updated_at: now,
        last_seen_at: None,
    }
}
