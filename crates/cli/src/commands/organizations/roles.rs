//! `keyfob organizations roles`.
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use keyfob_api::roles::{AssignableRole, Permission};

use super::custom_roles;
use crate::{
    arguments::{name::parse_name, organization::OrganizationOption},
    invocation::Invocation,
    terminal::{
        printing::{Columns, Printing},
        table::{Cell, Column, Weight},
    },
};

/// The roles that can be assigned in an organization.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob organizations roles show
  keyfob organizations roles show organization-auditor -o json
  keyfob organizations roles create template-reader --permission template:read"
)]
pub(crate) enum RolesCommand {
    /// List the roles that can be assigned in an organization
    #[command(visible_alias = "list")]
    Show(ShowArgs),
    /// Create a custom role
    Create(custom_roles::RoleArgs),
    /// Change a custom role
    Update(custom_roles::RoleArgs),
    /// Delete a custom role
    #[command(visible_alias = "rm")]
    Delete(custom_roles::DeleteArgs),
}

/// The arguments of `show`.
#[derive(clap::Args)]
#[command(after_help = "For roles that are named, every permission is shown; a line that begins with `never` is a \
prohibition.

Examples:
  keyfob organizations roles show
  keyfob organizations roles show organization-auditor -o json")]
pub(crate) struct ShowArgs {
    /// Names of roles; all roles if none is given
    #[arg(value_name = "ROLE", value_parser = parse_name)]
    names: Vec<String>,
    #[command(flatten)]
    organization: OrganizationOption,
    #[command(flatten)]
    printing: Printing<RoleColumn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleColumn {
    Name,
    #[value(name = "display name")]
    DisplayName,
    #[value(name = "site permissions")]
    SitePermissions,
    #[value(name = "organization permissions")]
    OrganizationPermissions,
    #[value(name = "user permissions")]
    UserPermissions,
}

impl Columns for RoleColumn {
    const USUAL: &'static str = "name,display name,site permissions,organization permissions,user permissions";
}

impl Column<AssignableRole> for RoleColumn {
    fn cell(&self, row: &AssignableRole) -> Cell {
        let count = |permissions: &[Permission]| match permissions.len() {
            1 => Cell::from("1 permission"),
            count => Cell::from(format!("{count} permissions")),
        };
        match self {
            Self::Name => row.role.name.as_str().into(),
            Self::DisplayName => row.role.display_name.as_str().into(),
            Self::SitePermissions => count(&row.role.site_permissions),
            Self::OrganizationPermissions => count(&row.role.organization_permissions),
            Self::UserPermissions => count(&row.role.user_permissions),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name => Weight::Key,
            Self::DisplayName => Weight::Wraps,
            Self::SitePermissions | Self::OrganizationPermissions | Self::UserPermissions => Weight::Usual,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: RolesCommand) -> anyhow::Result<()> {
    match command {
        RolesCommand::Show(args) => show(invocation, &args).await,
        RolesCommand::Create(args) => custom_roles::create(invocation, &args).await,
        RolesCommand::Update(args) => custom_roles::update(invocation, &args).await,
        RolesCommand::Delete(args) => custom_roles::delete(invocation, &args).await,
    }
}

/// Prints the roles.
async fn show(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let organization = args.organization.find(&client).await?;
    let mut roles =
        client.list_organization_roles(&organization.id.to_string()).await.context("cannot list the roles")?;
    if let Some(unknown) = args.names.iter().find(|name| !roles.iter().any(|role| role.role.name == **name)) {
        bail!("there is no role {unknown:?} in {}", organization.name);
    }
    roles.retain(|role| args.names.is_empty() || args.names.contains(&role.role.name));
    if !args.names.is_empty() && args.printing.is_usual_table() {
        let lines = roles.iter().flat_map(|role| crate::roles::lines(&role.role));
        return Ok(lines.into_iter().try_for_each(|line| invocation.out.line(line))?);
    }
    args.printing.list(invocation.out, &roles, "No roles found.")
}
