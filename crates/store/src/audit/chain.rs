//! The chain of audit records. Each record has a keyed hash of itself and the record before it, so that anyone with an
//! earlier head can see whether records were changed, removed, moved or cut off.
use std::{fmt, str::FromStr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use super::{
    AuditRecords as A, COLUMNS, TABLE,
    keyring::{ChainKeys, next_key},
    retention::checkpoint,
};
use crate::{Reader, StoreError, Tx, db::row};

/// The key of the hashes. It is not in the database, which alone is not enough to make new hashes.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a secret")]
pub struct ChainKey(pub [u8; 32]);

impl ChainKey {
    /// The key as 64 hexadecimal digits, as it is kept in a file.
    pub fn to_hex(&self) -> String {
        encode_hex(&self.0)
    }

    /// A text that tells whether another key is the same, and nothing else of it.
    pub fn fingerprint(&self) -> String {
        let mut mac = mac(self);
        // No record is hashed with this beginning, as no checkpoint is.
        update(&mut mac, b"fingerprint");
        encode_hex(&mac.finalize().into_bytes())
    }

    /// Parses 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        decode_hex(text.trim())?.try_into().ok().map(Self)
    }
}

/// The head of a chain: the number of its records, and the hash of the last, which depends on all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHead {
    pub(super) sequence: i64,
    hash: [u8; 32],
}

impl ChainHead {
    /// The head before the first record.
    pub const START: Self = Self { sequence: 0, hash: [0; 32] };

    /// The head after the record at this place, which has this hash.
    pub(crate) fn at(sequence: i64, hash: [u8; 32]) -> Self {
        Self { sequence, hash }
    }

    /// Whether there is no record yet.
    pub fn is_start(&self) -> bool {
        self.sequence == 0
    }

    fn next(&self, key: &ChainKey, entry: &AuditEntry) -> [u8; 32] {
        let mut mac = mac(key);
        let mut part = |bytes: &[u8]| update(&mut mac, bytes);
        part(&self.hash);
        part(&entry.sequence.to_be_bytes());
        part(entry.id.as_bytes());
        part(&entry.recorded_at.to_be_bytes());
        part(entry.request_id.as_bytes());
        part(entry.user_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        part(entry.organization_id.as_ref().map_or(&[][..], |id| id.as_bytes()));
        part(&entry.status_code.to_be_bytes());
        let texts = [
            &entry.key_id,
            &entry.ip_address,
            &entry.user_agent,
            &entry.action,
            &entry.resource_type,
            &entry.resource_id,
            &entry.resource_target,
            &entry.diff,
        ];
        for text in texts {
            part(text.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

fn mac(key: &ChainKey) -> Hmac<Sha256> {
    // RFC 2104: a key shorter than a block is filled up with zeros.
    let mut block = [0; 64];
    block.iter_mut().zip(key.0).for_each(|(to, byte)| *to = byte);
    Hmac::<Sha256>::new(&block.into())
}

fn update(mac: &mut Hmac<Sha256>, part: &[u8]) {
    mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
    mac.update(part);
}

impl fmt::Display for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, encode_hex(&self.hash))
    }
}

impl fmt::Debug for ChainHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a head is a number, a colon and 64 hexadecimal digits")]
pub struct NoChainHead;

impl FromStr for ChainHead {
    type Err = NoChainHead;

    fn from_str(text: &str) -> Result<Self, NoChainHead> {
        let (sequence, hash) = text.trim().split_once(':').ok_or(NoChainHead)?;
        let hash = decode_hex(hash).ok_or(NoChainHead)?.try_into().map_err(|_| NoChainHead)?;
        Ok(Self { sequence: sequence.parse().map_err(|_| NoChainHead)?, hash })
    }
}

pub(super) fn encode_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('?');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

/// A record exactly as it is stored, with its place in the chain: a line of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Its place; the first record has 1.
    pub sequence: i64,
    /// The record's id.
    pub id: Uuid,
    /// When it was done, in microseconds since 1970.
    pub recorded_at: i64,
    /// The id of the request.
    pub request_id: Uuid,
    /// The user who did it.
    pub user_id: Option<Uuid>,
    /// The key that was used; empty if there was none.
    pub key_id: String,
    /// The client's address.
    pub ip_address: String,
    /// The client's program.
    pub user_agent: String,
    /// The action.
    pub action: String,
    /// The type of the object.
    pub resource_type: String,
    /// The id of the object; of a key that of its owner, and in old records its own.
    pub resource_id: String,
    /// The name of the object.
    pub resource_target: String,
    /// The organization of the object.
    pub organization_id: Option<Uuid>,
    /// The status of the answer.
    pub status_code: i32,
    /// The changes, as JSON text; its `additional_fields` has the `api_key_id` of a key.
    pub diff: String,
    /// The hash, hexadecimal.
    pub hash: String,
}

row! {
    struct EntryRow in TABLE => {
        id: Uuid, sequence: i64, recorded_at: i64, request_id: Uuid, user_id: Option<Uuid>, key_id: String,
        ip_address: String, user_agent: String, action: String, resource_type: String, resource_id: String,
        resource_target: String, organization_id: Option<Uuid>, status_code: i32, diff: String, hash: Vec<u8>,
    }
}

row! { struct HeadRow in TABLE => { id: Uuid, sequence: i64, hash: Vec<u8> } }

impl AuditEntry {
    /// The head of the chain at this record.
    pub(super) fn place(&self) -> Option<ChainHead> {
        Some(ChainHead { sequence: self.sequence, hash: decode_hex(&self.hash)?.try_into().ok()? })
    }
}

impl From<EntryRow> for AuditEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            sequence: row.sequence,
            id: row.id,
            recorded_at: row.recorded_at,
            request_id: row.request_id,
            user_id: row.user_id,
            key_id: row.key_id,
            ip_address: row.ip_address,
            user_agent: row.user_agent,
            action: row.action,
            resource_type: row.resource_type,
            resource_id: row.resource_id,
            resource_target: row.resource_target,
            organization_id: row.organization_id,
            status_code: row.status_code,
            diff: row.diff,
            hash: encode_hex(&row.hash),
        }
    }
}

