//! What people are told by mail.
mod queue;

pub use queue::DueNotice;
pub(crate) use queue::summary;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a passcode works (stance "One-time passcodes").
pub(crate) const PASSCODE_LIFE: SignedDuration = SignedDuration::from_mins(20);

/// How long nothing more must happen before people are told what did: of several changes in a row they are told once.
const QUIET: SignedDuration = SignedDuration::from_secs(20);

/// Something to tell a person. It is kept until it is sent, so it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// How to replace the password that they forgot. The passcode is made when the mail is written.
    PasswordReset,
    /// Their password was changed.
    PasswordChanged {
        /// By whom.
        by: Changer,
        /// When.
        at: Timestamp,
    },
    /// Somebody minted a token on their behalf.
    TokenMinted {
        /// Who did.
        by: String,
        /// The token.
        token: TokenSummary,
    },
    /// A token that they use ends soon.
    TokenEnding {
        /// The token.
        token: TokenSummary,
    },
}

/// Who changed a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Changer {
    /// Its owner, signed in.
    Owner,
    /// Whoever had the passcode.
    Passcode,
    /// Somebody else, of this username.
    User(String),
    /// Somebody on the server's host.
    Operator,
}

/// What a mail says of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSummary {
    pub id: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub allow_list: Vec<String>,
    pub ends_at: Timestamp,
}

impl Notice {
    /// What it is about: of notices about the same only the newest is sent.
    pub fn about(&self) -> String {
        match self {
            Self::PasswordReset => "password_reset".to_owned(),
            // What somebody else did is not hidden by what whoever has the new password does next.
            Self::PasswordChanged { by: Changer::Owner, .. } => "password_changed".to_owned(),
            Self::PasswordChanged { by: Changer::User(name), .. } => format!("password_changed:by:{name}"),
            Self::PasswordChanged { by: Changer::Passcode, .. } => "password_changed:by_passcode".to_owned(),
            Self::PasswordChanged { by: Changer::Operator, .. } => "password_changed:by_operator".to_owned(),
            Self::TokenMinted { token, .. } => format!("token_minted:{}", token.id),
            Self::TokenEnding { token } => format!("token_ending:{}", token.id),
        }
    }

    /// The name under which people can choose not to be told; none for what they asked for themselves.
    pub fn choice(&self) -> Option<&'static str> {
        match self {
            Self::PasswordReset => None,
            Self::PasswordChanged { .. } => Some(PASSWORD_CHANGED),
            Self::TokenMinted { .. } => Some(TOKEN_MINTED),
            Self::TokenEnding { .. } => Some(TOKEN_ENDING),
        }
    }

    /// The kind of notice, for logs.
    pub fn kind(&self) -> &'static str {
        self.choice().unwrap_or("password_reset")
    }

    /// How long it waits before it is sent.
    pub fn delay(&self) -> SignedDuration {
        match self {
            Self::PasswordReset => SignedDuration::ZERO,
            _ => QUIET,
        }
    }
}

/// The user settings that say whether to tell.
pub const PASSWORD_CHANGED: &str = "notice_password_changed";
pub const TOKEN_MINTED: &str = "notice_token_minted";
pub const TOKEN_ENDING: &str = "notice_token_ending";
/// What such a setting holds when people are not to be told.
pub const OFF: &str = "off";
