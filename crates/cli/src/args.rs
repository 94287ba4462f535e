//! The command line: every command, and the options that all of them take.
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, builder::FalseyValueParser};
use keyfob_api::secret::SecretText;

use crate::{
    audit::AuditCommand, authcheck::AuthcheckArgs, completion::CompletionArgs, groups::GroupsCommand, login::LoginArgs,
    logout::LogoutArgs, organizations::OrganizationsCommand, resources::ResourcesCommand, roles::RolesCommand,
    scopes::ScopesArgs, server::ServerCommand, tokens::TokensCommand, users::UsersCommand, version::VersionArgs,
    whoami::WhoamiArgs,
};

const GLOBAL: &str = "Global options";

/// Tokens that can do only what they name, to only what they list.
///
/// Keyfob is a token authority: people sign in, mint API tokens with scopes and an allow list, and services ask whether
/// a caller may do a thing.
#[derive(Parser)]
#[command(
    name = "keyfob",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob server                                          run a server on this machine
  keyfob login http://localhost:3000                     sign in; a new server gets its first user
  keyfob tokens create --name ci --scope workspace:read  mint a token that can only read workspaces
  keyfob authcheck workspace:read --owner me --explain   ask what the key in use may do, and why"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command. A flag wins over its environment variable, that one over what `keyfob login` has stored.
#[derive(Args)]
#[command(next_help_heading = GLOBAL)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[expect(clippy::doc_markdown, reason = "the help text is for the terminal")]
pub(crate) struct GlobalArgs {
    /// The server to talk to [env: KEYFOB_URL or CODER_URL]
    #[arg(long, global = true, env = "KEYFOB_URL", hide_env = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The key to use in place of the stored one [env: KEYFOB_SESSION_TOKEN or CODER_SESSION_TOKEN]
    #[arg(long, global = true, env = "KEYFOB_SESSION_TOKEN", hide_env = true, hide_env_values = true,
        value_name = "TOKEN", value_parser = parse_secret)]
    pub(crate) token: Option<SecretText>,
    /// Where `keyfob login` keeps what it stores [env: KEYFOB_CONFIG_DIR] [default: keyfob in the user's configuration
    /// folder]
    #[arg(long, global = true, env = "KEYFOB_CONFIG_DIR", hide_env = true, value_name = "FOLDER")]
    pub(crate) global_config: Option<PathBuf>,
    /// Accepted for existing scripts: keys are kept in files that only you can read [env: KEYFOB_USE_KEYRING]
    #[arg(long, global = true, env = "KEYFOB_USE_KEYRING", hide_env = true, hide_short_help = true, value_name = "BOOL",
        value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(crate) use_keyring: Option<bool>,
    /// One more header for every request, may be repeated [env: KEYFOB_HEADER]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_HEADER",
        hide_env = true,
        hide_env_values = true,
        hide_short_help = true,
        value_name = "NAME=VALUE"
    )]
    pub(crate) header: Vec<String>,
    /// A command that prints more headers, one NAME=VALUE a line [env: KEYFOB_HEADER_COMMAND]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_HEADER_COMMAND",
        hide_env = true,
        hide_short_help = true,
        value_name = "COMMAND"
    )]
    pub(crate) header_command: Option<String>,
    /// Trust the certificates of this file, and no others [env: KEYFOB_CLIENT_TLS_CA_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_CA_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_ca_file: Option<PathBuf>,
    /// Show the server this certificate [env: KEYFOB_CLIENT_TLS_CERT_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_CERT_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_cert_file: Option<PathBuf>,
    /// The key of that certificate [env: KEYFOB_CLIENT_TLS_KEY_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_KEY_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_key_file: Option<PathBuf>,
    /// Do not say that the server has another version [env: KEYFOB_NO_VERSION_WARNING]
    #[arg(long, global = true, env = "KEYFOB_NO_VERSION_WARNING", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) no_version_warning: bool,
    /// Do not pass on what the server wants its operators to know [env: KEYFOB_NO_FEATURE_WARNING]
    #[arg(long, global = true, env = "KEYFOB_NO_FEATURE_WARNING", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) no_feature_warning: bool,
    /// Do not start a browser
    #[arg(long, global = true, env = "KEYFOB_NO_OPEN", hide = true, value_parser = FalseyValueParser::new())]
    pub(crate) no_open: bool,
    /// Behave as if a person sat at the terminal [env: KEYFOB_FORCE_TTY]
    #[arg(long, global = true, env = "KEYFOB_FORCE_TTY", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) force_tty: bool,
    /// Say more about errors [env: KEYFOB_VERBOSE]
    #[arg(short, long, global = true, env = "KEYFOB_VERBOSE", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) verbose: bool,
    /// Print all options of the command and where their values come from, then exit
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) debug_options: bool,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sign in to a server
    Login(LoginArgs),
    /// Sign out: end the session and forget it
    Logout(LogoutArgs),
    /// Show who the key in use belongs to
    Whoami(WhoamiArgs),
    /// Mint, list, view and end API tokens
    #[command(subcommand, visible_alias = "token")]
    Tokens(TokensCommand),
    /// Ask whether a key may do something, and why
    Authcheck(AuthcheckArgs),
    /// List the scopes that a token may ask for
    Scopes(ScopesArgs),
    /// Register the objects that scopes and allow lists speak of
    #[command(subcommand, visible_alias = "resource")]
    Resources(ResourcesCommand),
    /// Make, list and change users
    #[command(subcommand, visible_alias = "user")]
    Users(UsersCommand),
    /// Organizations, their members and their roles
    #[command(subcommand, visible_aliases = ["organization", "org", "orgs"])]
    Organizations(OrganizationsCommand),
    /// Groups of an organization's members
    #[command(subcommand, visible_alias = "group")]
    Groups(GroupsCommand),
    /// Which roles there are to give
    #[command(subcommand, visible_alias = "role")]
    Roles(RolesCommand),
    /// Records of what was done
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Run a server
    Server(Box<ServerCommand>),
    /// Show the version of this program
    Version(VersionArgs),
    /// Print a script that completes commands in a shell
    Completion(CompletionArgs),
}

