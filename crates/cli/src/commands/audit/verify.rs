//! `keyfob audit verify`.
use std::path::PathBuf;

use keyfob_server::{AuditFileError, ChainFault, ChainHead, verify_audit};

use crate::invocation::{Invocation, Outcome};

/// What to look through, and what it must come by.
#[derive(clap::Args)]
#[command(
    after_help = "Ends with 1 and names the first record that was tampered with, or the record before the first that \
is missing.

Examples:
  keyfob audit verify --expect-head \"$HEAD\" keyfob.db
  keyfob audit verify --expect-head \"$HEAD\" --key audit.key records.jsonl"
)]
pub(crate) struct VerifyArgs {
    /// A database of a server, or an export of one
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A head that was printed earlier: without it nobody sees that records at the end are cut off
    #[arg(long, value_name = "HEAD")]
    expect_head: Option<ChainHead>,
    /// The key of the chain [default: `audit.key` beside the file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Says whether the chain holds.
pub(crate) async fn run(invocation: &Invocation, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    match verify_audit(&args.file, args.key.as_deref(), args.expect_head).await {
        Ok(head) => {
            invocation
                .out
                .line(format!("{} every record is as it was written, up to {head}", invocation.out.green("intact:")));
            Ok(Outcome::Done)
        }
        Err(AuditFileError::Fault(retired @ ChainFault::Retired { .. })) => {
            invocation.out.line(format!("{} {retired}", invocation.out.red("not to be told:")));
            Ok(Outcome::Refused)
        }
        Err(AuditFileError::Fault(fault)) => {
            invocation.out.line(format!("{} {fault}", invocation.out.red("tampered with:")));
            Ok(Outcome::Refused)
        }
        Err(error) => Err(error.into()),
    }
}
