//! `keyfob scopes`.
use clap::ValueEnum;

use crate::invocation::Invocation;

/// How to print them.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob scopes                     one name a line
  keyfob scopes -o json             for programs
  keyfob scopes | grep workspace    what a token may be allowed to do with workspaces")]
pub(crate) struct ScopesArgs {
    /// How to print them
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: ScopesFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopesFormat {
    /// One name a line
    Text,
    /// An array of names
    Json,
}

/// Prints the names that `keyfob tokens create --scope` takes.
pub(crate) async fn run(invocation: &Invocation, args: &ScopesArgs) -> anyhow::Result<()> {
    let scopes = invocation.connect()?.scopes().await?.external;
    match args.output {
        ScopesFormat::Json => return invocation.out.json(&scopes),
        ScopesFormat::Text => scopes.iter().for_each(|scope| invocation.out.line(scope)),
    }
    Ok(())
}