/// The place where a chain begins after its first records were retired. It is signed with the key, so that it cannot be
/// forged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainCheckpoint {
    /// The place of the last record that was retired.
    pub sequence: i64,
    /// That record's hash, hexadecimal.
    pub hash: String,
    /// When it was retired, in microseconds since 1970.
    pub retired_at: i64,
    /// A keyed hash of all this, hexadecimal.
    pub signature: String,
}

impl ChainCheckpoint {
    pub(super) fn new(last: ChainHead, retired_at: i64, key: &ChainKey) -> Self {
        let hash = encode_hex(&last.hash);
        Self { sequence: last.sequence, hash, retired_at, signature: String::new() }.signed_with(key)
    }

    /// The same, signed with this key.
    pub(super) fn signed_with(self, key: &ChainKey) -> Self {
        Self { signature: encode_hex(&self.sign(key)), ..self }
    }

    fn sign(&self, key: &ChainKey) -> [u8; 32] {
        let mut mac = mac(key);
        // No record is hashed with this beginning: the first part of a record has the length of a hash.
        let parts =
            [&b"checkpoint"[..], &self.sequence.to_be_bytes(), self.hash.as_bytes(), &self.retired_at.to_be_bytes()];
        for part in parts {
            update(&mut mac, part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The head of the chain at this place, if the signature is right.
    pub(super) fn head(&self, key: &ChainKey) -> Option<ChainHead> {
        self.place().filter(|_| self.signature == encode_hex(&self.sign(key)))
    }

    fn place(&self) -> Option<ChainHead> {
        Some(ChainHead { sequence: self.sequence, hash: decode_hex(&self.hash)?.try_into().ok()? })
    }
}

/// A fault in a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// This record was changed, or is not in its place.
    #[error("record {0} was changed or put elsewhere")]
    Changed(Uuid),
    /// A record is missing.
    #[error("record number {position} is missing, {}", place(.after.as_ref()))]
    Missing {
        /// Its place.
        position: i64,
        /// The record before it.
        after: Option<Uuid>,
    },
    /// The key of the records after this one is not known.
    #[error(
        "the records after {after} have another key, with the fingerprint {fingerprint}: name a key file that holds it, \
         above the former ones"
    )]
    UnknownKey {
        /// The record that names the key.
        after: Uuid,
        /// The fingerprint of the key.
        fingerprint: String,
    },
    /// The checkpoint was changed, or signed with another key than the one that the chain ends with.
    #[error(
        "the checkpoint, which says that the records up to number {0} were retired, was changed, or the key file is not \
         that of the chain"
    )]
    Checkpoint(i64),
    /// The expected head is of a record that was retired.
    #[error(
        "the records up to number {sequence} were retired at {at}: the head to expect, of number {expected}, is older"
    )]
    Retired {
        /// The place of the last record that was retired.
        sequence: i64,
        /// When it was retired.
        at: Timestamp,
        /// The place of the expected head.
        expected: i64,
    },
    /// The chain ends with records of a former key, which anybody with that key could have written.
    #[error(
        "it ends with record number {last}, and the current key begins with number {current_from}: give the head that was \
         printed when this was exported with --expect-head"
    )]
    FormerKey {
        /// The place of the last record.
        last: i64,
        /// The place of the first record with the current key.
        current_from: i64,
    },
    /// The chain ends with records of a former key, and begins at a checkpoint that anybody with that key could have
    /// written.
    #[error(
        "the records up to number {retired} were retired, as it says, but before the current key, which begins with number \
         {current_from}: with the former key they could have been removed"
    )]
    FormerCheckpoint {
        /// The place of the last record that was retired, or removed.
        retired: i64,
        /// The place of the first record with the current key.
        current_from: i64,
    },
    /// The last records are missing.
    #[error("the records from number {position} on are cut off, {}", place(.after.as_ref()))]
    CutOff {
        /// The place of the first missing record.
        position: i64,
        /// The record before it.
        after: Option<Uuid>,
    },
}

