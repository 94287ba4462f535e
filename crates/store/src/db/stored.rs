//! Values that are stored as rows, and what becomes of rows that do not decode.
use uuid::Uuid;

use super::{AnyRow, Row};
use crate::{StoreError, uses::Uses};

/// A value that is stored as a row.
pub(crate) trait Stored: for<'r> TryFrom<Self::Row<'r>, Error = StoreError> {
    /// The row.
    type Row<'r>: Row<'r>;

    /// What remains of it when its row does not decode, for its deletion: it may do nothing, and is as well protected
    /// as it can have been. None where a row is not deleted by its id.
    fn remains(_row: &Remains<'_>) -> Option<Self> {
        None
    }

    /// The value with what is not written yet.
    fn with_uses(self, _uses: &Uses) -> Self {
        self
    }
}

/// A row that does not decode. Its columns are read one by one, and what does not decode is empty.
pub(crate) struct Remains<'r>(&'r AnyRow<'r>);

impl Remains<'_> {
    pub(crate) fn uuid(&self, column: &str) -> Uuid {
        self.0.column(column).unwrap_or_default()
    }

    pub(crate) fn text(&self, column: &str) -> String {
        self.0.column(column).unwrap_or_default()
    }

    pub(crate) fn flag(&self, column: &str) -> bool {
        self.0.column(column).unwrap_or_default()
    }
}

/// The value in a row. With `salvages`, what remains of it if it does not decode.
pub(super) fn decode<T: Stored>(row: &AnyRow<'_>, uses: &Uses, salvages: bool) -> Result<T, StoreError> {
    let decoded = T::Row::decode(row).map_err(StoreError::from).and_then(T::try_from);
    match decoded.map(|value| value.with_uses(uses)) {
        Err(corrupt @ StoreError::Corrupt { .. }) if salvages => T::remains(&Remains(row)).ok_or(corrupt),
        decoded => decoded,
    }
}

/// Takes a row out of a list that does not decode: it must not break the list that it is in.
pub(crate) fn without_corrupt<T>(decoded: Result<T, StoreError>) -> Option<Result<T, StoreError>> {
    match decoded {
        Err(StoreError::Corrupt { table, id, reason }) => {
            tracing::warn!(table, id, reason, "a list leaves out a row that does not decode");
            None
        }
        decoded => Some(decoded),
    }
}
