//! Encrypted connections of the servers here.
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
};

/// A certificate that is its own authority, as `openssl req -x509` makes it.
#[derive(Debug)]
pub struct OwnCertificate {
    /// The certificate in PEM.
    pub certificate: String,
    /// Its key in PEM.
    pub key: String,
}

impl OwnCertificate {
    /// A certificate for a host of this name.
    pub fn of(host: &str) -> Self {
        Self::until(host, 2100)
    }

    /// The same, but it expired long ago.
    pub fn expired(host: &str) -> Self {
        Self::until(host, 2001)
    }

    /// One that is no authority's, but signs itself all the same.
    pub fn client_of(name: &str) -> Self {
        Self::make(name, 2100, IsCa::NoCa)
    }

    fn until(host: &str, year: i32) -> Self {
        Self::make(host, year, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    fn make(name: &str, year: i32, is_ca: IsCa) -> Self {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = is_ca;
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }
}

/// An encrypted connection.
pub(crate) type Encrypted = StreamOwned<ServerConnection, TcpStream>;

/// How a server encrypts its connections.
#[derive(Clone, Debug)]
pub struct ServerTls(Arc<ServerConfig>);

impl ServerTls {
    /// A server that shows this certificate.
    pub fn new(own: &OwnCertificate) -> Self {
        Self::with(own, None)
    }

    /// The same, for clients alone that show a certificate which this authority signed, in PEM.
    pub fn for_clients_of(own: &OwnCertificate, authority: &str) -> Self {
        Self::with(own, Some(authority))
    }

    fn with(own: &OwnCertificate, authority: Option<&str>) -> Self {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = match authority {
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
                let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(clients)
            }
            None => builder.with_no_client_auth(),
        };
        let chain = CertificateDer::pem_slice_iter(own.certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
        Self(Arc::new(builder.with_single_cert(chain, key).unwrap()))
    }

    pub(crate) fn accept(&self, stream: TcpStream) -> Encrypted {
        StreamOwned::new(ServerConnection::new(Arc::clone(&self.0)).unwrap(), stream)
    }

    /// Answers every request with this JSON, for as long as the tests run. The answer may name the address.
    pub fn serve_json(&self, answer: impl FnOnce(SocketAddr) -> String) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, body) = (self.clone(), answer(address));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, body) = (tls.clone(), body.clone());
                std::thread::spawn(move || tls.answer(stream, &body));
            }
        });
        address
    }

    /// Any error ends the connection.
    fn answer(&self, stream: TcpStream, body: &str) -> Option<()> {
        let mut reader = BufReader::new(self.accept(stream));
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
        }
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        let stream = reader.get_mut();
        write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()
    }
}