fn place(record: Option<&Uuid>) -> String {
    record.map_or_else(|| "at the beginning".to_owned(), |id| format!("after record {id}"))
}

/// What holds of a chain that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedChain {
    /// The head after the last record.
    pub head: ChainHead,
    /// The place of the last record that was retired, and when that was.
    pub retired: Option<(i64, Timestamp)>,
}

/// Verifies a chain, from its beginning.
pub struct ChainVerifier {
    keys: ChainKeys,
    head: ChainHead,
    last: Option<Uuid>,
    checkpoint: Option<Signed>,
    expected: Option<ChainHead>,
}

/// A checkpoint whose signature is right.
struct Signed {
    by: ChainKey,
    sequence: i64,
    at: Timestamp,
}

impl fmt::Debug for ChainVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainVerifier").field("head", &self.head).finish_non_exhaustive()
    }
}

impl ChainVerifier {
    /// A verifier for a chain that must contain this head, if one is given.
    pub fn new(keys: impl Into<ChainKeys>, expected: Option<ChainHead>) -> Self {
        Self { keys: keys.into(), head: ChainHead::START, last: None, checkpoint: None, expected }
    }

    /// Begins at a checkpoint, before any record.
    ///
    /// # Errors
    /// [`ChainFault::Checkpoint`] when the signature is wrong, or something came before; [`ChainFault::Retired`] when the
    /// record of the expected head was retired.
    pub fn begin_at(&mut self, checkpoint: &ChainCheckpoint) -> Result<(), ChainFault> {
        let forged = || ChainFault::Checkpoint(checkpoint.sequence);
        let signed = |key: &ChainKey| checkpoint.head(key).map(|head| (head, key.clone()));
        let (head, by) = self.keys.all().find_map(signed).ok_or_else(forged)?;
        let at = Timestamp::from_microsecond(checkpoint.retired_at).map_err(|_| forged())?;
        if let Some(expected) = self.expected.filter(|expected| expected.sequence < head.sequence) {
            return Err(ChainFault::Retired { sequence: head.sequence, at, expected: expected.sequence });
        }
        let is_first = self.head.is_start() && self.checkpoint.is_none();
        if !is_first || !self.is_due(&head) {
            return Err(forged());
        }
        self.head = head;
        self.checkpoint = Some(Signed { by, sequence: head.sequence, at });
        Ok(())
    }

