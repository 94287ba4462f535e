//! `keyfob organizations roles create`, `update` and `delete`.
use std::str::FromStr;

use anyhow::{Context as _, ensure};
use keyfob_api::roles::{CustomRoleRequest, Permission, Role};
use keyfob_client::Client;

use crate::{
    arguments::{name::parse_name, organization::OrganizationOption},
    invocation::Invocation,
    terminal::{printing::ListFormat, text::printable},
};

/// The arguments of `create` and `update`.
#[derive(clap::Args)]
#[command(after_help = "The role permits exactly the given actions. You can only grant permissions that you hold \
yourself.

Examples:
  keyfob organizations roles create template-reader --permission template:read
  keyfob organizations roles create auditors --permission audit_log:read,group:read --dry-run
  keyfob organizations roles update --stdin < role.json")]
pub(crate) struct RoleArgs {
    /// Name of the role; optional with --stdin if the JSON has one
    #[arg(value_name = "ROLE", required_unless_present = "stdin", value_parser = parse_name)]
    name: Option<String>,
    /// Display name
    #[arg(long, value_name = "NAME", conflicts_with = "stdin")]
    display_name: Option<String>,
    /// Permissions of the role: `<type>:<action>`, separated by commas
    #[arg(short, long, value_name = "PERMISSION", value_delimiter = ',', conflicts_with = "stdin")]
    permission: Vec<PermissionArg>,
    /// Read the role as JSON from standard input
    #[arg(long)]
    stdin: bool,
    /// Print the resulting role without saving it
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    /// Output format; a name is that of the role
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: ListFormat,
    #[command(flatten)]
    organization: OrganizationOption,
}

/// The arguments of `delete`.
#[derive(clap::Args)]
#[command(after_help = "Members who have the role lose it.

Examples:
  keyfob organizations roles delete template-reader -y")]
pub(crate) struct DeleteArgs {
    /// Name of the role
    #[arg(value_name = "ROLE", value_parser = parse_name)]
    name: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    organization: OrganizationOption,
}

/// `<type>:<action>`.
#[derive(Clone, Debug)]
struct PermissionArg(Permission);

impl FromStr for PermissionArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((of, action)) if !of.is_empty() && !action.is_empty() => {
                Ok(Self(Permission { negate: false, resource_type: of.to_owned(), action: action.to_owned() }))
            }
            _ => Err("want <type>:<action>, such as template:read".to_owned()),
        }
    }
}

impl RoleArgs {
    fn request(&self) -> anyhow::Result<CustomRoleRequest> {
        if !self.stdin {
            return Ok(CustomRoleRequest {
                name: self.name.clone().unwrap_or_default(),
                display_name: self.display_name.clone().unwrap_or_default(),
                organization_permissions: self.permission.iter().map(|permission| permission.0.clone()).collect(),
                ..CustomRoleRequest::default()
            });
        }
        let text = std::io::read_to_string(std::io::stdin()).context("cannot read standard input")?;
        let mut role = parse(&text).context("standard input is not a role")?;
        if let Some(name) = &self.name {
            ensure!(
                role.name.is_empty() || role.name == *name,
                "the role on standard input is called {:?}, not {name:?}",
                role.name
            );
            role.name.clone_from(name);
        }
        Ok(role)
    }
}

/// Fields with which roles are printed, and which a request does not have.
const PRINTED: [&str; 3] = ["organization_id", "assignable", "built_in"];

/// A role as JSON. Unknown fields are refused: a misspelled one would be left out of the role without a word.
fn parse(text: &str) -> anyhow::Result<CustomRoleRequest> {
    let value: serde_json::Value = serde_json::from_str(text)?;
    let known = serde_json::to_value(CustomRoleRequest::default())?;
    // The output of the commands can be read again.
    let is_known = |name: &String| known.get(name).is_some() || PRINTED.contains(&name.as_str());
    let unknown = value.as_object().into_iter().flat_map(serde_json::Map::keys).find(|name| !is_known(name));
    if let Some(name) = unknown {
        anyhow::bail!("a role has no field {name:?}");
    }
    Ok(serde_json::from_value(value)?)
}

/// Creates a role.
pub(crate) async fn create(invocation: &Invocation, args: &RoleArgs) -> anyhow::Result<()> {
    let role = args.request()?;
    if args.dry_run {
        return print(invocation, args.output, &preview(&role));
    }
    let client = invocation.connect()?;
    let organization = args.organization.find(&client).await?;
    let created = client.create_role(&organization.id.to_string(), &role).await.context("cannot create the role")?;
    invocation.out.remark(format!(
        "Role {} of {} has been made.",
        invocation.out.bold(&created.name),
        organization.name
    ));
    print(invocation, args.output, &created)
}

/// Updates a role.
pub(crate) async fn update(invocation: &Invocation, args: &RoleArgs) -> anyhow::Result<()> {
    let mut role = args.request()?;
    let client = invocation.connect()?;
    let organization = args.organization.find(&client).await?;
    let id = organization.id.to_string();
    let old = existing(&client, &id, &role.name).await?;
    if !args.stdin {
        // Properties that are not given stay.
        if args.display_name.is_none() {
            role.display_name.clone_from(&old.display_name);
        }
        if args.permission.is_empty() {
            role.organization_permissions.clone_from(&old.organization_permissions);
        }
    }
    if args.dry_run {
        return print(invocation, args.output, &preview(&role));
    }
    if !args.yes {
        let question = format!("Are you sure you want to update the role {} of {}?", role.name, organization.name);
        invocation.prompt().confirm(&question)?;
    }
    let changed = client.update_role(&id, &role).await.context("cannot update the role")?;
    invocation.out.remark(format!(
        "Role {} of {} has been updated.",
        invocation.out.bold(&changed.name),
        organization.name
    ));
    print(invocation, args.output, &changed)
}

/// Deletes a role.
pub(crate) async fn delete(invocation: &Invocation, args: &DeleteArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let organization = args.organization.find(&client).await?;
    if !args.yes {
        let question = format!("Are you sure you want to delete the role {} of {}?", args.name, organization.name);
        invocation.prompt().confirm(&question)?;
    }
    client.delete_role(&organization.id.to_string(), &args.name).await.context("cannot delete the role")?;
    invocation.out.remark(format!("Role {} has been deleted.", invocation.out.bold(&args.name)));
    Ok(())
}

async fn existing(client: &Client, organization: &str, name: &str) -> anyhow::Result<Role> {
    let roles = client.list_organization_roles(organization).await.context("cannot list the roles")?;
    let found = roles.into_iter().find(|role| role.role.name == name && !role.built_in);
    found.map(|role| role.role).with_context(|| {
        format!("the organization has no custom role {name:?}: `keyfob organizations roles show` lists its roles")
    })
}

/// The role that a request would create.
fn preview(request: &CustomRoleRequest) -> Role {
    Role {
        name: request.name.clone(),
        organization_id: None,
        display_name: request.display_name.clone(),
        site_permissions: request.site_permissions.clone(),
        user_permissions: request.user_permissions.clone(),
        organization_permissions: request.organization_permissions.clone(),
        organization_member_permissions: request.organization_member_permissions.clone(),
    }
}

fn print(invocation: &Invocation, format: ListFormat, role: &Role) -> anyhow::Result<()> {
    match format {
        ListFormat::Json => return invocation.out.json(role),
        ListFormat::Name => invocation.out.line(printable(&role.name))?,
        ListFormat::Table => {
            for permission in &role.organization_permissions {
                invocation.out.line(format!("{}:{}", permission.resource_type, permission.action))?;
            }
        }
    }
    Ok(())
}
