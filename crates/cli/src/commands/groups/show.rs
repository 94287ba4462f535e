//! `keyfob groups list` and `show`.
use anyhow::Context as _;

use super::{
    columns::{GroupColumn, MemberColumn},
    group_args::GroupArgs,
};
use crate::{
    arguments::organization::OrganizationOption,
    invocation::Invocation,
    terminal::{
        printing::{Format, Printing},
        table::{self, Chosen},
    },
};

/// The arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups list
  keyfob groups list --org acme -o json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    organization: OrganizationOption,
    #[command(flatten)]
    printing: Printing<GroupColumn>,
}

/// Prints the groups.
pub(crate) async fn list(invocation: &Invocation, args: &ListArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let organization = args.organization.find(&client).await?;
    let groups = client.list_groups(&organization.id.to_string()).await.context("cannot list groups")?;
    invocation.refuse_unseen(&groups, "groups")?;
    args.printing.list(invocation.out, &groups, "No groups found.")
}

/// The arguments of `show`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob groups show builders
  keyfob groups show Everyone -o json")]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    named: GroupArgs,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// Prints a group, and its members as far as the caller may see them.
pub(crate) async fn one(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let (_, group) = args.named.find(&invocation.connect()?).await?;
    if args.output == Format::Json {
        return invocation.out.json(&group);
    }
    let columns = [GroupColumn::Name, GroupColumn::DisplayName, GroupColumn::Members, GroupColumn::Id];
    invocation.out.result(&table::render(
        &columns,
        Chosen::ByDefault,
        std::slice::from_ref(&group),
        invocation.out.looks(None),
    ))?;
    if !group.members.is_empty() {
        invocation.out.line("")?;
        let columns = [MemberColumn::Username, MemberColumn::Email, MemberColumn::UserId];
        invocation.out.result(&table::render(
            &columns,
            Chosen::ByDefault,
            &group.members,
            invocation.out.looks(None),
        ))?;
    }
    Ok(())
}
