//! Why something was not done to a custom role, in words.
use axum::http::StatusCode;
use keyfob_authority::roles::{AssignError, CustomRoleError, DeleteCustomRoleError, MAX_CUSTOM_ROLES};

use super::matrix::name;
use crate::pages::failure::Failure;

impl From<CustomRoleError> for Failure {
    fn from(error: CustomRoleError) -> Self {
        let unfit = |field: &str, words: String| Self::bad_request("The role was not saved.").field(field, words);
        match error {
            CustomRoleError::NameReserved(name) => unfit("name", format!("\"{name}\" is the name of a built-in role.")),
            CustomRoleError::InvalidName(_) => {
                unfit("name", "Take letters, digits and single hyphens, 32 at most.".to_owned())
            }
            CustomRoleError::InvalidFields(wrong) => wrong.into(),
            CustomRoleError::OtherLevel(_) | CustomRoleError::Negative(_) => {
                unfit("permission", "A role permits things in its organization, and forbids nothing.".to_owned())
            }
            CustomRoleError::Invalid(_) => unfit("permission", "There is no such permission.".to_owned()),
            CustomRoleError::Wildcard(of) => unfit("permission", format!("{} is not a single permission.", name(&of))),
            CustomRoleError::NotHeld(of) => unfit(
                "permission",
                format!("You may not grant {}: you do not have it in this organization.", name(&of)),
            ),
            CustomRoleError::NameTaken(_) => Self::new(StatusCode::CONFLICT, "The name is taken.")
                .field("name", "The organization has a role with this name. Choose another one."),
            CustomRoleError::TooMany => {
                Self::bad_request(format!("An organization has at most {MAX_CUSTOM_ROLES} roles of its own."))
                    .detail("Delete one that nobody needs, or add the permissions to another.")
            }
            CustomRoleError::Changed => {
                Self::new(StatusCode::CONFLICT, "The role was changed meanwhile. Nothing was saved.")
                    .detail("Below is how it is now: make your change again.")
            }
            CustomRoleError::Assign(error) => error.into(),
            CustomRoleError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteCustomRoleError> for Failure {
    fn from(error: DeleteCustomRoleError) -> Self {
        match error {
            DeleteCustomRoleError::NoSuchRole => {
                Self::new(StatusCode::NOT_FOUND, "The organization has no role of its own with this name.")
            }
            // No role was picked that could be another: the person lacks a right.
            DeleteCustomRoleError::Assign(error @ AssignError::NotAssignable(_)) => {
                Self { status: StatusCode::FORBIDDEN, ..error.into() }
            }
            DeleteCustomRoleError::Assign(error) => error.into(),
            DeleteCustomRoleError::Refused(refused) => refused.into(),
        }
    }
}
