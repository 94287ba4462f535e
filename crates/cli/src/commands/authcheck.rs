//! `keyfob authcheck`.
mod objects;
mod questions;
mod report;

use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::secret::SecretText;
use keyfob_client::Client;

use self::{objects::ObjectArgs, questions::Question};
use crate::{
    arguments::secret::parse_secret,
    invocation::{Invocation, Outcome},
};

/// Asks the server whether the key in use, or another one, may perform actions. The roles of the key's owner, the key's
/// scopes and its allow list decide.
#[derive(clap::Args)]
#[command(
    after_help = "A check is <type>:<action>, or <type>:<action>@<id> for one object. Without an id it is about \
objects of the type in general; allow-list entries for single objects never match it.

The exit code is 0 if every check is allowed, and 1 if one is refused or the request fails. Only a failure prints on \
standard error.

Examples:
  keyfob authcheck workspace:read --owner me
  keyfob authcheck workspace:read workspace:ssh --id 6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e --explain
  keyfob authcheck template:update --organization default --as \"$CI_TOKEN\"
  keyfob authcheck workspace:create --any-organization && echo yes
  keyfob authcheck --file checks.json -o json"
)]
pub(crate) struct AuthcheckArgs {
    /// Checks, as <type>:<action> or <type>:<action>@<id>
    #[arg(value_name = "CHECK", value_parser = questions::parse, required_unless_present = "file")]
    checks: Vec<Question>,
    #[command(flatten)]
    object: ObjectArgs,
    /// Read the checks from a file, in the JSON of the API; `-` for standard input
    #[arg(short, long, value_name = "FILE",
        conflicts_with_all = ["checks", "owner", "organization", "any_organization", "id"])]
    file: Option<std::path::PathBuf>,
    /// Explain each decision, and name what a refused one lacks
    #[arg(short, long)]
    explain: bool,
    /// Check this token in place of the key in use; `-` reads it from standard input
    #[arg(long = "as", value_name = "TOKEN", value_parser = parse_secret)]
    as_token: Option<SecretText>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: AuthcheckFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum AuthcheckFormat {
    /// One line per check, for people
    Text,
    /// JSON, as the API answers
    Json,
}

/// Asks and prints the answers; [`Outcome::Refused`] if one of them is no.
pub(crate) async fn run(invocation: &Invocation, args: AuthcheckArgs) -> anyhow::Result<Outcome> {
    let client = invocation.connect()?;
    let request = match &args.file {
        Some(file) => questions::from_file(file)?,
        None => questions::request(&args.checks, &args.object.template(&client).await?),
    };
    let client = match &args.as_token {
        Some(token) => for_token(invocation, &client, token)?,
        None => client,
    };
    let is_allowed = if args.explain {
        let answers = client.authcheck_explained(&request).await.context("check authorization")?;
        match args.output {
            AuthcheckFormat::Json => invocation.out.json(&answers)?,
            AuthcheckFormat::Text => report::explained(invocation.out, &answers)?,
        }
        answers.values().all(|answer| answer.allowed)
    } else {
        let answers = client.authcheck(&request).await.context("check authorization")?;
        match args.output {
            AuthcheckFormat::Json => invocation.out.json(&answers)?,
            AuthcheckFormat::Text => report::plain(invocation.out, &answers)?,
        }
        answers.values().all(|is_allowed| *is_allowed)
    };
    Ok(if is_allowed { Outcome::Done } else { Outcome::Refused })
}

fn for_token(invocation: &Invocation, client: &Client, token: &SecretText) -> anyhow::Result<Client> {
    if token.reveal() != "-" {
        return Ok(client.with_session_token(token)?);
    }
    Ok(client.with_session_token(&invocation.prompt().hidden("Token:")?)?)
}
