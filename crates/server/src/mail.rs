//! Mails: their words, and how they are sent.
mod delivery;
mod encryption;
mod letter;
mod transport;

pub(crate) use delivery::deliver_due;
pub(crate) use transport::Mailer;
