//! `keyfob login`: from a URL to a stored key.
mod browser;
mod device;
mod first_user;
mod stored;

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::Subcommand;
use keyfob_api::secret::SecretText;
use keyfob_client::{Client, ME, StatusCode};

use crate::{
    app::{App, Source},
    args::parse_secret,
    reach::ReachArgs,
    server_url,
};

/// How to sign in.
#[derive(clap::Args)]
#[command(after_help = "With --token, a new session is made from that token and stored; what the token may do, the \
session may do. With --device, the session may do what --scope and --allow name, or without them all that whoever \
approves it may do.

Examples:
  keyfob login https://keyfob.example.com          paste a token that the browser shows
  keyfob login --device https://keyfob.example.com --scope workspace:read
                                                   approve it on another machine
  keyfob login https://keyfob.example.com --token \"$TOKEN\"
  keyfob login http://localhost:3000               on a new server: make the first user
  keyfob login token                               print the stored key")]
pub(crate) struct LoginArgs {
    #[command(subcommand)]
    command: Option<LoginCommand>,
    /// The server; `https` unless it says otherwise, `http` for `localhost`
    #[arg(value_name = "URL")]
    address: Option<String>,
    /// Store the token itself in place of a new session
    #[arg(long)]
    use_token_as_session: bool,
    /// Show a code, to be approved in a browser on any machine
    #[arg(long, conflicts_with = "use_token_as_session")]
    device: bool,
    #[command(flatten, next_help_heading = "With --device")]
    reach: ReachArgs,
    #[command(flatten)]
    first_user: FirstUserArgs,
}

/// Who the first user of a new server is to be; what is left out is asked for.
#[derive(clap::Args)]
#[command(next_help_heading = "The first user of a new server")]
#[expect(clippy::struct_field_names, reason = "the names of the flags")]
pub(crate) struct FirstUserArgs {
    /// The e-mail address to sign in with
    #[arg(long, env = "KEYFOB_FIRST_USER_EMAIL", value_name = "EMAIL")]
    first_user_email: Option<String>,
    /// The username
    #[arg(long, env = "KEYFOB_FIRST_USER_USERNAME", value_name = "USERNAME")]
    first_user_username: Option<String>,
    /// The name for people
    #[arg(long, env = "KEYFOB_FIRST_USER_FULL_NAME", value_name = "NAME")]
    first_user_full_name: Option<String>,
    /// The password; other people on this machine may see it while the command runs
    #[arg(long, env = "KEYFOB_FIRST_USER_PASSWORD", hide_env_values = true, value_name = "PASSWORD",
        value_parser = parse_secret)]
    first_user_password: Option<SecretText>,
    /// Accepted for existing scripts; there is nothing to try, everything is included
    #[arg(long, env = "KEYFOB_FIRST_USER_TRIAL", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_short_help = true)]
    first_user_trial: Option<bool>,
}

#[derive(Subcommand)]
enum LoginCommand {
    /// Print the stored key
    Token,
}

/// Signs in and stores the key.
pub(crate) async fn run(app: &App, args: LoginArgs) -> anyhow::Result<()> {
    if let Some(LoginCommand::Token) = args.command {
        return stored::print_token(app);
    }
    ensure!(args.device || args.reach.is_empty(), "--scope and --allow go with --device");
    let (url, source) = chosen_url(app, args.address.as_deref())?;
    let client = app.client_for(&url, None)?;
    let has_first_user = client
        .has_first_user()
        .await
        .with_context(|| format!("look for a keyfob server at '{url}', is the URL right"))?;
    app.out.line(format!("Attempting to authenticate with {source} URL: '{url}'"));

    let session = match (has_first_user, args.device) {
        (true, true) => device::approved_session(app, &client, &args.reach).await?,
        (true, false) => session_of_known_user(app, &client, args.use_token_as_session).await?,
        (false, true) => bail!("nobody has set up this server yet: run 'keyfob login {url}' without --device first"),
        (false, false) => first_user::create(app, &client, args.first_user).await?,
    };
    let user = client.with_session_token(&session)?.user(ME).await.context("get user")?;
    app.state.store(&url, &session)?;
    app.out.line(format!("Welcome to Keyfob, {}! You're authenticated.", app.out.bold(&user.username)));
    Ok(())
}

/// The server asked for, and how it was.
fn chosen_url(app: &App, argument: Option<&str>) -> anyhow::Result<(String, &'static str)> {
    let (url, source) = match (argument, app.given_url()) {
        (Some(url), _) => (url.to_owned(), "argument"),
        (None, Some((url, Source::Flag))) => (url.to_owned(), "flag"),
        (None, Some((url, Source::Environment))) => (url.to_owned(), "environment"),
        (None, None) => (app.state.url()?.context("no url argument provided")?, "config"),
    };
    Ok((server_url::parse(&url)?, source))
}

async fn session_of_known_user(app: &App, client: &Client, use_as_session: bool) -> anyhow::Result<SecretText> {
    match app.given_token() {
        Some((token, _)) if use_as_session => Ok(token.clone()),
        Some((_, Source::Environment)) => Err(token_in_environment()),
        Some((token, Source::Flag)) => {
            let session = client.with_session_token(token)?.create_api_key(ME).await.context("create api key")?;
            Ok(session.key)
        }
        None => pasted_token(app, client).await,
    }
}

/// What would be stored would not be used.
fn token_in_environment() -> anyhow::Error {
    let own = "KEYFOB_SESSION_TOKEN";
    let is_own = std::env::var_os(own).is_some_and(|value| !value.is_empty());
    anyhow!(
        "{} is set. This environment variable takes precedence over any session token stored on disk.\n\nUnset it to \
         sign in, or store the token itself with --use-token-as-session.",
        if is_own { own } else { "CODER_SESSION_TOKEN" }
    )
}

/// The token that a person copies from the browser, asked for until it is one.
async fn pasted_token(app: &App, client: &Client) -> anyhow::Result<SecretText> {
    browser::invite(app, &format!("{}/cli-auth", client.url()));
    loop {
        let token = app.prompt().hidden("Paste your token here:")?;
        // Some texts cannot even be sent.
        if let Ok(signed_in) = client.with_session_token(&token) {
            match signed_in.user(ME).await {
                Ok(_) => return Ok(token),
                Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => {}
                Err(error) => return Err(error).context("get user"),
            }
        }
        app.out.remark("That's not a valid token!");
    }
}
