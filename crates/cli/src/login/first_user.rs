//! The first user of a new server.
use anyhow::{Context as _, ensure};
use keyfob_api::{
    secret::SecretText,
    users::{CreateFirstUserRequest, LoginRequest},
};
use keyfob_client::{Client, Error};

use super::FirstUserArgs;
use crate::{app::App, prompt::Prompt, table::printable};

/// Makes the first user from flags and answers, and signs them in.
pub(super) async fn create(app: &App, client: &Client, args: FirstUserArgs) -> anyhow::Result<SecretText> {
    app.out.line("Your Keyfob deployment hasn't been set up!");
    let prompt = app.prompt();
    let has_flag_for_password = args.first_user_password.is_some();
    let mut user = ask(prompt, args)?;
    while let Err(error) = client.create_first_user(&user).await {
        // A person may try another password; a script gets the error.
        let Some(problem) = weakness(&error).filter(|_| prompt.is_interactive() && !has_flag_for_password) else {
            return Err(error).context("create initial user");
        };
        app.out.remark(printable(&problem));
        user.password = prompt.new_password()?;
    }
    let login = LoginRequest { email: user.email, password: user.password };
    Ok(client.login_with_password(&login).await.context("login with password")?.session_token)
}

fn ask(prompt: Prompt, args: FirstUserArgs) -> anyhow::Result<CreateFirstUserRequest> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let name = given(args.first_user_full_name);
    let (username, name) = match given(args.first_user_username) {
        Some(username) => (username, name.unwrap_or_default()),
        None => ask_names(prompt, name)?,
    };
    let email = match given(args.first_user_email) {
        Some(email) => email,
        None => prompt.line("What's your email?", "")?,
    };
    let password = match args.first_user_password {
        Some(password) => password,
        None => prompt.new_password()?,
    };
    let trial = args.first_user_trial.unwrap_or_default();
    Ok(CreateFirstUserRequest { email, username, name, password, trial, ..CreateFirstUserRequest::default() })
}

fn ask_names(prompt: Prompt, name: Option<String>) -> anyhow::Result<(String, String)> {
    ensure!(
        prompt.is_interactive(),
        "the initial user cannot be created in non-interactive mode. use the API, or the --first-user-* flags"
    );
    prompt.confirm("Would you like to create the first user?", "yes")?;
    let username = prompt.line("What username would you like?", &login_name())?;
    let name = match name {
        Some(name) => name,
        None => prompt.line("(Optional) What's your full name?", "")?,
    };
    Ok((username, name))
}

fn login_name() -> String {
    let names = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|variable| std::env::var(variable).ok());
    names.into_iter().next().unwrap_or_default()
}

/// What is wrong with the password, if that is what the server complains about.
fn weakness(error: &Error) -> Option<String> {
    let Error::Api(answer) = error else { return None };
    answer.body.validations.iter().find(|problem| problem.field == "password").map(|problem| problem.detail.clone())
}
