//! `keyfob organizations roles`.
use anyhow::{Context as _, bail};
use clap::ValueEnum;
use keyfob_api::roles::{AssignableRole, Permission};

use super::custom_roles;
use crate::{
    arguments::organization::OrganizationOption,
    invocation::Invocation,
    terminal::{
        printing::{Columns, Printing},
        table::Column,
    },
};

/// Which roles there are to give in an organization.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob organizations roles show
  keyfob organizations roles show organization-auditor -o json
  keyfob organizations roles create template-reader --permission template:read"
)]
pub(crate) enum RolesCommand {
    /// Show the roles, or some of them
    #[command(visible_alias = "list")]
    Show(ShowArgs),
    /// Make a role of the organization
    Create(custom_roles::RoleArgs),
    /// Give a role that the organization made another content
    Update(custom_roles::RoleArgs),
    /// Remove a role that the organization made, also from who holds it
    #[command(visible_alias = "rm")]
    Delete(custom_roles::DeleteArgs),
}

/// Which roles, and how to print them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations roles show
  keyfob organizations roles show organization-auditor -o json")]
pub(crate) struct ShowArgs {
    /// Names of roles; all if left out
    #[arg(value_name = "ROLE")]
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
    fn cell(&self, row: &AssignableRole) -> String {
        let count = |permissions: &[Permission]| format!("{} permissions", permissions.len());
        match self {
            Self::Name => row.role.name.clone(),
            Self::DisplayName => row.role.display_name.clone(),
            Self::SitePermissions => count(&row.role.site_permissions),
            Self::OrganizationPermissions => count(&row.role.organization_permissions),
            Self::UserPermissions => count(&row.role.user_permissions),
        }
    }
}

/// Runs one of them.
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
    let mut roles = client.organization_roles(&organization.id.to_string()).await.context("list roles")?;
    if let Some(unknown) = args.names.iter().find(|name| !roles.iter().any(|role| role.role.name == **name)) {
        bail!("there is no role {unknown:?} in {}", organization.name);
    }
    roles.retain(|role| args.names.is_empty() || args.names.contains(&role.role.name));
    args.printing.list(invocation.out, &roles, "No roles found.")
}
