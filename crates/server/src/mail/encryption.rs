//! How connections to the mail server are encrypted, and whose certificates are trusted there.
use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use keyfob_tls::{TrustedServers, certificates_in};
use lettre::transport::smtp::{
    Error,
    client::{AsyncSmtpConnection, CertificateStore, Identity, Tls, TlsParameters},
    extension::ClientId,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::transport::SendError;
use crate::config::{BadSetting, BadSettings, MailArgs};

/// How connections to the mail server are encrypted.
#[derive(Clone)]
pub(super) struct Encryption {
    tls: Tls,
    /// Who is trusted; none accepts any certificate.
    trusted: Option<Arc<TrustedServers>>,
    /// The name in the mail server's certificate.
    name: String,
}

impl Encryption {
    /// Encryption as set. Passwords are never sent unencrypted, but to this machine itself.
    pub(super) fn new(
        args: &MailArgs,
        host: &str,
        own: Option<(&Path, &Path)>,
        has_password: bool,
    ) -> Result<Self, BadSettings> {
        let mut bad = BadSettings::default();
        let trusted = bad.take(trusted(args));
        let name = args.email_tls_server_name.clone().unwrap_or_else(|| host.to_owned());
        // `lettre` takes no verifier of its users. `require_trusted` verifies the certificate, before anything is sent
        // that is not for everybody.
        let mut parameters = TlsParameters::builder(name.clone())
            .certificate_store(CertificateStore::None)
            .dangerous_accept_invalid_certs(true)
            .dangerous_accept_invalid_hostnames(true);
        if let Some((certificate, key)) = own
            && let Some(identity) = bad.take(identity(certificate, key))
        {
            parameters = parameters.identify_with(identity);
        }
        let built = bad.take(parameters.build().map_err(|error| BadSetting::new("email-tls-cert-key-file", error)));
        let (Some(trusted), Some(parameters), true) = (trusted, built, bad.0.is_empty()) else { return Err(bad) };
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let tls = match (args.email_force_tls, args.email_tls_starttls) {
            (true, _) => Tls::Wrapper(parameters),
            (false, true) => Tls::Required(parameters),
            (false, false) if has_password && !is_here => Tls::Required(parameters),
            (false, false) => Tls::Opportunistic(parameters),
        };
        Ok(Self { tls, trusted, name })
    }

    /// What the connection is encrypted with from its beginning.
    pub(super) fn wrapper(&self) -> Option<TlsParameters> {
        if let Tls::Wrapper(parameters) = &self.tls { Some(parameters.clone()) } else { None }
    }

    /// Encrypts a connection that was begun without, if it is to be.
    pub(super) async fn upgrade(&self, connection: &mut AsyncSmtpConnection, hello: &ClientId) -> Result<(), Error> {
        match &self.tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), hello).await,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), hello).await
            }
            _ => Ok(()),
        }
    }

    /// Goes on if the connection is not encrypted, or the mail server's certificate is trusted.
    pub(super) fn require_trusted(&self, connection: &AsyncSmtpConnection, now: Timestamp) -> Result<(), SendError> {
        let Some(trusted) = self.trusted.as_ref().filter(|_| connection.is_encrypted()) else { return Ok(()) };
        let chain = connection.certificate_chain().map_err(|error| SendError::unreachable(&error))?;
        let chain: Vec<CertificateDer<'_>> = chain.into_iter().map(CertificateDer::from).collect();
        let name = ServerName::try_from(self.name.as_str());
        let name = name.map_err(|error| SendError::Unreachable(format!("{}: {error}", self.name)))?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now.as_second().try_into().unwrap_or(0)));
        trusted.verify(&chain, &name, now).map_err(|error| SendError::unreachable(&error))
    }
}

/// The mail servers that are trusted; none if all of them are.
fn trusted(args: &MailArgs) -> Result<Option<Arc<TrustedServers>>, BadSetting> {
    const FLAG: &str = "email-tls-ca-cert-file";
    if args.email_tls_skip_verify {
        return Ok(None);
    }
    let more = match &args.email_tls_ca_cert_file {
        Some(file) => certificates(FLAG, file)?,
        None => Vec::new(),
    };
    TrustedServers::with_system(more)
        .map(|trusted| Some(Arc::new(trusted)))
        .map_err(|error| BadSetting::new(FLAG, error))
}

fn certificates(flag: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, BadSetting> {
    let found = certificates_in(&read(flag, file)?);
    found.map_err(|error| BadSetting::new(flag, format!("{}: {error}", file.display())))
}

fn read(flag: &'static str, file: &Path) -> Result<Vec<u8>, BadSetting> {
    std::fs::read(file).map_err(|error| BadSetting::new(flag, format!("{}: {error}", file.display())))
}

/// The certificate that this server shows, and its key.
fn identity(certificate: &Path, key: &Path) -> Result<Identity, BadSettings> {
    const FLAG: &str = "email-tls-cert-file";
    let mut bad = BadSettings::default();
    let chain = bad.take(certificates(FLAG, certificate));
    let key = bad.take(read("email-tls-cert-key-file", key));
    let (Some(own), Some(key)) = (chain.and_then(|chain| chain.into_iter().next()), key) else { return Err(bad) };
    // `lettre` takes a key in PEM, but a certificate in DER, whatever the function's name says.
    Ok(Identity::from_pem(&own, &key).map_err(|error| BadSetting::new("email-tls-cert-key-file", error))?)
}
