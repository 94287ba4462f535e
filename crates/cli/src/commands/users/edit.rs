//! `keyfob users edit`.
use anyhow::{Context as _, ensure};
use keyfob_api::users::UpdateUserProfileRequest;
use keyfob_client::ME;

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Only the given properties change.

Examples:
  keyfob users edit --full-name 'Amy Pond'
  keyfob users edit amy --username amelia")]
pub(crate) struct EditArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", default_value = ME, value_parser = parse_name)]
    user: String,
    /// New username
    #[arg(short, long, value_name = "NAME", value_parser = parse_name)]
    username: Option<String>,
    /// New full name
    #[arg(short = 'n', long, value_name = "NAME")]
    full_name: Option<String>,
}

/// Changes the names.
pub(crate) async fn run(invocation: &Invocation, args: EditArgs) -> anyhow::Result<()> {
    let EditArgs { user, username, full_name } = args;
    ensure!(username.is_some() || full_name.is_some(), "nothing to change: use --username or --full-name");
    let client = invocation.connect()?;
    let old = client.user(&user).await.context("cannot get the user")?;
    let profile =
        UpdateUserProfileRequest { username: username.unwrap_or(old.username), name: full_name.unwrap_or(old.name) };
    let changed = client.update_profile(&old.id.to_string(), &profile).await;
    let changed = changed.with_context(|| Step::on("cannot change the user", "user", &old.id))?;
    invocation.out.remark(format!("User {} has been changed.", invocation.out.bold(&changed.username)));
    Ok(())
}
