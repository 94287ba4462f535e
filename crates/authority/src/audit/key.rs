//! The key of the chain of audit records: a file beside the database, so that a copy of the database is not enough to
//! forge records.
use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use keyfob_store::{ChainKey, ChainKeys};

use crate::{OpenError, Random, data_dir::private_file};

/// The name of the file in the data directory.
pub(crate) const FILE: &str = "audit.key";

/// The keys of a data directory; the first is made where there are no records yet.
pub(crate) fn load(data_dir: &Path, is_new: bool, random: &Random) -> Result<ChainKeys, OpenError> {
    let path = data_dir.join(FILE);
    let bad = |cause: String| OpenError::AuditKey { path: path.clone(), cause };
    match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
            let keys = ChainKeys::from(ChainKey(random.bytes()));
            let mut file = private_file(&path).map_err(|error| bad(error.to_string()))?;
            file.write_all(keys.to_text().as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| bad(error.to_string()))?;
            Ok(keys)
        }
        found => found.map_err(|error| bad(error.to_string())),
    }
}

/// Reads keys from a file: 64 hexadecimal digits a line, the current one first.
pub(crate) fn read(path: &Path) -> std::io::Result<ChainKeys> {
    let text = std::fs::read_to_string(path)?;
    let malformed = || std::io::Error::new(ErrorKind::InvalidData, "it does not hold 64 hexadecimal digits a line");
    ChainKeys::parse(&text).ok_or_else(malformed)
}
