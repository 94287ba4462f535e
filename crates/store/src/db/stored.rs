//! Values that are stored as rows, and what becomes of rows that do not decode.
use uuid::Uuid;

use super::{AnyRow, AnyRows, Places, Row};
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

    /// Adds what is not written yet.
    fn add_uses(&mut self, _uses: &Uses) {}
}

/// A row that does not decode. Its columns are read one by one, and what does not decode is empty.
pub(crate) struct Remains<'r>(AnyRow<'r>);

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

/// The values in all rows but those that do not decode. With `salvages`, what remains of these, too.
pub(super) fn list<T: Stored>(rows: &AnyRows, uses: &Uses, salvages: bool) -> Result<Vec<T>, StoreError> {
    let places = rows.places(T::Row::COLUMNS)?;
    let mut values = Vec::with_capacity(rows.len());
    for row in rows.iter() {
        if let Some(value) = without_corrupt(decode(row, &places, uses, salvages)) {
            values.push(value?);
        }
    }
    Ok(values)
}

/// The values in all rows. With `salvages`, what remains of those that do not decode.
pub(super) fn whole_list<T: Stored>(rows: &AnyRows, uses: &Uses, salvages: bool) -> Result<Vec<T>, StoreError> {
    let places = rows.places(T::Row::COLUMNS)?;
    rows.iter().map(|row| decode(row, &places, uses, salvages)).collect()
}

/// The value in the first row. With `salvages`, what remains of it if it does not decode.
pub(super) fn first<T: Stored>(rows: &AnyRows, uses: &Uses, salvages: bool) -> Result<Option<T>, StoreError> {
    let places = rows.places(T::Row::COLUMNS)?;
    rows.first().map(|row| decode(row, &places, uses, salvages)).transpose()
}

fn decode<T: Stored>(row: AnyRow<'_>, places: &Places, uses: &Uses, salvages: bool) -> Result<T, StoreError> {
    let mut value = match T::Row::decode(row, places).map_err(StoreError::from).and_then(T::try_from) {
        Err(corrupt @ StoreError::Corrupt { .. }) if salvages => return T::remains(&Remains(row)).ok_or(corrupt),
        decoded => decoded?,
    };
    value.add_uses(uses);
    Ok(value)
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
