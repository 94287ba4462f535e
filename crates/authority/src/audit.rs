//! The records of what was done: writing them with the change, reading them, and the chain that they form.
mod deleted_targets;
mod event;
mod file;
mod key;
mod read;
mod record;
mod refusals;

pub use event::EventKind;
pub(crate) use event::{
    AuditEvent, conversion_event, custom_role_event, group_event, key_event, member_event, organization_event,
    record_of, resource_event, user_event,
};
pub use file::{AuditFileError, AuditLine, RetiredLine, export_audit, verify_audit};
pub(crate) use key::load as load_key;
pub use read::{AuditView, COUNT_CAP};
pub use refusals::{Gathered, GatheredRefusals, Refusal};
