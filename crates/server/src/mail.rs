//! Sending mails.
use std::{net::IpAddr, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Identity, Tls, TlsParameters},
        extension::ClientId,
    },
};

use jiff::Timestamp;
use uuid::Uuid;

use crate::config::{MailArgs, secret_in};

/// How long a connection to the mail server may take.
const TIME_OUT: Duration = Duration::from_secs(30);
/// How long handing over a mail may take: longer than servers are asked to take for the end of one (RFC 5321, section
/// 4.5.3.2.6), because whoever gives up earlier sends it twice.
const HAND_OVER: Duration = Duration::from_mins(12);

/// Sends mails by SMTP (RFC 5321).
#[derive(Clone)]
pub(crate) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A mail to one person.
pub(crate) struct Mail {
    /// The same for every attempt to send it, so that mail servers can tell that it is one.
    pub(crate) id: Uuid,
    pub(crate) to: String,
    pub(crate) written_at: Timestamp,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// It may go better another time.
    #[error("{0}")]
    ForNow(String),
    /// The mail server cannot be reached.
    #[error("{0}")]
    Away(String),
    /// The mail server will never take it, or it cannot be written.
    #[error("{0}")]
    ForEver(String),
}

/// A setting with which no mails can be sent: the flag, and what is wrong.
#[derive(Debug, thiserror::Error)]
#[error("--{flag}: {problem}")]
pub struct BadMailSetting {
    flag: &'static str,
    problem: String,
}

fn bad(flag: &'static str, problem: impl std::fmt::Display) -> BadMailSetting {
    BadMailSetting { flag, problem: problem.to_string() }
}

impl Mailer {
    /// What sends mails as set; none if no mail server is set.
    ///
    /// # Errors
    /// What is wrong with the settings.
    pub(crate) fn new(args: &MailArgs) -> Result<Option<Self>, BadMailSetting> {
        let Some(smarthost) = args.email_smarthost.as_deref().filter(|host| !host.is_empty()) else { return Ok(None) };
        let wrong = || bad("email-smarthost", format!("`{smarthost}` is not of the form host:port"));
        let (host, port) = smarthost.rsplit_once(':').ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port: u16 = port.parse().map_err(|_| wrong())?;
        let from = args.email_from.as_deref().ok_or_else(|| bad("email-from", "needed to send mails"))?;
        let from: Mailbox = from.parse().map_err(|error| bad("email-from", format!("`{from}`: {error}")))?;
        let credentials = credentials(args)?;
        let tls = tls(args, host, credentials.is_some())?;
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .hello_name(ClientId::Domain(args.email_hello.clone()))
            .timeout(Some(TIME_OUT));
        if let Some(credentials) = credentials {
            transport = transport.credentials(credentials);
        }
        Ok(Some(Self { transport: transport.build(), from }))
    }

    /// Hands a mail to the mail server.
    ///
    /// # Errors
    /// When it does not take it.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), SendError> {
        let unwritable = |error: &dyn std::fmt::Display| SendError::ForEver(error.to_string());
        let to: Mailbox = mail.to.parse().map_err(|_| unwritable(&"not an address that mails can be sent to"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .date(mail.written_at.into())
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| unwritable(&error))?;
        match tokio::time::timeout(HAND_OVER, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_about_the_mail(&error) => Err(SendError::ForEver(error.to_string())),
            Ok(Err(error)) if error.status().is_none() => Err(SendError::Away(error.to_string())),
            Ok(Err(error)) => Err(SendError::ForNow(error.to_string())),
            Err(_) => Err(SendError::Away("the mail server does not answer".to_owned())),
        }
    }
}

/// Whether the mail server refuses this mail, or whom it is to, for ever: mailbox, size and address (RFC 5321, section
/// 4.2.2). Whatever else it refuses, such as our password, an operator can mend.
fn is_about_the_mail(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && code.is_some_and(|code| matches!(code, 550..=553 | 555 | 556))
}

fn credentials(args: &MailArgs) -> Result<Option<Credentials>, BadMailSetting> {
    let file = |path: &std::path::PathBuf| secret_in(path).map_err(|error| bad("email-auth-password-file", error));
    let password = match &args.email_auth_password_file {
        Some(path) => Some(file(path)?),
        None => args.email_auth_password.clone(),
    };
    match (&args.email_auth_username, password) {
        (Some(name), Some(password)) => Ok(Some(Credentials::new(name.clone(), password.reveal().to_owned()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(bad("email-auth-password-file", "needed, because there is a user")),
        (None, Some(_)) => Err(bad("email-auth-username", "needed, because there is a password")),
    }
}

/// Passwords are never sent unencrypted, but to this machine itself.
fn tls(args: &MailArgs, host: &str, has_password: bool) -> Result<Tls, BadMailSetting> {
    let read = |flag, path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| bad(flag, format!("{}: {error}", path.display())))
    };
    let name = args.email_tls_server_name.clone().unwrap_or_else(|| host.to_owned());
    let mut parameters = TlsParameters::builder(name).dangerous_accept_invalid_certs(args.email_tls_skip_verify);
    if let Some(path) = &args.email_tls_ca_cert_file {
        let flag = "email-tls-ca-cert-file";
        let certificate = Certificate::from_pem(&read(flag, path)?).map_err(|error| bad(flag, error))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    if let (Some(certificate), Some(key)) = (&args.email_tls_cert_file, &args.email_tls_cert_key_file) {
        let (certificate, key) = (read("email-tls-cert-file", certificate)?, read("email-tls-cert-key-file", key)?);
        let identity = Identity::from_pem(&certificate, &key).map_err(|error| bad("email-tls-cert-file", error))?;
        parameters = parameters.identify_with(identity);
    }
    let parameters = parameters.build().map_err(|error| bad("email-tls-server-name", error))?;
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    Ok(match (args.email_force_tls, args.email_tls_starttls) {
        (true, _) => Tls::Wrapper(parameters),
        (false, true) => Tls::Required(parameters),
        (false, false) if has_password && !is_here => Tls::Required(parameters),
        (false, false) => Tls::Opportunistic(parameters),
    })
}
