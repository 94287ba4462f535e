//! `keyfob tokens`.
mod columns;
mod create;
mod list;
mod remove;
mod view;

use crate::invocation::Invocation;

/// Tokens authenticate programs. Scopes limit the actions of a token, its allow list limits the objects, its lifetime
/// the time.
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
    /// Create a token and print it; it is shown only once
    Create(create::CreateArgs),
    /// List your tokens, or those of all users
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one token
    View(view::ViewArgs),
    /// Expire or delete a token
    #[command(visible_aliases = ["delete", "rm"])]
    Remove(remove::RemoveArgs),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: TokensCommand) -> anyhow::Result<()> {
    match command {
        TokensCommand::Create(args) => create::run(invocation, args).await,
        TokensCommand::List(args) => list::run(invocation, args).await,
        TokensCommand::View(args) => view::run(invocation, &args).await,
        TokensCommand::Remove(args) => remove::run(invocation, &args).await,
    }
}