    /// Verifies the next record. Each place has its key: after a record that names the next, only that one counts.
    ///
    /// # Errors
    /// [`ChainFault`] when the record is not the one that was written at this place.
    pub fn follow(&mut self, entry: &AuditEntry) -> Result<(), ChainFault> {
        let position = self.head.sequence + 1;
        if entry.sequence > position {
            return Err(ChainFault::Missing { position, after: self.last });
        }
        let head = ChainHead { sequence: position, hash: self.head.next(self.keys.at(position), entry) };
        if entry.sequence != position || encode_hex(&head.hash) != entry.hash {
            return Err(ChainFault::Changed(entry.id));
        }
        if let Some(fingerprint) = next_key(entry) {
            if self.keys.all().all(|key| key.fingerprint() != fingerprint) {
                return Err(ChainFault::UnknownKey { after: entry.id, fingerprint });
            }
            if self.keys.end_at(position).is_none() || self.keys.at(position + 1).fingerprint() != fingerprint {
                return Err(ChainFault::Changed(entry.id));
            }
        }
        if !self.is_due(&head) {
            return Err(ChainFault::Changed(entry.id));
        }
        self.head = head;
        self.last = Some(entry.id);
        Ok(())
    }

    /// Whether this is the head that the chain must have at its place, as far as that is known.
    fn is_due(&self, head: &ChainHead) -> bool {
        let known = self.keys.end_at(head.sequence).into_iter().chain(self.expected);
        known.filter(|known| known.sequence == head.sequence).all(|known| known == *head)
    }

    /// What holds of the chain after the last record.
    ///
    /// # Errors
    /// [`ChainFault::CutOff`] when the expected head was not reached, [`ChainFault::Checkpoint`] when the checkpoint was
    /// not signed with the key that the chain ends with: each change of the key signs it anew. [`ChainFault::FormerKey`]
    /// when it ends before the current key, unless it ends with the expected head: no former key can forge what leads to
    /// that. [`ChainFault::FormerCheckpoint`] when it also begins at a checkpoint, which the head does not vouch for.
    pub fn finish(self) -> Result<VerifiedChain, ChainFault> {
        let position = self.head.sequence + 1;
        if self.expected.is_some_and(|expected| expected.sequence >= position) {
            return Err(ChainFault::CutOff { position, after: self.last });
        }
        let last_key = self.keys.at(position).fingerprint();
        if let Some(checkpoint) = self.checkpoint.as_ref().filter(|signed| signed.by.fingerprint() != last_key) {
            return Err(ChainFault::Checkpoint(checkpoint.sequence));
        }
        let current_from = self.keys.current_from();
        if position < current_from {
            if let Some(Signed { sequence: retired, .. }) = self.checkpoint {
                return Err(ChainFault::FormerCheckpoint { retired, current_from });
            }
            if self.expected != Some(self.head) {
                return Err(ChainFault::FormerKey { last: self.head.sequence, current_from });
            }
        }
        let retired = self.checkpoint.map(|checkpoint| (checkpoint.sequence, checkpoint.at));
        Ok(VerifiedChain { head: self.head, retired })
    }

    /// The same for a chain to which records are still added: it reaches the records with the current key.
    ///
    /// # Errors
    /// As [`Self::finish`], and [`ChainFault::CutOff`] when all records with the current key, or the one that names it,
    /// are missing.
    pub fn finish_current(self) -> Result<VerifiedChain, ChainFault> {
        let position = self.head.sequence + 1;
        let cut_off = ChainFault::CutOff { position, after: self.last };
        let is_current = position >= self.keys.current_from();
        match self.finish() {
            Ok(verified) if is_current => Ok(verified),
            Ok(_) | Err(ChainFault::FormerKey { .. } | ChainFault::FormerCheckpoint { .. }) => Err(cut_off),
            Err(fault) => Err(fault),
        }
    }

