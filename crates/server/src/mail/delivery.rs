//! Sending what is due, and trying again what could not be sent.
use jiff::SignedDuration;

use super::{
    letter::letter,
    transport::{Mail, SendError},
};
use crate::{app::App, mail::Mailer};
use keyfob_authority::{AuthorizedStore, RequestContext, System, notices::DueNotice};

/// How many mails are taken out of the queue at a time.
const AT_ONCE: u64 = 20;
/// How long a mail is tried to be sent before it is given up.
const PATIENCE: SignedDuration = SignedDuration::from_hours(72);

/// Sends all mails that are due.
pub(crate) async fn deliver_due(app: App) {
    let Some(mailer) = app.mailer() else { return };
    let store = System::Mail.store(app.authority(), RequestContext::default());
    loop {
        match store.claim_notices(AT_ONCE).await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => {
                for notice in due {
                    // A server that is away now is away for the others, too: they are due again by then.
                    if deliver(&app, mailer, &store, &notice).await == Delivery::Away {
                        return;
                    }
                }
            }
            Err(error) => return tracing::warn!(?error, "mails that are due could not be read"),
        }
    }
}

/// What came of sending a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// It was sent, or refused.
    Done,
    /// The mail server cannot be reached.
    Away,
}

async fn deliver(app: &App, mailer: &Mailer, store: &AuthorizedStore, due: &DueNotice) -> Delivery {
    let id = due.id;
    let sent = match letter(due, app.access_url()) {
        Ok(letter) => {
            let mail = Mail {
                id,
                to: due.email.clone(),
                written_at: app.clock().now(),
                subject: letter.subject,
                text: letter.text,
                html: letter.html,
            };
            mailer.send(mail).await
        }
        Err(error) => Err(SendError::ForEver(error.to_string())),
    };
    let waited = app.clock().now().duration_since(due.created_at);
    match sent {
        Ok(()) => tracing::info!(%id, kind = due.notice.kind(), "sent a mail"),
        Err(SendError::ForNow(cause)) if waited < PATIENCE => {
            tracing::warn!(%id, cause, "a mail could not be sent; it will be tried again");
            return Delivery::Done;
        }
        Err(SendError::Away(cause)) if waited < PATIENCE => {
            tracing::warn!(%id, cause, "the mail server cannot be reached; mails wait");
            return Delivery::Away;
        }
        Err(error) => tracing::error!(%id, %error, "a mail could not be sent, and is given up"),
    }
    // Without this the mail would be sent once more: better than never.
    if let Err(error) = store.forget_notice(id).await {
        tracing::warn!(%id, ?error, "a mail that is done with could not be taken out of the queue");
    }
    Delivery::Done
}
