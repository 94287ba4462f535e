//! Rows of SQLite, and what their columns decode to.
use std::ops::Range;

use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;
use sqlx::error::BoxDynError;
use uuid::Uuid;

use super::error::error_of;
use crate::db::{Json, Lists, Texts, driver::Bound};

/// The rows of an answer, apart from the statement that found them. They are kept together, so that a row is no matter of
/// its own for the allocator.
#[derive(Debug)]
pub(crate) struct FileRows {
    names: Vec<String>,
    /// What the columns of all rows hold, one row after the other.
    columns: Vec<Column>,
    /// Their texts and blobs, one after the other.
    bytes: Vec<u8>,
    count: usize,
    bound: Bound,
    /// Those that were read from these rows.
    lists: Lists,
}

/// What a column of a row holds. SQLite stores a value of any kind in any column.
#[derive(Debug)]
enum Column {
    Null,
    Integer(i64),
    Real(f64),
    Text(Range<usize>),
    Blob(Range<usize>),
}

impl FileRows {
    /// No rows yet, of columns with these names.
    pub(super) fn of(names: Vec<String>, bound: Bound) -> Self {
        Self {
            columns: Vec::with_capacity(names.len()),
            names,
            bytes: Vec::new(),
            count: 0,
            bound,
            lists: Lists::default(),
        }
    }

    /// Adds a row, unless it would be too much.
    pub(super) fn add(&mut self, row: &rusqlite::Row<'_>) -> sqlx::Result<()> {
        let Self { names, columns, bytes, count, bound, .. } = self;
        let with_this = columns.len() + names.len();
        bound.allow(with_this, bytes.len())?;
        let mut keep = |part: &[u8]| {
            let start = bytes.len();
            bound.allow(with_this, start + part.len())?;
            bytes.extend_from_slice(part);
            Ok::<_, sqlx::Error>(start..bytes.len())
        };
        for place in 0..names.len() {
            columns.push(match row.get_ref(place).map_err(error_of)? {
                ValueRef::Null => Column::Null,
                ValueRef::Integer(number) => Column::Integer(number),
                ValueRef::Real(number) => Column::Real(number),
                ValueRef::Text(text) => Column::Text(keep(text)?),
                ValueRef::Blob(blob) => Column::Blob(keep(blob)?),
            });
        }
        *count += 1;
        Ok(())
    }

    pub(in crate::db) fn len(&self) -> usize {
        self.count
    }

    /// The row in this place.
    pub(in crate::db) fn row(&self, place: usize) -> Option<FileRow<'_>> {
        (place < self.count).then(|| FileRow { rows: self, first: place * self.names.len() })
    }
}

/// A row of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileRow<'r> {
    rows: &'r FileRows,
    /// Where its first column is.
    first: usize,
}

impl<'r> FileRow<'r> {
    /// Where the column of this name is.
    pub(in crate::db) fn place(self, name: &str) -> Option<usize> {
        self.rows.names.iter().position(|column| column == name)
    }

    /// A column by its place.
    #[inline]
    pub(in crate::db) fn at<T: FromCell<'r>>(self, place: usize) -> sqlx::Result<T> {
        let FileRows { names, columns, bytes, lists, .. } = self.rows;
        let row = columns.get(self.first..self.first + names.len());
        let column = row
            .and_then(|row| row.get(place))
            .ok_or_else(|| sqlx::Error::ColumnIndexOutOfBounds { index: place, len: names.len() })?;
        let part = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        let value = match column {
            Column::Null => ValueRef::Null,
            Column::Integer(number) => ValueRef::Integer(*number),
            Column::Real(number) => ValueRef::Real(*number),
            Column::Text(range) => ValueRef::Text(part(range)),
            Column::Blob(range) => ValueRef::Blob(part(range)),
        };
        let name = || names.get(place).cloned().unwrap_or_default();
        T::from_cell(value, lists).map_err(|source| sqlx::Error::ColumnDecode { index: name(), source })
    }
}

fn is_no(cell: ValueRef<'_>, wanted: &str) -> BoxDynError {
    format!("the column holds {} in place of {wanted}", cell.data_type()).into()
}

/// A value that a column can hold. Equal lists in the columns of an answer are read once.
pub(crate) trait FromCell<'r>: Sized {
    fn from_cell(cell: ValueRef<'r>, lists: &Lists) -> Result<Self, BoxDynError>;
}

impl<'r> FromCell<'r> for &'r str {
    #[inline]
    fn from_cell(cell: ValueRef<'r>, _: &Lists) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Text(bytes) => Ok(std::str::from_utf8(bytes)?),
            other => Err(is_no(other, "TEXT")),
        }
    }
}

impl<'r> FromCell<'r> for &'r [u8] {
    #[inline]
    fn from_cell(cell: ValueRef<'r>, _: &Lists) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(is_no(other, "BLOB")),
        }
    }
}

impl FromCell<'_> for i64 {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, _: &Lists) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Integer(number) => Ok(number),
            other => Err(is_no(other, "INTEGER")),
        }
    }
}

impl FromCell<'_> for i32 {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell, lists)?.try_into()?)
    }
}

impl FromCell<'_> for bool {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell, lists)? != 0)
    }
}

impl FromCell<'_> for String {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(<&str>::from_cell(cell, lists)?.to_owned())
    }
}

impl FromCell<'_> for Vec<u8> {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(<&[u8]>::from_cell(cell, lists)?.to_vec())
    }
}

impl FromCell<'_> for Uuid {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(Self::from_slice(<&[u8]>::from_cell(cell, lists)?)?)
    }
}

impl<'r, T: FromCell<'r>> FromCell<'r> for Option<T> {
    #[inline]
    fn from_cell(cell: ValueRef<'r>, lists: &Lists) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Null => Ok(None),
            cell => T::from_cell(cell, lists).map(Some),
        }
    }
}

impl<T: DeserializeOwned> FromCell<'_> for Json<T> {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(<&str>::from_cell(cell, lists)?)?))
    }
}

impl FromCell<'_> for Texts {
    #[inline]
    fn from_cell(cell: ValueRef<'_>, lists: &Lists) -> Result<Self, BoxDynError> {
        Ok(lists.read(<&str>::from_cell(cell, lists)?)?)
    }
}
