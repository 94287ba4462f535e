//! `keyfob tokens remove`.
use anyhow::Context as _;
use clap::ArgAction;
use keyfob_client::{Descendants, ME};

use super::find::find;
use crate::invocation::Invocation;

/// Which token, and how thoroughly.
#[derive(clap::Args)]
#[command(after_help = "An expired token stays in the list with --include-expired until the server forgets it; a \
deleted one is gone at once. Tokens minted with this one end too, unless it may do everything; --descendants says \
otherwise.

Examples:
  keyfob tokens remove ci
  keyfob tokens remove WuoWs4ZsMX --delete
  keyfob tokens remove ci --descendants=false")]
pub(crate) struct RemoveArgs {
    /// The token's name, its id, or the token itself
    #[arg(value_name = "NAME|ID|TOKEN")]
    key: String,
    /// Remove it for good in place of letting it expire
    #[arg(long)]
    delete: bool,
    /// Whether tokens minted with this one end too [default: true, but false for one that may do everything]
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true",
        require_equals = true)]
    descendants: Option<bool>,
}

/// Ends the token.
pub(crate) async fn run(invocation: &Invocation, args: &RemoveArgs) -> anyhow::Result<()> {
    let descendants = match args.descendants {
        None => Descendants::ByKind,
        Some(true) => Descendants::End,
        Some(false) => Descendants::Keep,
    };
    let client = invocation.connect()?;
    let id = find(&client, &args.key).await?.id;
    let ended = if args.delete {
        let ended = client.delete_api_key(ME, &id, descendants).await.context("delete api key")?;
        invocation.out.line("Token has been deleted.");
        ended
    } else {
        let ended = client.expire_api_key(ME, &id, descendants).await.context("expire api key")?;
        invocation.out.line("Token has been expired.");
        ended
    };
    match ended {
        0 => {}
        1 => invocation.out.line("1 token minted with it has been expired, too."),
        more => invocation.out.line(format!("{more} tokens minted with it have been expired, too.")),
    }
    Ok(())
}
