//! `keyfob resources acl`.
use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum;
use keyfob_api::resources::{AclGrant, Resource, ResourceAcl};
use keyfob_client::Client;
use uuid::Uuid;

use crate::{
    arguments::{name::parse_name, resource::Reference},
    invocation::Invocation,
    names::{Names, visible},
    terminal::{
        printing::Format,
        problem::{Problem, Step},
        table::{self, Cell, Chosen, Column, Weight},
        text::text_of_server,
    },
};

/// The access list of a resource grants users and groups actions on it, beside their roles.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob resources acl show workspace:dev
  keyfob resources acl set workspace:dev --user amy=use --group builders=admin
  keyfob resources acl set task:nightly --user amy=read,update
  keyfob resources acl remove workspace:dev --user amy"
)]
pub(crate) enum AclCommand {
    /// Show the access list of a resource
    #[command(visible_alias = "list")]
    Show(ShowArgs),
    /// Grant a role or actions to users and groups, in place of their earlier grants
    Set(SetArgs),
    /// Remove users and groups from an access list
    #[command(visible_aliases = ["rm", "delete"])]
    Remove(RemoveArgs),
}

/// The arguments of `show`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources acl show workspace:dev
  keyfob resources acl show workspace:dev -o json")]
pub(crate) struct ShowArgs {
    /// Resource, as `<type>:<name or id>`
    #[arg(value_name = "RESOURCE")]
    resource: Reference,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The arguments of `set`.
#[derive(clap::Args)]
#[command(after_help = "For workspaces and templates, a grant is a role: `admin` or `use`. For other types it is \
actions, separated by commas. Users and groups that are not named keep their grants.

Examples:
  keyfob resources acl set workspace:dev --user amy=use --group builders=admin
  keyfob resources acl set task:nightly --user amy=read,update")]
pub(crate) struct SetArgs {
    /// Resource, as `<type>:<name or id>`
    #[arg(value_name = "RESOURCE")]
    resource: Reference,
    /// Grant for a user (username or id); may be repeated
    #[arg(long, value_name = "USER=GRANT", value_parser = parse_grant)]
    user: Vec<(String, String)>,
    /// Grant for a group of the resource's organization (name or id); may be repeated
    #[arg(long, value_name = "GROUP=GRANT", value_parser = parse_grant)]
    group: Vec<(String, String)>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// The arguments of `remove`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob resources acl remove workspace:dev --user amy
  keyfob resources acl remove workspace:dev --group builders")]
pub(crate) struct RemoveArgs {
    /// Resource, as `<type>:<name or id>`
    #[arg(value_name = "RESOURCE")]
    resource: Reference,
    /// Username or id; may be repeated
    #[arg(long, value_name = "USER", value_parser = parse_name)]
    user: Vec<String>,
    /// Name or id of a group; may be repeated
    #[arg(long, value_name = "GROUP", value_parser = parse_name)]
    group: Vec<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

fn parse_grant(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, grant)) if !name.is_empty() && !grant.is_empty() => Ok((name.to_owned(), grant.to_owned())),
        _ => Err("want <name>=<role or actions>, such as amy=use".to_owned()),
    }
}

