//! A row of SQLite, and what its columns decode to.
use std::{cell::Cell, ops::Range, sync::Arc};

use rusqlite::types::ValueRef;
use serde::de::DeserializeOwned;
use sqlx::error::BoxDynError;
use uuid::Uuid;

use crate::db::Json;

/// A row, apart from the statement that found it.
#[derive(Debug)]
pub(crate) struct FileRow {
    /// The names of the columns, shared by all rows of an answer.
    names: Arc<[String]>,
    columns: Vec<Column>,
    /// The texts and blobs of all columns, one after the other.
    bytes: Vec<u8>,
    /// The column that is likely asked for next: mostly they are decoded in their order.
    next: Cell<usize>,
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

impl FileRow {
    pub(super) fn of(names: &Arc<[String]>, row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        let (mut columns, mut bytes) = (Vec::with_capacity(names.len()), Vec::new());
        let mut keep = |part: &[u8]| {
            let start = bytes.len();
            bytes.extend_from_slice(part);
            start..bytes.len()
        };
        for place in 0..names.len() {
            columns.push(match row.get_ref(place)? {
                ValueRef::Null => Column::Null,
                ValueRef::Integer(number) => Column::Integer(number),
                ValueRef::Real(number) => Column::Real(number),
                ValueRef::Text(text) => Column::Text(keep(text)),
                ValueRef::Blob(blob) => Column::Blob(keep(blob)),
            });
        }
        Ok(Self { names: Arc::clone(names), columns, bytes, next: Cell::new(0) })
    }

    /// How many columns there are, and how many bytes their texts and blobs have.
    pub(in crate::db) fn size(&self) -> (usize, usize) {
        (self.columns.len(), self.bytes.len())
    }

    /// A column by its name.
    pub(crate) fn get<T: FromCell>(&self, name: &str) -> sqlx::Result<T> {
        let is_next = self.names.get(self.next.get()).is_some_and(|column| column == name);
        let place = if is_next { Some(self.next.get()) } else { self.names.iter().position(|column| column == name) };
        let place = place.ok_or_else(|| sqlx::Error::ColumnNotFound(name.to_owned()))?;
        self.next.set(place + 1);
        self.at(place)
    }

    /// A column by its place.
    pub(crate) fn at<T: FromCell>(&self, place: usize) -> sqlx::Result<T> {
        let len = self.columns.len();
        let column = self.columns.get(place).ok_or(sqlx::Error::ColumnIndexOutOfBounds { index: place, len })?;
        let part = |range: &Range<usize>| self.bytes.get(range.clone()).unwrap_or_default();
        let value = match column {
            Column::Null => ValueRef::Null,
            Column::Integer(number) => ValueRef::Integer(*number),
            Column::Real(number) => ValueRef::Real(*number),
            Column::Text(range) => ValueRef::Text(part(range)),
            Column::Blob(range) => ValueRef::Blob(part(range)),
        };
        let index = || self.names.get(place).cloned().unwrap_or_default();
        T::from_cell(value).map_err(|source| sqlx::Error::ColumnDecode { index: index(), source })
    }
}

fn is_no(cell: ValueRef<'_>, wanted: &str) -> BoxDynError {
    format!("the column holds {} in place of {wanted}", cell.data_type()).into()
}

/// A value that a column can hold.
pub(crate) trait FromCell: Sized {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError>;
}

fn text(cell: ValueRef<'_>) -> Result<&str, BoxDynError> {
    match cell {
        ValueRef::Text(bytes) => Ok(std::str::from_utf8(bytes)?),
        other => Err(is_no(other, "TEXT")),
    }
}

impl FromCell for i64 {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Integer(number) => Ok(number),
            other => Err(is_no(other, "INTEGER")),
        }
    }
}

impl FromCell for i32 {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell)?.try_into()?)
    }
}

impl FromCell for bool {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell)? != 0)
    }
}

impl FromCell for String {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(text(cell)?.to_owned())
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
            other => Err(is_no(other, "BLOB")),
        }
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Blob(bytes) => Ok(Self::from_slice(bytes)?),
            other => Err(is_no(other, "BLOB")),
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        match cell {
            ValueRef::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

impl<T: DeserializeOwned> FromCell for Json<T> {
    fn from_cell(cell: ValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(text(cell)?)?))
    }
}
