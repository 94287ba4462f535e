//! A user whom a person names in a form.
use keyfob_authority::{AuthorizedStore, Refused, data::User};

use super::failure::Failure;

/// What stands beside a field that names nobody.
const NO_SUCH_USER: &str = "There is no such user that you may see.";

/// The user whom a field names, by their name or id.
///
/// # Errors
/// When it names none whom the person may see: that is said beside the field.
pub(super) async fn named_user(store: &AuthorizedStore, name: &str, field: &str) -> Result<User, Failure> {
    store.incidental().addressed_user(name).await.map_err(|refused| {
        let is_missing = matches!(refused, Refused::Hidden(_));
        let failure = Failure::from(refused);
        if is_missing { failure.field(field, NO_SUCH_USER) } else { failure }
    })
}
