//! `keyfob audit verify`.
use std::path::PathBuf;

use keyfob_api::time::Time;
use keyfob_server::{AuditFileError, AuditSource, ChainFault, ChainHead, VerifiedChain, verify_audit};
use serde::Serialize;

use crate::{
    arguments::{file::require_file_or_url, password_file::PasswordFileOption},
    invocation::{Invocation, Outcome},
    terminal::printing::TextFormat,
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "The exit code is 1 if a record was tampered with. The first such record is named; if records are \
missing, the record before the first of them. In JSON, `verdict` is intact, tampered or unknown.

Examples:
  keyfob audit verify --expect-head \"$HEAD\" keyfob.db
  keyfob audit verify --expect-head \"$HEAD\" --key audit.key records.jsonl
  zcat records.jsonl.gz | keyfob audit verify --key audit.key -"
)]
pub(crate) struct VerifyArgs {
    /// Database of a server: its file, or its `postgres://` URL; or an export of one, `-` for standard input
    #[arg(value_name = "FILE", hide_env_values = true)]
    file: PathBuf,
    #[command(flatten)]
    password: PasswordFileOption,
    /// Head that was printed earlier; without it, the removal of the newest records is not noticed
    #[arg(long, value_name = "HEAD")]
    expect_head: Option<ChainHead>,
    /// Key file of the chain [default: `audit.key` beside the file]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: TextFormat,
}

/// Whether the chain holds.
#[derive(Serialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
enum Verdict {
    /// Every record is as it was written.
    Intact {
        head: String,
        /// The number of the last record that was retired, and when that was.
        #[serde(skip_serializing_if = "Option::is_none")]
        retired_up_to: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retired_at: Option<Time>,
    },
    /// A record was changed, moved or removed.
    Tampered { reason: String },
    /// The head, or the keys, are not those of the chain.
    Unknown { reason: String },
}

impl Verdict {
    /// The verdict on a file that could be read.
    fn of(verified: Result<VerifiedChain, AuditFileError>) -> Result<Self, AuditFileError> {
        match verified {
            Ok(VerifiedChain { head, retired }) => Ok(Self::Intact {
                head: head.to_string(),
                retired_up_to: retired.map(|(sequence, _)| sequence),
                retired_at: retired.map(|(_, at)| Time(at)),
            }),
            Err(AuditFileError::Fault(
                unknown @ (ChainFault::Retired { .. }
                | ChainFault::UnknownKey { .. }
                | ChainFault::FormerKey { .. }
                | ChainFault::FormerCheckpoint { .. }),
            )) => Ok(Self::Unknown { reason: unknown.to_string() }),
            Err(AuditFileError::Fault(fault)) => Ok(Self::Tampered { reason: fault.to_string() }),
            Err(error) => Err(error),
        }
    }

    fn outcome(&self) -> Outcome {
        if matches!(self, Self::Intact { .. }) { Outcome::Done } else { Outcome::Refused }
    }
}

/// Says whether the chain holds.
pub(crate) async fn run(invocation: &Invocation, args: &VerifyArgs) -> anyhow::Result<Outcome> {
    require_file_or_url(&args.file)?;
    args.password.require(Some(&args.file))?;
    let source = AuditSource { named: &args.file, password_file: args.password.path() };
    let verdict = Verdict::of(verify_audit(source, args.key.as_deref(), args.expect_head).await)?;
    match args.output {
        TextFormat::Json => invocation.out.json(&verdict)?,
        TextFormat::Text => print(invocation, &verdict)?,
    }
    Ok(verdict.outcome())
}

fn print(invocation: &Invocation, verdict: &Verdict) -> anyhow::Result<()> {
    let out = invocation.out;
    match verdict {
        Verdict::Intact { head, retired_up_to, retired_at } => {
            out.line(format!("{} every record is as it was written, up to {head}", out.green("intact:")))?;
            if let (Some(sequence), Some(at)) = (retired_up_to, retired_at) {
                out.line(format!("The records up to number {sequence} were retired at {at}."))?;
            }
        }
        Verdict::Unknown { reason } => out.line(format!("{} {reason}", out.red("cannot verify:")))?,
        Verdict::Tampered { reason } => out.line(format!("{} {reason}", out.red("tampered with:")))?,
    }
    Ok(())
}
