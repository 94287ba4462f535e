//! Signing in by an identity provider: which user an account there belongs to, what its claims decide here, converting
//! a login type, and how long a session lives that a provider began.
mod accounts;
mod admission;
mod claim_sync;
mod conversion;
mod external;
mod identity;
mod own_claims;
mod ticket;
mod upstream;

pub use admission::{AdmissionRules, NotAdmitted};
pub use conversion::{
    BeginConversion, BeginConversionError, BegunConversion, CONVERSION_STATE, CompleteConversion,
    CompleteConversionError,
};
pub use external::ExternalSignInError;
pub use identity::{ExternalIdentity, ProviderGroups, ProviderRoles, Signups};
pub use own_claims::OwnClaimsError;
pub use ticket::BadTicket;
pub(crate) use ticket::Tickets;
pub(crate) use upstream::require_upstream;
pub use upstream::{Lapsed, NotRenewed, Renewals, Renewed, SessionRenewer};
