//! The first user of a new server.
use anyhow::{Context as _, ensure};
use keyfob_api::{
    secret::SecretText,
    users::{CreateFirstUserRequest, LoginRequest},
};
use keyfob_client::{Client, Error};

use crate::{
    arguments::secret::parse_secret,
    invocation::Invocation,
    terminal::{prompt::Prompt, text::printable},
};

/// The options for the first user of a new server; the command asks for omitted ones.
#[derive(clap::Args)]
#[command(next_help_heading = "The first user of a new server")]
#[expect(clippy::struct_field_names, reason = "the names of the flags")]
pub(super) struct FirstUserArgs {
    /// E-mail address, for signing in
    #[arg(long, env = "KEYFOB_FIRST_USER_EMAIL", value_name = "EMAIL")]
    first_user_email: Option<String>,
    /// Username
    #[arg(long, env = "KEYFOB_FIRST_USER_USERNAME", value_name = "USERNAME")]
    first_user_username: Option<String>,
    /// Full name
    #[arg(long, env = "KEYFOB_FIRST_USER_FULL_NAME", value_name = "NAME")]
    first_user_full_name: Option<String>,
    /// Password; other users of this machine may see it while the command runs
    #[arg(long, env = "KEYFOB_FIRST_USER_PASSWORD", hide_env_values = true, value_name = "PASSWORD",
        value_parser = parse_secret)]
    first_user_password: Option<SecretText>,
    /// Ignored; accepted for existing scripts
    #[arg(long, env = "KEYFOB_FIRST_USER_TRIAL", value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", hide_short_help = true)]
    first_user_trial: Option<bool>,
}

const PASSWORD_FLAG: &str = "--first-user-password";

/// Creates the first user from flags and answers, and signs in as them.
pub(super) async fn create(
    invocation: &Invocation,
    client: &Client,
    args: FirstUserArgs,
    is_confirmed: bool,
) -> anyhow::Result<SecretText> {
    invocation.out.line("Your Keyfob deployment hasn't been set up!")?;
    let prompt = invocation.prompt();
    let has_flag_for_password = args.first_user_password.is_some();
    let mut user = ask(prompt, args, is_confirmed)?;
    while let Err(error) = client.create_first_user(&user).await {
        // A person may try another password; a script gets the error.
        let Some(problem) = weakness(&error).filter(|_| prompt.is_interactive() && !has_flag_for_password) else {
            return Err(error).context("cannot create the first user");
        };
        invocation.out.remark(printable(&problem));
        user.password = prompt.new_password(PASSWORD_FLAG)?;
    }
    let login = LoginRequest { email: user.email, password: user.password };
    Ok(client.login_with_password(&login).await.context("cannot sign in with the password")?.session_token)
}

fn ask(prompt: Prompt, args: FirstUserArgs, is_confirmed: bool) -> anyhow::Result<CreateFirstUserRequest> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let name = given(args.first_user_full_name);
    let (username, name) = match given(args.first_user_username) {
        Some(username) => (username, name.unwrap_or_default()),
        None => ask_names(prompt, name, is_confirmed)?,
    };
    let email = match given(args.first_user_email) {
        Some(email) => email,
        None => prompt.line("What's your email?", "", "--first-user-email")?,
    };
    let password = match args.first_user_password {
        Some(password) => password,
        None => prompt.new_password(PASSWORD_FLAG)?,
    };
    let trial = args.first_user_trial.unwrap_or_default();
    Ok(CreateFirstUserRequest { email, username, name, password, trial, ..CreateFirstUserRequest::default() })
}

fn ask_names(prompt: Prompt, name: Option<String>, is_confirmed: bool) -> anyhow::Result<(String, String)> {
    ensure!(
        prompt.is_interactive(),
        "the initial user cannot be created in non-interactive mode. use the API, or the --first-user-* flags"
    );
    if !is_confirmed {
        prompt.confirm("Would you like to create the first user?")?;
    }
    let username = prompt.line("What username would you like?", &login_name(), "--first-user-username")?;
    let name = match name {
        Some(name) => name,
        None => prompt.line("(Optional) What's your full name?", "", "--first-user-full-name")?,
    };
    Ok((username, name))
}

fn login_name() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|variable| std::env::var(variable).ok());
    names.into_iter().next().unwrap_or_default()
}

/// The problem with the password, if that is why the server refused the user.
fn weakness(error: &Error) -> Option<String> {
    let Error::Api(answer) = error else { return None };
    answer.body.validations.iter().find(|problem| problem.field == "password").map(|problem| problem.detail.clone())
}
