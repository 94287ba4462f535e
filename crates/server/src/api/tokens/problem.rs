//! Why a key was not minted, in the words that clients of Coder know.
use axum::http::StatusCode;
use keyfob_api::time::notation;
use keyfob_authority::tokens::{LONGEST_CHAIN, MintError, MintTokenError, WrongLifetime};
use keyfob_rbac::{AllowEntry, ScopeName};

use crate::http::error::ApiError;

impl From<MintTokenError> for ApiError {
    fn from(error: MintTokenError) -> Self {
        let failed = |detail: String| Self::bad_request("Failed to create API key.").detail(detail);
        match error {
            MintTokenError::InvalidFields(wrong) => wrong.into(),
            MintTokenError::UnknownScope(unknown) => failed(unknown.to_string()),
            MintTokenError::InvalidAllowEntry { index, cause } => {
                let detail = cause.to_string();
                failed(detail.clone()).validation(format!("allow_list[{index}]"), detail)
            }
            MintTokenError::InvalidAllowList(cause) => failed(cause.to_string()),
            MintTokenError::WrongLifetime(wrong) => {
                Self::bad_request("Failed to validate create API key request.").detail(lifetime_problem(wrong))
            }
            MintTokenError::Mint(error) => error.into(),
        }
    }
}

fn lifetime_problem(wrong: WrongLifetime) -> String {
    match wrong {
        WrongLifetime::NotPositive => "lifetime must be positive number greater than 0".to_owned(),
        WrongLifetime::TooLong { longest } => format!("lifetime must be less than {}", notation(longest)),
    }
}

impl From<MintError> for ApiError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Refused(refused) => refused.into(),
            MintError::Exceeds { scopes, entries } => Self::forbidden().detail(exceeding(&scopes, &entries)),
            MintError::ChainTooLong => Self::forbidden().detail(format!(
                "A chain of keys that are minted one with another has {LONGEST_CHAIN} narrow keys at most. Mint this \
                 one with a key that is nearer to the beginning of its chain."
            )),
            MintError::NameTaken(name) => {
                Self::new(StatusCode::CONFLICT, format!("A token with name \"{name}\" already exists."))
                    .validation("name", "This value is already in use and should be unique.")
            }
            MintError::Overtaken => Self::not_found(),
        }
    }
}

fn exceeding(scopes: &[ScopeName], entries: &[AllowEntry]) -> String {
    let scopes = scopes.iter().map(|scope| format!("scope {scope} exceeds the scopes of the key that asks for it"));
    let entries = entries
        .iter()
        .map(|entry| format!("allow_list entry {entry} exceeds the allow list of the key that asks for it"));
    scopes.chain(entries).collect::<Vec<_>>().join("; ")
}
