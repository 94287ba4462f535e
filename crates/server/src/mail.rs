//! Mails: their words, and how they are sent.
mod delivery;
mod encryption;
mod letter;
mod mailer;
mod transport;

pub(crate) use delivery::{Delivery, deliver_due};
pub(crate) use mailer::Mailer;
