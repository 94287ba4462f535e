//! Sending what is due, and trying again what could not be sent.
use keyfob_authority::{AuthorizedStore, RequestContext, System, notices::DueNotice};
use uuid::Uuid;

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
    let mut run = Run { app: &app, mailer, store: &store, has_sent: false };
    loop {
        match store.claim_notices(BATCH).await {
            Ok(due) if due.is_empty() => return,
            Ok(due) => {
                let mut claimed: Vec<Uuid> = due.iter().map(|notice| notice.id).collect();
                for notice in due {
                    // If the mail server cannot be reached, the other mails wait, too: they are due again later.
                    if run.deliver(&notice, &claimed).await == Delivery::Unreachable {
                        return;
                    }
                    claimed.retain(|id| *id != notice.id);
                }
            }
            Err(error) => return tracing::warn!(?error, "mails that are due could not be read"),
        }
    }
}

/// The outcome of sending a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Delivery {
    /// It was sent.
    Sent,
    /// It cannot be sent, and is given up.
    GivenUp,
    /// The mail server did not take it; it will be tried again.
    Waits,
    /// The mail server cannot be reached.
    Unreachable,
}

/// One round of sending what is due.
struct Run<'a> {
    app: &'a App,
    mailer: &'a Mailer,
    store: &'a AuthorizedStore,
    /// Whether a mail of this round got through.
    has_sent: bool,
}

impl Run<'_> {
    /// Sends a notice. The claimed ones, of which it is the first, need no waking.
    async fn deliver(&mut self, due: &DueNotice, claimed: &[Uuid]) -> Delivery {
        let delivery = deliver(self.app, self.mailer, self.store, due).await;
        if let Some(metrics) = self.app.metrics() {
            metrics.mailed(due.notice.kind(), delivery);
        }
        match delivery {
            Delivery::Sent if !self.has_sent => {
                self.has_sent = true;
                self.wake_all_but(claimed).await;
            }
            Delivery::Unreachable => self.mailer.note_trouble(),
            // Where another mail got through a moment before, the mail server refuses this one, and not all.
            Delivery::Waits if !self.has_sent => self.mailer.note_trouble(),
            Delivery::Sent | Delivery::Waits | Delivery::GivenUp => {}
        }
        delivery
    }

    /// Makes those due that may have waited because of the mail server: it took a mail just now.
    async fn wake_all_but(&self, claimed: &[Uuid]) {
        if !self.mailer.end_trouble() {
            return;
        }
        if let Err(error) = self.store.wake_notices(claimed).await {
            self.mailer.note_trouble();
            tracing::warn!(?error, "mails that wait could not be made due");
        }
    }
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
    let delivery = match sent {
        Ok(()) => {
            tracing::info!(%id, kind = due.notice.kind(), "sent a mail");
            Delivery::Sent
        }
        Err(SendError::Temporary(cause)) if is_tried_again => {
            tracing::warn!(%id, cause, "a mail could not be sent; it will be tried again");
            return Delivery::Waits;
        }
        Err(SendError::Unreachable(cause)) if is_tried_again => {
            tracing::warn!(%id, cause, "the mail server cannot be reached; mails wait");
            return Delivery::Unreachable;
        }
        Err(error) => {
            tracing::error!(%id, %error, "a mail could not be sent, and is given up");
            Delivery::GivenUp
        }
    };
    // If this fails, the mail is sent once more: better than never.
    if let Err(error) = store.delete_notice(id).await {
        tracing::warn!(%id, ?error, "a mail that was sent or given up could not be deleted");
    }
    delivery
}
