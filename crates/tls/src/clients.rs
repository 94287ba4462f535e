//! The clients whose connections are accepted.
use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};

use crate::lacks_only_an_issuer;

/// The clients that are trusted, by their certificates.
#[derive(Debug)]
pub struct TrustedClients {
    by_issuer: Arc<dyn ClientCertVerifier>,
    /// Trusted as the certificates of clients, too, and not only as those of authorities.
    named: Vec<CertificateDer<'static>>,
}

impl TrustedClients {
    /// Trusts the clients that a verifier trusts by their issuers, and those that show one of these certificates.
    pub fn new(by_issuer: Arc<dyn ClientCertVerifier>, named: Vec<CertificateDer<'static>>) -> Self {
        Self { by_issuer, named }
    }
}

impl ClientCertVerifier for TrustedClients {
    fn offer_client_auth(&self) -> bool {
        self.by_issuer.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.by_issuer.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.by_issuer.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.by_issuer.verify_client_cert(end_entity, intermediates, now) {
            Err(error)
                if lacks_only_an_issuer(&error)
                    && self.named.iter().any(|named| named.as_ref() == end_entity.as_ref()) =>
            {
                Ok(ClientCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_issuer.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.by_issuer.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.by_issuer.supported_verify_schemes()
    }
}
