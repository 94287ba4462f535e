//! What to do about a row that does not decode. Nothing of the row is said, nor which it is: the log names it.
use keyfob_authority::data::StoreError;

/// What is damaged, where the caller's own rights could not be read, and who can mend it. None for other errors.
pub(crate) fn of_caller(error: &StoreError) -> Option<&'static str> {
    let StoreError::Corrupt { table, .. } = error else { return None };
    Some(match *table {
        "organization_members" => {
            "Your membership of an organization is damaged. An administrator can mend it: they remove you from the \
             organization, and add you again."
        }
        "users" => {
            "The data of your account is damaged. An owner can mend it: they set your roles and your status again, or \
             delete the account."
        }
        "api_keys" => "The data of this key is damaged. Sign in again, delete the key, and mint another.",
        _ => "Data of your account is damaged. Tell an administrator: the server's log names it.",
    })
}

/// What is damaged of all that a request needs, and how it is mended. None for other errors.
pub(crate) fn of_request(error: &StoreError) -> Option<&'static str> {
    let StoreError::Corrupt { table, .. } = error else { return None };
    Some(match *table {
        "organization_members" => {
            "The user's membership of an organization is damaged. An administrator can mend it: remove the user from \
             the organization, and add them again."
        }
        "users" => {
            "The data of the user is damaged. An owner can mend it: set the user's roles and status again, or delete the \
             user."
        }
        "api_keys" => "The data of the key is damaged. Delete it, and mint another.",
        "groups" => "The data of the group is damaged. Delete it, and create another.",
        "custom_roles" => "The data of the role is damaged. Set its permissions again, or delete it.",
        "resources" => "The data of the resource is damaged. Delete it, and register it again.",
        "organizations" => "The data of the organization is damaged. Ask an operator: the server's log names it.",
        _ => "Data that the request needs is damaged. Ask an operator: the server's log names it.",
    })
}
