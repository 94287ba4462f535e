//! Retiring old records: they are removed from the beginning of the chain, and a signed checkpoint replaces them.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Query};

use super::{
    AuditRecords,
    chain::{ChainCheckpoint, ChainFault, ChainHead, ChainKey, ChainVerifier},
    keyring::ChainKeys,
};
use crate::{
    Reach, Reader, StoreError, Tx,
    db::{microseconds, row},
};

#[derive(Clone, Copy, Iden)]
enum AuditCheckpoint {
    Table,
    Id,
    Sequence,
    Hash,
    RetiredAt,
    Signature,
}

row! {
    struct CheckpointRow in "audit_checkpoint" => { sequence: i64, hash: String, retired_at: i64, signature: String }
}

/// The checkpoint at the beginning of the chain, if records were retired.
pub(super) async fn checkpoint(source: &mut Reader<'_>) -> Result<Option<ChainCheckpoint>, StoreError> {
    use AuditCheckpoint as C;
    let mut query = Query::select();
    query.columns([C::Sequence, C::Hash, C::RetiredAt, C::Signature]).from(C::Table);
    let row: Option<CheckpointRow> = source.fetch_optional(&query).await?;
    Ok(row.map(|row| ChainCheckpoint {
        sequence: row.sequence,
        hash: row.hash,
        retired_at: row.retired_at,
        signature: row.signature,
    }))
}

/// How many records are verified at a time.
const BATCH: u64 = 1_000;

/// There is at most one checkpoint.
const ONLY: i64 = 1;

impl Reader<'_> {
    /// The checkpoint at the beginning of the chain, if records were retired.
    ///
    /// # Errors
    /// When the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn audit_checkpoint(&mut self) -> Result<Option<ChainCheckpoint>, StoreError> {
        checkpoint(self).await
    }
}

impl Reader<'_> {
    /// The head at the last of the records at the beginning of the chain that are older than `before`, of at most `at_most`
    /// of them; none where there is none. Those records are verified: what was tampered with is not to be removed, with
    /// its traces.
    ///
    /// # Errors
    /// Inside, what was tampered with; outside, when the database cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn retirable_audit_records(
        &mut self,
        before: Timestamp,
        at_most: u64,
        keys: &ChainKeys,
    ) -> Result<Result<Option<ChainHead>, ChainFault>, StoreError> {
        let before = microseconds(before);
        let mut verifier = ChainVerifier::new(keys.clone(), None);
        let mut after = 0;
        if let Some(checkpoint) = checkpoint(self).await? {
            after = checkpoint.sequence;
            if let Err(fault) = verifier.begin_at(&checkpoint) {
                return Ok(Err(fault));
            }
        }
        let (mut left, mut some_old) = (at_most, false);
        while left > 0 {
            let entries = self.audit_entries(after, std::cmp::min(left, BATCH)).await?;
            for entry in &entries {
                if entry.recorded_at >= before {
                    left = 0;
                    break;
                }
                if let Err(fault) = verifier.follow(entry) {
                    return Ok(Err(fault));
                }
                (after, some_old, left) = (entry.sequence, true, left - 1);
            }
            if entries.is_empty() {
                break;
            }
        }
        Ok(verifier.reached().map(|head| Some(head).filter(|_| some_old)))
    }
}

impl Tx {
    /// Removes the records at the beginning of the chain up to this head, and writes a checkpoint. Says how many were
    /// removed: none where the chain has this head no more, because others were faster.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn retire_audit_records(
        &mut self,
        last: ChainHead,
        now: Timestamp,
        key: &ChainKey,
    ) -> Result<u64, StoreError> {
        let still = self.read().audit_entries(last.sequence - 1, 1).await?.pop().and_then(|entry| entry.place());
        if still != Some(last) {
            return Ok(0);
        }
        self.write_checkpoint(&ChainCheckpoint::new(last, microseconds(now), key)).await?;
        let mut delete = Query::delete();
        delete.from_table(AuditRecords::Table).and_where(Expr::col(AuditRecords::Sequence).lte(last.sequence));
        self.execute_for(Reach::Nobody, &delete).await
    }

    /// Signs the checkpoint with the next key of the chain, so that the former one is worth nothing any more. One that
    /// does not have the signature of the former key is left as it is, for the verification to report.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sign_audit_checkpoint_anew(&mut self, former: &ChainKey, next: &ChainKey) -> Result<(), StoreError> {
        match self.read().audit_checkpoint().await? {
            Some(checkpoint) if checkpoint.head(former).is_some() => {
                self.write_checkpoint(&checkpoint.signed_with(next)).await
            }
            _ => Ok(()),
        }
    }

    async fn write_checkpoint(&mut self, checkpoint: &ChainCheckpoint) -> Result<(), StoreError> {
        use AuditCheckpoint as C;
        let mut query = Query::insert();
        query
            .into_table(C::Table)
            .columns([C::Id, C::Sequence, C::Hash, C::RetiredAt, C::Signature])
            .values_panic([
                ONLY.into(),
                checkpoint.sequence.into(),
                checkpoint.hash.as_str().into(),
                checkpoint.retired_at.into(),
                checkpoint.signature.as_str().into(),
            ])
            .on_conflict(
                OnConflict::column(C::Id).update_columns([C::Sequence, C::Hash, C::RetiredAt, C::Signature]).to_owned(),
            );
        self.execute_one_for(Reach::Nobody, &query).await
    }
}
