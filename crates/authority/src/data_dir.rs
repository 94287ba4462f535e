//! The folder that holds all data: the database, and the keys that are kept beside it.
use std::{
    fs::{DirBuilder, File, TryLockError},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

/// A data directory. If the database is in it, no other process uses it: it is locked for as long as this lives.
#[derive(Clone, Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: Option<Arc<File>>,
}

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataDirError {
    /// It cannot be made or written.
    #[error("the data directory `{path}` cannot be used: {cause}; name another with --data-dir")]
    Unusable {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Another process has locked it.
    #[error("another server uses the data directory `{0}`: stop it, or name another directory with --data-dir")]
    Locked(PathBuf),
    /// The database is elsewhere: its folder is what is locked.
    #[error("`{0}` is a link: name the folder that holds the database itself with --data-dir")]
    Linked(PathBuf),
    /// No server has run on it.
    #[error("there is no database in `{0}`: name the data directory of the server with --data-dir")]
    NoDatabase(PathBuf),
}

/// The name of the database file in the data directory.
pub(crate) const DATABASE: &str = "keyfob.db";

impl DataDir {
    /// Makes the directory, readable for its owner alone, and locks it.
    ///
    /// # Errors
    /// When it cannot be written, or another process has locked it.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        let unusable = |cause| DataDirError::Unusable { path: path.to_owned(), cause };
        make(path)?;
        let database = path.join(DATABASE);
        if database.is_symlink() {
            return Err(DataDirError::Linked(database));
        }
        let file = private_file(&path.join("lock")).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(Arc::new(file)) }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::Locked(path.to_owned())),
            Err(TryLockError::Error(cause)) => Err(unusable(cause)),
        }
    }

    /// Makes the directory, readable for its owner alone, where it holds keys and no database: several processes may
    /// read those.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open_shared(path: &Path) -> Result<Self, DataDirError> {
        make(path)?;
        Ok(Self { path: path.to_owned(), _lock: None })
    }

    /// Locks a directory that has a database. Where there is none, nothing is made.
    ///
    /// # Errors
    /// [`DataDirError::NoDatabase`], and as [`Self::open`].
    pub fn open_existing(path: &Path) -> Result<Self, DataDirError> {
        let file = path.join(DATABASE);
        match std::fs::metadata(&file) {
            Ok(found) if found.len() > 0 => Self::open(path),
            Ok(_) => Err(DataDirError::NoDatabase(path.to_owned())),
            Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(DataDirError::NoDatabase(path.to_owned()))
            }
            Err(cause) => Err(DataDirError::Unusable { path: file, cause }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a directory for its owner alone, if there is none.
fn make(path: &Path) -> Result<(), DataDirError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|cause| DataDirError::Unusable { path: path.to_owned(), cause })
}

/// Opens a file, and makes it for its owner alone if there is none.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
