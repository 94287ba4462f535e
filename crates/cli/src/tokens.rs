//! `keyfob tokens`.
mod columns;
mod create;
mod list;
mod remove;
mod view;

use anyhow::Context as _;
use keyfob_api::keys::ApiKey;
use keyfob_client::{Client, ME};

use crate::app::App;

/// Tokens authenticate programs. Each can do only what its scopes name, to only what its allow list holds, until it
/// expires.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob tokens create --name ci --lifetime 30d --scope workspace:read
  keyfob tokens list
  keyfob tokens view ci
  keyfob tokens remove ci"
)]
pub(crate) enum TokensCommand {
    /// Mint a token and print it; it is shown only once
    Create(create::CreateArgs),
    /// List your tokens
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one token
    View(view::ViewArgs),
    /// End a token
    #[command(visible_aliases = ["delete", "rm"])]
    Remove(remove::RemoveArgs),
}

/// Runs one of them.
pub(crate) async fn run(app: &App, command: TokensCommand) -> anyhow::Result<()> {
    match command {
        TokensCommand::Create(args) => create::run(app, args).await,
        TokensCommand::List(args) => list::run(app, args).await,
        TokensCommand::View(args) => view::run(app, &args).await,
        TokensCommand::Remove(args) => remove::run(app, &args).await,
    }
}

/// The token with this name, else the key with this id, of which a whole key is the beginning.
async fn find(client: &Client, text: &str) -> anyhow::Result<ApiKey> {
    if let Ok(key) = client.api_key_by_name(ME, text).await {
        return Ok(key);
    }
    let id = text.split('-').next().unwrap_or(text);
    client.api_key_by_id(ME, id).await.context("fetch api key by name or id")
}
