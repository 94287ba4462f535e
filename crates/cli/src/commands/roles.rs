//! `keyfob roles`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::roles::AssignableRole;
use keyfob_client::Client;
use keyfob_server::nearest_name;

use crate::{
    arguments::{name::parse_name, organization},
    invocation::Invocation,
    terminal::{
        printing::{Columns, Format, Printing},
        problem::Problem,
        table::{Cell, Column, Weight},
    },
};

/// The roles that can be assigned, in the deployment or in an organization.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "`keyfob organizations roles` manages the custom roles of an organization.

Examples:
  keyfob roles list
  keyfob roles show auditor
  keyfob roles list --org acme -o json"
)]
pub(crate) enum RolesCommand {
    /// List the roles that can be assigned
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Show what a role permits and forbids
    #[command(visible_alias = "view")]
    Show(ShowArgs),
}

/// The arguments of `show`.
#[derive(clap::Args)]
#[command(after_help = "A line that begins with `never` is a prohibition: it wins over what other roles permit.

Examples:
  keyfob roles show auditor
  keyfob roles show organization-auditor --org acme -o json")]
pub(crate) struct ShowArgs {
    /// Name of the role
    #[arg(value_name = "ROLE", value_parser = parse_name)]
    name: String,
    /// Show a role of this organization (name or id), not a deployment-wide one
    #[arg(short = 'O', long, visible_alias = "organization", env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID", value_parser = parse_name)]
    org: Option<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob roles list                deployment-wide roles
  keyfob roles list --org acme     roles of an organization")]
pub(crate) struct ListArgs {
    /// List the roles of this organization (name or id), not the deployment-wide ones
    #[arg(short = 'O', long, visible_alias = "organization", env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID", value_parser = parse_name)]
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
    fn cell(&self, row: &AssignableRole) -> Cell {
        let role = &row.role;
        let lists = [
            &role.site_permissions,
            &role.user_permissions,
            &role.organization_permissions,
            &role.organization_member_permissions,
        ];
        match self {
            Self::Name => role.name.as_str().into(),
            Self::DisplayName => role.display_name.as_str().into(),
            Self::OrganizationId => role.organization_id.map(|id| id.to_string()).unwrap_or_default().into(),
            Self::Assignable => yes_or_no(row.assignable).into(),
            Self::BuiltIn => yes_or_no(row.built_in).into(),
            Self::Permissions => lists.iter().map(|list| list.len()).sum::<usize>().to_string().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Name => Weight::Key,
            Self::DisplayName => Weight::Wraps,
            Self::OrganizationId => Weight::Light,
            Self::Assignable | Self::BuiltIn | Self::Permissions => Weight::Usual,
        }
    }
}

fn yes_or_no(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: RolesCommand) -> anyhow::Result<()> {
    match command {
        RolesCommand::List(args) => {
            let roles = roles(&invocation.connect()?, args.org.as_deref()).await?;
            args.printing.list(invocation.out, &roles, "No roles found.")
        }
        RolesCommand::Show(args) => show(invocation, &args).await,
    }
}

async fn show(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let roles = roles(&invocation.connect()?, args.org.as_deref()).await?;
    let Some(found) = roles.iter().find(|role| role.role.name == args.name) else {
        let nearest = nearest_name(&args.name, roles.iter().map(|role| role.role.name.as_str()));
        let nearest = nearest.map(|name| format!("the nearest is {name}; ")).unwrap_or_default();
        let of = if args.org.is_some() { " in the organization" } else { "; roles of organizations take --org" };
        let next = format!("{nearest}'keyfob roles list' lists all{of}");
        return Err(Problem::new(format!("there is no role {:?}", args.name), next).into());
    };
    match args.output {
        Format::Json => invocation.out.json(found),
        Format::Table => Ok(crate::roles::lines(&found.role).iter().try_for_each(|line| invocation.out.line(line))?),
    }
}

async fn roles(client: &Client, organization: Option<&str>) -> anyhow::Result<Vec<AssignableRole>> {
    let roles = match organization {
        None => client.list_site_roles().await,
        wanted => client.list_organization_roles(&organization::find(client, wanted).await?.id.to_string()).await,
    };
    roles.context("cannot list the roles")
}
