//! Mints a token that may read one workspace and nothing else, works with it, and expires it.
//!
//! ```sh
//! export KEYFOB_URL=http://127.0.0.1:3000
//! export KEYFOB_SESSION_TOKEN=$(keyfob tokens create --name examples --lifetime 1h)
//! cargo run -p keyfob-client --example mint_scoped_token -- <workspace id>
//! ```
use std::{env, error::Error, io, time::Duration};

use keyfob_client::{
    Client, Descendants, ME, StatusCode,
    api::{
        keys::{AllowListTarget, CreateTokenRequest},
        secret::SecretText,
    },
};
use uuid::Uuid;

const TOKEN_NAME: &str = "workspace-report";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let workspace = env::args().nth(1).ok_or("usage: mint_scoped_token <workspace id>")?.parse()?;
    let session = SecretText::new(env::var("KEYFOB_SESSION_TOKEN")?);
    let keyfob = Client::builder(env::var("KEYFOB_URL")?).session_token(session).build()?;
    run(&keyfob, workspace, &mut io::stdout()).await
}

/// The example itself, with the client of a user who may mint tokens.
pub(crate) async fn run(keyfob: &Client, workspace: Uuid, out: &mut impl io::Write) -> Result<(), Box<dyn Error>> {
    let wanted = CreateTokenRequest {
        token_name: TOKEN_NAME.to_owned(),
        lifetime: Duration::from_hours(1).into(),
        scopes: vec!["workspace:read".to_owned()],
        allow_list: vec![AllowListTarget(format!("workspace:{workspace}"))],
        ..CreateTokenRequest::default()
    };
    // The answer is the only time that the token is shown; its key can be read again.
    let token = keyfob.create_token(ME, &wanted).await?.key;
    let key = keyfob.api_key_by_name(ME, TOKEN_NAME).await?;
    writeln!(out, "minted {}, which expires at {}", key.token_name, key.expires_at)?;

    // The token must not outlive the work, not even when the work fails: expire it first, look at the outcome then.
    let report = keyfob.with_session_token(&token)?;
    let outcome = report.workspace(workspace).await;
    keyfob.expire_api_key(ME, &key.id, Descendants::End).await?;
    writeln!(out, "read the workspace {}", outcome?.name)?;

    match report.workspace(workspace).await {
        Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => writeln!(out, "the token has expired")?,
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("the server still accepts the token".into()),
    }
    Ok(())
}
