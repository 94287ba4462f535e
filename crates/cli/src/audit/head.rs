//! `keyfob audit head`.
use crate::app::App;

/// Nothing to say.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keyfob audit head
  HEAD=$(keyfob audit head)")]
pub(crate) struct HeadArgs {}

/// Prints the head, alone on its line.
pub(crate) async fn run(app: &App, _args: &HeadArgs) -> anyhow::Result<()> {
    app.out.line(app.connect()?.audit_head().await?);
    Ok(())
}
