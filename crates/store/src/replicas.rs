//! What the processes on one database know of each other: whose rights changed, and up to which change each has read. A
//! file of SQLite has one process, so that nothing is kept of it.
//!
//! The log is in the order of commits: a change has the number that it gave the version of rights, in its own unit of
//! work, and units of work that change rights wait for each other.
use std::time::Duration;

use jiff::Timestamp;
use sea_query::{Expr, ExprTrait as _, Iden, OnConflict, Order, Query};

use crate::{
    KeyId, Reach, Reached, RightsVersion, Store, StoreError, Tx, UserId,
    db::{Dialect, microseconds, row, timestamp},
    rights::current_version,
};

/// How many rows of the log are read at a time. A replica that has missed more forgets all that it remembers.
const MOST_CHANGES: u64 = 2_000;
/// How long a replica that is gone is kept, in microseconds: for people who look who there was.
const GONE_FOR: i64 = 24 * 60 * 60 * 1_000_000;

/// The name of a process among those that share a database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaId(pub String);

/// How far a log of changes was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPosition {
    /// The version of rights with all changes up to there.
    pub version: RightsVersion,
    /// When the database server started whose log it is, in microseconds since 1970. Another may have lost changes, and
    /// given their numbers to others.
    pub server_start: i64,
}

/// What has changed since a position in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RightsChanges {
    /// The position with all of these changes.
    pub position: LogPosition,
    /// Whose rights they concern.
    pub reached: Reached,
}

/// A replica that has not read the log up to a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnconfirmedBy {
    /// The replica.
    pub replica: ReplicaId,
    /// From then on, by the database's clock, it decides by nothing that it remembered before the change.
    pub until: Timestamp,
}

#[derive(Clone, Copy, Iden)]
#[iden = "rights_changes"]
enum Changes {
    Table,
    Version,
    Reach,
    Id,
    ChangedAt,
}

#[derive(Clone, Copy, Iden)]
enum Replicas {
    Table,
    Id,
    Seen,
    Lease,
    RenewedAt,
}

#[derive(Clone, Copy, Iden)]
enum Duties {
    Table,
    Name,
    Replica,
    EndsAt,
}

row! { struct PositionRow in "rights_version" => { number: i64, server_start: i64 } }
row! { struct ChangeRow in "rights_changes" => { version: i64, reach: String, id: String } }
row! { struct ReplicaRow in "replicas" => { id: String, until: i64 } }

const EVERYBODY: &str = "everybody";
const USER: &str = "user";
const KEY: &str = "key";

impl Store {
    /// Whether other processes may share the database.
    pub fn is_shared(&self) -> bool {
        self.dialect() == Dialect::Postgres
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_position(&self) -> Result<LogPosition, StoreError> {
        let mut query = current_version();
        query.expr_as(self.dialect().server_start(), "server_start");
        let row: Option<PositionRow> = self.apart().read().fetch_optional(&query).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("rights_version", "1", "the row is missing"))?;
        Ok(LogPosition { version: RightsVersion(row.number), server_start: row.server_start })
    }

