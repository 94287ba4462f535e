//! The columns of a table of tokens.
use clap::ValueEnum;
use jiff::Timestamp;
use keyfob_api::keys::ApiKey;

use crate::{
    names::Names,
    terminal::{
        table::{Cell, Column, Weight},
        time::is_never,
    },
};

/// A token with what its table shows of it.
pub(super) struct Row {
    pub(super) key: ApiKey,
    pub(super) owner: String,
    /// The allow list as it is shown: with names, where a person reads it.
    allow_list: Vec<String>,
    now: Timestamp,
}

impl Row {
    /// With the ids of the allow list.
    pub(super) fn new(key: ApiKey, owner: String, now: Timestamp) -> Self {
        let allow_list = key.allow_list.iter().chain(&key.custom_allow_list).cloned().collect();
        Self { key, owner, allow_list, now }
    }

    /// With the names of what the allow list names.
    ///
    /// # Errors
    /// When a name cannot be looked up.
    pub(super) async fn named(self, names: &Names<'_>) -> anyhow::Result<Self> {
        let mut allow_list = Vec::new();
        for entry in &self.allow_list {
            allow_list.push(names.entry(entry).await?);
        }
        Ok(Self { allow_list, ..self })
    }

    /// Whether the token is live, and if not why.
    fn status(&self) -> &'static str {
        if self.key.expires_at.0 <= self.now { "expired" } else { "live" }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TokenColumn {
    Id,
    Name,
    Status,
    Scopes,
    #[value(name = "allow list")]
    AllowList,
    #[value(name = "last used")]
    LastUsed,
    #[value(name = "expires at")]
    ExpiresAt,
    #[value(name = "created at")]
    CreatedAt,
    Parent,
    Owner,
}

impl TokenColumn {
    /// The default columns of the caller's own tokens, for programs: those of Coder's command.
    const OF_PROGRAMS: [Self; 7] =
        [Self::Id, Self::Name, Self::Scopes, Self::AllowList, Self::LastUsed, Self::ExpiresAt, Self::CreatedAt];

    /// The same for people.
    const OF_PEOPLE: [Self; 8] = [
        Self::Id,
        Self::Name,
        Self::Status,
        Self::Scopes,
        Self::AllowList,
        Self::LastUsed,
        Self::ExpiresAt,
        Self::CreatedAt,
    ];

    /// The default columns.
    pub(super) fn usual(is_for_people: bool, with_owner: bool) -> Vec<Self> {
        let columns = if is_for_people { Self::OF_PEOPLE.as_slice() } else { Self::OF_PROGRAMS.as_slice() };
        columns.iter().copied().chain(with_owner.then_some(Self::Owner)).collect()
    }
}

impl Column<Row> for TokenColumn {
    fn cell(&self, row: &Row) -> Cell {
        let key = &row.key;
        match self {
            Self::Id => key.id.as_str().into(),
            Self::Name => key.token_name.as_str().into(),
            Self::Status => row.status().into(),
            Self::Scopes => sorted(key.scopes.iter()).into(),
            Self::AllowList => sorted(row.allow_list.iter()).into(),
            Self::LastUsed => key.last_used.into(),
            Self::ExpiresAt => key.expires_at.into(),
            Self::CreatedAt => key.created_at.into(),
            Self::Parent => key.parent_id.as_deref().unwrap_or_default().into(),
            Self::Owner => row.owner.as_str().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name => Weight::Key,
            Self::Scopes | Self::AllowList => Weight::Wraps,
            Self::CreatedAt | Self::Parent => Weight::Light,
            Self::Id | Self::Status | Self::LastUsed | Self::ExpiresAt | Self::Owner => Weight::Usual,
        }
    }
}

/// Whether the token was never used.
pub(super) fn is_unused(key: &ApiKey) -> bool {
    is_never(key.last_used)
}

fn sorted<'a>(texts: impl Iterator<Item = &'a String>) -> String {
    let mut texts: Vec<&str> = texts.map(String::as_str).collect();
    texts.sort_unstable();
    texts.join(", ")
}
