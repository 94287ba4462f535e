//! The options that every command takes.
use std::path::PathBuf;

use clap::{Args, builder::FalseyValueParser};
use keyfob_api::secret::SecretText;

use crate::arguments::secret::parse_secret;

const HEADING: &str = "Global options";

/// Options of every command. A flag wins over its environment variable, and both win over the files that `keyfob login`
/// has stored.
#[derive(Args)]
#[command(next_help_heading = HEADING)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[expect(clippy::doc_markdown, reason = "the help text is for the terminal")]
pub(crate) struct GlobalOptions {
    /// URL of the server [env: KEYFOB_URL or CODER_URL]
    #[arg(long, global = true, env = "KEYFOB_URL", hide_env = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Token to use in place of the stored one [env: KEYFOB_SESSION_TOKEN or CODER_SESSION_TOKEN]
    #[arg(long, global = true, env = "KEYFOB_SESSION_TOKEN", hide_env = true, hide_env_values = true,
        value_name = "TOKEN", value_parser = parse_secret)]
    pub(crate) token: Option<SecretText>,
    /// Folder in which `keyfob login` stores the URL and the token [env: KEYFOB_CONFIG_DIR] [default: keyfob in the
    /// user's configuration folder]
    #[arg(long, global = true, env = "KEYFOB_CONFIG_DIR", hide_env = true, value_name = "FOLDER")]
    pub(crate) global_config: Option<PathBuf>,
    /// Ignored; accepted for existing scripts. Tokens are stored in files that only you can read
    /// [env: KEYFOB_USE_KEYRING]
    #[arg(long, global = true, env = "KEYFOB_USE_KEYRING", hide_env = true, hide_short_help = true, value_name = "BOOL",
        value_parser = FalseyValueParser::new(), num_args = 0..=1, require_equals = true,
        default_missing_value = "true")]
    pub(crate) use_keyring: Option<bool>,
    /// Extra header for every request; may be repeated [env: KEYFOB_HEADER]
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
    /// Shell command that prints extra headers, one NAME=VALUE per line [env: KEYFOB_HEADER_COMMAND]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_HEADER_COMMAND",
        hide_env = true,
        hide_env_values = true,
        hide_short_help = true,
        value_name = "COMMAND"
    )]
    pub(crate) header_command: Option<String>,
    /// Trust only the certificate authorities in this file [env: KEYFOB_CLIENT_TLS_CA_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_CA_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_ca_file: Option<PathBuf>,
    /// Client certificate to present to the server [env: KEYFOB_CLIENT_TLS_CERT_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_CERT_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_cert_file: Option<PathBuf>,
    /// Private key of the client certificate [env: KEYFOB_CLIENT_TLS_KEY_FILE]
    #[arg(
        long,
        global = true,
        env = "KEYFOB_CLIENT_TLS_KEY_FILE",
        hide_env = true,
        hide_short_help = true,
        value_name = "FILE"
    )]
    pub(crate) client_tls_key_file: Option<PathBuf>,
    /// Do not warn when the server has another version [env: KEYFOB_NO_VERSION_WARNING]
    #[arg(long, global = true, env = "KEYFOB_NO_VERSION_WARNING", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) no_version_warning: bool,
    /// Do not print warnings from the server [env: KEYFOB_NO_FEATURE_WARNING]
    #[arg(long, global = true, env = "KEYFOB_NO_FEATURE_WARNING", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) no_feature_warning: bool,
    /// Do not start a browser
    #[arg(long, global = true, alias = "no-browser", env = "KEYFOB_NO_OPEN", hide = true, value_parser = FalseyValueParser::new())]
    pub(crate) no_open: bool,
    /// Ask questions and print tables as on a terminal, even where there is none [env: KEYFOB_FORCE_TTY]
    #[arg(long, global = true, env = "KEYFOB_FORCE_TTY", hide_env = true, hide_short_help = true,
        value_parser = FalseyValueParser::new())]
    pub(crate) force_tty: bool,
    /// Print more details of errors [env: KEYFOB_VERBOSE]
    #[arg(short, long, global = true, env = "KEYFOB_VERBOSE", hide_env = true, value_parser = FalseyValueParser::new())]
    pub(crate) verbose: bool,
    /// Print every option of the command with its value and its source, then exit
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) debug_options: bool,
}

/// Lets the client commands read `CODER_URL` and `CODER_SESSION_TOKEN` too; the `KEYFOB_*` variable wins. A variable
/// that is empty counts as not set.
pub(crate) fn with_coder_environment(command: clap::Command) -> clap::Command {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let names = [("url", "KEYFOB_URL", "CODER_URL"), ("token", "KEYFOB_SESSION_TOKEN", "CODER_SESSION_TOKEN")];
    names
        .into_iter()
        .filter(|(_, own, theirs)| !is_set(own) && is_set(theirs))
        .fold(without_empty(command), |command, (id, _, theirs)| command.mut_arg(id, |arg| arg.env(theirs)))
}

/// The command without empty variables, which count as not set. The server looks at its own.
fn without_empty(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg })
        .mut_subcommands(|below| if below.get_name() == "server" { below } else { without_empty(below) })
}
