//! The keys of a chain. The last record with one key names the next, so that nobody changes the key without both.
use super::{AuditEntry, ChainKey};

/// The field of a record's changes that has the fingerprints of the former and of the next key of the chain.
pub const CHAIN_KEY_FIELD: &str = "audit_key";

/// The type of the object of such a record: all records.
pub const CHAIN_TYPE: &str = "audit_log";

/// The key of a chain, and those that it had before.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "secrets")]
pub struct ChainKeys {
    /// The key of the next record.
    pub current: ChainKey,
    /// The keys of records before, the newest first.
    pub former: Vec<ChainKey>,
}

impl ChainKeys {
    /// Parses the text of a key file: a line of 64 hexadecimal digits a key, the current one first.
    pub fn parse(text: &str) -> Option<Self> {
        let mut keys = text.lines().filter(|line| !line.trim().is_empty()).map(ChainKey::from_hex);
        let current = keys.next()??;
        Some(Self { current, former: keys.collect::<Option<_>>()? })
    }

    /// The text of a key file.
    pub fn to_text(&self) -> String {
        self.all().map(|key| key.to_hex() + "\n").collect()
    }

    /// The same with a key that comes next.
    #[must_use]
    pub fn followed_by(&self, next: ChainKey) -> Self {
        Self { current: next, former: self.all().cloned().collect() }
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &ChainKey> {
        std::iter::once(&self.current).chain(&self.former)
    }
}

impl From<ChainKey> for ChainKeys {
    fn from(current: ChainKey) -> Self {
        Self { current, former: Vec::new() }
    }
}

/// The fingerprint of the key of all records after this one, if this one says that it is another.
pub(super) fn next_key(entry: &AuditEntry) -> Option<String> {
    if entry.resource_type != CHAIN_TYPE {
        return None;
    }
    let changes: serde_json::Value = serde_json::from_str(&entry.diff).ok()?;
    Some(changes.get(CHAIN_KEY_FIELD)?.get("new")?.as_str()?.to_owned())
}
