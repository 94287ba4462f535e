//! The columns of a table of tokens.
use clap::ValueEnum;
use keyfob_api::keys::ApiKey;

use crate::terminal::table::Column;

/// A token with the name of its owner.
pub(super) struct Row {
    pub(super) key: ApiKey,
    pub(super) owner: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TokenColumn {
    Id,
    Name,
    Scopes,
    #[value(name = "allow list")]
    AllowList,
    #[value(name = "last used")]
    LastUsed,
    #[value(name = "expires at")]
    ExpiresAt,
    #[value(name = "created at")]
    CreatedAt,
    Owner,
}

impl TokenColumn {
    /// The default columns of the caller's own tokens.
    pub(super) const OWN: [Self; 7] =
        [Self::Id, Self::Name, Self::Scopes, Self::AllowList, Self::LastUsed, Self::ExpiresAt, Self::CreatedAt];

    /// The given columns, else the default ones.
    pub(super) fn chosen(asked: Vec<Self>, with_owner: bool) -> Vec<Self> {
        if !asked.is_empty() {
            return asked;
        }
        Self::OWN.into_iter().chain(with_owner.then_some(Self::Owner)).collect()
    }
}

impl Column<Row> for TokenColumn {
    fn cell(&self, row: &Row) -> String {
        let key = &row.key;
        match self {
            Self::Id => key.id.clone(),
            Self::Name => key.token_name.clone(),
            Self::Scopes => sorted(key.scopes.iter()),
            Self::AllowList => sorted(key.allow_list.iter().chain(&key.custom_allow_list)),
            Self::LastUsed => key.last_used.to_string(),
            Self::ExpiresAt => key.expires_at.to_string(),
            Self::CreatedAt => key.created_at.to_string(),
            Self::Owner => row.owner.clone(),
        }
    }
}

fn sorted<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let mut texts: Vec<&str> = texts.map(String::as_str).collect();
    texts.sort_unstable();
    texts.join(", ")
}
