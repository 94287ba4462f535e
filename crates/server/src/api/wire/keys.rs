//! Keys as JSON, straight from the data: lists of them are long, and asked for often.
use keyfob_api::{time::Time, users::LoginType};
use keyfob_authority::data::{ApiKey, KeyId, UserId};
use keyfob_rbac::Catalogue;
use serde::Serialize;
use uuid::Uuid;

use super::key_login_type;
use crate::http::json::Spelled;

/// [`keyfob_api::keys::ApiKey`], or with a username [`keyfob_api::keys::ApiKeyWithOwner`], borrowed from the data.
#[derive(Serialize)]
struct View<'a> {
    id: &'a str,
    user_id: Uuid,
    last_used: Time,
    expires_at: Time,
    created_at: Time,
    updated_at: Time,
    login_type: LoginType,
    scope: &'static str,
    scopes: &'a [String],
    token_name: &'a str,
    lifetime_seconds: i64,
    allow_list: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    custom_allow_list: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    live_descendants: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
}

impl<'a> View<'a> {
    fn of(catalogue: &Catalogue, key: &'a ApiKey, username: Option<&'a str>) -> Self {
        let is_custom = |entry: &&str| {
            let resource_type = entry.split_once(':').and_then(|(name, _)| catalogue.resource_type(name));
            resource_type.is_some_and(|of| catalogue.is_custom(of))
        };
        let (custom_allow_list, allow_list) = key.allow_list.iter().map(String::as_str).partition(is_custom);
        Self {
            id: key.id.as_str(),
            user_id: key.user_id.0,
            last_used: Time(key.last_used),
            expires_at: Time(key.expires_at),
            created_at: Time(key.created_at),
            updated_at: Time(key.created_at),
            login_type: key_login_type(key.login_type),
            scope: legacy_scope(&key.scopes),
            scopes: &key.scopes,
            token_name: &key.token_name,
            lifetime_seconds: key.lifetime_seconds,
            allow_list,
            custom_allow_list,
            parent_id: key.parent_id.as_ref().map(KeyId::as_str),
            live_descendants: key.live_descendants,
            username,
        }
    }
}

/// A key, without its secret.
pub(crate) fn key(catalogue: &Catalogue, key: &ApiKey) -> Spelled {
    Spelled::of(&View::of(catalogue, key, None))
}

/// Keys with the usernames of their owners; the name of an owner whom the caller may not read is empty.
pub(crate) fn keys_with_owners<'a>(
    catalogue: &Catalogue,
    keys: &'a [ApiKey],
    username: impl Fn(UserId) -> Option<&'a str>,
) -> Spelled {
    let name = |owner| Some(username(owner).unwrap_or_default());
    let views: Vec<View<'_>> = keys.iter().map(|key| View::of(catalogue, key, name(key.user_id))).collect();
    Spelled::of(&views)
}

/// The field that older clients read in place of `scopes`.
fn legacy_scope(scopes: &[String]) -> &'static str {
    let holds = |name: &str| scopes.iter().any(|scope| scope == name);
    if holds("coder:application_connect") {
        "application_connect"
    } else if holds("coder:all") {
        "all"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use keyfob_api::keys::{ApiKey as WireKey, ApiKeyWithOwner};
    use keyfob_authority::data::{KeyLoginType, Origin, SecretHash};
    use serde::{Serialize, de::DeserializeOwned};

    use super::*;
    use crate::http::json::spelled;

    const TYPES: &str = "[types.robot]\nactions = ['read']";

    fn key(name: &str, allow_list: &[&str], parent_id: Option<KeyId>) -> ApiKey {
        let at = |text: &str| text.parse().unwrap();
        ApiKey {
            id: KeyId::parse("abcdefghij").unwrap(),
            secret_hash: SecretHash([0; 32]),
            user_id: UserId(Uuid::from_u128(7)),
            parent_id,
            login_type: KeyLoginType::Token,
            token_name: name.to_owned(),
            scopes: ["workspace:read".to_owned(), "coder:all".to_owned()].into(),
            allow_list: allow_list.iter().map(|entry| (*entry).to_owned()).collect(),
            narrow_depth: 1,
            lifetime_seconds: -60,
            created_at: at("2026-01-02T03:04:05.000006Z"),
            last_used: at("1970-01-01T00:00:00Z"),
            expires_at: at("9999-12-30T22:00:00.1Z"),
            absolute_end: None,
            is_revoked: false,
            live_descendants: 3,
            origin: Origin { ip_address: [127, 0, 0, 1].into(), user_agent: String::new() },
        }
    }

    /// What clients read of it, spelled as its type says, is the same again.
    fn read<T: DeserializeOwned + Serialize>(spelled_key: Spelled) -> T {
        let json = spelled_key.json().unwrap();
        let read: T = serde_json::from_str(&json).unwrap();
        assert_eq!(spelled(&read).unwrap(), json);
        read
    }

    #[test]
    fn keys_are_spelled_as_their_types_say() {
        let catalogue = Catalogue::with_types(TYPES).unwrap();
        for name in ["ci", "", "\"quoted\" \\ and\ttabbed \u{1}", "<script>&amp;", "é \u{2028} \u{7f} 🔑"] {
            for (allow_list, built_in, custom) in [
                (&["*:*"][..], 1, 0),
                (&["workspace:a\"b", "robot:1", "template:*", "robot:2"], 2, 2),
                (&["robot:1"], 0, 1),
                (&[], 0, 0),
            ] {
                for parent in [None, KeyId::parse("klmnopqrst")] {
                    let (one, other) = (key(name, allow_list, parent.clone()), key("other", &["*:*"], None));
                    let wire: WireKey = read(super::key(&catalogue, &one));
                    assert_eq!((wire.id.as_str(), wire.token_name.as_str()), (one.id.as_str(), name));
                    assert_eq!((wire.allow_list.len(), wire.custom_allow_list.len()), (built_in, custom));
                    assert_eq!(wire.parent_id.as_deref(), parent.as_ref().map(KeyId::as_str));
                    assert_eq!((wire.expires_at.0, wire.updated_at.0), (one.expires_at, one.created_at));
                    assert_eq!((wire.scope.as_str(), wire.scopes), ("all", one.scopes.to_vec()));
                    assert_eq!((wire.lifetime_seconds, wire.live_descendants), (-60, 3));
                    let listed = keys_with_owners(&catalogue, &[one, other], |_| Some("amy<"));
                    let listed: Vec<ApiKeyWithOwner> = read(listed);
                    assert_eq!(listed.len(), 2);
                    assert_eq!((listed[0].username.as_str(), listed[0].key.token_name.as_str()), ("amy<", name));
                }
            }
        }
        assert!(read::<Vec<ApiKeyWithOwner>>(keys_with_owners(&catalogue, &[], |_| None)).is_empty());
    }
}
