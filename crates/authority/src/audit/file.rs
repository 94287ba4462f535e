//! The chain of records without a server: in a database, or in an export of one.
use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use keyfob_store::{
    AuditEntry, ChainCheckpoint, ChainFault, ChainHead, ChainVerifier, PostgresOptions, Store, StoreError,
};
use serde::{Deserialize, Serialize};

/// How every SQLite database begins, <https://www.sqlite.org/fileformat.html>.
const SQLITE: &[u8] = b"SQLite format 3\0";
/// How many records are read at a time.
const BATCH: u64 = 10_000;

/// A line of an export.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum AuditLine {
    /// The first line, if the first records were retired.
    Checkpoint(RetiredLine),
    /// A record.
    Record(Box<AuditEntry>),
}

/// The line that says that records were retired.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredLine {
    /// The checkpoint that takes their place.
    pub checkpoint: ChainCheckpoint,
}

impl AuditLine {
    fn parse(line: &str) -> Result<Self, serde_json::Error> {
        if line.starts_with("{\"checkpoint\"") {
            return serde_json::from_str(line).map(Self::Checkpoint);
        }
        serde_json::from_str(line).map(Self::Record)
    }

    fn follow(&self, verifier: &mut ChainVerifier) -> Result<(), ChainFault> {
        match self {
            Self::Checkpoint(line) => verifier.begin_at(&line.checkpoint),
            Self::Record(entry) => verifier.follow(entry),
        }
    }
}

/// Why a file could not be verified, or what is wrong with its chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditFileError {
    /// The file or the key cannot be read.
    #[error("`{path}` cannot be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The database cannot be read.
    #[error("the database `{path}` cannot be read: {cause}")]
    Database {
        /// The file.
        path: PathBuf,
        /// What the store says.
        cause: StoreError,
    },
    /// The PostgreSQL database cannot be read.
    #[error("the PostgreSQL database cannot be read: {0}")]
    Postgres(StoreError),
    /// There is no file beside a PostgreSQL database.
    #[error("name the key file of the chain with --key: it is `audit.key` in the data directory of each replica")]
    NoKey,
    /// A line of an export is no record.
    #[error("line {line} is no record: {cause}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// The chain is broken.
    #[error(transparent)]
    Fault(#[from] ChainFault),
}

/// Verifies the chain in a file, and answers its head.
///
/// The key is the one beside the file unless another is named.
///
/// # Errors
/// [`AuditFileError::Fault`] says what was tampered with; the others say why that could not be found out.
pub async fn verify_audit(
    file: &Path,
    key_file: Option<&Path>,
    expected: Option<ChainHead>,
) -> Result<ChainHead, AuditFileError> {
    let beside = file.with_file_name(super::key::FILE);
    let key_file = key_file.unwrap_or(&beside);
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |cause| AuditFileError::Unreadable { path, cause }
    };
    let is_server = postgres_url(file).is_some();
    if is_server && key_file == beside {
        return Err(AuditFileError::NoKey);
    }
    let keys = super::key::read(key_file).map_err(unreadable(key_file))?;
    let mut verifier = ChainVerifier::new(keys, expected);
    if is_server || is_database(file).map_err(unreadable(file))? {
        export_audit(file, |line| line.follow(&mut verifier).map_err(AuditFileError::from)).await?;
    } else {
        let lines = BufReader::new(File::open(file).map_err(unreadable(file))?).lines();
        for (number, line) in (1..).zip(lines) {
            let line = line.map_err(unreadable(file))?;
            let line = AuditLine::parse(&line).map_err(|cause| AuditFileError::Line { line: number, cause })?;
            line.follow(&mut verifier)?;
        }
    }
    Ok(verifier.finish()?)
}

/// The address of a PostgreSQL database, if that is what was named.
fn postgres_url(named: &Path) -> Option<&str> {
    named.to_str().filter(|text| PostgresOptions::is_url(text))
}

fn is_database(file: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(u64::try_from(SQLITE.len()).unwrap_or(u64::MAX)).read_to_end(&mut start)?;
    Ok(start == SQLITE)
}

/// Hands over every record of a database, a file or the address of one of PostgreSQL, in the order of the chain, and before
/// them the checkpoint, if there is one. A server may use the database meanwhile.
///
/// # Errors
/// When the database cannot be read, and what `each` answers: it ends there.
pub async fn export_audit<E: From<AuditFileError>>(
    database: &Path,
    mut each: impl FnMut(&AuditLine) -> Result<(), E>,
) -> Result<(), E> {
    let url = postgres_url(database);
    let failed = |cause| match url {
        Some(_) => AuditFileError::Postgres(cause),
        None => AuditFileError::Database { path: database.to_owned(), cause },
    };
    let store = match url {
        Some(url) => Store::connect_read_only(PostgresOptions::alone(url)).map_err(failed)?,
        None => Store::open_read_only(database).await.map_err(failed)?,
    };
    let mut after = 0;
    if let Some(checkpoint) = store.read().audit_checkpoint().await.map_err(failed)? {
        after = checkpoint.sequence;
        each(&AuditLine::Checkpoint(RetiredLine { checkpoint }))?;
    }
    loop {
        let entries = store.read().audit_entries(after, BATCH).await.map_err(failed)?;
        let Some(last) = entries.last() else { break };
        after = last.sequence;
        for entry in entries {
            each(&AuditLine::Record(Box::new(entry)))?;
        }
    }
    store.close().await;
    Ok(())
}
