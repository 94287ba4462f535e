//! `keyfob groups list` and `show`.
use anyhow::Context as _;

use super::{
    Named,
    rows::{GroupColumn, MemberColumn},
};
use crate::{
    app::App,
    organizations::Selection,
    table::{self, Format, Printing},
};

/// How to print them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups list
  keyfob groups list --org acme -o json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    printing: Printing<GroupColumn>,
}

/// Prints the groups.
pub(crate) async fn list(app: &App, args: &ListArgs) -> anyhow::Result<()> {
    let client = app.connect()?;
    let organization = args.selection.find(&client).await?;
    let groups = client.groups(&organization.id.to_string()).await.context("list groups")?;
    args.printing.list(app.out, &groups, "No groups found.")
}

/// Which group, and how to print it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups show builders
  keyfob groups show Everyone -o json")]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    named: Named,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints a group, and those in it whom the caller may see.
pub(crate) async fn one(app: &App, args: &ShowArgs) -> anyhow::Result<()> {
    let (_, group) = args.named.find(&app.connect()?).await?;
    if args.output == Format::Json {
        return app.out.json(&group);
    }
    let columns = [GroupColumn::Name, GroupColumn::DisplayName, GroupColumn::Members, GroupColumn::Id];
    app.out.result(&table::render(&columns, std::slice::from_ref(&group)));
    if !group.members.is_empty() {
        app.out.line("");
        let columns = [MemberColumn::Username, MemberColumn::Email, MemberColumn::UserId];
        app.out.result(&table::render(&columns, &group.members));
    }
    Ok(())
}
