//! The option that names a file with the password for PostgreSQL.
use std::path::{Path, PathBuf};

use anyhow::ensure;
use keyfob_server::PostgresOptions;

const VARIABLE: &str = "KEYFOB_POSTGRES_PASSWORD_FILE";

/// The option of every command that reads or writes a database.
#[derive(clap::Args)]
pub(crate) struct PasswordFileOption {
    /// File with the password for PostgreSQL
    #[arg(long, env = VARIABLE, value_name = "FILE")]
    postgres_password_file: Option<PathBuf>,
}

impl PasswordFileOption {
    /// The file.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.postgres_password_file.as_deref()
    }

    /// Refuses a file that is not there, whatever else is missing for the database. One that only the environment names,
    /// for servers and other commands, matters where PostgreSQL is named.
    ///
    /// # Errors
    /// When the file is not there.
    pub(crate) fn require(&self, named: Option<&Path>) -> anyhow::Result<()> {
        let Some(path) = self.path() else { return Ok(()) };
        let is_postgres = named.and_then(Path::to_str).is_some_and(PostgresOptions::is_url);
        let is_of_environment = std::env::var_os(VARIABLE).is_some_and(|value| value == path);
        if is_postgres || !is_of_environment {
            ensure!(path.exists(), "--postgres-password-file: there is no file `{}`", path.display());
        }
        Ok(())
    }
}
