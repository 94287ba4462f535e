//! `keyfob audit`.
mod export;
mod head;
mod list;
mod search;
mod sentence;
mod show;
mod verify;

use crate::invocation::{Invocation, Outcome};

/// Every change and every sign-in leaves a record. The records form a chain: its head, kept elsewhere, proves later
/// that no record was changed, moved or removed.
#[derive(clap::Subcommand)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob audit list action:login                         list sign-ins
  keyfob audit head                                      print the head, to keep it elsewhere
  keyfob audit verify --expect-head \"$HEAD\" keyfob.db    check for tampering
  keyfob audit export keyfob.db > records.jsonl          one JSON object per line"
)]
pub(crate) enum AuditCommand {
    /// List audit records, newest first
    #[command(visible_alias = "ls")]
    List(list::ListArgs),
    /// Show one record, with what it changed
    #[command(visible_alias = "view")]
    Show(show::ShowArgs),
    /// Print the head of the chain of records
    Head(head::HeadArgs),
    /// Check that no record was changed, moved or removed
    Verify(verify::VerifyArgs),
    /// Print records of a server or of its database as JSON, one per line
    Export(export::ExportArgs),
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: AuditCommand) -> anyhow::Result<Outcome> {
    match command {
        AuditCommand::List(args) => list::run(invocation, &args).await?,
        AuditCommand::Show(args) => show::run(invocation, &args).await?,
        AuditCommand::Head(args) => head::run(invocation, &args).await?,
        AuditCommand::Verify(args) => return verify::run(invocation, &args).await,
        AuditCommand::Export(args) => export::run(invocation, &args).await?,
    }
    Ok(Outcome::Done)
}
