//! `keyfob users show`.
use anyhow::Context as _;
use keyfob_api::users::User;
use serde::Serialize;

use super::columns::status;
use crate::{
    arguments::name::parse_name,
    invocation::Invocation,
    terminal::{printing::Format, text::printable},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob users show me
  keyfob users show amy -o json")]
pub(crate) struct ShowArgs {
    /// Username, id, or `me`
    #[arg(value_name = "USERNAME|ID|me", value_parser = parse_name)]
    user: String,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// A user with the names of their organizations.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    user: User,
    organization_names: Vec<String>,
}

/// Prints the user.
pub(crate) async fn run(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("cannot get the user")?;
    let mut organization_names = Vec::new();
    for id in &user.organization_ids {
        organization_names
            .push(client.organization(&id.to_string()).await.context("cannot get the organization")?.name);
    }
    let shown = Shown { user, organization_names };
    match args.output {
        Format::Json => invocation.out.json(&shown)?,
        Format::Table => lines(&shown).into_iter().try_for_each(|line| invocation.out.line(line))?,
    }
    Ok(())
}

fn lines(shown: &Shown) -> Vec<String> {
    let or_none = |names: Vec<String>| if names.is_empty() { "(none)".to_owned() } else { names.join(", ") };
    let user = &shown.user;
    let rows = [
        ("ID", user.id.to_string()),
        ("Username", user.username.clone()),
        ("Full name", user.name.clone()),
        ("Email", user.email.clone()),
        ("Status", status(user.status).to_owned()),
        ("Created At", user.created_at.to_string()),
        ("Roles", or_none(user.roles.iter().map(|role| role.display_name.clone()).collect())),
        ("Organizations", or_none(shown.organization_names.clone())),
    ];
    rows.into_iter().map(|(name, value)| format!("{name:<15}{}", printable(&value)).trim_end().to_owned()).collect()
}
