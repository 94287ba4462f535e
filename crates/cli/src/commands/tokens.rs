//! `keyfob tokens`.
mod columns;
mod create;
mod find;
mod list;
mod remove;
mod view;

use crate::invocation::Invocation;

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
pub(crate) async fn run(invocation: &Invocation, command: TokensCommand) -> anyhow::Result<()> {
    match command {
        TokensCommand::Create(args) => create::run(invocation, args).await,
        TokensCommand::List(args) => list::run(invocation, args).await,
        TokensCommand::View(args) => view::run(invocation, &args).await,
        TokensCommand::Remove(args) => remove::run(invocation, &args).await,
    }
}
