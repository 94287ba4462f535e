//! The chain of records without a server: in a database, or in an export of one.
use std::{
    fs::File,
    io::{BufRead, BufReader, Read as _},
    path::{Path, PathBuf},
};

use keyfob_store::{
    AuditEntry, ChainCheckpoint, ChainFault, ChainHead, ChainVerifier, PostgresOptions, Store, StoreError,
    VerifiedChain,
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
    /// The key cannot be read.
    #[error("the key file `{path}` cannot be read: {cause}: name the key file of the chain with --key")]
    Key {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Standard input cannot be read.
    #[error("standard input cannot be read: {0}")]
    Input(std::io::Error),
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
    /// There is no file beside a PostgreSQL database, or beside standard input.
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
    /// An export has no line.
    #[error("there is no record in it: the export is empty, or was cut off")]
    Empty,
    /// The chain is broken.
    #[error(transparent)]
    Fault(#[from] ChainFault),
}

/// Where the records of a chain are.
#[derive(Clone, Copy, Debug)]
pub struct AuditSource<'a> {
    /// A database file, the address of a PostgreSQL database, an export, or `-` for an export on standard input.
    pub named: &'a Path,
    /// A file with the password for PostgreSQL, in place of one in the address.
    pub password_file: Option<&'a Path>,
}

impl AuditSource<'_> {
    fn is_input(self) -> bool {
        self.named == Path::new("-")
    }

    /// The PostgreSQL database, if that is what was named.
    fn postgres(self) -> Option<PostgresOptions> {
        let url = self.named.to_str().filter(|text| PostgresOptions::is_url(text))?;
        Some(PostgresOptions { password_file: self.password_file.map(Path::to_owned), ..PostgresOptions::alone(url) })
    }
}

/// Verifies the chain in a file.
///
/// A database must reach the records with the current key; an export may be older than that key. The key is the one
/// beside the file unless another is named.
///
/// # Errors
/// [`AuditFileError::Fault`] says what was tampered with; the others say why that could not be found out.
#[crate::boxed]
pub async fn verify_audit<'a>(
    source: AuditSource<'a>,
    key_file: Option<&'a Path>,
    expected: Option<ChainHead>,
) -> Result<VerifiedChain, AuditFileError> {
    let file = source.named;
    let unreadable = |cause| AuditFileError::Unreadable { path: file.to_owned(), cause };
    let is_beside_nothing = source.is_input() || source.postgres().is_some();
    // A file that is not there is named before a key that is not beside it.
    let is_database = !source.is_input() && (is_beside_nothing || is_database(file).map_err(unreadable)?);
    let beside = file.with_file_name(super::key::FILE);
    let key_file = match key_file {
        Some(named) => named,
        None if is_beside_nothing => return Err(AuditFileError::NoKey),
        None => &beside,
    };
    let keys = super::key::read(key_file);
    let keys = keys.map_err(|cause| AuditFileError::Key { path: key_file.to_owned(), cause })?;
    let mut verifier = ChainVerifier::new(keys, expected);
    if is_database {
        export_audit(source, |line| line.follow(&mut verifier).map_err(AuditFileError::from)).await?;
    } else if source.is_input() {
        verify_lines(&mut verifier, std::io::stdin().lock(), AuditFileError::Input)?;
    } else {
        verify_lines(&mut verifier, BufReader::new(File::open(file).map_err(unreadable)?), unreadable)?;
    }
    Ok(if is_database { verifier.finish_current() } else { verifier.finish() }?)
}

fn verify_lines(
    verifier: &mut ChainVerifier,
    export: impl BufRead,
    unreadable: impl Fn(std::io::Error) -> AuditFileError,
) -> Result<(), AuditFileError> {
    let mut is_empty = true;
    for (number, line) in (1..).zip(export.lines()) {
        is_empty = false;
        let line = line.map_err(&unreadable)?;
        let line = AuditLine::parse(&line).map_err(|cause| AuditFileError::Line { line: number, cause })?;
        line.follow(verifier)?;
    }
    if is_empty { Err(AuditFileError::Empty) } else { Ok(()) }
}

fn is_database(file: &Path) -> std::io::Result<bool> {
    let mut start = Vec::new();
    File::open(file)?.take(u64::try_from(SQLITE.len()).unwrap_or(u64::MAX)).read_to_end(&mut start)?;
    Ok(start == SQLITE)
}

/// Hands over every record of a database, a file or the address of one of PostgreSQL, in the order of the chain, and
/// before them the checkpoint, if there is one. A server may use the database meanwhile.
///
/// # Errors
/// When the database cannot be read, and what `each` answers: it ends there.
pub async fn export_audit<E: From<AuditFileError>>(
    source: AuditSource<'_>,
    mut each: impl FnMut(&AuditLine) -> Result<(), E>,
) -> Result<(), E> {
    let server = source.postgres();
    let is_server = server.is_some();
    let failed = |cause| {
        if is_server {
            AuditFileError::Postgres(cause)
        } else {
            AuditFileError::Database { path: source.named.to_owned(), cause }
        }
    };
    let store = match server {
        Some(options) => Store::connect_read_only(options).map_err(failed)?,
        None => Store::open_read_only(source.named).await.map_err(failed)?,
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
