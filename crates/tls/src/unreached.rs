//! Why a server was not reached.
use std::{
    error::Error,
    io::{self, ErrorKind},
    iter,
};

use rustls::CertificateError;

/// Why a server was not reached. The words name no address and no setting, so anybody may read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// Nothing listens at the address.
    #[error("the connection was refused")]
    Refused,
    /// It took too long.
    #[error("there was no answer in time")]
    TimedOut,
    /// No trusted authority signed the certificate, and it is not trusted itself.
    #[error("its certificate has an unknown issuer")]
    UnknownIssuer,
    /// The certificate's time is over.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate's time has not begun.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate does not hold the name by which the server was asked.
    #[error("its certificate is for another name")]
    OtherName,
    /// The certificate is refused for another reason.
    #[error("its certificate is not accepted")]
    BadCertificate,
    /// Server and client could not agree on how to encrypt.
    #[error("no encrypted connection could be made")]
    NotEncrypted,
    /// There is no connection, such as to a host whose name nobody knows.
    #[error("there is no connection to it")]
    NoConnection,
}

impl Unreached {
    /// Why a client that has this error reached no server.
    pub fn because_of(error: &(dyn Error + 'static)) -> Self {
        Self::found_in(error).unwrap_or(Self::NoConnection)
    }

    /// The reason in an error, or in those that caused it; none for an error of another kind.
    pub fn found_in(error: &(dyn Error + 'static)) -> Option<Self> {
        iter::successors(Some(error), |&error| error.source()).find_map(|error| {
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Some(of_tls(error));
            }
            let error = error.downcast_ref::<io::Error>()?;
            match (error.get_ref(), error.kind()) {
                // The source of such an error is the inner error's source: the inner error itself would be missed.
                (Some(inner), _) => Self::found_in(inner),
                (None, ErrorKind::ConnectionRefused) => Some(Self::Refused),
                (None, ErrorKind::TimedOut) => Some(Self::TimedOut),
                (None, _) => None,
            }
        })
    }
}

fn of_tls(error: &rustls::Error) -> Unreached {
    let rustls::Error::InvalidCertificate(error) = error else { return Unreached::NotEncrypted };
    match error {
        CertificateError::UnknownIssuer => Unreached::UnknownIssuer,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Unreached::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Unreached::NotYetValid,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Unreached::OtherName,
        _ => Unreached::BadCertificate,
    }
}
