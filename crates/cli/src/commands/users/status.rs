//! `keyfob users suspend` and `activate`.
use anyhow::{Context as _, bail};
use keyfob_api::users::UserStatus;

use super::columns::{UserColumn, status};
use crate::{
    arguments::name::parse_name,
    invocation::Invocation,
    terminal::{
        printing::Columns as _,
        problem::Step,
        table::{self, Chosen},
    },
};

/// The arguments of the commands.
#[derive(clap::Args)]
#[command(after_help = "The command shows the user and asks for confirmation.

Examples:
  keyfob users suspend amy
  keyfob users activate amy -y")]
pub(crate) struct StatusArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
    /// Columns of the table, separated by commas
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true,
        default_value = UserColumn::USUAL)]
    column: Vec<UserColumn>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Suspends the user.
pub(crate) async fn suspend(invocation: &Invocation, args: &StatusArgs) -> anyhow::Result<()> {
    change(invocation, args, UserStatus::Suspended).await
}

/// Activates the user.
pub(crate) async fn activate(invocation: &Invocation, args: &StatusArgs) -> anyhow::Result<()> {
    change(invocation, args, UserStatus::Active).await
}

async fn change(invocation: &Invocation, args: &StatusArgs, to: UserStatus) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("cannot get the user")?;
    invocation.out.result(&table::render(
        &args.column,
        Chosen::ByName,
        std::slice::from_ref(&user),
        invocation.out.looks(None),
    ))?;
    if user.status == to {
        invocation.out.remark(format!("User status is already {:?}", status(to)));
        return Ok(());
    }
    let id = user.id.to_string();
    match to {
        UserStatus::Suspended => {
            if !args.yes {
                invocation.prompt().confirm("Are you sure you want to suspend this user?")?;
            }
            client.suspend_user(&id).await.with_context(|| Step::on("cannot suspend the user", "user", &user.id))?;
            invocation.out.remark(format!("User {} has been suspended!", invocation.out.bold(&user.username)));
        }
        UserStatus::Active => {
            if !args.yes {
                invocation.prompt().confirm("Are you sure you want to activate this user?")?;
            }
            client.activate_user(&id).await.with_context(|| Step::on("cannot activate the user", "user", &user.id))?;
            invocation.out.remark(format!("User {} has been activated!", invocation.out.bold(&user.username)));
        }
        UserStatus::Dormant => bail!("no command makes a user dormant"),
    }
    Ok(())
}
