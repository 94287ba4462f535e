//! Notices: what users are told by mail.
mod expiring;
mod queue;

pub use queue::DueNotice;

use jiff::{SignedDuration, Timestamp};
use keyfob_store::{ApiKey, MailBounds};
use serde::{Deserialize, Serialize};

/// How long a passcode works.
pub(crate) const PASSCODE_LIFE: SignedDuration = SignedDuration::from_mins(20);

/// How long a notice waits for a newer one about the same, so that of several changes in a row one mail tells.
const QUIET: SignedDuration = SignedDuration::from_secs(20);

/// How many mails of one kind a user gets in an hour: what they tell of can be repeated, and fills a mailbox.
pub const MOST_AN_HOUR: u64 = 10;

pub(crate) const MAIL_BOUNDS: MailBounds = MailBounds { most: MOST_AN_HOUR, within: SignedDuration::from_hours(1) };

/// Something to tell a user. It is kept until it is sent, so it holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    /// How to replace a forgotten password. The passcode is made when the mail is written.
    PasswordReset,
    /// Their password was changed.
    PasswordChanged {
        /// Who changed it.
        by: Changer,
        /// When it was changed.
        at: Timestamp,
    },
    /// Another user minted a token on their behalf.
    TokenMinted {
        /// The username of the other user.
        by: String,
        /// The token.
        token: TokenSummary,
    },
    /// A token that is in use expires soon.
    #[serde(rename = "token_ending")]
    TokenExpiring {
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
    /// A client with the passcode.
    Passcode,
    /// Another user, of this username.
    User(String),
    /// An operator on the server's host.
    Operator,
}

/// What a mail says of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSummary {
    /// Its id.
    pub id: String,
    /// Its name; empty for a session.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its allow list.
    pub allow_list: Vec<String>,
    /// When it expires.
    #[serde(rename = "ends_at")]
    pub expires_at: Timestamp,
}

pub(crate) fn summary(key: &ApiKey) -> TokenSummary {
    TokenSummary {
        id: key.id.to_string(),
        name: key.token_name.clone(),
        scopes: key.scopes.to_vec(),
        allow_list: key.allow_list.to_vec(),
        expires_at: key.expires_at,
    }
}

impl Notice {
    /// What it is about: of notices about the same only the newest is sent.
    pub(crate) fn about(&self) -> String {
        match self {
            Self::PasswordReset => "password_reset".to_owned(),
            // A change by another is not hidden by the next change of a client that has the new password.
            Self::PasswordChanged { by: Changer::Owner, .. } => "password_changed".to_owned(),
            Self::PasswordChanged { by: Changer::User(name), .. } => format!("password_changed:by:{name}"),
            Self::PasswordChanged { by: Changer::Passcode, .. } => "password_changed:by_passcode".to_owned(),
            Self::PasswordChanged { by: Changer::Operator, .. } => "password_changed:by_operator".to_owned(),
            Self::TokenMinted { token, .. } => format!("token_minted:{}", token.id),
            Self::TokenExpiring { token } => format!("token_ending:{}", token.id),
        }
    }

    /// The setting with which users can switch such notices off; none for what they asked for themselves.
    pub(crate) fn choice(&self) -> Option<&'static str> {
        match self {
            Self::PasswordReset => None,
            Self::PasswordChanged { .. } => Some(PASSWORD_CHANGED),
            Self::TokenMinted { .. } => Some(TOKEN_MINTED),
            Self::TokenExpiring { .. } => Some(TOKEN_ENDING),
        }
    }

    /// The kind of notice, for logs and for counting.
    pub fn kind(&self) -> &'static str {
        self.choice().unwrap_or("password_reset")
    }

    /// How long it waits before it is sent.
    pub(crate) fn delay(&self) -> SignedDuration {
        match self {
            Self::PasswordReset => SignedDuration::ZERO,
            Self::PasswordChanged { .. } | Self::TokenMinted { .. } | Self::TokenExpiring { .. } => QUIET,
        }
    }
}

/// The user setting that switches mails about changed passwords off.
pub const PASSWORD_CHANGED: &str = "notice_password_changed";
/// The user setting that switches mails about tokens that others minted off.
pub const TOKEN_MINTED: &str = "notice_token_minted";
/// The user setting that switches mails about tokens that expire soon off.
pub const TOKEN_ENDING: &str = "notice_token_ending";
/// The value of such a setting that switches the mails off.
pub const OFF: &str = "off";

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
