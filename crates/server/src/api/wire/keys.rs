//! Keys, spelled as JSON straight from the data: lists of them are long, and asked for often.
use std::fmt::Write as _;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};
use keyfob_authority::data::{ApiKey, UserId};
use keyfob_rbac::Catalogue;
use uuid::{Uuid, fmt::Hyphenated};

use crate::http::json::Spelled;

/// About how many bytes a key has in a list.
const USUAL: usize = 512;

/// A key, without its secret ([`keyfob_api::keys::ApiKey`]).
pub(crate) fn key(catalogue: &Catalogue, key: &ApiKey) -> Spelled {
    let mut json = Json(String::with_capacity(USUAL));
    let spelled = json.key(catalogue, key);
    json.raw("}");
    Spelled::of(spelled.map(|()| json.0))
}

/// Keys with the usernames of their owners ([`keyfob_api::keys::ApiKeyWithOwner`]); the name of an owner whom the caller
/// may not read is empty.
pub(crate) fn keys_with_owners<'a>(
    catalogue: &Catalogue,
    keys: &[ApiKey],
    username: impl Fn(UserId) -> Option<&'a str>,
) -> Spelled {
    let mut json = Json(String::with_capacity(keys.len() * USUAL));
    json.raw("[");
    let spelled = keys.iter().enumerate().try_for_each(|(place, key)| {
        json.raw(if place == 0 { "" } else { "," });
        json.key(catalogue, key)?;
        json.raw(r#","username":"#);
        json.text(username(key.user_id).unwrap_or_default())?;
        json.raw("}");
        Some(())
    });
    json.raw("]");
    Spelled::of(spelled.map(|()| json.0))
}

/// A text of JSON. What cannot be spelled is none.
struct Json(String);

impl Json {
    /// The fields of a key, without the end of the object.
    fn key(&mut self, catalogue: &Catalogue, key: &ApiKey) -> Option<()> {
        let is_custom = |entry: &&String| {
            let resource_type = entry.split_once(':').and_then(|(name, _)| catalogue.resource_type(name));
            resource_type.is_some_and(|of| catalogue.is_custom(of))
        };
        self.raw(r#"{"id":"#);
        self.text(key.id.as_str())?;
        self.raw(r#","user_id":"#);
        self.id(key.user_id.0);
        self.raw(r#","last_used":"#);
        self.time(key.last_used)?;
        self.raw(r#","expires_at":"#);
        self.time(key.expires_at)?;
        self.raw(r#","created_at":"#);
        self.time(key.created_at)?;
        self.raw(r#","updated_at":"#);
        self.time(key.created_at)?;
        self.raw(r#","login_type":"#);
        self.text(key.login_type.as_str())?;
        self.raw(r#","scope":"#);
        self.text(legacy_scope(&key.scopes))?;
        self.raw(r#","scopes":"#);
        self.texts(key.scopes.iter())?;
        self.raw(r#","token_name":"#);
        self.text(&key.token_name)?;
        self.raw(r#","lifetime_seconds":"#);
        write!(self.0, "{}", key.lifetime_seconds).ok()?;
        self.raw(r#","allow_list":"#);
        if key.allow_list.iter().any(|entry| is_custom(&entry)) {
            self.texts(key.allow_list.iter().filter(|entry| !is_custom(entry)))?;
            self.raw(r#","custom_allow_list":"#);
            self.texts(key.allow_list.iter().filter(is_custom))?;
        } else {
            self.texts(key.allow_list.iter())?;
        }
        if let Some(parent) = &key.parent_id {
            self.raw(r#","parent_id":"#);
            self.text(parent.as_str())?;
        }
        self.raw(r#","live_descendants":"#);
        write!(self.0, "{}", key.live_descendants).ok()
    }

    fn raw(&mut self, json: &str) {
        self.0.push_str(json);
    }

    fn text(&mut self, text: &str) -> Option<()> {
        // Looking at every byte is faster than ending at the first: many are looked at together.
        let is_found = |found, byte: u8| found | matches!(byte, ..b' ' | b'"' | b'\\');
        if text.bytes().fold(false, is_found) {
            self.raw(&serde_json::to_string(text).ok()?);
        } else {
            self.raw("\"");
            self.raw(text);
            self.raw("\"");
        }
        Some(())
    }

    fn texts<'a>(&mut self, texts: impl Iterator<Item = &'a String>) -> Option<()> {
        self.raw("[");
        for (place, text) in texts.enumerate() {
            self.raw(if place == 0 { "" } else { "," });
            self.text(text)?;
        }
        self.raw("]");
        Some(())
    }

    fn id(&mut self, id: Uuid) {
        self.raw("\"");
        self.raw(id.hyphenated().encode_lower(&mut [0; Hyphenated::LENGTH]));
        self.raw("\"");
    }

    fn time(&mut self, at: Timestamp) -> Option<()> {
        const PRINTER: DateTimePrinter = DateTimePrinter::new();
        self.raw("\"");
        PRINTER.print_timestamp(&at, &mut self.0).ok()?;
        self.raw("\"");
        Some(())
    }
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
    use keyfob_authority::data::{KeyId, KeyLoginType, Origin, SecretHash};
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
