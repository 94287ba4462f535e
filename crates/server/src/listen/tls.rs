//! Listening for HTTPS. Certificates are read again when their files change, without a restart.
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use axum::serve::Listener;
use keyfob_tls::TrustedClients;
use rustls::{
    DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
    client::{danger::HandshakeSignatureValid, verify_server_name},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::{
        ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::config::{BadSetting, BadSettings, ClientCertificates, TlsArgs, TlsVersion};
use crate::listen::connections::{Bounded, Connection};

/// How often files of certificates are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many clients may have shaken hands and wait.
const WAITING: usize = 64;

fn bad(flag: &'static str, problem: impl std::fmt::Display) -> BadSetting {
    BadSetting::new(flag, problem)
}

/// Certificates with their keys, as they are in files.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: Vec<(PathBuf, PathBuf)>,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    /// Of all the files.
    digest: [u8; 32],
    keys: Vec<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads all of them.
    fn load(args: &TlsArgs) -> Result<Self, BadSetting> {
        if args.tls_cert_file.is_empty() {
            return Err(bad("tls-cert-file", "needed to listen for HTTPS"));
        }
        if args.tls_cert_file.len() != args.tls_key_file.len() {
            return Err(bad("tls-key-file", "there must be as many keys as certificates"));
        }
        let files: Vec<_> = args.tls_cert_file.iter().cloned().zip(args.tls_key_file.iter().cloned()).collect();
        let provider = Arc::new(ring::default_provider());
        let current = RwLock::new(read(&files, &provider)?);
        Ok(Self { files, provider, current })
    }

    /// Reads the files again, if they changed. While they are no good, what was read before stays in use.
    pub(crate) fn reload(&self) {
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).digest;
        if digest(&self.files).is_ok_and(|digest| digest == known) {
            return;
        }
        match read(&self.files, &self.provider) {
            Ok(current) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
                tracing::info!("read the certificates again");
            }
            Err(error) => tracing::error!(%error, "the certificates changed, and are not used"),
        }
    }
}

fn digest(files: &[(PathBuf, PathBuf)]) -> Result<[u8; 32], BadSetting> {
    let mut digest = Sha256::new();
    for (certificate, key) in files {
        for (flag, path) in [("tls-cert-file", certificate), ("tls-key-file", key)] {
            let bytes = std::fs::read(path).map_err(|error| bad(flag, format!("{}: {error}", path.display())))?;
            digest.update(Sha256::digest(bytes));
        }
    }
    Ok(digest.finalize().into())
}

fn read(files: &[(PathBuf, PathBuf)], provider: &CryptoProvider) -> Result<Current, BadSetting> {
    let digest = digest(files)?;
    let keys = files.iter().map(|(certificate, key)| read_one(certificate, key, provider)).collect::<Result<_, _>>()?;
    Ok(Current { digest, keys })
}

fn read_one(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, BadSetting> {
    let in_file =
        |flag, path: &Path, problem: &dyn std::fmt::Display| bad(flag, format!("{}: {problem}", path.display()));
    let chain = certificates_in("tls-cert-file", certificate)?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| in_file("tls-key-file", key, &error))?;
    let key = CertifiedKey::from_der(chain, secret, provider).map_err(|error| in_file("tls-key-file", key, &error))?;
    Ok(Arc::new(key))
}

fn certificates_in(flag: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, BadSetting> {
    let in_file = |problem: &dyn std::fmt::Display| bad(flag, format!("{}: {problem}", path.display()));
    let found = CertificateDer::pem_file_iter(path).map_err(|error| in_file(&error))?;
    let found: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| in_file(&error))?;
    if found.is_empty() { Err(in_file(&"holds no certificate")) } else { Ok(found) }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let asked = hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let has_name = |key: &&Arc<CertifiedKey>| {
            let certificate =
                key.end_entity_cert().ok().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
            certificate
                .zip(asked.as_ref())
                .is_some_and(|(certificate, name)| verify_server_name(&certificate, name).is_ok())
        };
        current.keys.iter().find(has_name).or(current.keys.first()).cloned()
    }
}

/// How connections are encrypted.
pub(crate) struct Tls {
    args: TlsArgs,
    acceptor: RwLock<TlsAcceptor>,
    certificates: Arc<Certificates>,
}

