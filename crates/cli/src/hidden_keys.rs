//! Lists of a user's keys that are empty because the caller may not read those keys.
use anyhow::Context as _;
use keyfob_api::authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest};
use keyfob_client::{Client, ME};

use crate::{invocation::Invocation, names::visible, terminal::problem::Problem};

/// Refuses an empty list of a user's tokens or sessions if the caller may not read them: it would be taken for the
/// answer that there are none.
///
/// # Errors
/// When the caller may not read them, and when that cannot be found out.
pub(crate) async fn refuse<Row>(
    invocation: &Invocation,
    client: &Client,
    user: &str,
    rows: &[Row],
    of: &str,
) -> anyhow::Result<()> {
    if !rows.is_empty() || user == ME || may_read(client, user).await? {
        return Ok(());
    }
    let what = format!("cannot list {of}: you may not read those of {user}; it takes api_key:read");
    let same = invocation.with_the_same_key();
    let next = format!("{same}'keyfob authcheck api_key:read --owner {user} --explain' says what is missing");
    Err(Problem::new(what, next).into())
}

/// Whether the caller may read the keys of a user.
async fn may_read(client: &Client, user: &str) -> anyhow::Result<bool> {
    let Some(user) = visible(client.user(user).await).context("cannot find the user")? else { return Ok(false) };
    let object = AuthorizationObject {
        resource_type: "api_key".to_owned(),
        owner_id: user.id.to_string(),
        ..AuthorizationObject::default()
    };
    let check = AuthorizationCheck { action: "read".to_owned(), object };
    let request = AuthorizationRequest { checks: [(String::new(), check)].into(), ..AuthorizationRequest::default() };
    let answers = client.authcheck(&request).await.context("cannot check authorization")?;
    Ok(answers.into_values().all(|is_allowed| is_allowed))
}
