//! What the sign-in page says about what happened before. An address names it by a code: whoever makes a link to the
//! page must not put words of their own on it.

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
}

impl Notice {
    const ALL: [Self; 4] = [Self::SignedOut, Self::PasswordReset, Self::OutsideOrganizations, Self::OutsideTeams];

    /// The sign-in page that says this.
    pub(super) fn address(self) -> String {
        format!("/login?message={}", self.code())
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
        }
    }

    /// Whether this is how the text begins by which existing clients know the notice: a refusal of a sign-in by GitHub
    /// has it in its `Location`, with names of organizations behind it.
    fn begins(self, text: &str) -> bool {
        match self {
            Self::SignedOut | Self::PasswordReset => false,
            Self::OutsideOrganizations => text == "You aren't a member of the authorized Github organizations!",
            Self::OutsideTeams => text.starts_with("You aren't a member of an authorized team in the ["),
        }
    }

    /// The words of the page.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::SignedOut => "Signed out.",
            Self::PasswordReset => "Password reset successfully.",
            Self::OutsideOrganizations => "You aren't a member of the authorized Github organizations!",
            Self::OutsideTeams => "You aren't a member of an authorized team of the Github organizations!",
        }
    }
}
