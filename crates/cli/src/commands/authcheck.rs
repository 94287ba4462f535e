//! `keyfob authcheck`.
mod objects;
mod powers;
mod questions;
mod report;
mod subject;
mod unknown;

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use keyfob_api::secret::SecretText;
use keyfob_client::Client;

use self::{
    objects::ObjectArgs,
    questions::{Asked, Question},
    subject::SubjectArgs,
};
use crate::{
    arguments::secret::parse_secret,
    invocation::{Invocation, Outcome, UsedKey},
};

/// Asks the server whether the key in use, another key or a user may perform actions. The roles of the key's owner, the
/// key's scopes and its allow list decide.
#[derive(clap::Args)]
#[command(
    after_help = "A check is <type>:<action>, or <type>:<action>@<name or id> for one object. Without one it is about \
objects of the type in general; allow-list entries for single objects never match it.

With --list, ACTIONS has what is permitted on objects that the subject owns, in some organization, or on a single \
object that an allow list or an access list names; ON ALL OF THEM has what is permitted on objects of others, too. \
Single objects are asked about one by one: the first 100 that the key in use may read. A subject who is suspended, \
deleted or expired may do nothing; the command then says why.

The exit code is 0 if every check is allowed, 1 if one is refused, and 2 if that could not be decided: the command line \
is wrong, the key is not accepted, the server is away, or the type or action is unknown. Only then something is printed \
on standard error.

Examples:
  keyfob authcheck workspace:read --owner me
  keyfob authcheck workspace:read@dev workspace:ssh@dev --explain
  keyfob authcheck template:update --organization default --as \"$CI_TOKEN\"
  keyfob authcheck workspace:create --any-organization && echo yes
  keyfob authcheck workspace:delete@dev --user amy --explain
  keyfob authcheck --list
  keyfob authcheck --list --key ci
  keyfob authcheck --file checks.json -o json"
)]
pub(crate) struct AuthcheckArgs {
    /// Checks, as <type>:<action> or <type>:<action>@<name or id>
    #[arg(value_name = "CHECK", value_parser = questions::parse,
        required_unless_present_any = ["file", "list"])]
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
    #[command(flatten)]
    subject: SubjectArgs,
    /// List all that is permitted, by type; of the key in use, with the number of objects that it may read
    #[arg(short, long, conflicts_with_all = ["checks", "owner", "organization", "any_organization", "id", "file", "explain"])]
    list: bool,
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
    let subject = args.subject.find(&client).await?;
    if args.list {
        let client = asking(invocation, &client, args.as_token.as_ref())?;
        let listed = powers::of(&client, subject.clone()).await;
        let powers = listed.map_err(|error| named_key(error, args.as_token.as_ref()))?;
        match args.output {
            AuthcheckFormat::Json => invocation.out.json(&powers.rows)?,
            AuthcheckFormat::Text if powers.rows.is_empty() => {
                powers::say_why_none(invocation.out, &client, subject, &powers).await?;
            }
            AuthcheckFormat::Text => powers::print(invocation.out, &powers.rows)?,
        }
        return Ok(outcome(!powers.rows.is_empty()));
    }
    let mut asked = match &args.file {
        Some(file) => questions::from_file(file)?,
        None => questions::request(&client, &args.checks, &args.object.template(&client).await?).await?,
    };
    if subject.is_some() {
        asked.request.subject = subject;
    }
    let client = asking(invocation, &client, args.as_token.as_ref())?;
    let answered = if args.explain {
        explained(invocation, &client, &asked, args.output).await
    } else {
        plain(invocation, &client, &asked, args.output).await
    };
    answered.map_err(|error| named_key(error, args.as_token.as_ref()))
}

async fn explained(
    invocation: &Invocation,
    client: &Client,
    asked: &Asked,
    format: AuthcheckFormat,
) -> anyhow::Result<Outcome> {
    let answers = client.authcheck_explained(&asked.request).await.context("cannot check authorization")?;
    unknown::refuse(answers.values().flat_map(|answer| &answer.unknown))?;
    match format {
        AuthcheckFormat::Json => invocation.out.json(&answers)?,
        AuthcheckFormat::Text => report::explained(invocation.out, &asked.names, &answers)?,
    }
    Ok(outcome(answers.values().all(|answer| answer.allowed)))
}

async fn plain(
    invocation: &Invocation,
    client: &Client,
    asked: &Asked,
    format: AuthcheckFormat,
) -> anyhow::Result<Outcome> {
    let answers = client.authcheck(&asked.request).await.context("cannot check authorization")?;
    unknown::refuse(&unknown::of(client, &asked.request).await?)?;
    match format {
        AuthcheckFormat::Json => invocation.out.json(&answers)?,
        AuthcheckFormat::Text => report::plain(invocation.out, &asked.names, &answers)?,
    }
    Ok(outcome(answers.values().all(|is_allowed| *is_allowed)))
}

fn outcome(is_allowed: bool) -> Outcome {
    if is_allowed { Outcome::Done } else { Outcome::Refused }
}

/// The client whose key is checked.
fn asking(invocation: &Invocation, client: &Client, as_token: Option<&SecretText>) -> anyhow::Result<Client> {
    let Some(token) = as_token else { return Ok(client.clone()) };
    if token.reveal() == "-" {
        return Ok(client.with_session_token(&invocation.prompt().hidden("Token:", "--as <token>")?)?);
    }
    ensure!(!token.reveal().trim().is_empty(), "--as is empty: give a token, or leave it out to check the key in use");
    Ok(client.with_session_token(token)?)
}

/// The error of a request with another key than the one in use says so.
fn named_key(error: anyhow::Error, as_token: Option<&SecretText>) -> anyhow::Error {
    if as_token.is_some() && error.is::<keyfob_client::Error>() { error.context(UsedKey("--as")) } else { error }
}
