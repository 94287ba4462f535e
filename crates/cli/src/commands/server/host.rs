//! `keyfob server create-admin` and `reset-password`: on the host, while the server does not run.
use keyfob_api::secret::SecretText;
use keyfob_server::{Host, NewAdmin, ServerArgs};

use crate::{arguments::secret::parse_secret, invocation::Invocation};

/// Commands on the host. The server must not run during `create-admin` and `reset-password`.
#[derive(clap::Subcommand)]
pub(crate) enum HostCommand {
    /// Create an owner while the server is stopped, if no owner can sign in
    CreateAdmin(CreateAdminArgs),
    /// Set a user's password and delete their keys, while the server is stopped
    ResetPassword(ResetPasswordArgs),
    /// Check the settings
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// The settings.
#[derive(clap::Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum ConfigCommand {
    /// Report every problem of the settings in the file, the environment and the command line
    #[command(after_help = "No server is started and no provider is contacted.

Examples:
  keyfob server config check
  keyfob server --config keyfob.toml config check")]
    Check,
}

/// The arguments of `create-admin`.
#[derive(clap::Args)]
#[command(after_help = "The command asks for omitted values.

Examples:
  keyfob server create-admin --username amy --email amy@example.com
  keyfob server create-admin --data-dir /var/lib/keyfob")]
pub(crate) struct CreateAdminArgs {
    /// Username
    #[arg(long, env = "KEYFOB_USERNAME", value_name = "NAME")]
    username: Option<String>,
    /// E-mail address
    #[arg(long, env = "KEYFOB_EMAIL", value_name = "ADDRESS")]
    email: Option<String>,
    /// Password
    #[arg(long, env = "KEYFOB_PASSWORD", hide_env_values = true, value_name = "PASSWORD", value_parser = parse_secret)]
    password: Option<SecretText>,
}

/// The arguments of `reset-password`.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob server reset-password amy
  keyfob server reset-password amy < new-password-twice.txt")]
pub(crate) struct ResetPasswordArgs {
    /// Username
    #[arg(value_name = "USERNAME")]
    username: String,
}

/// Runs the command.
pub(super) async fn run(invocation: &Invocation, server: &ServerArgs, command: HostCommand) -> anyhow::Result<()> {
    if let HostCommand::Config(ConfigCommand::Check) = command {
        // It has run before the settings were parsed.
        return Ok(());
    }
    let host = Host::open(server).await?;
    match command {
        HostCommand::CreateAdmin(args) => create_admin(invocation, &host, args).await?,
        HostCommand::ResetPassword(args) => reset_password(invocation, &host, &args).await?,
        HostCommand::Config(_) => {}
    }
    host.close().await;
    Ok(())
}

async fn create_admin(invocation: &Invocation, host: &Host, args: CreateAdminArgs) -> anyhow::Result<()> {
    let prompt = invocation.prompt();
    let ask = |given: Option<String>, question: &str| given.map_or_else(|| prompt.line(question, ""), Ok);
    let username = ask(args.username, "Username:")?;
    let email = ask(args.email, "Email:")?;
    let password = args.password.map_or_else(|| prompt.new_password(), Ok)?;
    let welcome = format!("{username} is an owner now, and an administrator of every organization.");
    host.create_admin(NewAdmin { username, email, password }).await?;
    invocation.out.remark(welcome);
    Ok(())
}

async fn reset_password(invocation: &Invocation, host: &Host, args: &ResetPasswordArgs) -> anyhow::Result<()> {
    let prompt = invocation.prompt();
    let first = prompt.hidden("Enter new password:")?;
    let second = prompt.hidden("Confirm password:")?;
    anyhow::ensure!(first.reveal() == second.reveal(), "Passwords do not match");
    host.reset_password(&args.username, &first).await?;
    invocation.out.remark(format!("Password has been reset for user {}! All their keys have ended.", args.username));
    Ok(())
}
