//! `keyfob users list`.
use anyhow::Context as _;
use keyfob_client::Paging;

use super::rows::{USUAL, UserColumn};
use crate::{
    app::App,
    table::{self, Format},
};

/// Which users, and how to print them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob users list
  keyfob users list -c id,username,status
  keyfob users list -o json")]
pub(crate) struct ListArgs {
    /// Only the user with this id at GitHub
    #[arg(long, value_name = "ID")]
    github_user_id: Option<i64>,
    /// Which columns of the table, with commas between them
    #[arg(short, long, value_name = "COLUMNS", value_delimiter = ',', ignore_case = true, default_value = USUAL)]
    column: Vec<UserColumn>,
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints the users, by username.
pub(crate) async fn run(app: &App, args: &ListArgs) -> anyhow::Result<()> {
    let search = args.github_user_id.map(|id| format!("github_com_user_id:{id}")).unwrap_or_default();
    let users = app.connect()?.users(&search, &Paging::default()).await.context("list users")?.users;
    match args.output {
        Format::Json => app.out.json(&users)?,
        Format::Table if users.is_empty() => app.out.remark("No users found."),
        Format::Table => app.out.result(&table::render(&args.column, &users)),
    }
    Ok(())
}
