//! Moving a deployment to PostgreSQL, and copies of its database while it is in use.
use std::path::{Path, PathBuf};

pub use keyfob_store::{CopyError, CopyProgress, CopyStep};
use keyfob_store::{PostgresOptions, StoreError};

use crate::{
    DataDir, DataDirError,
    data_dir::{DATABASE, private_file},
};

/// Why a deployment was not moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// The file is not one of a data directory, or a server uses it.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A server uses the database.
    #[error("a server uses the database in `{0}`: stop it first")]
    InUse(PathBuf),
    /// The file is not called as a server calls it.
    #[error("`{0}` is no database of a server: that is called `keyfob.db`, in the data directory")]
    OtherName(PathBuf),
    /// The copy failed.
    #[error(transparent)]
    Copy(#[from] CopyError),
}

/// Why there is no copy of a database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The copy would replace a file.
    #[error("`{0}` is there already: name a file that is not")]
    Exists(PathBuf),
    /// The copy cannot be made.
    #[error("`{path}` cannot be written: {cause}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The database cannot be read, or the copy not be finished.
    #[error("the database `{path}` cannot be copied: {cause}")]
    Database {
        /// The database.
        path: PathBuf,
        /// What the store says.
        cause: StoreError,
    },
}

/// Copies the database of a data directory, which no server may use meanwhile, to an empty PostgreSQL database, and
/// compares both row by row.
///
/// # Errors
/// See [`MoveError`]; then the target is as it was.
#[crate::boxed]
pub async fn move_database(
    file: &Path,
    to: &PostgresOptions,
    progress: &mut (dyn FnMut(CopyProgress) + Send),
) -> Result<(), MoveError> {
    if file.file_name().is_none_or(|name| name != DATABASE) {
        return Err(MoveError::OtherName(file.to_owned()));
    }
    let directory = file.parent().unwrap_or(Path::new("/"));
    let _locked = DataDir::open_existing(directory).map_err(|error| match error {
        DataDirError::Locked(directory) => MoveError::InUse(directory),
        other => other.into(),
    })?;
    Ok(keyfob_store::copy_database(file, to, progress).await?)
}

/// Copies the database of a data directory to a new file, which is for its owner alone. A server may use the database
/// meanwhile; the copy is of one moment.
///
/// # Errors
/// See [`BackupError`]; then there is no copy.
#[crate::boxed]
pub async fn back_up_database(data_dir: &Path, copy: &Path) -> Result<(), BackupError> {
    let path = data_dir.join(DATABASE);
    if copy.exists() {
        return Err(BackupError::Exists(copy.to_owned()));
    }
    let database = |cause| BackupError::Database { path: path.clone(), cause };
    // Before it, so that no copy is begun of what is not there.
    keyfob_store::Store::open_read_only(&path).await.map_err(database)?.close().await;
    // Into a file that nobody else may read.
    let unwritable = |cause| BackupError::Unwritable { path: copy.to_owned(), cause };
    drop(private_file(copy).map_err(unwritable)?);
    let written = keyfob_store::backup_database(&path, copy).await.map_err(database);
    let written = written.and_then(|()| std::fs::File::open(copy).and_then(|file| file.sync_all()).map_err(unwritable));
    if written.is_err() {
        let mut journal = copy.as_os_str().to_owned();
        journal.push("-journal");
        let _half_a_copy = (std::fs::remove_file(copy), std::fs::remove_file(journal));
    }
    written
}
