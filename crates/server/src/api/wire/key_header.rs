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
