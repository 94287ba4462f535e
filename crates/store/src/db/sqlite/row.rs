//! A row of SQLite, and what its columns decode to.
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sqlx::error::BoxDynError;
use uuid::Uuid;

use crate::db::Json;

/// A row, apart from the statement that found it.
#[derive(Debug)]
pub(crate) struct FileRow {
    /// The names of the columns, shared by all rows of an answer.
    pub(super) names: Arc<[String]>,
    pub(super) cells: Vec<Cell>,
}

/// What a column of a row holds. SQLite stores a value of any kind in any column.
#[derive(Debug)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Real,
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl Cell {
    /// The bytes of a text or a blob.
    pub(in crate::db) fn len(&self) -> usize {
        match self {
            Self::Text(bytes) | Self::Blob(bytes) => bytes.len(),
            Self::Null | Self::Integer(_) | Self::Real => 0,
        }
    }

    fn is_no(&self, wanted: &str) -> BoxDynError {
        let kind = match self {
            Self::Null => "NULL",
            Self::Integer(_) => "INTEGER",
            Self::Real => "REAL",
            Self::Text(_) => "TEXT",
            Self::Blob(_) => "BLOB",
        };
        format!("the column holds {kind} in place of {wanted}").into()
    }
}

impl FileRow {
    /// A column by its name.
    pub(crate) fn get<T: FromCell>(&self, name: &str) -> sqlx::Result<T> {
        let place = self.names.iter().position(|column| column == name);
        let place = place.ok_or_else(|| sqlx::Error::ColumnNotFound(name.to_owned()))?;
        self.at(place)
    }

    /// A column by its place.
    pub(crate) fn at<T: FromCell>(&self, place: usize) -> sqlx::Result<T> {
        let cell =
            self.cells.get(place).ok_or(sqlx::Error::ColumnIndexOutOfBounds { index: place, len: self.cells.len() })?;
        let index = || self.names.get(place).cloned().unwrap_or_default();
        T::from_cell(cell).map_err(|source| sqlx::Error::ColumnDecode { index: index(), source })
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

/// A value that a column can hold.
pub(crate) trait FromCell: Sized {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError>;
}

fn text(cell: &Cell) -> Result<&str, BoxDynError> {
    match cell {
        Cell::Text(bytes) => Ok(std::str::from_utf8(bytes)?),
        other => Err(other.is_no("TEXT")),
    }
}

impl FromCell for i64 {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        match cell {
            Cell::Integer(number) => Ok(*number),
            other => Err(other.is_no("INTEGER")),
        }
    }
}

impl FromCell for i32 {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell)?.try_into()?)
    }
}

impl FromCell for bool {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        Ok(i64::from_cell(cell)? != 0)
    }
}

impl FromCell for String {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        Ok(text(cell)?.to_owned())
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        match cell {
            Cell::Blob(bytes) => Ok(bytes.clone()),
            other => Err(other.is_no("BLOB")),
        }
    }
}

impl FromCell for Uuid {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        match cell {
            Cell::Blob(bytes) => Ok(Self::from_slice(bytes)?),
            other => Err(other.is_no("BLOB")),
        }
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_cell(cell).map(Some),
        }
    }
}

impl<T: DeserializeOwned> FromCell for Json<T> {
    fn from_cell(cell: &Cell) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(text(cell)?)?))
    }
}
