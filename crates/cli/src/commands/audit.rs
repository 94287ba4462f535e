//! `keyfob audit`.
mod export;
mod head;
mod list;
mod verify;

use crate::invocation::{Invocation, Outcome};

/// Every change and every sign-in leaves a record. The records form a chain: whoever keeps its head can show later that
/// none was changed, dropped or cut off.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob audit list action:login                         who signed in
  keyfob audit head                                      keep this line somewhere else
  keyfob audit verify --expect-head \"$HEAD\" keyfob.db    look for traces of tampering
  keyfob audit export keyfob.db > records.jsonl          one JSON object a line"
)]
pub(crate) enum AuditCommand {
    /// List what was done, newest first
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Print the head of the chain of records
    Head(head::HeadArgs),
    /// Look for records that were changed, dropped, put elsewhere or cut off
    Verify(verify::VerifyArgs),
    /// Print every record of a database as a line of JSON
    Export(export::ExportArgs),
}

/// Runs one of them.
pub(crate) async fn run(invocation: &Invocation, command: AuditCommand) -> anyhow::Result<Outcome> {
    match command {
        AuditCommand::List(args) => list::run(invocation, &args).await?,
        AuditCommand::Head(args) => head::run(invocation, &args).await?,
        AuditCommand::Verify(args) => return verify::run(invocation, &args).await,
        AuditCommand::Export(args) => export::run(invocation, &args).await?,
    }
    Ok(Outcome::Done)
}
