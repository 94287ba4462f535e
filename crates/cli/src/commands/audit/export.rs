//! `keyfob audit export`.
use std::path::PathBuf;

use keyfob_server::{AuditLine, export_audit};

use crate::{
    arguments::file::require_file_or_url,
    invocation::Invocation,
    terminal::output::{Output, Unwritten},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "The server may be running.

Examples:
  keyfob audit export keyfob.db > records.jsonl
  keyfob audit export keyfob.db | jq -r 'select(.action == \"login\") | .user_id'")]
pub(crate) struct ExportArgs {
    /// Database of a server: its file, or its `postgres://` URL
    #[arg(value_name = "FILE", hide_env_values = true)]
    file: PathBuf,
}

/// Prints every record.
pub(crate) async fn run(invocation: &Invocation, args: &ExportArgs) -> anyhow::Result<()> {
    require_file_or_url(&args.file)?;
    match export_audit(&args.file, |entry| print(invocation.out, entry)).await {
        Err(error) if error.downcast_ref().is_some_and(Unwritten::is_reader_gone) => Ok(()),
        exported => exported,
    }
}

fn print(out: Output, entry: &AuditLine) -> anyhow::Result<()> {
    Ok(out.deliver(&serde_json::to_string(entry)?)?)
}
