//! `keyfob tokens remove`.
use anyhow::Context as _;
use clap::ArgAction;
use keyfob_client::{Descendants, ME};

use super::find::find;
use crate::invocation::Invocation;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "An expired token is refused, and stays in the list with --include-expired until the server \
deletes it. Tokens minted with this one expire, too, unless it has the scope coder:all and the allow list \
*:*; --descendants decides otherwise.

Examples:
  keyfob tokens remove ci
  keyfob tokens remove WuoWs4ZsMX --delete
  keyfob tokens remove ci --descendants=false")]
pub(crate) struct RemoveArgs {
    /// Name or id of the token, or the token itself
    #[arg(value_name = "NAME|ID|TOKEN")]
    key: String,
    /// Delete the token instead of expiring it
    #[arg(long)]
    delete: bool,
    /// Whether tokens minted with this one expire, too [default: false for a token without limits, else true]
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true",
        require_equals = true)]
    descendants: Option<bool>,
}

/// Expires or deletes the token.
pub(crate) async fn run(invocation: &Invocation, args: &RemoveArgs) -> anyhow::Result<()> {
    let descendants = match args.descendants {
        None => Descendants::ByKind,
        Some(true) => Descendants::End,
        Some(false) => Descendants::Keep,
    };
    let client = invocation.connect()?;
    let id = find(&client, &args.key).await?.id;
    let expired = if args.delete {
        let expired = client.delete_api_key(ME, &id, descendants).await.context("delete api key")?;
        invocation.out.line("Token has been deleted.")?;
        expired
    } else {
        let expired = client.expire_api_key(ME, &id, descendants).await.context("expire api key")?;
        invocation.out.line("Token has been expired.")?;
        expired
    };
    match expired {
        0 => {}
        1 => invocation.out.line("1 token minted with it has been expired, too.")?,
        more => invocation.out.line(format!("{more} tokens minted with it have been expired, too."))?,
    }
    Ok(())
}
