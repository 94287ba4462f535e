//! The keys of a chain. The last record with one key names the next key, so that a change of keys takes both.
use super::{AuditEntry, ChainHead, ChainKey};

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
    former: Vec<FormerKey>,
}

/// A key that a chain had. With it alone, an attacker can neither extend the chain nor change what was written with it.
#[derive(Clone)]
struct FormerKey {
    key: ChainKey,
    /// The head at the last record that was written with it.
    end: ChainHead,
}

impl ChainKeys {
    /// Parses the text of a key file: a line of 64 hexadecimal digits a key, the current one first, the others each with
    /// the head at the last record that was written with it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let current = ChainKey::from_hex(lines.next()?)?;
        let former: Vec<FormerKey> = lines.map(FormerKey::parse).collect::<Option<_>>()?;
        // Each key has records of its own: its last one names the next.
        let is_in_order = former.is_sorted_by(|newer, older| newer.end.sequence > older.end.sequence);
        is_in_order.then_some(Self { current, former })
    }

    /// The text of a key file.
    pub fn to_text(&self) -> String {
        let former = self.former.iter().map(|FormerKey { key, end }| format!("{} {end}\n", key.to_hex()));
        std::iter::once(self.current.to_hex() + "\n").chain(former).collect()
    }

    /// The same with a key for the records after this head.
    #[must_use]
    pub fn followed_by(&self, next: ChainKey, end: ChainHead) -> Self {
        let ended = FormerKey { key: self.current.clone(), end };
        Self { current: next, former: std::iter::once(ended).chain(self.former.iter().cloned()).collect() }
    }

    /// All of them, the newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &ChainKey> {
        std::iter::once(&self.current).chain(self.former.iter().map(|former| &former.key))
    }

    /// The key of the record at this place.
    pub(super) fn at(&self, position: i64) -> &ChainKey {
        let former = self.former.iter().rfind(|former| position <= former.end.sequence);
        former.map_or(&self.current, |former| &former.key)
    }

    /// The head that the chain has at this place, if a key ends there.
    pub(super) fn end_at(&self, position: i64) -> Option<ChainHead> {
        self.former.iter().map(|former| former.end).find(|end| end.sequence == position)
    }

    /// The place of the first record with the current key.
    pub(super) fn current_from(&self) -> i64 {
        self.former.first().map_or(1, |newest| newest.end.sequence + 1)
    }
}

impl FormerKey {
    fn parse(line: &str) -> Option<Self> {
        let (key, end) = line.split_once(' ')?;
        Some(Self { key: ChainKey::from_hex(key)?, end: end.parse().ok()? })
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
