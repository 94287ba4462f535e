//! `keyfob audit export`.
use std::{collections::HashSet, path::PathBuf};

use anyhow::Context as _;
use keyfob_client::Client;
use keyfob_server::{AuditLine, AuditSource, export_audit};
use serde::Serialize;
use uuid::Uuid;

use super::search::refuse_unknown;
use crate::{
    arguments::{file::require_file_or_url, password_file::PasswordFileOption},
    invocation::Invocation,
    terminal::{
        output::{Output, Unwritten},
        progress::Progress,
    },
};

/// How many records are asked for at a time.
const PAGE: u64 = 100;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "An export of a database is complete, oldest first, and `keyfob audit verify` checks it. An \
export from a server holds what the key in use may read, newest first, as the API answers it. The server may be running.

Examples:
  keyfob audit export keyfob.db > records.jsonl
  keyfob audit export > records.jsonl
  keyfob audit export --search action:login --search username:amy | jq -r .time")]
pub(crate) struct ExportArgs {
    /// Database of a server: its file, or its `postgres://` URL [default: ask the server]
    #[arg(value_name = "FILE", hide_env_values = true)]
    file: Option<PathBuf>,
    /// Only records that match this search term, as in `keyfob audit list`; may be repeated
    #[arg(short, long, value_name = "SEARCH", conflicts_with = "file")]
    search: Vec<String>,
    #[command(flatten)]
    password: PasswordFileOption,
}

/// Prints every record.
pub(crate) async fn run(invocation: &Invocation, args: &ExportArgs) -> anyhow::Result<()> {
    let progress = Progress::beside_results(invocation.out, "records");
    args.password.require(args.file.as_deref())?;
    let exported = match &args.file {
        Some(file) => {
            require_file_or_url(file)?;
            let source = AuditSource { named: file, password_file: args.password.path() };
            let mut done = 0;
            let each = |entry: &AuditLine| {
                print(invocation.out, entry)?;
                done += 1;
                progress.at(done - 1, done, None);
                Ok(())
            };
            export_audit(source, each).await
        }
        None => from_server(invocation, &invocation.connect()?, &args.search.join(" "), progress).await,
    };
    match exported {
        Err(error) if error.downcast_ref().is_some_and(Unwritten::is_reader_gone) => Ok(()),
        exported => exported,
    }
}

/// New records come first and move the others on: those are met again, and left out then.
async fn from_server(invocation: &Invocation, client: &Client, search: &str, progress: Progress) -> anyhow::Result<()> {
    let mut known: HashSet<Uuid> = HashSet::new();
    let mut offset = 0;
    loop {
        let page = client.list_audit_logs(search, PAGE, offset).await.context("cannot list audit records")?;
        if offset == 0 {
            invocation.refuse_unseen(&page.audit_logs, "audit records")?;
            refuse_unknown(client, search, &page.audit_logs).await?;
        }
        let length = u64::try_from(page.audit_logs.len()).unwrap_or(u64::MAX);
        for record in page.audit_logs {
            if known.insert(record.id) {
                print(invocation.out, &record)?;
            }
        }
        offset += length;
        progress.at(offset - length, offset, Some(page.count.max(offset)));
        if length < PAGE {
            return Ok(());
        }
    }
}

fn print(out: Output, entry: &impl Serialize) -> anyhow::Result<()> {
    out.deliver_json(entry)
}