/// A password or key from the command line or the environment.
#[expect(clippy::unnecessary_wraps, reason = "what clap asks of a parser")]
pub(crate) fn parse_secret(text: &str) -> Result<SecretText, std::convert::Infallible> {
    Ok(SecretText::new(text))
}

/// Lets the client commands read `CODER_URL` and `CODER_SESSION_TOKEN` too; the `KEYFOB_*` variable wins.
pub(crate) fn with_coder_environment(command: clap::Command) -> clap::Command {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = [("url", "KEYFOB_URL", "CODER_URL"), ("token", "KEYFOB_SESSION_TOKEN", "CODER_SESSION_TOKEN")];
    names
        .into_iter()
        .filter(|(_, own, theirs)| !is_set(own) && is_set(theirs))
        .fold(command, |command, (id, _, theirs)| command.mut_arg(id, |arg| arg.env(theirs)))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn ids(command: &clap::Command) -> Vec<&str> {
        command.get_arguments().map(|arg| arg.get_id().as_str()).collect()
    }

    fn check(command: &clap::Command, global: &[&str]) {
        for below in command.get_subcommands() {
            let clash = ids(below).into_iter().find(|id| global.contains(id));
            assert_eq!(clash, None, "{} has a global option's name", below.get_name());
            check(below, global);
        }
    }

    #[test]
    fn no_option_of_a_command_is_taken_for_a_global_one() {
        let command = Cli::command();
        check(&command, &ids(&command));
    }

    #[test]
    fn the_command_line_is_put_together_well() {
        Cli::command().debug_assert();
    }
}
