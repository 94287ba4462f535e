//! Why something was not done to a user, in words.
use axum::http::StatusCode;
use keyfob_authority::{
    Refused,
    roles::AssignError,
    users::{CreateUserError, DeleteUserError, SuspendUserError, UpdateUserRolesError},
};

use crate::pages::failure::Failure;

const LAST_OWNER: &str = "There must be an owner.";
const ANOTHER_OWNER: &str = "Give the role owner to another user first, who signs in with a password or by a provider.";

impl From<CreateUserError> for Failure {
    fn from(error: CreateUserError) -> Self {
        let forbidden = |message: &str| Self::new(StatusCode::FORBIDDEN, message);
        match error {
            CreateUserError::Invalid(wrong) => Self::from(wrong).renamed("organization_ids", "organization"),
            CreateUserError::ServiceAccountLoginType
            | CreateUserError::ServiceAccountPassword
            | CreateUserError::ServiceAccountEmail => {
                Self::bad_request("A service account has neither an e-mail address nor a way to sign in.")
            }
            CreateUserError::PasswordNotUsed(_) => Self::bad_request("The user was not created.")
                .field("password", "The user is to sign in without one. Leave it empty."),
            CreateUserError::PasswordsDisabled => Self::passwords_disabled(),
            CreateUserError::NoOrganization => Self::bad_request("The user was not created.")
                .field("organization", "Tick an organization of which the user is to be a member."),
            CreateUserError::UnknownOrganization(..) => Self::new(StatusCode::NOT_FOUND, "The user was not created.")
                .field("organization", "There is no such organization, or you have no access to it."),
            CreateUserError::Taken(taken) => {
                let failure = Self::new(StatusCode::CONFLICT, "There is a user with that name or address.")
                    .detail("Choose another one.");
                let fields = [("username", taken.username), ("email", taken.email)];
                let taken = fields.into_iter().filter(|(_, is_taken)| *is_taken);
                taken.fold(failure, |failure, (field, _)| failure.field(field, "Another user has it already."))
            }
            CreateUserError::OidcNotConfigured | CreateUserError::UnknownLoginType(_) => {
                Self::bad_request("The user was not created.").field("login_type", "Nobody signs in that way here.")
            }
            CreateUserError::WeakPassword(weakness) => Self::weak_password(&weakness),
            CreateUserError::Denied(denied) => Refused::Denied(denied).into(),
            CreateUserError::NeedsFullKey => forbidden(
                "Making users who can sign in takes a session that may do everything that you may. Sign in with your \
                 password.",
            ),
            CreateUserError::Assign(error) => error.into(),
            CreateUserError::Hash(error) => error.into(),
            CreateUserError::Refused(refused) => refused.into(),
        }
    }
}

impl From<AssignError> for Failure {
    fn from(error: AssignError) -> Self {
        match error {
            AssignError::Unsupported(role) => Self::bad_request(format!("There is no role {}.", role.name)),
            AssignError::NotAssignable(role) => {
                Self::bad_request(format!("None of your roles may give or take the role {}.", role.name))
            }
            AssignError::Denied(denied) => Refused::Denied(denied).into(),
            AssignError::OwnerNeedsFullKey => Self::new(
                StatusCode::FORBIDDEN,
                "Giving the role owner takes a session that may do everything that you may. Sign in with your password.",
            ),
            AssignError::NoOwnerLeft => Self::bad_request(LAST_OWNER).detail(ANOTHER_OWNER),
            AssignError::Changed => {
                Self::new(StatusCode::CONFLICT, "The roles have changed since this page was shown.")
                    .detail("Nothing was changed. Look at them again.")
            }
            AssignError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateUserRolesError> for Failure {
    fn from(error: UpdateUserRolesError) -> Self {
        match error {
            UpdateUserRolesError::Invalid(wrong) => wrong.into(),
            UpdateUserRolesError::Oneself => Self::bad_request("Another administrator must change your own roles."),
            UpdateUserRolesError::FollowProvider => {
                Self::bad_request("The user's roles follow the identity provider.").detail("Change them there.")
            }
            UpdateUserRolesError::Assign(error) => error.into(),
            UpdateUserRolesError::Refused(refused) => refused.into(),
        }
    }
}

impl From<SuspendUserError> for Failure {
    fn from(error: SuspendUserError) -> Self {
        match error {
            SuspendUserError::Oneself => Self::bad_request("You cannot suspend yourself."),
            SuspendUserError::IsOwner => {
                Self::bad_request("An owner cannot be suspended.").detail("Take the role owner from the user first.")
            }
            SuspendUserError::NoOwnerLeft => Self::bad_request(LAST_OWNER).detail(ANOTHER_OWNER),
            SuspendUserError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteUserError> for Failure {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::Oneself => Self::bad_request("You cannot delete yourself."),
            DeleteUserError::HasWorkspaces => Self::new(StatusCode::EXPECTATION_FAILED, "The user owns workspaces.")
                .detail("Delete these, or give them to another user, first."),
            DeleteUserError::NoOwnerLeft => Self::bad_request(LAST_OWNER).detail(ANOTHER_OWNER),
            DeleteUserError::Refused(refused) => refused.into(),
        }
    }
}
