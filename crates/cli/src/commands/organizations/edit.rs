//! `keyfob organizations edit`.
use anyhow::{Context as _, ensure};
use keyfob_api::organizations::UpdateOrganizationRequest;

use crate::{arguments::name::parse_name, invocation::Invocation, terminal::problem::Step};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Only the given properties change. Every member has the default roles besides their own.

Examples:
  keyfob organizations edit acme --display-name 'Acme Inc.'
  keyfob organizations edit acme --default-roles organization-workspace-access
  keyfob organizations edit acme --default-roles \"\"")]
pub(crate) struct EditArgs {
    /// Name or id of the organization
    #[arg(value_name = "NAME|ID", value_parser = parse_name)]
    organization: String,
    /// New name
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    name: Option<String>,
    /// New display name
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// New description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Address of a new picture
    #[arg(long, value_name = "URL")]
    icon: Option<String>,
    /// All roles that every member has, separated by commas
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    default_roles: Option<Vec<String>>,
}

/// Changes the organization.
pub(crate) async fn run(invocation: &Invocation, args: EditArgs) -> anyhow::Result<()> {
    let EditArgs { organization, name, display_name, description, icon, default_roles } = args;
    ensure!(
        [&name, &display_name, &description, &icon].iter().any(|given| given.is_some()) || default_roles.is_some(),
        "nothing to change: use --name, --display-name, --description, --icon or --default-roles"
    );
    ensure!(
        display_name.as_deref() != Some(""),
        "--display-name is empty: an organization always has one; leave it out to keep it"
    );
    let client = invocation.connect()?;
    let roles = |roles: Vec<String>| roles.into_iter().filter(|role| !role.is_empty()).collect();
    let change = UpdateOrganizationRequest {
        name: name.unwrap_or_default(),
        display_name: display_name.unwrap_or_default(),
        description,
        icon,
        default_org_member_roles: default_roles.map(roles),
    };
    let changed = client.update_organization(&organization, &change).await;
    let changed = changed.with_context(|| Step::on("cannot change the organization", "organization", &organization))?;
    invocation.out.remark(format!("Organization {} has been changed.", invocation.out.bold(&changed.name)));
    Ok(())
}
