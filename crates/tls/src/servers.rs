//! The servers that connections are made to.
use std::sync::Arc;

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use crate::lacks_only_an_issuer;

/// The servers that are trusted, by their certificates.
#[derive(Debug)]
pub struct TrustedServers {
    by_issuer: Arc<dyn ServerCertVerifier>,
    /// Trusted as the certificates of servers, too, and not only as those of authorities.
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

/// The client's own certificate, with its chain, and the key to it.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct Identity {
    /// The certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The certificate's key.
    pub key: PrivateKeyDer<'static>,
}

impl TrustedServers {
    /// Trusts these certificates, and no others.
    ///
    /// # Errors
    /// When one of them cannot be an authority's, or there are none.
    pub fn only(certificates: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone())?;
        }
        Ok(Self { by_issuer: by_roots(roots, &provider)?, named: certificates, provider })
    }

    /// Trusts the certificates that the system trusts, and these.
    ///
    /// # Errors
    /// When one of these cannot be an authority's, or the system's cannot be read.
    #[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
    pub fn with_system(more: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        for certificate in &more {
            roots.add(certificate.clone())?;
        }
        // Certificates of the system that cannot be read are no reason to trust none of the others.
        let system = rustls_native_certs::load_native_certs().certs;
        roots.add_parsable_certificates(system.iter().cloned());
        let named = more.into_iter().chain(system).collect();
        Ok(Self { by_issuer: by_roots(roots, &provider)?, named, provider })
    }

    /// Trusts the certificates that the system trusts, and these.
    ///
    /// # Errors
    /// When one of these cannot be an authority's, or the system cannot be asked.
    #[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
    pub fn with_system(more: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let system = rustls_platform_verifier::Verifier::new_with_extra_roots(more.clone(), Arc::clone(&provider))?;
        Ok(Self { by_issuer: Arc::new(system), named: more, provider })
    }

    /// Verifies the certificate that a server of this name shows at this time. The first of the chain is the server's
    /// own.
    ///
    /// # Errors
    /// Why it is not trusted.
    pub fn verify(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>, now: UnixTime) -> Result<(), Error> {
        let (own, intermediates) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        self.verify_server_cert(own, intermediates, name, &[], now).map(drop)
    }

    /// How an HTTP client encrypts connections to these servers.
    ///
    /// # Errors
    /// When the key does not fit to the client's own certificate.
    pub fn http_client(self, own: Option<Identity>) -> Result<ClientConfig, Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = builder.with_safe_default_protocol_versions()?.dangerous();
        let builder = builder.with_custom_certificate_verifier(Arc::new(self));
        let mut config = match own {
            Some(Identity { chain, key }) => builder.with_client_auth_cert(chain, key)?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// Verifies a certificate that is trusted itself.
    fn verify_named(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        let certificate = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        // No issuer is needed, so none is given: what is left to verify is the time.
        match verify_server_cert_signed_by_trust_anchor(&certificate, &RootCertStore::empty(), &[], now, algorithms) {
            Err(error) if !lacks_only_an_issuer(&error) => return Err(error),
            _ => {}
        }
        verify_server_name(&certificate, name)
    }
}

fn by_roots(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    builder.build().map_err(|error| Error::General(error.to_string()))
}

impl ServerCertVerifier for TrustedServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.iter().any(|named| named.as_ref() == end_entity.as_ref()) {
            self.verify_named(end_entity, server_name, now)?;
            return Ok(ServerCertVerified::assertion());
        }
        let verified = self.by_issuer.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| match error {
            // An authority of its own that nobody trusts: only its issuer is unknown.
            error if lacks_only_an_issuer(&error) => CertificateError::UnknownIssuer.into(),
            error => error,
        })
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
