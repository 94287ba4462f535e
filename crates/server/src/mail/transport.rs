//! Sending mails.
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_tls::Unreached;
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
        extension::ClientId,
    },
};
use uuid::Uuid;

use super::encryption::Encryption;
use crate::config::{BadSetting, BadSettings, MailArgs, one_secret};

/// How long it may take to reach the mail server, and to sign in there.
const TIME_OUT: Duration = Duration::from_mins(1);
/// How long handing over a mail may take: longer than servers are asked to take for the end of one (RFC 5321, section
/// 4.5.3.2.6), because a client that gives up earlier sends it twice.
const HAND_OVER: Duration = Duration::from_mins(12);
/// How long it may take to end the connection.
const QUIT: Duration = Duration::from_secs(5);

/// Sends mails by SMTP (RFC 5321).
#[derive(Clone)]
pub(crate) struct Transport {
    host: String,
    port: u16,
    hello: ClientId,
    encryption: Encryption,
    login: Option<Login>,
    from: Mailbox,
}

/// The credentials of this server at the mail server.
#[derive(Clone)]
struct Login {
    /// The user that it acts as, if that is another one.
    identity: Option<String>,
    name: String,
    password: SecretText,
}

/// A mail to one user.
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
    /// Another attempt may succeed.
    #[error("{0}")]
    Temporary(String),
    /// The mail server cannot be reached.
    #[error("{0}")]
    Unreachable(String),
    /// The mail server will never take it, or it cannot be written.
    #[error("{0}")]
    Permanent(String),
}

impl SendError {
    /// The mail server cannot be reached: the text begins with the reason, if there is one of the usual.
    pub(super) fn unreachable(error: &(dyn std::error::Error + 'static)) -> Self {
        let reason = Unreached::found_in(error).map(|reason| format!("{reason}: ")).unwrap_or_default();
        Self::Unreachable(format!("{reason}{error}"))
    }
}

impl Transport {
    /// What sends mails as set; none if no mail server is set.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub(crate) fn new(args: &MailArgs) -> Result<Option<Self>, BadSettings> {
        let mut bad = BadSettings::default();
        let certificate = ("email-tls-cert-file", args.email_tls_cert_file.as_deref());
        let identity = bad.both(certificate, ("email-tls-cert-key-file", args.email_tls_cert_key_file.as_deref()));
        let login = bad.take(login(args)).flatten();
        let Some(smarthost) = args.email_smarthost.as_deref().filter(|host| !host.is_empty()) else {
            return if bad.0.is_empty() { Ok(None) } else { Err(bad) };
        };
        let server = bad.take(host_and_port(smarthost));
        let from = bad.take(sender(args));
        let host = server.as_ref().map_or("localhost", |(host, _)| host);
        let encryption = bad.take(Encryption::new(args, host, identity, login.is_some()));
        match (server, from, encryption) {
            (Some((host, port)), Some(from), Some(encryption)) if bad.0.is_empty() => {
                let hello = ClientId::Domain(args.email_hello.clone());
                Ok(Some(Self { host, port, hello, encryption, login, from }))
            }
            _ => Err(bad),
        }
    }

