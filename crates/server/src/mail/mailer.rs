//! What sends mails, as it is set at present.
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use super::transport::{Mail, SendError, Transport};
use crate::config::{BadSettings, MailArgs};

/// Sends mails. The files of its settings can be read again while it is in use.
pub(crate) struct Mailer {
    args: MailArgs,
    transport: RwLock<Arc<Transport>>,
    /// Whether mails wait because of the mail server, as far as this server knows.
    is_in_trouble: AtomicBool,
}

impl Mailer {
    /// What sends mails as set; none if no mail server is set.
    ///
    /// # Errors
    /// All that is wrong with the settings.
    pub(crate) fn new(args: &MailArgs) -> Result<Option<Self>, BadSettings> {
        let transport = Transport::new(args)?.map(|transport| RwLock::new(Arc::new(transport)));
        // Mails may wait since before the start.
        let is_in_trouble = AtomicBool::new(true);
        Ok(transport.map(|transport| Self { args: args.clone(), transport, is_in_trouble }))
    }

    /// Reads its files again: the password, and certificates. While they are no good, all stays as it was.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn reload(&self) -> Result<(), BadSettings> {
        if let Some(transport) = Transport::new(&self.args)? {
            *self.transport.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(transport);
        }
        Ok(())
    }

    /// Hands a mail to the mail server.
    ///
    /// # Errors
    /// When it does not take it.
    pub(crate) async fn send(&self, mail: Mail) -> Result<(), SendError> {
        let transport = Arc::clone(&self.transport.read().unwrap_or_else(PoisonError::into_inner));
        transport.send(mail).await
    }

    /// Keeps in mind that a mail could not be sent, perhaps because of the mail server.
    pub(crate) fn note_trouble(&self) {
        self.is_in_trouble.store(true, Ordering::Relaxed);
    }

    /// Whether there was trouble until now, when a mail got through.
    pub(crate) fn end_trouble(&self) -> bool {
        self.is_in_trouble.swap(false, Ordering::Relaxed)
    }
}
