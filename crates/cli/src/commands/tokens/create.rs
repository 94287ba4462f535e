//! `keyfob tokens create`.
use anyhow::{Context as _, ensure};
use keyfob_api::{
    keys::CreateTokenRequest,
    time::{Nanoseconds, notation},
};
use keyfob_client::{Client, ME};

use crate::{
    arguments::{key_limits::ReachArgs, lifetime},
    invocation::Invocation,
};

/// What the token is to be.
#[derive(clap::Args)]
#[command(after_help = "Without --scope and --allow, the token may do all that the key in use may; `keyfob scopes` \
lists the scopes. Without --lifetime, it lives as long as the server's default, and when it expires is printed on \
standard error.

Examples:
  keyfob tokens create --name ci --lifetime 30d
  keyfob tokens create --name backup --scope workspace:read,template:read
  keyfob tokens create --scope workspace:ssh --allow workspace:6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e
  KEY=$(keyfob tokens create --name job --lifetime 1h)")]
pub(crate) struct CreateArgs {
    /// How long it lives: whole numbers with the units s, m, h, d (24 hours) and y (365 days), such as 90m or 1d12h
    #[arg(long, env = "KEYFOB_TOKEN_LIFETIME", value_name = "DURATION", allow_hyphen_values = true)]
    lifetime: Option<String>,
    /// What it is called [default: a name that the server makes up]
    #[arg(short, long, env = "KEYFOB_TOKEN_NAME", value_name = "NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Whose token it is: a username or an id
    #[arg(short, long, env = "KEYFOB_TOKEN_USER", value_name = "USER", default_value = ME)]
    user: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Mints the token and prints it, nothing else.
pub(crate) async fn run(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let lifetime = match args.lifetime.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(allowed_lifetime(&client, &args.user, text).await?),
        None => None,
    };
    let wanted = CreateTokenRequest {
        lifetime: lifetime.unwrap_or_default(),
        token_name: args.name,
        allow_list: args.reach.allow_list(),
        scopes: args.reach.scope,
        ..CreateTokenRequest::default()
    };
    let token = client.create_token(&args.user, &wanted).await.context("create tokens")?.key;
    invocation.out.line(token.reveal());
    if lifetime.is_none() {
        tell_expiry(invocation, &client, &args.user, token.reveal()).await;
    }
    Ok(())
}

/// The lifetime, if the server would give a token that long.
async fn allowed_lifetime(client: &Client, user: &str, text: &str) -> anyhow::Result<Nanoseconds> {
    let limit = client.get_token_config(user).await.context("get token config")?.max_token_lifetime;
    let lifetime = lifetime::parse(text).context("parse lifetime")?;
    ensure!(
        lifetime <= limit,
        "lifetime ({}) is greater than the maximum allowed lifetime ({})",
        notation(lifetime.to_duration().unwrap_or_default()),
        notation(limit.to_duration().unwrap_or_default())
    );
    Ok(lifetime)
}

/// The server chose the lifetime: say when the token ends, if the key in use may know.
async fn tell_expiry(invocation: &Invocation, client: &Client, user: &str, token: &str) {
    let id = token.split('-').next().unwrap_or_default();
    match client.api_key_by_id(user, id).await {
        Ok(key) => invocation.out.remark(format!("Expires at {} (the server's default).", key.expires_at)),
        Err(_) => invocation.out.remark("Expires after the server's default lifetime."),
    }
}
