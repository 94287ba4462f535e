//! `keyfob users suspend` and `activate`.
use anyhow::{Context as _, bail};
use keyfob_api::users::UserStatus;

use super::rows::{UserColumn, status};
use crate::{
    app::App,
    table::{self, Columns as _},
};

/// Which user, and what to show of them first.
#[derive(clap::Args)]
#[command(after_help = "It asks first.

Examples:
  keyfob users suspend amy
  keyfob users activate amy")]
pub(crate) struct StatusArgs {
    /// The username or the id
    #[arg(value_name = "USERNAME|ID")]
    user: String,
    /// Which columns of the table, with commas between them
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, default_value = UserColumn::USUAL)]
    column: Vec<UserColumn>,
}

/// Suspends the user.
pub(crate) async fn suspend(app: &App, args: &StatusArgs) -> anyhow::Result<()> {
    change(app, args, UserStatus::Suspended).await
}

/// Activates the user.
pub(crate) async fn activate(app: &App, args: &StatusArgs) -> anyhow::Result<()> {
    change(app, args, UserStatus::Active).await
}

async fn change(app: &App, args: &StatusArgs, to: UserStatus) -> anyhow::Result<()> {
    let client = app.connect()?;
    let user = client.user(&args.user).await.context("fetch user")?;
    app.out.result(&table::render(&args.column, std::slice::from_ref(&user)));
    if user.status == to {
        app.out.remark(format!("User status is already {:?}", status(to)));
        return Ok(());
    }
    let id = user.id.to_string();
    match to {
        UserStatus::Suspended => {
            app.prompt().confirm("Are you sure you want to suspend this user?", "yes")?;
            client.suspend_user(&id).await.context("suspend user")?;
            app.out.remark(format!("User {} has been suspended!", app.out.bold(&user.username)));
        }
        UserStatus::Active => {
            app.prompt().confirm("Are you sure you want to activate this user?", "yes")?;
            client.activate_user(&id).await.context("activate user")?;
            app.out.remark(format!("User {} has been activated!", app.out.bold(&user.username)));
        }
        UserStatus::Dormant => bail!("nobody is made dormant by hand"),
    }
    Ok(())
}
