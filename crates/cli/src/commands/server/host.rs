//! `keyfob server create-admin`, `reset-password` and `rotate-key`: on the host, while the server does not run.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;
use keyfob_api::secret::SecretText;
use keyfob_client::Client;
use keyfob_server::{Host, KeyFile, NewAdmin, ServerArgs};
use serde::Serialize;

use crate::{
    arguments::{name::parse_name, secret::parse_secret},
    invocation::Invocation,
    terminal::{printing::Format, text::printable},
};

/// Commands on the host. The server must not run during `create-admin`, `reset-password` and `rotate-key`.
#[derive(clap::Subcommand)]
pub(crate) enum HostCommand {
    /// Create an owner while the server is stopped, if no owner can sign in
    CreateAdmin(CreateAdminArgs),
    /// Set a user's password and delete their keys, while the server is stopped
    ResetPassword(ResetPasswordArgs),
    /// Replace a key file while the server is stopped
    RotateKey(RotateKeyArgs),
    /// Check the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Ask the server on this host whether it can answer, for health checks
    #[command(
        after_help = "The exit code is 0 if the server and its database answer, else 1. It is asked at --http-address.

Examples:
  keyfob server ready
  keyfob server --http-address 127.0.0.1:8080 ready"
    )]
    Ready,
    /// Show whether the server on this host runs, its version, and where it is reached
    #[command(
        after_help = "The exit code is 0 if the server and its database answer, else 1. It is asked at --http-address.

Examples:
  keyfob server status
  keyfob server --http-address 127.0.0.1:8080 status
  keyfob server status -o json | jq -r .version"
    )]
    Status(StatusArgs),
}

/// The arguments of `status`.
#[derive(clap::Args)]
pub(crate) struct StatusArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// What a server says of itself.
#[derive(Serialize)]
struct Status {
    address: String,
    url: String,
    version: String,
    deployment_id: String,
    ready: bool,
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
    #[arg(long, env = "KEYFOB_USERNAME", value_name = "NAME", value_parser = parse_name)]
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
    #[arg(value_name = "USERNAME", value_parser = parse_name)]
    username: String,
}

/// The arguments of `rotate-key`.
#[derive(clap::Args)]
#[command(after_help = "The audit key hashes the chain of audit records. The last record with the former key names the
next one, and `keyfob audit verify` needs both: the file keeps the former keys below. The seal key encrypts secrets of
identity providers in the database, which are encrypted anew.

On PostgreSQL, stop all servers first, and copy the file to each of them before they start again.

Examples:
  keyfob server rotate-key audit
  keyfob server --data-dir /var/lib/keyfob rotate-key seal")]
pub(crate) struct RotateKeyArgs {
    /// Which key
    #[arg(value_name = "KEY")]
    key: KeyName,
}

/// A key file.
#[derive(Clone, Copy, clap::ValueEnum)]
enum KeyName {
    /// The key of the chain of audit records, `audit.key`
    Audit,
    /// The key of encrypted secrets, `seal.key`
    Seal,
}

/// Runs the command.
pub(super) async fn run(invocation: &Invocation, server: &ServerArgs, command: HostCommand) -> anyhow::Result<()> {
    if let HostCommand::Config(ConfigCommand::Check) = command {
        // It has run before the settings were parsed.
        return Ok(());
    }
    if let HostCommand::Ready = command {
        return ready(invocation, server).await;
    }
    if let HostCommand::Status(args) = command {
        return status(invocation, server, args.output).await;
    }
    let host = Host::open(server).await?;
    match command {
        HostCommand::CreateAdmin(args) => create_admin(invocation, &host, args).await?,
        HostCommand::ResetPassword(args) => reset_password(invocation, &host, &args).await?,
        HostCommand::RotateKey(args) => return rotate_key(invocation, host, &args).await,
        HostCommand::Config(_) | HostCommand::Ready | HostCommand::Status(_) => {}
    }
    host.close().await;
    Ok(())
}

