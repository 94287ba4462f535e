//! `keyfob scopes`.
use clap::ValueEnum;

use crate::invocation::Invocation;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob scopes                     one name per line
  keyfob scopes -o json             JSON, for programs
  keyfob scopes | grep workspace    scopes for workspaces")]
pub(crate) struct ScopesArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: ScopesFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopesFormat {
    /// One name per line
    Text,
    /// JSON, an array of names
    Json,
}

/// Prints the names that `keyfob tokens create --scope` takes.
pub(crate) async fn run(invocation: &Invocation, args: &ScopesArgs) -> anyhow::Result<()> {
    let scopes = invocation.connect()?.list_scopes().await?.external;
    match args.output {
        ScopesFormat::Json => invocation.out.json(&scopes),
        ScopesFormat::Text => Ok(scopes.iter().try_for_each(|scope| invocation.out.line(scope))?),
    }
}