impl Tls {
    /// TLS as set; none if it is off.
    ///
    /// # Errors
    /// All that is wrong with the settings, or the files.
    pub(crate) fn new(args: &TlsArgs) -> Result<Option<Self>, BadSettings> {
        if !args.tls_enable {
            return Ok(None);
        }
        let mut problems = BadSettings::default();
        let certificates = problems.take(Certificates::load(args)).map(Arc::new);
        let verifier = problems.take(client_verifier(args, &Arc::new(ring::default_provider())));
        let (Some(certificates), Some(verifier)) = (certificates, verifier) else { return Err(problems) };
        let acceptor = RwLock::new(acceptor(args, &certificates, verifier)?);
        Ok(Some(Self { args: args.clone(), acceptor, certificates }))
    }

    /// Reads all files again. What is no good is logged, and what was read before stays in use.
    pub(crate) fn reload(&self) {
        self.certificates.reload();
        if self.args.tls_client_ca_file.is_none() {
            return;
        }
        let verifier = client_verifier(&self.args, &self.certificates.provider);
        match verifier.and_then(|verifier| acceptor(&self.args, &self.certificates, verifier)) {
            Ok(acceptor) => *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor,
            Err(error) => tracing::error!(%error, "the authorities of clients' certificates stay as they were"),
        }
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Accepts connections, and hands them on once they are encrypted.
    pub(crate) fn listen(self: Arc<Self>, mut listener: Bounded) -> TlsListener {
        let (ready, connections) = mpsc::channel(WAITING);
        let address = listener.local_addr();
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, peer) = listener.accept().await;
                let (acceptor, ready) = (self.acceptor(), ready.clone());
                // A client that is slow to shake hands keeps no other waiting.
                tokio::spawn(async move {
                    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        Ok(Ok(stream)) => drop(ready.send((stream, peer)).await),
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS with a client"),
                        Err(_) => tracing::debug!("a client took too long to shake hands"),
                    }
                });
            }
        });
        TlsListener { connections, address, accepting }
    }

    /// Reads certificates again when their files change.
    pub(crate) fn watch(&self) -> tokio::task::JoinHandle<()> {
        let certificates = Arc::clone(&self.certificates);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let certificates = Arc::clone(&certificates);
                drop(tokio::task::spawn_blocking(move || certificates.reload()).await);
            }
        })
    }
}

fn acceptor(
    args: &TlsArgs,
    certificates: &Arc<Certificates>,
    verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<TlsAcceptor, BadSetting> {
    let versions: &[_] = if args.tls_min_version == TlsVersion::Tls13 { &[&TLS13] } else { &[&TLS13, &TLS12] };
    let builder = ServerConfig::builder_with_provider(Arc::clone(&certificates.provider));
    let builder = builder.with_protocol_versions(versions).map_err(|error| bad("tls-min-version", error))?;
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::clone(certificates) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn client_verifier(
    args: &TlsArgs,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, BadSetting> {
    const FLAG: &str = "tls-client-ca-file";
    match args.tls_client_auth {
        ClientCertificates::None => return Ok(None),
        ClientCertificates::Request => return Ok(Some(Arc::new(AnyCertificate::new(provider, false)))),
        ClientCertificates::RequireAny => return Ok(Some(Arc::new(AnyCertificate::new(provider, true)))),
        ClientCertificates::VerifyIfGiven | ClientCertificates::RequireAndVerify => {}
    }
    let path = args.tls_client_ca_file.as_ref().ok_or_else(|| bad(FLAG, "needed to verify clients' certificates"))?;
    let mut roots = rustls::RootCertStore::empty();
    let certificates = certificates_in(FLAG, path)?;
    for certificate in &certificates {
        roots.add(certificate.clone()).map_err(|error| bad(FLAG, format!("{}: {error}", path.display())))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = match args.tls_client_auth {
        ClientCertificates::VerifyIfGiven => builder.allow_unauthenticated(),
        _ => builder,
    };
    let by_issuer = builder.build().map_err(|error| bad(FLAG, error))?;
    Ok(Some(Arc::new(TrustedClients::new(by_issuer, certificates))))
}

/// Takes every certificate whose key the client has, from any issuer.
#[derive(Debug)]
struct AnyCertificate {
    algorithms: WebPkiSupportedAlgorithms,
    is_mandatory: bool,
}

impl AnyCertificate {
    fn new(provider: &CryptoProvider, is_mandatory: bool) -> Self {
        Self { algorithms: provider.signature_verification_algorithms, is_mandatory }
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Connections that are encrypted.
pub(crate) struct TlsListener {
    connections: mpsc::Receiver<(TlsStream<Connection>, SocketAddr)>,
    address: std::io::Result<SocketAddr>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Drop for TlsListener {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<Connection>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        match &self.address {
            Ok(address) => Ok(*address),
            Err(error) => Err(error.kind().into()),
        }
    }
}
