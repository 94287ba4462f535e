//! `keyfob users create`.
use anyhow::{Context as _, bail};
use keyfob_api::{secret::SecretText, users::CreateUserRequest};
use keyfob_server::Random;

use crate::{
    arguments::{name::parse_name, organization, secret::parse_secret},
    invocation::Invocation,
    terminal::printing::Named as _,
};

/// The length of a generated password.
const PASSWORD_LENGTH: usize = 20;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "Without --password, a password is generated. It is printed on standard error, with instructions for \
the user.

Examples:
  keyfob users create --username amy --email amy@example.com --full-name 'Amy A'
  keyfob users create --username robot --service-account"
)]
pub(crate) struct CreateArgs {
    /// Username; asked for if omitted
    #[arg(short, long, value_name = "NAME", value_parser = parse_name)]
    username: Option<String>,
    /// E-mail address; asked for if omitted
    #[arg(short, long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Full name
    #[arg(short = 'n', long, value_name = "NAME")]
    full_name: Option<String>,
    /// Password; generated if omitted
    #[arg(short, long, value_name = "PASSWORD", value_parser = parse_secret)]
    password: Option<SecretText>,
    /// How the user signs in: password, none, github or oidc
    #[arg(long, value_name = "TYPE")]
    login_type: Option<String>,
    /// Create an account for a program: it has tokens, but no address and no password
    #[arg(long)]
    service_account: bool,
    /// The same as `--login-type none`
    #[arg(long, hide = true)]
    disable_login: bool,
    /// Name or id of the organization that the user becomes a member of
    #[arg(short = 'O', long, visible_alias = "organization", env = "KEYFOB_ORGANIZATION", value_name = "NAME|ID", value_parser = parse_name)]
    org: Option<String>,
    /// Print the new user on standard output
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<CreatedFormat>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CreatedFormat {
    /// JSON, for programs
    Json,
    /// The username, for scripts
    Name,
}

/// Creates the user.
pub(crate) async fn run(invocation: &Invocation, args: CreateArgs) -> anyhow::Result<()> {
    refuse_conflicts(&args)?;
    invocation.out.check_remarks()?;
    let client = invocation.connect()?;
    let organization = organization::find(&client, args.org.as_deref()).await?;
    let login_type = match (args.login_type, args.service_account || args.disable_login) {
        (Some(login_type), _) => login_type,
        (None, true) => "none".to_owned(),
        (None, false) => "password".to_owned(),
    };
    if args.password.is_none() && login_type == "password" {
        invocation.out.check_remarks_for_secret()?;
    }
    let prompt = invocation.prompt();
    let asks_name = args.username.is_none() && args.email.is_none() && !args.service_account;
    let username = args.username.map_or_else(|| prompt.line("Username:", "", "--username"), Ok)?;
    let email = match args.email {
        Some(email) => email,
        None if args.service_account => String::new(),
        None => prompt.line("Email:", "", "--email")?,
    };
    let name = match args.full_name {
        Some(name) => name,
        None if asks_name => prompt.line("Full name (optional):", "", "--full-name")?,
        None => String::new(),
    };
    let password = match args.password {
        Some(password) => password,
        None if login_type == "password" => generated_password()?,
        None => SecretText::default(),
    };
    let request = CreateUserRequest {
        email,
        username,
        name,
        password: password.clone(),
        login_type: login_type.clone(),
        organization_ids: vec![organization.id],
        service_account: args.service_account,
        ..CreateUserRequest::default()
    };
    let user = client.create_user(&request).await.context("cannot create the user")?;
    let instructions = instructions(client.url(), &user.username, &user.email, &login_type, &password);
    // They may hold the only copy of a password.
    invocation.out.deliver_remark(instructions)?;
    match args.output {
        Some(CreatedFormat::Json) => invocation.out.json(&user),
        Some(CreatedFormat::Name) => Ok(invocation.out.line(user.name())?),
        None => Ok(()),
    }
}

fn refuse_conflicts(args: &CreateArgs) -> anyhow::Result<()> {
    if args.service_account {
        let conflicts = [
            ("--login-type", args.login_type.is_some()),
            ("--password", args.password.is_some()),
            ("--email", args.email.is_some()),
            ("--disable-login", args.disable_login),
        ];
        if let Some((flag, _)) = conflicts.iter().find(|(_, is_given)| *is_given) {
            bail!("You cannot use {flag} with --service-account");
        }
    }
    if args.disable_login && args.login_type.is_some() {
        bail!("You cannot specify both --disable-login and --login-type");
    }
    Ok(())
}

fn generated_password() -> anyhow::Result<SecretText> {
    let random = Random::from_system().context("cannot generate a password")?;
    Ok(SecretText::new(random.alphanumeric(PASSWORD_LENGTH)))
}

/// Instructions for the user. They go to standard error, because they may hold a password.
fn instructions(url: &str, username: &str, email: &str, login_type: &str, password: &SecretText) -> String {
    if login_type == "none" {
        return format!(
            "User {username} has been created. They cannot sign in: create tokens with `keyfob tokens create --user \
             {username}`."
        );
    }
    let how = match login_type {
        "password" => format!("Sign in as {email} with this password:\n\n  {}", password.reveal()),
        other => format!("Sign in with {other}."),
    };
    format!(
        "A new user has been created!\nShare the instructions below to get them started.\n\n{how}\n\n  \
         keyfob login {url}"
    )
}