/// One line of the table.
struct Entry {
    kind: &'static str,
    id: String,
    name: Option<String>,
    grant: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EntryColumn {
    Kind,
    Name,
    Grant,
    Id,
}

impl Column<Entry> for EntryColumn {
    fn cell(&self, row: &Entry) -> Cell {
        match self {
            Self::Kind => row.kind.into(),
            Self::Name => row.name.as_deref().unwrap_or(&row.id).into(),
            Self::Grant => row.grant.as_str().into(),
            Self::Id => row.id.as_str().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Kind | Self::Name => Weight::Key,
            Self::Grant => Weight::Wraps,
            Self::Id => Weight::Light,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: AclCommand) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    match command {
        AclCommand::Show(args) => {
            let resource = args.resource.find(&client).await?;
            let list = client
                .resource_acl(&resource.resource_type, resource.id)
                .await
                .with_context(|| Step::on_resource("cannot get the access list", &resource))?;
            let mut entries = entries(&list);
            if args.output == Format::Table {
                name(&client, &resource, &mut entries).await?;
            }
            print(invocation, args.output, &list, &entries)
        }
        AclCommand::Set(args) => {
            ensure!(!args.user.is_empty() || !args.group.is_empty(), "nothing to grant: use --user or --group");
            let resource = args.resource.find(&client).await?;
            let change = change(&client, &resource, &args.user, &args.group).await?;
            write(invocation, &client, &resource, &change, args.output).await
        }
        AclCommand::Remove(args) => {
            ensure!(!args.user.is_empty() || !args.group.is_empty(), "nothing to remove: use --user or --group");
            let resource = args.resource.find(&client).await?;
            let none = |names: Vec<String>| names.into_iter().map(|name| (name, String::new())).collect::<Vec<_>>();
            let change = change(&client, &resource, &none(args.user), &none(args.group)).await?;
            write(invocation, &client, &resource, &change, args.output).await
        }
    }
}

async fn write(
    invocation: &Invocation,
    client: &Client,
    resource: &Resource,
    change: &ResourceAcl,
    format: Format,
) -> anyhow::Result<()> {
    let list = client.update_resource_acl(&resource.resource_type, resource.id, change).await;
    let list = list.with_context(|| Step::on_resource("cannot change the access list", resource))?;
    let mut entries = entries(&list);
    if format == Format::Table {
        // The list has been changed, whatever becomes of its names.
        if let Err(error) = name(client, resource, &mut entries).await {
            let why = text_of_server(&format!("{error:#}"));
            invocation.out.remark(format!("The access list has been changed. It is shown with ids: {why}"));
        }
    }
    print(invocation, format, &list, &entries)
}

async fn change(
    client: &Client,
    resource: &Resource,
    users: &[(String, String)],
    groups: &[(String, String)],
) -> anyhow::Result<ResourceAcl> {
    let types = client.list_resource_types().await.context("cannot list the resource types")?.resource_types;
    let takes_role = types.iter().any(|of| of.name == resource.resource_type && !of.access_list_roles.is_empty());
    let mut change = ResourceAcl { user_roles: BTreeMap::new(), group_roles: BTreeMap::new() };
    for (user, grant) in users {
        change.user_roles.insert(user_id(client, resource, user).await?, grant_of(takes_role, grant));
    }
    for (group, grant) in groups {
        change.group_roles.insert(group_id(client, resource, group).await?, grant_of(takes_role, grant));
    }
    Ok(change)
}

/// Some types grant roles, the others grant actions.
fn grant_of(takes_role: bool, grant: &str) -> AclGrant {
    if takes_role || grant.is_empty() {
        return AclGrant::Role(grant.to_owned());
    }
    AclGrant::Actions(grant.split(',').map(|action| action.trim().to_owned()).collect())
}

/// The id of a user. A name is looked up among the members of the resource's organization first: the caller may be
/// allowed to read those, but not users.
async fn user_id(client: &Client, resource: &Resource, user: &str) -> anyhow::Result<String> {
    if Uuid::try_parse(user).is_ok() {
        return Ok(user.to_owned());
    }
    if let Some(organization) = resource.organization_id
        && let Some(members) = visible(client.list_organization_members(&organization.to_string()).await)
            .context("cannot list the members")?
        && let Some(member) = members.iter().find(|member| member.username.eq_ignore_ascii_case(user))
    {
        return Ok(member.member.user_id.to_string());
    }
    match visible(client.user(user).await).context("cannot find the user")? {
        Some(user) => Ok(user.id.to_string()),
        None => Err(Problem::unseen(format!("there is no user {user} whom you may see")).into()),
    }
}

async fn group_id(client: &Client, resource: &Resource, group: &str) -> anyhow::Result<String> {
    if Uuid::try_parse(group).is_ok() {
        return Ok(group.to_owned());
    }
    let Some(organization) = resource.organization_id else {
        bail!("the resource is in no organization: name the group {group} by its id");
    };
    match visible(client.group(&organization.to_string(), group).await).context("cannot find the group")? {
        Some(group) => Ok(group.id.to_string()),
        None => Err(Problem::unseen(format!("there is no group {group} that you may see")).into()),
    }
}

/// The entries of a list, without names.
fn entries(list: &ResourceAcl) -> Vec<Entry> {
    let entry = |kind| {
        move |(id, grant): (&String, &AclGrant)| Entry {
            kind,
            id: id.clone(),
            name: None,
            grant: match grant {
                AclGrant::Role(role) => role.clone(),
                AclGrant::Actions(actions) => actions.join(", "),
            },
        }
    };
    let users = list.user_roles.iter().map(entry("user"));
    users.chain(list.group_roles.iter().map(entry("group"))).collect()
}

fn print(invocation: &Invocation, format: Format, list: &ResourceAcl, entries: &[Entry]) -> anyhow::Result<()> {
    match format {
        Format::Json => return invocation.out.json(list),
        Format::Table if entries.is_empty() => invocation.out.remark("The access list is empty."),
        Format::Table => {
            let columns = [EntryColumn::Kind, EntryColumn::Name, EntryColumn::Grant, EntryColumn::Id];
            invocation.out.result(&table::render(&columns, Chosen::ByDefault, entries, invocation.out.looks(None)))?;
        }
    }
    Ok(())
}

/// Finds the names of entries, as far as the caller may see them.
async fn name(client: &Client, resource: &Resource, entries: &mut [Entry]) -> anyhow::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let names = Names::new(client);
    let groups = match resource.organization_id {
        Some(organization) => {
            let groups = visible(client.list_groups(&organization.to_string()).await);
            groups.context("cannot look up the names of groups")?.unwrap_or_default()
        }
        None => Vec::new(),
    };
    for entry in entries {
        let Ok(id) = Uuid::try_parse(&entry.id) else { continue };
        entry.name = match entry.kind {
            "user" => names.user(id).await?,
            _ => groups.iter().find(|group| group.id == id).map(|group| group.name.clone()),
        };
    }
    Ok(())
}