    /// The head after the last record, of the beginning of a chain to which records are still added.
    ///
    /// # Errors
    /// [`ChainFault::Checkpoint`] when the checkpoint was not signed with the current key.
    pub(super) fn reached(self) -> Result<ChainHead, ChainFault> {
        let current = self.keys.current.fingerprint();
        match self.checkpoint {
            Some(signed) if signed.by.fingerprint() != current => Err(ChainFault::Checkpoint(signed.sequence)),
            _ => Ok(self.head),
        }
    }
}

/// Selects records as they are stored.
fn entries() -> SelectStatement {
    let mut query = Query::select();
    query.columns(COLUMNS).columns([A::Sequence, A::Hash]).from(A::Table);
    query
}

/// Asks for the place and the hash of the newest record, one by one.
pub(crate) fn newest_record() -> [SelectStatement; 2] {
    [A::Sequence, A::Hash].map(|column| {
        let mut query = Query::select();
        query.column(column).from(A::Table).order_by(A::Sequence, Order::Desc).limit(1);
        query
    })
}

async fn head(source: &mut Reader<'_>) -> Result<ChainHead, StoreError> {
    let mut query = Query::select();
    query.columns([A::Id, A::Sequence, A::Hash]).from(A::Table).order_by(A::Sequence, Order::Desc).limit(1);
    let Some(row) = source.fetch_optional::<HeadRow>(&query).await? else {
        // If all records were retired, the chain goes on at the checkpoint.
        let checkpoint = checkpoint(source).await?;
        let unreadable = || StoreError::corrupt("audit_checkpoint", "1", "malformed hash");
        return checkpoint.map_or(Ok(ChainHead::START), |last| last.place().ok_or_else(unreadable));
    };
    let hash = row.hash.try_into().map_err(|_| StoreError::corrupt(TABLE, &row.id, "malformed hash"))?;
    Ok(ChainHead { sequence: row.sequence, hash })
}

impl Reader<'_> {
    /// The head of the chain of records.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn chain_head(&mut self) -> Result<ChainHead, StoreError> {
        head(self).await
    }

    /// Whether this is the key of the next record, as far as the newest tells, which was written with it or names it: true
    /// also where there is none, and where it or the one before it is damaged or missing, which the verification of the
    /// chain reports.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn is_chain_key(&mut self, key: &ChainKey) -> Result<bool, StoreError> {
        let checkpoint = checkpoint(self).await?;
        let newest = match self.fetch_all::<EntryRow>(entries().order_by(A::Sequence, Order::Desc).limit(2)).await {
            Err(StoreError::Corrupt { .. }) => return Ok(true),
            newest => newest?,
        };
        let mut newest = newest.into_iter().map(AuditEntry::from);
        let Some(last) = newest.next() else {
            return Ok(checkpoint.is_none_or(|checkpoint| checkpoint.head(key).is_some()));
        };
        if let Some(fingerprint) = next_key(&last) {
            return Ok(key.fingerprint() == fingerprint);
        }
        let before = match newest.next() {
            Some(before) => before.place(),
            None if last.sequence == 1 => Some(ChainHead::START),
            None => checkpoint.and_then(|checkpoint| checkpoint.place()),
        };
        let before = before.filter(|before| before.sequence + 1 == last.sequence);
        Ok(before.is_none_or(|before| encode_hex(&before.next(key, &last)) == last.hash))
    }

    /// The records after this place, as they are stored, in the order of the chain.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn audit_entries(&mut self, after: i64, at_most: u64) -> Result<Vec<AuditEntry>, StoreError> {
        let mut query = entries();
        query.and_where(Expr::col(A::Sequence).gt(after)).order_by(A::Sequence, Order::Asc).limit(at_most);
        let rows: Vec<EntryRow> = self.fetch_all(&query).await?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }
}

impl Tx {
    /// Gives a record its place at the end of the chain, and its hash.
    pub(super) async fn link(&mut self, entry: &mut AuditEntry, key: &ChainKey) -> Result<[u8; 32], StoreError> {
        let head = match self.beginning().head {
            Some(head) => head,
            None => head(&mut self.read()).await?,
        };
        entry.sequence = head.sequence + 1;
        let hash = head.next(key, entry);
        self.beginning().head = Some(ChainHead { sequence: entry.sequence, hash });
        Ok(hash)
    }
}
