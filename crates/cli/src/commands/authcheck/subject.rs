//! Another subject than the key in use, whose rights are asked about without a token of theirs.
use keyfob_api::authz::AuthorizationSubject;
use keyfob_client::Client;

use crate::arguments::{name::parse_name, token, user};

/// The arguments that name a subject.
#[derive(clap::Args)]
pub(super) struct SubjectArgs {
    /// Check what this user may do (username or id), with a key without limits; you must be able to read the user
    #[arg(short, long, value_name = "USER", conflicts_with_all = ["as_token", "key"], value_parser = parse_name)]
    user: Option<String>,
    /// Check what the holder of this token may do, by its name or id; you must be able to read the token
    #[arg(short, long, value_name = "NAME|ID", conflicts_with = "as_token", value_parser = parse_name)]
    key: Option<String>,
}

impl SubjectArgs {
    /// The subject, if one is named.
    pub(super) async fn find(&self, client: &Client) -> anyhow::Result<Option<AuthorizationSubject>> {
        if let Some(user) = &self.user {
            return Ok(Some(AuthorizationSubject::User(user::id_of(client, user).await?.to_string())));
        }
        let Some(key) = &self.key else { return Ok(None) };
        Ok(Some(AuthorizationSubject::Key(token::find(client, key).await?.id)))
    }
}
