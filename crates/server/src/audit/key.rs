//! The key of the chain of audit records: a file beside the database, so that a copy of the database alone forges nothing.
use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use keyfob_store::ChainKey;

use crate::{
    random::Random,
    start::{StartError, private_file},
};

/// The name of the file in the data directory.
pub(crate) const FILE: &str = "audit.key";

/// The key of a data directory; it is made where there are no records yet.
pub(crate) fn load(data_dir: &Path, is_new: bool, random: &Random) -> Result<ChainKey, StartError> {
    let path = data_dir.join(FILE);
    let bad = |cause: String| StartError::AuditKey { path: path.clone(), cause };
    match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound && is_new => {
            let key = ChainKey(random.bytes());
            let text: String = key.0.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut file = private_file(&path).map_err(|error| bad(error.to_string()))?;
            file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| bad(error.to_string()))?;
            Ok(key)
        }
        found => found.map_err(|error| bad(error.to_string())),
    }
}

/// Reads a key from a file: 64 hexadecimal digits.
pub(crate) fn read(path: &Path) -> std::io::Result<ChainKey> {
    let text = std::fs::read_to_string(path)?;
    let malformed = || std::io::Error::new(ErrorKind::InvalidData, "it does not hold 64 hexadecimal digits");
    let digits: Option<Vec<u32>> = text.trim().chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() == 64).ok_or_else(malformed)?;
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
        *byte = pair.iter().try_fold(0_u8, |byte, digit| Some(byte << 4 | u8::try_from(*digit).ok()?)).unwrap_or(0);
    }
    Ok(ChainKey(key))
}
