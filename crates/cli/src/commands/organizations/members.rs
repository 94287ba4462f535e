//! `keyfob organizations members`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::{
    organizations::{OrganizationMemberWithUserData as Member, SlimRole},
    users::UpdateRoles,
};

use crate::{
    arguments::{name::parse_name, organization::OrganizationOption},
    invocation::Invocation,
    terminal::{
        printing::{Columns, Named, Printing},
        table::{Cell, Column, Weight},
    },
};

/// The members of an organization.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob organizations members list
  keyfob organizations members add amy
  keyfob organizations members edit-roles amy organization-auditor"
)]
pub(crate) enum MembersCommand {
    /// Add a user to an organization
    Add(MemberArgs),
    /// Remove a user from an organization
    #[command(visible_aliases = ["rm", "delete"])]
    Remove(MemberArgs),
    /// List the members of an organization
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Replace a member's roles in an organization
    EditRoles(EditRolesArgs),
}

/// The arguments of `add` and `remove`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations members add amy
  keyfob organizations members remove amy --org acme")]
pub(crate) struct MemberArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
    #[command(flatten)]
    organization: OrganizationOption,
}

/// The arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob organizations members list
  keyfob organizations members list --org acme -o json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    organization: OrganizationOption,
    #[command(flatten)]
    printing: Printing<MemberColumn>,
}

/// The arguments of `edit-roles`.
#[derive(clap::Args)]
#[command(after_help = "The given roles replace all roles of the member. Without any, the member's roles are removed.

Examples:
  keyfob organizations members edit-roles amy organization-auditor
  keyfob organizations members edit-roles amy")]
pub(crate) struct EditRolesArgs {
    /// Username or id
    #[arg(value_name = "USERNAME|ID", value_parser = parse_name)]
    user: String,
    /// All roles that the member will have
    #[arg(value_name = "ROLE", value_parser = parse_name)]
    roles: Vec<String>,
    #[command(flatten)]
    organization: OrganizationOption,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MemberColumn {
    Username,
    Name,
    #[value(name = "user id")]
    UserId,
    #[value(name = "organization id")]
    OrganizationId,
    #[value(name = "created at")]
    CreatedAt,
    #[value(name = "updated at")]
    UpdatedAt,
    #[value(name = "organization roles")]
    OrganizationRoles,
}

impl Columns for MemberColumn {
    const USUAL: &'static str = "username,organization roles";
}

impl Named for Member {
    fn name(&self) -> String {
        self.username.clone()
    }
}

impl Column<Member> for MemberColumn {
    fn cell(&self, row: &Member) -> Cell {
        match self {
            Self::Username => row.username.as_str().into(),
            Self::Name => row.name.as_str().into(),
            Self::UserId => row.member.user_id.to_string().into(),
            Self::OrganizationId => row.member.organization_id.to_string().into(),
            Self::CreatedAt => row.member.created_at.into(),
            Self::UpdatedAt => row.member.updated_at.into(),
            Self::OrganizationRoles => names(&row.member.roles).into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Username => Weight::Key,
            Self::Name | Self::OrganizationRoles => Weight::Wraps,
            Self::UserId | Self::OrganizationId => Weight::Light,
            Self::CreatedAt | Self::UpdatedAt => Weight::Usual,
        }
    }
}

fn names(roles: &[SlimRole]) -> String {
    let name = |role: &SlimRole| if role.display_name.is_empty() { &role.name } else { &role.display_name }.clone();
    roles.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: MembersCommand) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    match command {
        MembersCommand::Add(MemberArgs { user, organization }) => {
            let organization = organization.find(&client).await?;
            let id = organization.id.to_string();
            client.add_organization_member(&id, &user).await.context("cannot add the member")?;
            invocation.out.remark(format!("{user} is now a member of {}.", organization.name));
        }
        MembersCommand::Remove(MemberArgs { user, organization }) => {
            let organization = organization.find(&client).await?;
            let id = organization.id.to_string();
            client.remove_organization_member(&id, &user).await.context("cannot remove the member")?;
            invocation.out.remark(format!("{user} is no longer a member of {}.", organization.name));
        }
        MembersCommand::List(args) => {
            let organization = args.organization.find(&client).await?;
            let members = client
                .list_organization_members(&organization.id.to_string())
                .await
                .context("cannot list the members")?;
            invocation.refuse_unseen(&members, "members")?;
            args.printing.list(invocation.out, &members, "No members found.")?;
        }
        MembersCommand::EditRoles(EditRolesArgs { user, roles, organization }) => {
            let organization = organization.find(&client).await?;
            let roles = UpdateRoles { roles };
            let changed = client.update_member_roles(&organization.id.to_string(), &user, &roles).await;
            let held = names(&changed.context("cannot change the member's roles")?.roles);
            let held = if held.is_empty() { "no roles".to_owned() } else { held };
            invocation.out.remark(format!("{user} now has {held} in {}.", organization.name));
        }
    }
    Ok(())
}
