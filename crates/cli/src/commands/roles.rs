//! `keyfob roles`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::roles::AssignableRole;

use crate::{
    arguments::organization,
    invocation::Invocation,
    terminal::{
        printing::{Columns, Printing},
        table::Column,
    },
};

/// The roles that can be assigned, in the deployment or in an organization.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "`keyfob organizations roles` manages the custom roles of an organization.

Examples:
  keyfob roles list
  keyfob roles list --org acme -o json"
)]
pub(crate) enum RolesCommand {
    /// List the roles that can be assigned
    #[command(visible_alias = "ls")]
    List(ListArgs),
}

/// The arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob roles list                deployment-wide roles
  keyfob roles list --org acme     roles of an organization")]
pub(crate) struct ListArgs {
    /// List the roles of this organization (name or id), not the deployment-wide ones
    #[arg(short = 'O', long, env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID")]
    org: Option<String>,
    #[command(flatten)]
    printing: Printing<RoleColumn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleColumn {
    Name,
    #[value(name = "display name")]
    DisplayName,
    #[value(name = "organization id")]
    OrganizationId,
    Assignable,
    #[value(name = "built in")]
    BuiltIn,
    Permissions,
}

impl Columns for RoleColumn {
    const USUAL: &'static str = "name,display name,assignable,built in,permissions";
}

impl Column<AssignableRole> for RoleColumn {
    fn cell(&self, row: &AssignableRole) -> String {
        let role = &row.role;
        let lists = [
            &role.site_permissions,
            &role.user_permissions,
            &role.organization_permissions,
            &role.organization_member_permissions,
        ];
        match self {
            Self::Name => role.name.clone(),
            Self::DisplayName => role.display_name.clone(),
            Self::OrganizationId => role.organization_id.map(|id| id.to_string()).unwrap_or_default(),
            Self::Assignable => yes_or_no(row.assignable),
            Self::BuiltIn => yes_or_no(row.built_in),
            Self::Permissions => lists.iter().map(|list| list.len()).sum::<usize>().to_string(),
        }
    }
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: RolesCommand) -> anyhow::Result<()> {
    let RolesCommand::List(args) = command;
    let client = invocation.connect()?;
    let roles = match args.org.as_deref() {
        None => client.list_site_roles().await,
        wanted => client.list_organization_roles(&organization::find(&client, wanted).await?.id.to_string()).await,
    };
    let roles = roles.context("list roles")?;
    args.printing.list(invocation.out, &roles, "No roles found.")
}
