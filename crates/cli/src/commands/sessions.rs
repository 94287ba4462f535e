//! `keyfob sessions`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::keys::Session;
use keyfob_client::{Client, ME};

use crate::{
    arguments::name::parse_name,
    hidden_keys,
    invocation::Invocation,
    terminal::{
        printing::{Columns, Named, Printing},
        problem::Problem,
        table::{Cell, Column, Weight},
    },
};

/// Sessions are made by signing in; tokens are not among them.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob sessions list
  keyfob sessions end WuoWs4ZsMX
  keyfob sessions end --others"
)]
pub(crate) enum SessionsCommand {
    /// List live sessions, by default your own
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// End a session, or all but the one in use
    #[command(visible_aliases = ["remove", "rm", "delete"])]
    End(EndArgs),
}

/// The arguments of `list`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob sessions list
  keyfob sessions list --user amy -o json")]
pub(crate) struct ListArgs {
    /// User whose sessions are listed: a username or an id
    #[arg(short, long, value_name = "USER", default_value = ME, hide_default_value = true, value_parser = parse_name)]
    user: String,
    #[command(flatten)]
    printing: Printing<SessionColumn>,
}

/// The arguments of `end`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob sessions end WuoWs4ZsMX
  keyfob sessions end --others
  keyfob sessions end --others --user amy -y")]
pub(crate) struct EndArgs {
    /// Id of the session
    #[arg(value_name = "ID", required_unless_present = "others", value_parser = parse_name)]
    id: Option<String>,
    /// End all sessions of the user but the one in use
    #[arg(long, conflicts_with = "id")]
    others: bool,
    /// User whose sessions end: a username or an id
    #[arg(short, long, value_name = "USER", default_value = ME, hide_default_value = true, value_parser = parse_name)]
    user: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SessionColumn {
    Id,
    Current,
    #[value(name = "login type")]
    LoginType,
    #[value(name = "created at")]
    CreatedAt,
    #[value(name = "last used")]
    LastUsed,
    #[value(name = "expires at")]
    ExpiresAt,
    Address,
    Program,
}

/// How the session was begun, as the API spells it.
fn login_type(session: &Session) -> String {
    let name = serde_json::to_value(session.login_type).unwrap_or_default();
    name.as_str().unwrap_or_default().to_owned()
}

impl Columns for SessionColumn {
    const USUAL: &'static str = "id,current,last used,expires at,address,program";
}

impl Named for Session {
    fn name(&self) -> String {
        self.id.clone()
    }
}

impl Column<Session> for SessionColumn {
    fn cell(&self, row: &Session) -> Cell {
        match self {
            Self::Id => row.id.as_str().into(),
            Self::Current => if row.is_current { "yes" } else { "" }.into(),
            Self::LoginType => login_type(row).into(),
            Self::CreatedAt => row.created_at.into(),
            Self::LastUsed => row.last_used.into(),
            Self::ExpiresAt => row.expires_at.into(),
            Self::Address => row.ip_address.as_str().into(),
            Self::Program => row.user_agent.as_str().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::Id => Weight::Key,
            Self::Program => Weight::Wraps,
            Self::CreatedAt | Self::LoginType => Weight::Light,
            Self::Current | Self::LastUsed | Self::ExpiresAt | Self::Address => Weight::Usual,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: SessionsCommand) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    match command {
        SessionsCommand::List(args) => {
            let sessions = listed(invocation, &client, &args.user).await?;
            args.printing.list(invocation.out, &sessions, "No sessions found.")
        }
        SessionsCommand::End(EndArgs { id: Some(id), user, yes, .. }) => {
            end(invocation, &client, &user, &id, yes).await
        }
        SessionsCommand::End(EndArgs { user, yes, .. }) => end_others(invocation, &client, &user, yes).await,
    }
}

/// The live sessions of a user. A list that is empty because the caller may not read them is refused: it would be taken
/// for the answer that there are none.
async fn listed(invocation: &Invocation, client: &Client, user: &str) -> anyhow::Result<Vec<Session>> {
    let sessions = client.list_sessions(user).await.context("cannot list sessions")?;
    invocation.refuse_unseen(&sessions, "sessions")?;
    hidden_keys::refuse(invocation, client, user, &sessions, "sessions").await?;
    Ok(sessions)
}

/// Ends a session that the list has: any other id may be that of something else.
async fn end(invocation: &Invocation, client: &Client, user: &str, id: &str, yes: bool) -> anyhow::Result<()> {
    let sessions = listed(invocation, client, user).await?;
    let Some(session) = sessions.iter().find(|session| session.id == id) else {
        let (whose, option) = if user == ME {
            ("your own".to_owned(), String::new())
        } else {
            (format!("those of {user}"), format!(" --user {user}"))
        };
        let next = format!("'keyfob sessions list{option}' lists them, with their ids");
        return Err(Problem::new(format!("there is no session {id:?} among {whose}"), next).into());
    };
    if session.is_current && !yes {
        invocation.prompt().confirm("This is the session in use. Are you sure you want to end it?")?;
    }
    client.end_session(user, &session.id).await.context("cannot end the session")?;
    Ok(invocation.out.line("Session has been ended.")?)
}

async fn end_others(invocation: &Invocation, client: &Client, user: &str, yes: bool) -> anyhow::Result<()> {
    let sessions = listed(invocation, client, user).await?;
    let count = sessions.iter().filter(|session| !session.is_current).count();
    if count == 0 {
        return Ok(invocation.out.line("There is no other session.")?);
    }
    let noun = if count == 1 { "session" } else { "sessions" };
    if !yes {
        invocation.prompt().confirm(&format!("Are you sure you want to end {count} other {noun}?"))?;
    }
    client.end_other_sessions(user).await.context("cannot end the sessions")?;
    let have = if count == 1 { "has" } else { "have" };
    Ok(invocation.out.line(format!("{count} {noun} {have} been ended."))?)
}
