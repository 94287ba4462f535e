//! `keyfob audit head`.
use anyhow::Context as _;

use crate::invocation::Invocation;

/// Nothing to say.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob audit head
  HEAD=$(keyfob audit head)")]
pub(crate) struct HeadArgs {}

/// Prints the head, alone on its line.
pub(crate) async fn run(invocation: &Invocation, _args: &HeadArgs) -> anyhow::Result<()> {
    let head = invocation.connect()?.audit_head().await?;
    invocation
        .out
        .line(head.context("the head is for who may see every record: ask an owner or an auditor of the deployment")?);
    Ok(())
}
