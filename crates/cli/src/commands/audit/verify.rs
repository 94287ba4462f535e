//! `keyfob audit verify`.
use std::path::PathBuf;

use keyfob_server::{AuditFileError, AuditSource, ChainFault, ChainHead, VerifiedChain, verify_audit};

use crate::{
    arguments::file::{require_file_or_url, require_password_file},
    invocation::{Invocation, Outcome},
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "The exit code is 1 if a record was tampered with. The first such record is named; if records are \
missing, the record before the first of them.

Examples:
  keyfob audit verify --expect-head \"$HEAD\" keyfob.db
  keyfob audit verify --expect-head \"$HEAD\" --key audit.key records.jsonl
  zcat records.jsonl.gz | keyfob audit verify --key audit.key -"
)]
pub(crate) struct VerifyArgs {
    /// Database of a server: its file, or its `postgres://` URL; or an export of one, `-` for standard input
    #[arg(value_name = "FILE", hide_env_values = true)]
    file: PathBuf,
    /// File with the password for PostgreSQL
    #[arg(long, env = "KEYFOB_POSTGRES_PASSWORD_FILE", value_name = "FILE")]
    postgres_password_file: Option<PathBuf>,
    /// Head that was printed earlier; without it, the removal of the newest records is not noticed
    #[arg(long, value_name = "HEAD")]
    expect_head: Option<ChainHead>,
    /// Key file of the chain [default: `audit.key` beside the file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Says whether the chain holds.
pub(crate) async fn run(invocation: &Invocation, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    require_file_or_url(&args.file)?;
    if let Some(file) = &args.postgres_password_file {
        require_password_file(file)?;
    }
    let source = AuditSource { named: &args.file, password_file: args.postgres_password_file.as_deref() };
    match verify_audit(source, args.key.as_deref(), args.expect_head).await {
        Ok(VerifiedChain { head, retired }) => {
            let intact = invocation.out.green("intact:");
            invocation.out.line(format!("{intact} every record is as it was written, up to {head}"))?;
            if let Some((sequence, at)) = retired {
                invocation.out.line(format!("The records up to number {sequence} were retired at {at}."))?;
            }
            Ok(Outcome::Done)
        }
        Err(AuditFileError::Fault(
            unknown @ (ChainFault::Retired { .. } | ChainFault::UnknownKey { .. } | ChainFault::FormerKey { .. }),
        )) => {
            invocation.out.line(format!("{} {unknown}", invocation.out.red("cannot verify:")))?;
            Ok(Outcome::Refused)
        }
        Err(AuditFileError::Fault(fault)) => {
            invocation.out.line(format!("{} {fault}", invocation.out.red("tampered with:")))?;
            Ok(Outcome::Refused)
        }
        Err(error) => Err(error.into()),
    }
}
