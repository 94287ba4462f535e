//! `keyfob whoami`.
use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::{keys::KeySummary, organizations::SlimRole, time::distance, users::User};
use keyfob_client::ME;
use keyfob_server::Clock;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    invocation::Invocation,
    terminal::{
        table::{self, Cell, Chosen, Column, Weight},
        text::printable,
    },
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
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<KeySummary>,
    url: String,
    username: String,
    user_id: Uuid,
    organization_ids: Vec<Uuid>,
    roles: BTreeMap<String, Vec<String>>,
}

/// Shows which user the key in use belongs to.
pub(crate) async fn run(invocation: &Invocation, args: &WhoamiArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let user = client.user(ME).await.context("cannot get the user")?;
    let identity = Identity::new(client.url().to_owned(), user, client.described_key());
    match args.output {
        WhoamiFormat::Json => invocation.out.json(&[identity])?,
        WhoamiFormat::Table => invocation.out.result(&table::render(
            &args.column,
            Chosen::ByName,
            &[identity],
            invocation.out.looks(None),
        ))?,
        WhoamiFormat::Text => {
            let (url, username) = (invocation.out.bold(&identity.url), invocation.out.bold(&identity.username));
            invocation.out.line(format!("Keyfob is running at {url}, You're authenticated as {username} !"))?;
            for line in identity.key.iter().flat_map(|key| lines(key, invocation)) {
                invocation.out.line(printable(&line))?;
            }
        }
    }
    Ok(())
}

/// What the key in use can do, and until when.
fn lines(key: &KeySummary, invocation: &Invocation) -> Vec<String> {
    let name = invocation.key_in_use().in_words();
    let more = if key.more == 0 { String::new() } else { format!(" and {} more", key.more) };
    let expiry = distance(key.expires_at.0, Clock::System.now());
    vec![
        format!("Key:         {} ({name})", key.id),
        format!("Scopes:      {}", key.scopes.join(", ")),
        format!("Allow list:  {}{more}", key.allow_list.join(", ")),
        format!("Expires:     {expiry}, at {}", key.expires_at),
    ]
}

impl Identity {
    fn new(url: String, user: User, key: Option<KeySummary>) -> Self {
        let mut roles: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for SlimRole { display_name, organization_id, .. } in user.roles {
            let domain = organization_id.map_or_else(|| "*".to_owned(), |id| id.to_string());
            roles.entry(domain).or_default().push(display_name);
        }
        let User { username, id: user_id, organization_ids, .. } = user;
        Self { key, url, username, user_id, organization_ids, roles }
    }
}

impl Column<Identity> for WhoamiColumn {
    fn cell(&self, row: &Identity) -> Cell {
        match self {
            Self::Url => row.url.as_str().into(),
            Self::Username => row.username.as_str().into(),
            Self::Id => row.user_id.to_string().into(),
            Self::Orgs => row.organization_ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(", ").into(),
            Self::Roles => {
                let domains = row.roles.iter().map(|(domain, roles)| format!("{domain}: {}", roles.join(", ")));
                domains.collect::<Vec<_>>().join("; ").into()
            }
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Username => Weight::Key,
            Self::Url | Self::Id => Weight::Usual,
            Self::Orgs | Self::Roles => Weight::Wraps,
        }
    }
}
