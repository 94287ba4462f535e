//! Signing in by an identity provider: who its users are here, what follows from what it says, and how long a session
//! of it lasts.
mod claim_sync;
mod external;
mod ticket;
mod upstream;

pub use external::{Conversion, ExternalIdentity, ExternalSignInError, ProviderGroups, Signups};
pub(crate) use ticket::promise_id;
pub use ticket::{BadTicket, TICKET_LIFE, Tickets};
pub(crate) use upstream::require_upstream;
pub use upstream::{Lapsed, NotRenewed, Renewals, Renewed, SessionRenewer};
