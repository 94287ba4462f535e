//! `keyfob whoami`.
use std::collections::BTreeMap;

use clap::ValueEnum;
use keyfob_api::{organizations::SlimRole, users::User};
use keyfob_client::ME;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    invocation::Invocation,
    terminal::table::{self, Column},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob whoami
  keyfob whoami -o table -c username,roles
  keyfob whoami -o json | jq -r '.[0].user_id'")]
pub(crate) struct WhoamiArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: WhoamiFormat,
    /// Columns of the table, separated by commas
    #[arg(
        short,
        long,
        value_name = "COLUMNS",
        value_delimiter = ',',
        ignore_case = true,
        default_value = "url,username,id"
    )]
    column: Vec<WhoamiColumn>,
}

#[derive(Clone, Copy, ValueEnum)]
enum WhoamiFormat {
    /// A sentence
    Text,
    /// A table
    Table,
    /// JSON, for programs
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum WhoamiColumn {
    Url,
    Username,
    Id,
    Orgs,
    Roles,
}

/// The result; in the roles, `*` stands for the whole deployment.
#[derive(Serialize)]
struct Identity {
    url: String,
    username: String,
    user_id: Uuid,
    organization_ids: Vec<Uuid>,
    roles: BTreeMap<String, Vec<String>>,
}

/// Shows which user the key in use belongs to.
pub(crate) async fn run(invocation: &Invocation, args: &WhoamiArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let identity = Identity::new(client.url().to_owned(), client.user(ME).await?);
    match args.output {
        WhoamiFormat::Json => invocation.out.json(&[identity])?,
        WhoamiFormat::Table => invocation.out.result(&table::render(&args.column, &[identity]))?,
        WhoamiFormat::Text => {
            let (url, username) = (invocation.out.bold(&identity.url), invocation.out.bold(&identity.username));
            // The brackets are part of the output of Coder's command: scripts look for the line with them.
            invocation.out.line(format!("[> Keyfob is running at {url}, You're authenticated as {username} !\n]"))?;
        }
    }
    Ok(())
}

impl Identity {
    fn new(url: String, user: User) -> Self {
        let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for SlimRole { display_name, organization_id, .. } in user.roles {
            let domain = organization_id.map_or_else(|| "*".to_owned(), |id| id.to_string());
            roles.entry(domain).or_default().push(display_name);
        }
        let User { username, id: user_id, organization_ids, .. } = user;
        Self { url, username, user_id, organization_ids, roles }
    }
}

impl Column<Identity> for WhoamiColumn {
    fn cell(&self, row: &Identity) -> String {
        match self {
            Self::Url => row.url.clone(),
            Self::Username => row.username.clone(),
            Self::Id => row.user_id.to_string(),
            Self::Orgs => row.organization_ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", "),
            Self::Roles => {
                let domains = row.roles.iter().map(|(domain, roles)| format!("{domain}: {}", roles.join(", ")));
                domains.collect::<Vec<_>>().join("; ")
            }
        }
    }
}
