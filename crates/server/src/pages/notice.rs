//! What a page says about what happened before. An address names it by a code: whoever makes a link to the page must not
//! put words of their own on it.

/// What happened before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// The person signed out.
    SignedOut,
    /// The person set a new password.
    PasswordReset,
    /// GitHub's account is in none of the organizations whose members may sign in.
    OutsideOrganizations,
    /// It is in none of their teams.
    OutsideTeams,
    /// A token was expired.
    TokenExpired,
    /// A token was deleted.
    TokenDeleted,
    /// What was filled in is kept.
    Saved,
    /// The person changed their password.
    PasswordChanged,
    /// A session was ended.
    SessionEnded,
    /// All sessions but the one in use were ended.
    OtherSessionsEnded,
    /// A user was created.
    UserCreated,
    /// A user was suspended.
    UserSuspended,
    /// A user was activated.
    UserActivated,
    /// A user was deleted.
    UserDeleted,
    /// An administrator gave another user a password.
    PasswordSet,
    /// Several tokens were expired.
    TokensExpired,
    /// No token was ticked.
    NothingTicked,
    /// Something was created, whose page this is.
    Created,
    /// Something was deleted.
    Deleted,
    /// A user became a member of an organization.
    MemberAdded,
    /// A user left an organization.
    MemberRemoved,
}

impl Notice {
    const ALL: [Self; 21] = [
        Self::SignedOut,
        Self::PasswordReset,
        Self::OutsideOrganizations,
        Self::OutsideTeams,
        Self::TokenExpired,
        Self::TokenDeleted,
        Self::Saved,
        Self::PasswordChanged,
        Self::SessionEnded,
        Self::OtherSessionsEnded,
        Self::UserCreated,
        Self::UserSuspended,
        Self::UserActivated,
        Self::UserDeleted,
        Self::PasswordSet,
        Self::TokensExpired,
        Self::NothingTicked,
        Self::Created,
        Self::Deleted,
        Self::MemberAdded,
        Self::MemberRemoved,
    ];

    /// The page at this path, which then says this.
    pub(super) fn on(self, path: &str) -> String {
        format!("{path}?message={}", self.code())
    }

    /// The notice that an address names; none for every other text.
    pub(super) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| text == notice.code() || notice.begins(text))
    }

    fn code(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::PasswordReset => "password-reset",
            Self::OutsideOrganizations => "outside-organizations",
            Self::OutsideTeams => "outside-teams",
            Self::TokenExpired => "token-expired",
            Self::TokenDeleted => "token-deleted",
            Self::Saved => "saved",
            Self::PasswordChanged => "password-changed",
            Self::SessionEnded => "session-ended",
            Self::OtherSessionsEnded => "other-sessions-ended",
            Self::UserCreated => "user-created",
            Self::UserSuspended => "user-suspended",
            Self::UserActivated => "user-activated",
            Self::UserDeleted => "user-deleted",
            Self::PasswordSet => "password-set",
            Self::TokensExpired => "tokens-expired",
            Self::NothingTicked => "nothing-ticked",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::MemberAdded => "member-added",
            Self::MemberRemoved => "member-removed",
        }
    }

    /// Whether this is how the text begins by which existing clients know the notice: a refusal of a sign-in by GitHub
    /// has it in its `Location`, with names of organizations behind it.
    fn begins(self, text: &str) -> bool {
        match self {
            Self::OutsideOrganizations => text == "You aren't a member of the authorized Github organizations!",
            Self::OutsideTeams => text.starts_with("You aren't a member of an authorized team in the ["),
            Self::SignedOut
            | Self::PasswordReset
            | Self::TokenExpired
            | Self::TokenDeleted
            | Self::Saved
            | Self::PasswordChanged
            | Self::SessionEnded
            | Self::OtherSessionsEnded
            | Self::UserCreated
            | Self::UserSuspended
            | Self::UserActivated
            | Self::UserDeleted
            | Self::PasswordSet
            | Self::TokensExpired
            | Self::NothingTicked
            | Self::Created
            | Self::Deleted
            | Self::MemberAdded
            | Self::MemberRemoved => false,
        }
    }

    /// The words of the page.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::SignedOut => "Signed out.",
            Self::PasswordReset => "Password reset successfully.",
            Self::OutsideOrganizations => "You aren't a member of the authorized Github organizations!",
            Self::OutsideTeams => "You aren't a member of an authorized team of the Github organizations!",
            Self::TokenExpired => "The token is expired. No request is accepted with it any more.",
            Self::TokenDeleted => "The token is deleted.",
            Self::Saved => "Saved.",
            Self::PasswordChanged => "The password is changed. Your other sessions and all your tokens have ended.",
            Self::SessionEnded => "The session is ended.",
            Self::OtherSessionsEnded => "All your other sessions are ended.",
            Self::UserCreated => "The user is created.",
            Self::UserSuspended => "The user is suspended. Their sessions and tokens are refused.",
            Self::UserActivated => "The user is active.",
            Self::UserDeleted => "The user is deleted.",
            Self::PasswordSet => "The password is set. All sessions and tokens of the user have ended.",
            Self::TokensExpired => "The tokens are expired. No request is accepted with them any more.",
            Self::NothingTicked => "Nothing was done: tick the tokens that are to expire.",
            Self::Created => "It is created.",
            Self::Deleted => "It is deleted.",
            Self::MemberAdded => "The user is a member now.",
            Self::MemberRemoved => "The user is no member any more.",
        }
    }
}
