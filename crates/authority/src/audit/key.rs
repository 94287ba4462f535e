//! The key of the chain of audit records: a file beside the database, so that a copy of the database is not enough to
//! forge records.
use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use keyfob_store::ChainKey;

use crate::{OpenError, Random, data_dir::private_file};

/// The name of the file in the data directory.
pub(crate) const FILE: &str = "audit.key";

/// The key of a data directory; it is made where there are no records yet.
pub(crate) fn load(data_dir: &Path, is_new: bool, random: &Random) -> Result<ChainKey, OpenError> {
    let path = data_dir.join(FILE);
    let bad = |cause: String| OpenError::AuditKey { path: path.clone(), cause };
    match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
            let key = ChainKey(random.bytes());
            let mut file = private_file(&path).map_err(|error| bad(error.to_string()))?;
            file.write_all(key.to_hex().as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(|error| bad(error.to_string()))?;
            Ok(key)
        }
        found => found.map_err(|error| bad(error.to_string())),
    }
}

/// Reads a key from a file: 64 hexadecimal digits.
pub(crate) fn read(path: &Path) -> std::io::Result<ChainKey> {
    let text = std::fs::read_to_string(path)?;
    let malformed = || std::io::Error::new(ErrorKind::InvalidData, "it does not hold 64 hexadecimal digits");
    ChainKey::from_hex(&text).ok_or_else(malformed)
}
