//! `keyfob audit export`.
use std::path::PathBuf;

use keyfob_server::export_audit;

use crate::invocation::Invocation;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "The server may be running.

Examples:
  keyfob audit export keyfob.db > records.jsonl
  keyfob audit export keyfob.db | jq -r 'select(.action == \"login\") | .user_id'")]
pub(crate) struct ExportArgs {
    /// Database of a server
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints every record.
pub(crate) async fn run(invocation: &Invocation, args: &ExportArgs) -> anyhow::Result<()> {
    let mut failed = None;
    export_audit(&args.file, |entry| {
        match serde_json::to_string(entry) {
            Ok(line) => invocation.out.line(line),
            Err(error) => failed = Some(error),
        }
        Ok(())
    })
    .await?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}
