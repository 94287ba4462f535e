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
    /// Roles were given or taken.
    RolesSaved,
    /// Something was created, whose page this is.
    Created,
    /// An organization was deleted.
    OrganizationDeleted,
    /// A group was deleted.
    GroupDeleted,
    /// A custom role was deleted.
    RoleDeleted,
    /// A user became a member of an organization.
    MemberAdded,
    /// A user left an organization.
    MemberRemoved,
}

impl Notice {
    const ALL: [Self; 24] = [
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
        Self::RolesSaved,
        Self::Created,
        Self::OrganizationDeleted,
        Self::GroupDeleted,
        Self::RoleDeleted,
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
            Self::RolesSaved => "roles-saved",
            Self::Created => "created",
            Self::OrganizationDeleted => "organization-deleted",
            Self::GroupDeleted => "group-deleted",
            Self::RoleDeleted => "role-deleted",
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
            | Self::RolesSaved
            | Self::Created
            | Self::OrganizationDeleted
            | Self::GroupDeleted
            | Self::RoleDeleted
            | Self::MemberAdded
            | Self::MemberRemoved => false,
        }
    }

    /// Whether it says that something was not done.
    pub(super) fn is_refusal(self) -> bool {
        matches!(self, Self::OutsideOrganizations | Self::OutsideTeams | Self::NothingTicked)
    }

    /// The words of a page about this object, such as "Token ci"; the page says what it is about, and no address does.
    pub(super) fn text(self, about: Option<&str>) -> String {
        let subject = |noun: &str| about.unwrap_or(noun).to_owned();
        match self {
            Self::SignedOut => "Signed out.".to_owned(),
            Self::PasswordReset => "Password reset successfully.".to_owned(),
            Self::OutsideOrganizations => "You aren't a member of the authorized Github organizations!".to_owned(),
            Self::OutsideTeams => "You aren't a member of an authorized team of the Github organizations!".to_owned(),
            Self::TokenExpired => format!("{} expired. It is accepted for no request any more.", subject("Token")),
            Self::TokenDeleted => "Token deleted.".to_owned(),
            Self::Saved => format!("{} saved.", subject("Changes")),
            Self::RolesSaved => match about {
                Some(about) => format!("{about}: roles saved."),
                None => "Roles saved.".to_owned(),
            },
            Self::PasswordChanged => "Password changed. Your other sessions and all your tokens have ended.".to_owned(),
            Self::SessionEnded => "Session ended.".to_owned(),
            Self::OtherSessionsEnded => "All your other sessions have ended.".to_owned(),
            Self::UserCreated => format!("{} created.", subject("User")),
            Self::UserSuspended => format!("{} suspended. Their sessions and tokens are refused.", subject("User")),
            Self::UserActivated => format!("{} activated.", subject("User")),
            Self::UserDeleted => "User deleted.".to_owned(),
            Self::PasswordSet => match about {
                Some(about) => format!("{about}: password reset. All their sessions and tokens have ended."),
                None => "Password reset. All sessions and tokens of the user have ended.".to_owned(),
            },
            Self::TokensExpired => "Tokens expired. They are accepted for no request any more.".to_owned(),
            Self::NothingTicked => "No token expired: tick those that are to expire.".to_owned(),
            Self::Created => format!("{} created.", subject("It is")),
            Self::OrganizationDeleted => "Organization deleted.".to_owned(),
            Self::GroupDeleted => "Group deleted.".to_owned(),
            Self::RoleDeleted => "Role deleted.".to_owned(),
            Self::MemberAdded => "Member added.".to_owned(),
            Self::MemberRemoved => "Member removed.".to_owned(),
        }
    }
}