    /// Hands a mail to the mail server.
    ///
    /// # Errors
    /// When it does not take it.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), SendError> {
        let unwritable = |error: &dyn std::fmt::Display| SendError::Permanent(error.to_string());
        let to: Mailbox = mail.to.parse().map_err(|_| unwritable(&"not an address that mails can be sent to"))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject)
            .date(mail.written_at.into())
            .message_id(Some(format!("<{}@{}>", mail.id, self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| unwritable(&error))?;
        let connected = tokio::time::timeout(TIME_OUT, self.connect(mail.written_at)).await;
        let mut connection = connected.map_err(|_| SendError::Unreachable(Unreached::TimedOut.to_string()))??;
        let content = message.formatted();
        let sent = tokio::time::timeout(HAND_OVER, connection.send(message.envelope(), &content)).await;
        sent.map_err(|_| SendError::Temporary("the mail server does not answer".to_owned()))?.map_err(|error| {
            if is_about_the_mail(&error) {
                SendError::Permanent(error.to_string())
            } else {
                SendError::Temporary(error.to_string())
            }
        })?;
        // The mail server has the mail now, whether or not the connection ends well.
        let _quit = tokio::time::timeout(QUIT, connection.quit()).await;
        Ok(())
    }

    /// A connection on which mails can be sent.
    async fn connect(&self, now: Timestamp) -> Result<AsyncSmtpConnection, SendError> {
        let unreachable = |error: Error| SendError::unreachable(&error);
        let (server, wrapper) = ((self.host.as_str(), self.port), self.encryption.wrapper());
        let connecting = AsyncSmtpConnection::connect_tokio1(server, Some(TIME_OUT), &self.hello, wrapper, None);
        let mut connection = connecting.await.map_err(unreachable)?;
        self.encryption.upgrade(&mut connection, &self.hello).await.map_err(unreachable)?;
        self.encryption.require_trusted(&connection, now)?;
        self.sign_in(&mut connection).await.map_err(unreachable)?;
        Ok(connection)
    }

    async fn sign_in(&self, connection: &mut AsyncSmtpConnection) -> Result<(), Error> {
        match &self.login {
            None => {}
            Some(Login { identity: None, name, password }) => {
                let credentials = Credentials::new(name.clone(), password.reveal().to_owned());
                connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
            }
            Some(Login { identity: Some(identity), name, password }) => {
                connection.command(PlainAs { identity, name, password }).await?;
            }
        }
        Ok(())
    }
}

/// RFC 4616: signing in to act as another user.
struct PlainAs<'a> {
    identity: &'a str,
    name: &'a str,
    password: &'a SecretText,
}

impl std::fmt::Display for PlainAs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let message = format!("{}\0{}\0{}", self.identity, self.name, self.password.reveal());
        write!(f, "AUTH PLAIN {}\r\n", BASE64.encode(message))
    }
}

/// RFC 3834: programs that answer mails automatically do not answer these.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Whether the mail server refuses this mail, or its recipient, permanently. What it refuses of the server itself, such
/// as its password, an operator can correct (RFC 5321, section 4.2.2, and RFC 4954, section 6).
fn is_about_the_mail(error: &Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && !code.is_some_and(|code| matches!(code, 500..=504 | 521 | 530..=538))
}

fn host_and_port(smarthost: &str) -> Result<(String, u16), BadSetting> {
    let parts = smarthost.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts
        .filter(|(host, _)| !host.is_empty())
        .ok_or_else(|| BadSetting::new("email-smarthost", format!("`{smarthost}` is not of the form host:port")))?;
    Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
}

fn sender(args: &MailArgs) -> Result<Mailbox, BadSetting> {
    let bad = |problem: &dyn std::fmt::Display| BadSetting::new("email-from", problem);
    let from = args.email_from.as_deref().ok_or_else(|| bad(&"needed to send mails"))?;
    from.parse().map_err(|error| bad(&format!("`{from}`: {error}")))
}

fn login(args: &MailArgs) -> Result<Option<Login>, BadSettings> {
    let mut bad = BadSettings::default();
    let files = ("email-auth-password", "email-auth-password-file");
    let password =
        bad.take(one_secret(files, args.email_auth_password.as_ref(), args.email_auth_password_file.as_deref()));
    let name = args.email_auth_username.clone();
    if let Some(password) = password {
        let login = bad.both(("email-auth-username", name), ("email-auth-password-file", password));
        if args.email_auth_identity.is_some() && login.is_none() && bad.0.is_empty() {
            bad.note("email-auth-username", "needed, because there is --email-auth-identity");
        }
        if bad.0.is_empty() {
            let identity = args.email_auth_identity.clone();
            return Ok(login.map(|(name, password)| Login { identity, name, password }));
        }
    }
    Err(bad)
}
