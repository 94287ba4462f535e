//! `keyfob login`: from a URL to a stored token.
mod browser;
mod device;
mod environment;
mod first_user;
mod stored;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;
use keyfob_api::secret::SecretText;
use keyfob_client::{Client, ME, StatusCode};

use self::first_user::FirstUserArgs;
use crate::{
    arguments::key_limits::KeyLimitArgs,
    connection::server_url,
    invocation::{Invocation, Source},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "With --token, a new session with the same limits as that token is created and stored. With \
--device, --scope and --allow limit the session; without them, it has the limits of the session that approves it.

Without either, a page of the server opens in the browser where there is one: that of BROWSER, else that of the desktop. \
--no-open, or KEYFOB_NO_OPEN=true, only prints its URL.

Examples:
  keyfob login https://keyfob.example.com          paste a token from the browser
  keyfob login --device https://keyfob.example.com --scope workspace:read
                                                   approve it in a browser on another machine
  keyfob login https://keyfob.example.com --token \"$TOKEN\"
  keyfob login http://localhost:3000               on a new server: create the first user
  keyfob login token                               print the stored token")]
pub(crate) struct LoginArgs {
    #[command(subcommand)]
    command: Option<LoginCommand>,
    /// URL of the server; without a scheme it is `https`, for `localhost` it is `http`
    #[arg(value_name = "URL")]
    address: Option<String>,
    /// Store the given token itself, not a new session; `keyfob logout` deletes that token
    #[arg(long)]
    use_token_as_session: bool,
    /// Print a code to approve in a browser, on this machine or another one
    #[arg(long, conflicts_with = "use_token_as_session")]
    device: bool,
    /// On a new server, create the first user without asking for confirmation
    #[arg(short, long)]
    yes: bool,
    #[command(flatten, next_help_heading = "With --device")]
    limits: KeyLimitArgs,
    #[command(flatten)]
    first_user: FirstUserArgs,
}

#[derive(Subcommand)]
enum LoginCommand {
    /// Print the stored token
    Token,
}

/// Signs in and stores the token.
pub(crate) async fn run(invocation: &Invocation, args: LoginArgs) -> anyhow::Result<()> {
    if let Some(LoginCommand::Token) = args.command {
        return stored::print_token(invocation);
    }
    invocation.refuse_empty()?;
    ensure!(args.device || args.limits.is_empty(), "--scope and --allow need --device");
    let (url, source) = chosen_url(invocation, args.address.as_deref())?;
    let client = invocation.client_for(&url, None)?;
    let has_first_user =
        client.has_first_user().await.with_context(|| format!("there is no Keyfob server at '{url}'"))?;
    invocation.out.line(format!("Attempting to authenticate with {source} URL: '{url}'"))?;
    // Before a session is made that only its files will hold.
    invocation.state.prepare()?;

    let session = match (has_first_user, args.device) {
        (true, true) => Session::New(device::approved_session(invocation, &client, &args.limits).await?),
        (true, false) => session_of_existing_user(invocation, &client, args.use_token_as_session).await?,
        (false, true) => bail!("this server has no first user yet: run 'keyfob login {url}' without --device first"),
        (false, false) => Session::New(first_user::create(invocation, &client, args.first_user, args.yes).await?),
    };
    let username = match keep(invocation, &client, session.token()).await {
        Ok(username) => username,
        Err(error) => return Err(session.given_up(&client, error).await),
    };
    if matches!(session, Session::Given(_)) {
        invocation.out.remark("`keyfob logout` deletes this token, which is stored in place of a session.");
    }
    Ok(invocation.out.line(format!("Welcome to Keyfob, {}! You're authenticated.", invocation.out.bold(&username)))?)
}

/// What is stored after signing in.
enum Session {
    /// A session that this command made: no other program has it.
    New(SecretText),
    /// The token that a person copied from the browser.
    Pasted(SecretText),
    /// The token of `--use-token-as-session`.
    Given(SecretText),
}

impl Session {
    fn token(&self) -> &SecretText {
        match self {
            Self::New(token) | Self::Pasted(token) | Self::Given(token) => token,
        }
    }

    /// Ends a new session that could not be stored. The error stays the one to report.
    async fn given_up(&self, client: &Client, error: anyhow::Error) -> anyhow::Error {
        let Self::New(token) = self else { return error };
        let ended = match client.with_session_token(token) {
            Ok(own) => own.logout().await.map_err(anyhow::Error::from),
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(()) => error,
            Err(cause) => error.context(format!("the new session could not be deleted either ({cause:#})")),
        }
    }
}

/// Stores the token and its server; the name of its user.
async fn keep(invocation: &Invocation, client: &Client, token: &SecretText) -> anyhow::Result<String> {
    let user = client.with_session_token(token)?.user(ME).await.context("cannot get the user")?;
    invocation.state.store(client.url(), token)?;
    Ok(user.username)
}

/// The URL, and the source that it came from.
fn chosen_url(invocation: &Invocation, argument: Option<&str>) -> anyhow::Result<(String, &'static str)> {
    let (url, source) = match (argument, invocation.given_url()) {
        (Some(url), _) => (url.to_owned(), "argument"),
        (None, Some((url, Source::Flag))) => (url.to_owned(), "flag"),
        (None, Some((url, Source::Environment))) => (url.to_owned(), "environment"),
        (None, None) => (invocation.state.url()?.context("no url argument provided")?, "config"),
    };
    Ok((server_url::parse(&url)?, source))
}

async fn session_of_existing_user(
    invocation: &Invocation,
    client: &Client,
    use_as_session: bool,
) -> anyhow::Result<Session> {
    match invocation.given_token() {
        Some((token, _)) if use_as_session => Ok(Session::Given(token.clone())),
        Some((_, Source::Environment)) => Err(environment::token_is_set()),
        Some((token, Source::Flag)) => {
            let session =
                client.with_session_token(token)?.create_api_key(ME).await.context("cannot create a session")?;
            Ok(Session::New(session.key))
        }
        None => Ok(Session::Pasted(pasted_token(invocation, client).await?)),
    }
}

/// The token that a person copies from the browser; the question is repeated until the server accepts it.
async fn pasted_token(invocation: &Invocation, client: &Client) -> anyhow::Result<SecretText> {
    browser::invite(invocation, &format!("{}/cli-auth", client.url()))?;
    loop {
        let token = invocation.prompt().hidden("Paste your token here:", "--token")?;
        // Some texts cannot be sent in a header.
        if let Ok(signed_in) = client.with_session_token(&token) {
            match signed_in.user(ME).await {
                Ok(_) => return Ok(token),
                Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => {}
                Err(error) => return Err(error).context("cannot get the user"),
            }
        }
        invocation.out.remark("That's not a valid token!");
    }
}
