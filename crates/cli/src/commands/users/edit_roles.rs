//! `keyfob users edit-roles`.
use anyhow::{Context as _, bail};
use keyfob_api::users::UpdateRoles;

use crate::{arguments::name::parse_name, invocation::Invocation};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "The given roles replace all deployment-wide roles of the user.

Examples:
  keyfob users edit-roles amy --roles auditor,user-admin
  keyfob users edit-roles amy --roles \"\" -y")]
pub(crate) struct EditRolesArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
    /// All roles that the user will have, separated by commas; asked for if omitted
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    roles: Option<Vec<String>>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Assigns the roles.
pub(crate) async fn run(invocation: &Invocation, args: EditRolesArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(&args.user).await.context("cannot get the user")?;
    let held = client.user_roles(&args.user).await.context("cannot get the user's roles")?.roles;
    let known: Vec<String> = client
        .list_site_roles()
        .await
        .context("cannot list the roles")?
        .into_iter()
        .map(|role| role.role.name)
        .collect();
    let roles = if let Some(roles) = args.roles {
        roles
    } else {
        let question = format!("Roles of {} (available: {}):", user.username, known.join(", "));
        invocation.prompt().line(&question, &held.join(","), "--roles")?.split(',').map(str::to_owned).collect()
    };
    let roles: Vec<String> = roles.iter().map(|role| role.trim().to_owned()).filter(|role| !role.is_empty()).collect();
    if let Some(unknown) = roles.iter().find(|role| !known.contains(role)) {
        bail!("The role {unknown} is not valid. Please use one or more of the following roles: {}", known.join(", "));
    }
    if !args.yes {
        invocation.prompt().confirm("Are you sure you want to update this user's roles?")?;
    }
    client.update_user_roles(&args.user, &UpdateRoles { roles }).await.context("cannot change the user's roles")?;
    invocation.out.remark(format!("Updated the roles of {}.", invocation.out.bold(&user.username)));
    Ok(())
}