/// Asks `/readyz` at the address that the server of these settings listens on.
async fn ready(invocation: &Invocation, server: &ServerArgs) -> anyhow::Result<()> {
    let address = own_address(server);
    let client = Client::builder(format!("http://{address}")).build()?;
    client.ready().await.with_context(|| format!("the server at {address} is not ready"))?;
    Ok(invocation.out.line("The server is ready.")?)
}

/// The address at which the server of these settings is reached from its host.
fn own_address(server: &ServerArgs) -> SocketAddr {
    let mut address = server.http_address;
    if address.ip().is_unspecified() {
        let loopback: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    address
}

/// Says what the server at the address of these settings says of itself.
async fn status(invocation: &Invocation, server: &ServerArgs, format: Format) -> anyhow::Result<()> {
    let address = own_address(server);
    let client = Client::builder(format!("http://{address}")).build()?;
    let info = client.build_info().await.with_context(|| format!("no server runs at {address}"))?;
    let ready = client.ready().await;
    let status = Status {
        address: format!("http://{address}"),
        url: info.external_url,
        version: info.version,
        deployment_id: info.deployment_id.to_string(),
        ready: ready.is_ok(),
    };
    match format {
        Format::Json => invocation.out.json(&status)?,
        Format::Table => {
            let rows = [
                ("Address", status.address.as_str()),
                ("URL", &status.url),
                ("Version", &status.version),
                ("Deployment", &status.deployment_id),
                ("Ready", if status.ready { "yes" } else { "no" }),
            ];
            for (name, value) in rows {
                invocation.out.line(format!("{name:<12}{}", printable(value)))?;
            }
        }
    }
    ready.with_context(|| format!("the server at {address} is not ready"))?;
    Ok(())
}

async fn create_admin(invocation: &Invocation, host: &Host, args: CreateAdminArgs) -> anyhow::Result<()> {
    let prompt = invocation.prompt();
    let ask =
        |given: Option<String>, question: &str, flag: &str| given.map_or_else(|| prompt.line(question, "", flag), Ok);
    let username = ask(args.username, "Username:", "--username")?;
    let email = ask(args.email, "Email:", "--email")?;
    let password = args.password.map_or_else(|| prompt.new_password("--password"), Ok)?;
    let welcome = format!("{username} is an owner now, and an administrator of every organization.");
    host.create_admin(NewAdmin { username, email, password }).await?;
    invocation.out.remark(welcome);
    Ok(())
}

/// What answers the questions of `reset-password` without a terminal.
const INPUT: &str = "the password twice on standard input";

async fn reset_password(invocation: &Invocation, host: &Host, args: &ResetPasswordArgs) -> anyhow::Result<()> {
    let prompt = invocation.prompt();
    let first = prompt.hidden("Enter new password:", INPUT)?;
    let second = prompt.hidden("Confirm password:", INPUT)?;
    anyhow::ensure!(first.reveal() == second.reveal(), "Passwords do not match");
    host.reset_password(&args.username, &first).await?;
    invocation.out.remark(format!("Password has been reset for user {}! All their keys have ended.", args.username));
    Ok(())
}

async fn rotate_key(invocation: &Invocation, host: Host, args: &RotateKeyArgs) -> anyhow::Result<()> {
    let which = match args.key {
        KeyName::Audit => KeyFile::Audit,
        KeyName::Seal => KeyFile::Seal,
    };
    let replaced = host.replace_key(which).await?;
    let out = invocation.out;
    out.remark(format!("`{}` has a new key. Make a backup of it.", replaced.file.display()));
    if replaced.is_shared {
        out.remark("Copy the file to the data directory of each server before it starts.");
    }
    if replaced.lost > 0 {
        let accounts = if replaced.lost == 1 { "user signs" } else { "users sign" };
        out.remark(format!(
            "{} {accounts} in again: what was encrypted did not open with the former key.",
            replaced.lost
        ));
    }
    Ok(())
}
