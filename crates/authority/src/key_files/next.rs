//! The next key of a deployment, in a file of its own until the database goes with it.
//!
//! It is written, durably, before the unit of work is committed that makes the database go with it, and then takes the
//! place of the former. A process that ends between the two has done it all the same: the next start moves the file.
use std::{
    fs::{File, TryLockError},
    io::{Error, ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use keyfob_store::{Store, StoreError};

use super::KeyFile;
use crate::{DataDirError, Seal, audit};

/// A key that waits to take the place of another. As long as this lives, no start takes the file away.
pub(super) struct NextKey {
    which: KeyFile,
    directory: PathBuf,
    _lock: File,
}

impl NextKey {
    /// Writes what the key file is to hold, if that file can be written at all.
    pub(super) fn write(which: KeyFile, directory: &Path, content: &[u8]) -> Result<Self, DataDirError> {
        let current = which.path(directory);
        File::options().write(true).open(&current).map_err(unusable(&current))?;
        let file = waiting(which, directory);
        let mut options = File::options();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&file).and_then(|mut open| {
            lock(&open, &file)?;
            open.write_all(content)?;
            open.sync_all()?;
            make_durable(directory)?;
            Ok(open)
        });
        let lock = written.map_err(unusable(&file))?;
        Ok(Self { which, directory: directory.to_owned(), _lock: lock })
    }

    /// Puts the key into its place.
    pub(super) fn take_place(self) -> Result<(), DataDirError> {
        let file = waiting(self.which, &self.directory);
        move_or_copy(&file, &self.which.path(&self.directory))
            .and_then(|()| make_durable(&self.directory))
            .map_err(unusable(&file))
    }
}

/// Moves a key that waits into its place if the database goes with it, and removes it if not.
pub(super) async fn finish(
    which: KeyFile,
    directory: &Path,
    store: &Store,
) -> Result<Result<(), DataDirError>, StoreError> {
    let file = waiting(which, directory);
    let found = match find(&file) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(Ok(())),
        Err(cause) => return Ok(Err(unusable(&file)(cause))),
    };
    let next = NextKey { which, directory: directory.to_owned(), _lock: found };
    let fingerprint = match fingerprint_in(which, &file) {
        Ok(fingerprint) => fingerprint,
        Err(cause) => return Ok(Err(unusable(&file)(cause))),
    };
    let is_next = fingerprint.is_some() && store.read().find_setting(which.setting()).await? == fingerprint;
    Ok(if is_next { next.take_place() } else { std::fs::remove_file(&file).map_err(unusable(&file)) })
}

/// Opens and locks the file, if there is one.
fn find(file: &Path) -> std::io::Result<Option<File>> {
    match std::fs::symlink_metadata(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        // A pipe would never end.
        Ok(found) if !found.is_file() => Err(Error::other("it is not a file: remove it")),
        Ok(_) => {
            let open = File::open(file)?;
            lock(&open, file)?;
            Ok(Some(open))
        }
    }
}

/// Locks a file that was opened at this path, if it is still there: another process may have finished with it, and
/// removed it, before.
fn lock(file: &File, path: &Path) -> std::io::Result<()> {
    let in_use = || Error::other("another process is replacing the key: try again when it has ended");
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => in_use(),
        TryLockError::Error(error) => error,
    })?;
    if is_at(file, path)? { Ok(()) } else { Err(in_use()) }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let open = file.metadata()?;
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        found => found.map(|found| (found.dev(), found.ino()) == (open.dev(), open.ino())),
    }
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> std::io::Result<bool> {
    path.try_exists()
}

/// The fingerprint of the key in a file; none if it holds none.
fn fingerprint_in(which: KeyFile, file: &Path) -> std::io::Result<Option<String>> {
    match which {
        KeyFile::Audit => match audit::read_keys(file) {
            Err(error) if error.kind() == ErrorKind::InvalidData => Ok(None),
            keys => Ok(Some(keys?.current.fingerprint())),
        },
        KeyFile::Seal => Ok(Seal::read(file)?.map(|seal| seal.fingerprint())),
    }
}

fn waiting(which: KeyFile, directory: &Path) -> PathBuf {
    directory.join(format!("{}.next", which.name()))
}

/// A file that is a link or mounted by itself cannot be replaced, but written. If that is broken off, the next start does
/// it again.
fn move_or_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let is_link = to.is_symlink();
    if !is_link && std::fs::rename(from, to).is_ok() {
        return Ok(());
    }
    let content = std::fs::read(from)?;
    let mut file = File::options().write(true).truncate(true).open(to)?;
    file.write_all(&content)?;
    file.sync_all()?;
    std::fs::remove_file(from)
}

/// Names of files are durable once their directory is.
#[cfg(unix)]
fn make_durable(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn make_durable(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

pub(super) fn unusable(file: &Path) -> impl FnOnce(Error) -> DataDirError {
    let path = file.to_owned();
    |cause| DataDirError::Unusable { path, cause }
}
