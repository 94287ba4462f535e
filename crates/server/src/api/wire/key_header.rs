//! The header that describes a key. It has two parts: the key's own, and its rights, which keys share.
use axum::http::{HeaderName, HeaderValue};
use keyfob_api::time::Time;
use keyfob_authority::data::{ApiKey, KeyId};
use serde::Serialize;

/// The name of the header ([`keyfob_api::KEY_HEADER`]).
const KEY: HeaderName = HeaderName::from_static("x-keyfob-key");

/// How many entries of an allow list a header holds: proxies refuse long ones.
const LISTED_ENTRIES: usize = 32;

/// The header that describes a key; none where a header cannot hold it.
pub(crate) type KeyHeader = Option<[(HeaderName, HeaderValue); 1]>;

/// A key, as a header describes it ([`keyfob_api::keys::KeySummary`]).
pub(crate) fn key_header(key: &ApiKey) -> KeyHeader {
    joined(&own_part(key)?, &rights_part(key)?)
}

/// The header of its two parts.
pub(crate) fn joined(own: &str, rights: &str) -> KeyHeader {
    Some([(KEY, HeaderValue::try_from([own, rights].concat()).ok()?)])
}

/// What is the key's own, up to the rights.
pub(crate) fn own_part(key: &ApiKey) -> Option<String> {
    #[derive(Serialize)]
    struct Own<'a> {
        id: &'a str,
        expires_at: Time,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent_id: Option<&'a str>,
    }
    let parent_id = key.parent_id.as_ref().map(KeyId::as_str);
    let mut part =
        serde_json::to_string(&Own { id: key.id.as_str(), expires_at: Time(key.expires_at), parent_id }).ok()?;
    part.pop();
    part.push(',');
    Some(part)
}

/// What the key may do, to the end.
pub(crate) fn rights_part(key: &ApiKey) -> Option<String> {
    #[derive(Serialize)]
    struct Rights<'a> {
        scopes: &'a [String],
        allow_list: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        more: Option<usize>,
    }
    let (allow_list, rest) = key.allow_list.split_at(key.allow_list.len().min(LISTED_ENTRIES));
    let more = (!rest.is_empty()).then_some(rest.len());
    let part = serde_json::to_string(&Rights { scopes: &key.scopes, allow_list, more }).ok()?;
    part.strip_prefix('{').map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use keyfob_api::keys::KeySummary;
    use keyfob_authority::data::{KeyLoginType, Origin, SecretHash, UserId};
    use uuid::Uuid;

    use super::*;

    fn key(entries: usize, parent_id: Option<KeyId>) -> ApiKey {
        let (created_at, expires_at) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(60).unwrap());
        ApiKey {
            id: KeyId::parse("abcdefghij").unwrap(),
            secret_hash: SecretHash([0; 32]),
            user_id: UserId(Uuid::nil()),
            parent_id,
            login_type: KeyLoginType::Token,
            token_name: "ci".to_owned(),
            scopes: ["workspace:read".to_owned()].into(),
            allow_list: (0..entries).map(|number| format!("workspace:{number}")).collect(),
            narrow_depth: 1,
            lifetime_seconds: 60,
            created_at,
            last_used: created_at,
            expires_at,
            absolute_end: None,
            is_revoked: false,
            live_descendants: 0,
            origin: Origin { ip_address: [127, 0, 0, 1].into(), user_agent: String::new() },
        }
    }

    #[test]
    fn the_parts_are_what_clients_read() {
        for (entries, parent) in [(1, None), (LISTED_ENTRIES, KeyId::parse("klmnopqrst")), (LISTED_ENTRIES + 3, None)] {
            let key = key(entries, parent);
            let Some([(_, header)]) = key_header(&key) else { panic!("no header") };
            let read: KeySummary = serde_json::from_slice(header.as_bytes()).unwrap();
            let expected = KeySummary {
                id: key.id.to_string(),
                expires_at: Time(key.expires_at),
                parent_id: key.parent_id.as_ref().map(ToString::to_string),
                scopes: key.scopes.to_vec(),
                allow_list: key.allow_list.iter().take(LISTED_ENTRIES).cloned().collect(),
                more: entries.saturating_sub(LISTED_ENTRIES),
            };
            assert_eq!(read, expected);
        }
    }
}
