#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod clients;
mod servers;
mod unreached;

pub use clients::TrustedClients;
pub use servers::{Identity, TrustedServers};
pub use unreached::Unreached;

use rustls::{
    CertificateError, OtherError,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject as _},
    },
};

/// Why a text is of no use as certificates.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificates {
    /// It holds none.
    #[error("holds no certificate in PEM")]
    None,
    /// One of them is malformed.
    #[error("holds a malformed certificate: {0}")]
    Malformed(pem::Error),
}

/// The certificates in a PEM text, at least one.
///
/// # Errors
/// When one is malformed, or there is none.
pub fn certificates_in(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, BadCertificates> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(BadCertificates::None),
        Ok(found) => Ok(found),
        Err(error) => Err(BadCertificates::Malformed(error)),
    }
}

/// Whether a certificate is refused for nothing but its issuer. `webpki` looks at the time before it looks for an
/// issuer; `tests/it/trust.rs` holds it to that.
fn lacks_only_an_issuer(error: &rustls::Error) -> bool {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => true,
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
            cause.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
        }
        _ => false,
    }
}
