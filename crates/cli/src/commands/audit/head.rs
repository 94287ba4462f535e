//! `keyfob audit head`.
use anyhow::Context as _;
use serde::Serialize;

use crate::{invocation::Invocation, terminal::printing::TextFormat};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob audit head
  HEAD=$(keyfob audit head)
  keyfob audit head -o json")]
pub(crate) struct HeadArgs {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: TextFormat,
}

/// The result for programs.
#[derive(Serialize)]
struct Head {
    head: String,
}

/// Prints the head, alone on its line.
pub(crate) async fn run(invocation: &Invocation, args: &HeadArgs) -> anyhow::Result<()> {
    let head = invocation.connect()?.audit_head().await?;
    let head = head.context(
        "only users who may read every record can see the head: ask an owner or an auditor of the deployment",
    )?;
    match args.output {
        TextFormat::Text => Ok(invocation.out.line(head)?),
        TextFormat::Json => invocation.out.json(&Head { head }),
    }
}
