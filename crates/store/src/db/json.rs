//! JSON in columns. It is text in both databases, so that it is read as it was written.
use std::{cell::RefCell, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Database, Decode, Type, error::BoxDynError};

/// A value that is stored as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A list of texts that is stored as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Texts(pub(crate) Arc<[String]>);

/// How many lists are remembered at most.
const MOST_LISTS: usize = 8;

/// Lists of texts that were read from the rows of an answer: most rows have the same ones, and share them.
#[derive(Debug, Default)]
pub(crate) struct Lists(RefCell<Vec<(String, Texts)>>);

impl Lists {
    /// The list of this JSON.
    pub(super) fn read(&self, json: &str) -> serde_json::Result<Texts> {
        let mut known = self.0.borrow_mut();
        if let Some((_, list)) = known.iter().find(|(text, _)| text == json) {
            return Ok(list.clone());
        }
        let list = Texts(serde_json::from_str::<Vec<String>>(json)?.into());
        if known.len() < MOST_LISTS {
            known.push((json.to_owned(), list.clone()));
        }
        Ok(list)
    }
}

/// A value as JSON, for a statement.
pub(crate) fn json(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::json!(value).to_string()
}

/// It is text for the drivers, too.
macro_rules! text_for_drivers {
    ($type:ty $(, $parameter:ident)?) => {
        impl<DB: Database $(, $parameter)?> Type<DB> for $type
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
    };
}

text_for_drivers!(Json<T>, T);
text_for_drivers!(Texts);

impl<'r, DB: Database, T: DeserializeOwned> Decode<'r, DB> for Json<T>
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(serde_json::from_str(<&str>::decode(value)?)?))
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Texts
where
    &'r str: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(Json::<Vec<String>>::decode(value)?.0.into()))
    }
}
