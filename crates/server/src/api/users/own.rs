//! The caller's own user, which is asked more often than anything else: it is spelled once for all of their keys.
use axum::response::{IntoResponse, Response};
use keyfob_api::{time::Time, users::User as WireUser};
use keyfob_authority::{AuthorizedStore, Own, users::UserView};

use crate::{
    api::wire::{self, key_header},
    http::json::{Spelled, spelled},
};

/// A user as JSON, but for when they were last changed and seen, which each key knows by itself.
struct Template {
    head: Box<str>,
    tail: Box<str>,
}

/// What is a key's own: the times of the user, and the beginning of the header that describes it.
struct OfKey {
    times: Box<str>,
    header: Box<str>,
}

const UPDATED: &str = r#""updated_at":"#;
const AFTER: &str = r#","status":"#;

impl Template {
    /// Splits at names with quotes around them: in a text, quotes are escaped.
    fn of(user: UserView) -> Option<Self> {
        let json = spelled(&wire::user(user))?;
        let (head, rest) = json.split_once(UPDATED)?;
        let (_, tail) = rest.split_once(AFTER)?;
        Some(Self { head: head.into(), tail: tail.into() })
    }

    fn filled(&self, times: &str) -> String {
        [&self.head, times, &self.tail].concat()
    }
}

/// What stands between the parts of a template.
fn times(updated_at: Time, last_seen_at: Time) -> Option<String> {
    let updated = serde_json::to_string(&updated_at).ok()?;
    let seen = serde_json::to_string(&last_seen_at).ok()?;
    Some(format!("{UPDATED}{updated},\"last_seen_at\":{seen}{AFTER}"))
}

impl OfKey {
    fn of(own: Own<'_>) -> Option<Self> {
        let WireUser { updated_at, last_seen_at, .. } = wire::user(own.user());
        let header = key_header::own_part(own.key())?;
        Some(Self { times: times(updated_at, last_seen_at)?.into(), header: header.into() })
    }
}

/// The answer that shows the caller's own user, and describes their key; none for the server's own work.
pub(crate) fn own_user(store: &AuthorizedStore) -> Option<Response> {
    let own = store.own_user()?;
    let template = own.of_user(|own| Template::of(own.user()))?.as_ref()?;
    let of_key = own.of_key(OfKey::of)?.as_ref()?;
    let rights = own.of_rights(|own| key_header::rights_part(own.key()))?.as_ref()?;
    let header = key_header::joined(&of_key.header, rights);
    Some((header, Spelled::from(template.filled(&of_key.times))).into_response())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use keyfob_authority::data::{LoginType, OrganizationId, User, UserId, UserStatus};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_filled_template_is_the_whole_answer() {
        let [created_at, updated_at, seen] = [1, 2, 3].map(|second| Timestamp::from_second(second).unwrap());
        let hostile = r#""updated_at":"x","status":"<y>"#.to_owned();
        let user = User {
            id: UserId(Uuid::from_u128(7)),
            username: "amy".to_owned(),
            email: "amy@example.com".to_owned(),
            name: hostile.clone(),
            avatar_url: hostile,
            status: UserStatus::Active,
            login_type: LoginType::Password,
            roles: vec!["owner".to_owned()],
            is_service_account: false,
            deleted: false,
            created_at,
            updated_at: created_at,
            last_seen_at: None,
        };
        let view = |user| UserView { user, organization_ids: vec![OrganizationId(Uuid::from_u128(8))] };
        let template = Template::of(view(user.clone())).unwrap();
        for last_seen_at in [None, Some(seen)] {
            let whole = spelled(&wire::user(view(User { updated_at, last_seen_at, ..user.clone() })));
            let times = times(Time(updated_at), last_seen_at.map_or(Time::UNSET, Time)).unwrap();
            assert_eq!(Some(template.filled(&times)), whole);
        }
    }
}
