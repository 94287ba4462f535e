//! JSON in columns. It is text in both databases, so that it is read as it was written.
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Database, Decode, Type, error::BoxDynError};

/// A value that is stored as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A value as JSON, for a statement.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::json!(value).to_string()
}

impl<DB: Database, T> Type<DB> for Json<T>
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        String::type_info()
    }

    fn compatible(of: &DB::TypeInfo) -> bool {
        String::compatible(of)
    }
}

impl<'r, DB: Database, T: DeserializeOwned> Decode<'r, DB> for Json<T>
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(<&str>::decode(value)?)?))
    }
}
