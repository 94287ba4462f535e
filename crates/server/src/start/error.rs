//! Why a server does not start.
use std::net::SocketAddr;

use keyfob_authority::{DataDirError, OpenError};

use crate::config::BadSettings;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no folder for the user's data, and none was named.
    #[error("no data folder is known for this user: name one with --data-dir")]
    NoDataDir,
    /// The data directory, or what is in it, cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("--http-address: cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The address for HTTPS cannot be listened on.
    #[error("--tls-address: cannot listen on {address}: {cause}")]
    ListenTls {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The address for metrics cannot be listened on.
    #[error("--prometheus-address: cannot listen on {address}: {cause}")]
    ListenPrometheus {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The server cannot work as set.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// Anything that this machine cannot do.
    #[error("{0}")]
    Machine(String),
}

impl From<DataDirError> for StartError {
    fn from(error: DataDirError) -> Self {
        Self::Open(error.into())
    }
}
