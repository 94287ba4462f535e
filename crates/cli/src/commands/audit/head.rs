//! `keyfob audit head`.
use anyhow::Context as _;

use crate::invocation::Invocation;

/// The command has no arguments.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob audit head
  HEAD=$(keyfob audit head)")]
pub(crate) struct HeadArgs {}

/// Prints the head, alone on its line.
pub(crate) async fn run(invocation: &Invocation, _args: &HeadArgs) -> anyhow::Result<()> {
    let head = invocation.connect()?.audit_head().await?;
    let head = head.context(
        "only users who may read every record can see the head: ask an owner or an auditor of the deployment",
    )?;
    Ok(invocation.out.line(head)?)
}
