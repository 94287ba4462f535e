//! Why something was not done to an organization, a member or a group, in words.
use axum::http::StatusCode;
use keyfob_authority::{
    groups::{CreateGroupError, DeleteGroupError, UpdateGroupError},
    organizations::{
        AddMemberError, CreateOrganizationError, DeleteOrganizationError, Leftover, RemoveMemberError,
        UpdateOrganizationError,
    },
    roles::UpdateMemberRolesError,
};

use super::delete::what_is_left;
use crate::pages::failure::Failure;

/// Things of a kind, with their number.
pub(super) fn leftover(kind: Leftover, count: u64) -> String {
    let (one, many) = match kind {
        Leftover::Workspace => ("workspace", "workspaces"),
        Leftover::Template => ("template", "templates"),
        Leftover::OtherResource => ("other resource", "other resources"),
        Leftover::Member => ("more member", "more members"),
        Leftover::Group => ("group", "groups"),
    };
    format!("{count} {}", if count == 1 { one } else { many })
}

fn name_taken(field: &str) -> Failure {
    Failure::new(StatusCode::CONFLICT, "The name is taken.").field(field, "Choose another one.")
}

fn name_reserved(field: &str) -> Failure {
    Failure::bad_request("The name is reserved.").field(field, "Choose another one.")
}

impl From<CreateOrganizationError> for Failure {
    fn from(error: CreateOrganizationError) -> Self {
        match error {
            CreateOrganizationError::Invalid(wrong) => wrong.into(),
            CreateOrganizationError::NameReserved => name_reserved("name"),
            CreateOrganizationError::NameTaken => name_taken("name"),
            CreateOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateOrganizationError> for Failure {
    fn from(error: UpdateOrganizationError) -> Self {
        match error {
            UpdateOrganizationError::Invalid(wrong) => wrong.into(),
            UpdateOrganizationError::NameReserved => name_reserved("name"),
            UpdateOrganizationError::NameTaken(_) => name_taken("name"),
            UpdateOrganizationError::UnknownDefaultRole(role) => {
                Self::bad_request(format!("There is no role {}.", role.name))
            }
            UpdateOrganizationError::Assign(error) => error.into(),
            UpdateOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteOrganizationError> for Failure {
    fn from(error: DeleteOrganizationError) -> Self {
        match error {
            DeleteOrganizationError::IsDefault => Self::bad_request("The default organization cannot be deleted."),
            DeleteOrganizationError::NotEmpty(left) => Self::bad_request("The organization is not empty.")
                .detail(format!("There are {} in it. Delete or remove them first.", what_is_left(&left))),
            DeleteOrganizationError::Refused(refused) => refused.into(),
        }
    }
}

impl From<AddMemberError> for Failure {
    fn from(error: AddMemberError) -> Self {
        match error {
            AddMemberError::AlreadyMember { username, .. } => {
                Self::bad_request("Nothing was changed.").field("user", format!("{username} is a member already."))
            }
            AddMemberError::Refused(refused) => refused.into(),
        }
    }
}

impl From<RemoveMemberError> for Failure {
    fn from(error: RemoveMemberError) -> Self {
        match error {
            RemoveMemberError::Oneself => Self::bad_request("Another administrator must remove you."),
            RemoveMemberError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateMemberRolesError> for Failure {
    fn from(error: UpdateMemberRolesError) -> Self {
        match error {
            UpdateMemberRolesError::Invalid(wrong) => wrong.into(),
            UpdateMemberRolesError::Oneself => Self::bad_request("Another administrator must change your own roles."),
            UpdateMemberRolesError::Assign(error) => error.into(),
        }
    }
}

impl From<CreateGroupError> for Failure {
    fn from(error: CreateGroupError) -> Self {
        match error {
            CreateGroupError::NameReserved => name_reserved("name"),
            CreateGroupError::Invalid(wrong) => wrong.into(),
            CreateGroupError::NameTaken(_) => name_taken("name"),
            CreateGroupError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateGroupError> for Failure {
    fn from(error: UpdateGroupError) -> Self {
        let beside = |detail: &str| Self::bad_request("Nothing was changed.").field("user", detail);
        match error {
            UpdateGroupError::RenamesEveryone
            | UpdateGroupError::ChangesDisplayNameOfEveryone
            | UpdateGroupError::ChangesMembersOfEveryone => {
                Self::bad_request("All members of the organization are in this group, and it keeps its name.")
            }
            UpdateGroupError::NameReserved => name_reserved("name"),
            UpdateGroupError::Invalid(wrong) => wrong.into(),
            UpdateGroupError::NameTaken(_) => name_taken("name"),
            UpdateGroupError::NotAMember { .. } => beside("This user is no member of the organization."),
            UpdateGroupError::AlreadyInGroup => beside("This user is in the group already."),
            UpdateGroupError::NotInGroup => beside("This user is not in the group."),
            UpdateGroupError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteGroupError> for Failure {
    fn from(error: DeleteGroupError) -> Self {
        match error {
            DeleteGroupError::IsEveryone => {
                Self::bad_request("All members of the organization are in this group. It stays.")
            }
            DeleteGroupError::Refused(refused) => refused.into(),
        }
    }
}
