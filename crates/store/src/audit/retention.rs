//! Retiring old records: they are removed from the beginning of the chain, and a signed checkpoint replaces them.
use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Order, Query};

use super::{
    AuditRecords, TABLE,
    chain::{ChainCheckpoint, ChainKey, encode_hex},
};
use crate::{
    Reach, Reader, StoreError, Tx,
    db::{microseconds, row, rows},
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

row! { struct PlaceRow in TABLE => { sequence: i64, recorded_at: i64, hash: Vec<u8> } }

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

impl Tx {
    /// Removes the records at the beginning of the chain that are older than `before`, at most `at_most` of them, and
    /// writes a checkpoint. Stops at the first record that is not older. Says how many were removed.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn retire_audit_records(
        &mut self,
        before: Timestamp,
        at_most: u64,
        now: Timestamp,
        key: &ChainKey,
    ) -> Result<u64, StoreError> {
        use AuditRecords as A;
        let mut oldest = Query::select();
        oldest
            .columns([A::Sequence, A::RecordedAt, A::Hash])
            .from(A::Table)
            .order_by(A::Sequence, Order::Asc)
            .limit(rows(at_most));
        let oldest: Vec<PlaceRow> = self.read().fetch_all(&oldest).await?;
        let before = microseconds(before);
        let old = oldest.into_iter().take_while(|row| row.recorded_at < before);
        let Some(last) = old.last() else { return Ok(0) };
        let hash = encode_hex(&last.hash);
        self.write_checkpoint(&ChainCheckpoint::new(last.sequence, hash, microseconds(now), key)).await?;
        let mut delete = Query::delete();
        delete.from_table(A::Table).and_where(Expr::col(A::Sequence).lte(last.sequence));
        self.execute_for(Reach::Nobody, &delete).await
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
