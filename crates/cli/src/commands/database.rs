//! `keyfob database`: moving and copying the data of a server, on its host.
use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use keyfob_server::{CopyProgress, CopyStep, PostgresOptions, back_up_database, data_dir_of, move_database};

use crate::{
    arguments::{file::require_file, password_file::PasswordFileOption},
    invocation::Invocation,
};

/// Moving and copying the data of a server, on its host.
#[derive(clap::Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Copy the data of a server that is stopped to an empty PostgreSQL database
    Copy(CopyArgs),
    /// Copy the database file of a server, which may be running
    Backup(BackupArgs),
}

/// The arguments of `copy`.
#[derive(clap::Args)]
#[command(
    after_help = "Every row is copied and then compared, in one transaction: the target has all of it, or nothing. \
The keys stay where they are: each replica needs a copy of seal.key and audit.key in its data folder.

Give a password in a file or in the variable PGPASSWORD, not in the URL: other users of the host can see command lines.

Examples:
  keyfob database copy --from sqlite:///var/lib/keyfob/keyfob.db --to postgres://keyfob@db.example.com/keyfob"
)]
pub(crate) struct CopyArgs {
    /// Database file, as `sqlite:///absolute/path/keyfob.db`
    #[arg(long, value_name = "URL", hide_env_values = true)]
    from: String,
    /// Empty PostgreSQL database
    #[arg(long, value_name = "URL", hide_env_values = true)]
    to: String,
    #[command(flatten)]
    password: PasswordFileOption,
}

/// The arguments of `backup`.
#[derive(clap::Args)]
#[command(
    after_help = "The copy is of one moment. Back up seal.key and audit.key as well, and keep them apart from it: \
it takes these keys to forge records or to open what is sealed.

Examples:
  keyfob database backup --data-dir /var/lib/keyfob /backup/keyfob-$(date +%F).db"
)]
pub(crate) struct BackupArgs {
    /// Data folder of the server [default: the user's data folder]
    #[arg(long, env = "KEYFOB_DATA_DIR", value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// File to write; it must not be there
    #[arg(value_name = "FILE", hide_env_values = true)]
    file: PathBuf,
}

/// The path in `sqlite:///absolute/path`. No error shows the text, which may be a URL with a password in the wrong place.
fn sqlite_file(text: &str) -> anyhow::Result<&Path> {
    let path = text.strip_prefix("sqlite://").map(Path::new).filter(|path| path.is_absolute());
    path.context("--from: must be `sqlite:///` and an absolute path")
}

/// Runs the command.
pub(crate) async fn run(invocation: &Invocation, command: DatabaseCommand) -> anyhow::Result<()> {
    match command {
        DatabaseCommand::Copy(args) => copy(invocation, &args).await,
        DatabaseCommand::Backup(args) => backup(invocation, &args).await,
    }
}

async fn copy(invocation: &Invocation, args: &CopyArgs) -> anyhow::Result<()> {
    let from = sqlite_file(&args.from)?;
    if !PostgresOptions::is_url(&args.to) {
        bail!("--to: must be a `postgres://` URL");
    }
    args.password.require(Some(Path::new(&args.to)))?;
    let out = invocation.out;
    let is_terminal = std::io::stderr().is_terminal();
    let mut rows = 0;
    let mut progress = |progress: CopyProgress| {
        let CopyProgress { table, step, done, all } = progress;
        let step = match step {
            CopyStep::Copying => "copying",
            CopyStep::Comparing => "comparing",
        };
        if done == all && step == "copying" {
            rows += all;
        }
        // Half-way lines are for people who watch.
        if all > 0 && (done == all || is_terminal && done > 0) {
            out.remark(format!("{step} {table}: {done} of {all} rows"));
        }
    };
    let password_file = args.password.path().map(Path::to_owned);
    let to = PostgresOptions { password_file, ..PostgresOptions::alone(&args.to) };
    move_database(from, &to, &mut progress).await?;
    out.line(format!("Copied {rows} rows, and compared every one of them."))?;
    out.remark(
        "Next: copy seal.key and audit.key to the data folder of each replica, and start it with --postgres-url.",
    );
    Ok(())
}

async fn backup(invocation: &Invocation, args: &BackupArgs) -> anyhow::Result<()> {
    require_file(&args.file)?;
    let folder = data_dir_of(args.data_dir.as_deref()).context("name the data folder with --data-dir")?;
    back_up_database(&folder, &args.file).await?;
    invocation.out.line(format!("Copied {} to {}.", folder.join("keyfob.db").display(), args.file.display()))?;
    invocation.out.remark("Back up seal.key and audit.key as well, and keep them apart from the copy.");
    Ok(())
}