    /// What has changed since this position: everything may have where the log is another's. It is read apart from all
    /// other work, which may be long.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rights_changes_since(&self, seen: LogPosition) -> Result<RightsChanges, StoreError> {
        // Before the log, so that it has all changes up to this version.
        let position = self.log_position().await?;
        let mut reached = Reached::default();
        if position == seen {
            return Ok(RightsChanges { position, reached });
        }
        if position.server_start != seen.server_start {
            reached.everybody = true;
            return Ok(RightsChanges { position, reached });
        }
        let (version, seen) = (position.version, seen.version);
        let mut query = Query::select();
        query
            .columns([Changes::Version, Changes::Reach, Changes::Id])
            .from(Changes::Table)
            .and_where(Expr::col(Changes::Version).gt(seen.0))
            .and_where(Expr::col(Changes::Version).lte(version.0))
            .order_by(Changes::Version, Order::Asc)
            .limit(MOST_CHANGES);
        let rows: Vec<ChangeRow> = self.apart().read().fetch_all(&query).await?;
        let is_from_the_next = rows.first().is_some_and(|row| row.version == seen.0 + 1);
        let is_to_the_last = rows.last().is_some_and(|row| row.version == version.0);
        // What is missing, or too much, may concern all.
        reached.everybody = !(is_from_the_next && is_to_the_last) || rows.len() as u64 >= MOST_CHANGES;
        for row in rows {
            reached.add(reach_of(&row));
        }
        Ok(RightsChanges { position, reached })
    }

    /// Says that a replica has read the log up to this version, and may decide by what it remembers for this long. It says
    /// so before it reads on, so that no change is made in between that would not wait for it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn renew_replica(
        &self,
        replica: &ReplicaId,
        seen: RightsVersion,
        lease: Duration,
    ) -> Result<(), StoreError> {
        let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX / 2);
        let now = || self.dialect().now();
        let mut query = Query::insert();
        query
            .into_table(Replicas::Table)
            .columns([Replicas::Id, Replicas::Seen, Replicas::Lease, Replicas::RenewedAt])
            .values_panic([replica.0.as_str().into(), seen.0.into(), lease.into(), now()])
            .on_conflict(
                OnConflict::column(Replicas::Id)
                    .update_columns([Replicas::Seen, Replicas::Lease])
                    .value(Replicas::RenewedAt, now())
                    .to_owned(),
            );
        self.apart().execute(&query).await.map(drop)
    }

    /// Says that a replica decides by nothing that it remembers any more, and does no background work.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn leave_replicas(&self, replica: &ReplicaId) -> Result<(), StoreError> {
        let mut query = Query::delete();
        query.from_table(Replicas::Table).and_where(Expr::col(Replicas::Id).eq(replica.0.as_str()));
        self.apart().execute(&query).await?;
        let mut query = Query::delete();
        query.from_table(Duties::Table).and_where(Expr::col(Duties::Replica).eq(replica.0.as_str()));
        self.apart().execute(&query).await.map(drop)
    }

    /// Takes background work that one replica does for all, for this long, unless another has it; says whether this one
    /// has it now. Where there is no other process, it always has.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn take_duty(&self, name: &str, replica: &ReplicaId, length: Duration) -> Result<bool, StoreError> {
        if !self.is_shared() {
            return Ok(true);
        }
        let length = i64::try_from(length.as_micros()).unwrap_or(i64::MAX / 2);
        let now = || self.dialect().now();
        let own = Expr::col((Duties::Table, Duties::Replica)).eq(replica.0.as_str());
        let over = Expr::col((Duties::Table, Duties::EndsAt)).lte(now());
        let mut query = Query::insert();
        query
            .into_table(Duties::Table)
            .columns([Duties::Name, Duties::Replica, Duties::EndsAt])
            .values_panic([name.into(), replica.0.as_str().into(), now().add(length)])
            .on_conflict(
                OnConflict::column(Duties::Name)
                    .update_columns([Duties::Replica, Duties::EndsAt])
                    .action_and_where(own.or(over))
                    .to_owned(),
            );
        Ok(self.apart().execute(&query).await? > 0)
    }

    /// The other replicas that run, or may.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn other_replicas(&self, but: &ReplicaId) -> Result<Vec<ReplicaId>, StoreError> {
        if !self.is_shared() {
            return Ok(Vec::new());
        }
        // No replica has read that far.
        let running = self.unconfirmed(RightsVersion(i64::MAX), but).await?;
        Ok(running.into_iter().map(|replica| replica.replica).collect())
    }

    /// The other replicas that may still decide by what they remember from before this version.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unconfirmed(&self, version: RightsVersion, but: &ReplicaId) -> Result<Vec<UnconfirmedBy>, StoreError> {
        let until = || Expr::col(Replicas::RenewedAt).add(Expr::col(Replicas::Lease));
        let mut query = Query::select();
        query
            .column(Replicas::Id)
            .expr_as(until(), "until")
            .from(Replicas::Table)
            .and_where(Expr::col(Replicas::Seen).lt(version.0))
            .and_where(Expr::col(Replicas::Id).ne(but.0.as_str()))
            .and_where(until().gt(self.dialect().now()))
            .order_by(Replicas::Id, Order::Asc);
        let rows: Vec<ReplicaRow> = self.apart().read().fetch_all(&query).await?;
        let unconfirmed = rows.into_iter().map(|row| {
            let until = timestamp("replicas", &row.id, row.until)?;
            Ok(UnconfirmedBy { replica: ReplicaId(row.id), until })
        });
        unconfirmed.collect()
    }
}

/// What a row of the log says. What it does not say clearly may concern all.
fn reach_of(row: &ChangeRow) -> Reach {
    let reach = match row.reach.as_str() {
        KEY => KeyId::parse(&row.id).map(Reach::Key),
        USER => row.id.parse().ok().map(|id| Reach::User(UserId(id))),
        _ => None,
    };
    reach.unwrap_or(Reach::Everybody)
}

impl Tx {
    /// Writes into the log whose rights this unit of work changes, and rings the bell of those who read it.
    pub(crate) async fn log_rights_change(&mut self, reached: &Reached) -> Result<(), StoreError> {
        let version = self.read().rights_version().await?;
        let mut query = Query::insert();
        query.into_table(Changes::Table).columns([Changes::Version, Changes::Reach, Changes::Id, Changes::ChangedAt]);
        let users = reached.users.iter().map(|user| (USER, user.0.to_string()));
        let keys = reached.keys.iter().map(|key| (KEY, key.as_str().to_owned()));
        let each: Vec<_> = users.chain(keys).collect();
        let is_everybody = reached.everybody || each.len() as u64 >= MOST_CHANGES;
        let rows = if is_everybody { vec![(EVERYBODY, String::new())] } else { each };
        for (reach, id) in rows {
            query.values_panic([version.0.into(), reach.into(), id.into(), self.dialect().now()]);
        }
        self.execute_for(Reach::Nobody, &query).await?;
        self.ring().await
    }

    /// Removes the replicas that have not been heard of for a day.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn purge_replicas(&mut self) -> Result<u64, StoreError> {
        let is_gone = Expr::col(Replicas::RenewedAt).lt(self.dialect().now().sub(GONE_FOR));
        let mut query = Query::delete();
        query.from_table(Replicas::Table).and_where(is_gone);
        self.execute_for(Reach::Nobody, &query).await
    }

    /// Removes what was logged before this instant.
    ///
    /// # Errors
    /// When the database cannot be written.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn purge_rights_changes(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let mut query = Query::delete();
        query.from_table(Changes::Table).and_where(Expr::col(Changes::ChangedAt).lt(microseconds(before)));
        self.execute_for(Reach::Nobody, &query).await
    }
}
