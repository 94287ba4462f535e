//! Sending what is due, and trying again what could not be sent.
use keyfob_authority::{AuthorizedStore, RequestContext, System, notices::DueNotice};

use super::{
    letter::letter,
    transport::{Mail, SendError},
};
use crate::{app::App, mail::Mailer};

/// How many mails are taken out of the queue at a time.
const BATCH: u64 = 20;

/// Sends all mails that are due.
pub(crate) async fn deliver_due(app: App) {
    let Some(mailer) = app.mailer() else { return };
    let store = System::Mail.store(app.authority(), RequestContext::default());
    loop {
        match store.claim_notices(BATCH).await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => {
                for notice in due {
                    // If the mail server cannot be reached, the other mails wait, too: they are due again later.
                    if deliver(&app, mailer, &store, &notice).await == Delivery::Unreachable {
                        return;
                    }
                }
            }
            Err(error) => return tracing::warn!(?error, "mails that are due could not be read"),
        }
    }
}

/// The outcome of sending a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// It was sent, or refused.
    Done,
    /// The mail server cannot be reached.
    Unreachable,
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
        Err(error) => Err(SendError::Permanent(error.to_string())),
    };
    let is_tried_again = due.is_tried_again(app.clock().now());
    match sent {
        Ok(()) => tracing::info!(%id, kind = due.notice.kind(), "sent a mail"),
        Err(SendError::Temporary(cause)) if is_tried_again => {
            tracing::warn!(%id, cause, "a mail could not be sent; it will be tried again");
            return Delivery::Done;
        }
        Err(SendError::Unreachable(cause)) if is_tried_again => {
            tracing::warn!(%id, cause, "the mail server cannot be reached; mails wait");
            return Delivery::Unreachable;
        }
        Err(error) => tracing::error!(%id, %error, "a mail could not be sent, and is given up"),
    }
    // If this fails, the mail is sent once more: better than never.
    if let Err(error) = store.delete_notice(id).await {
        tracing::warn!(%id, ?error, "a mail that was sent or given up could not be deleted");
    }
    Delivery::Done
}
