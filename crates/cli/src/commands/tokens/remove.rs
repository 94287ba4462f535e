//! `keyfob tokens remove`.
use anyhow::Context as _;
use clap::ArgAction;
use keyfob_client::{Descendants, ME};

use crate::{
    arguments::{name::parse_name, token::find_of},
    invocation::Invocation,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "An expired token is refused, and stays in the list with --include-expired until the server \
deletes it. Tokens minted with this one expire, too, unless it has the scope coder:all and the allow list \
*:*; --descendants decides otherwise.

Examples:
  keyfob tokens remove ci
  keyfob tokens remove deploy --user robot
  keyfob tokens remove WuoWs4ZsMX --delete
  keyfob tokens remove ci --descendants=false
  keyfob tokens remove ci --wait && echo 'no replica accepts it any more'")]
pub(crate) struct RemoveArgs {
    /// Name or id of the token, or the token itself
    #[arg(value_name = "NAME|ID|TOKEN", value_parser = parse_name)]
    key: String,
    /// Owner of the token: a username or an id
    #[arg(short, long, value_name = "USER", default_value = ME, hide_default_value = true, value_parser = parse_name)]
    user: String,
    /// Delete the token instead of expiring it
    #[arg(long)]
    delete: bool,
    /// Whether tokens minted with this one expire, too [default: false for a token without limits, else true]
    #[arg(long, value_name = "BOOL", action = ArgAction::Set, num_args = 0..=1, default_missing_value = "true",
        require_equals = true)]
    descendants: Option<bool>,
    /// Wait until every replica of the server refuses the token
    #[arg(long)]
    wait: bool,
    /// Do not ask for confirmation; on a terminal, the command asks if the token is the key in use
    #[arg(short, long)]
    yes: bool,
}

/// Expires or deletes the token.
pub(crate) async fn run(invocation: &Invocation, args: &RemoveArgs) -> anyhow::Result<()> {
    let descendants = match args.descendants {
        None => Descendants::ByKind,
        Some(true) => Descendants::End,
        Some(false) => Descendants::Keep,
    };
    let client = invocation.connect()?;
    let user = args.user.as_str();
    let key = find_of(&client, user, &args.key).await?;
    if !args.yes && invocation.key_id()?.as_ref() == Some(&key.id) {
        let verb = if args.delete { "delete" } else { "expire" };
        let question = format!("This is the key in use. Are you sure you want to {verb} it?");
        invocation.prompt().confirm_on_terminal(&question)?;
    }
    let id = key.id.as_str();
    let mut unconfirmed = Vec::new();
    let mut expired = 0;
    if args.wait {
        let everywhere =
            client.expire_api_key_everywhere(user, id, descendants).await.context("cannot expire api key")?;
        (expired, unconfirmed) = (everywhere.descendants, everywhere.unconfirmed);
    }
    if args.delete {
        expired += client.delete_api_key(user, id, descendants).await.context("cannot delete api key")?;
        invocation.out.line("Token has been deleted.")?;
    } else {
        if !args.wait {
            expired = client.expire_api_key(user, id, descendants).await.context("cannot expire api key")?;
        }
        invocation.out.line("Token has been expired.")?;
    }
    match expired {
        0 => {}
        1 => invocation.out.line("1 token minted with it has been expired, too.")?,
        more => invocation.out.line(format!("{more} tokens minted with it have been expired, too."))?,
    }
    if unconfirmed.is_empty() {
        return Ok(());
    }
    let left = unconfirmed.iter().map(|left| format!("{} until {}", left.replica, left.cannot_accept_after));
    anyhow::bail!(
        "not all replicas have confirmed it; these may still accept the token: {}",
        left.collect::<Vec<_>>().join(", ")
    )
}
