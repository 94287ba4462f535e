//! Arguments that name files.
use std::path::Path;

use anyhow::ensure;
use keyfob_server::PostgresOptions;

/// Refuses what looks like a URL, without showing it: it may hold a password, and errors about files show their names.
pub(crate) fn require_file(path: &Path) -> anyhow::Result<()> {
    let text = path.to_string_lossy();
    let is_like_a_url = text.contains("://") || text.trim_start().to_ascii_lowercase().starts_with("postgres");
    let is_like_settings = text.contains("password=");
    ensure!(
        path.exists() || !(is_like_a_url && text.contains(':') || is_like_settings),
        "FILE: must be a file, or a URL that begins with `postgres://` where a database is read"
    );
    Ok(())
}

/// The same where the address of a PostgreSQL database is good, too.
pub(crate) fn require_file_or_url(named: &Path) -> anyhow::Result<()> {
    if named.to_str().is_some_and(PostgresOptions::is_url) { Ok(()) } else { require_file(named) }
}
