//! The records of what was done: writing them with the change, reading them, and the chain that they form.
mod deleted_targets;
mod event;
mod event_of;
mod file;
mod key;
mod read;
mod record;
mod refusals;
mod unsuccessful;

pub(crate) use event::{AuditEvent, CONVERT_LOGIN, CUSTOM_ROLE, DEPLOYMENT_CONFIG, DEVICE_SIGN_IN, record_of};
pub use event::{EventKind, recorded_actions, recorded_types};
pub(crate) use event_of::{
    conversion_event, custom_role_event, group_event, key_event, member_event, organization_event, resource_event,
    user_event,
};
pub use file::{AuditFileError, AuditLine, AuditSource, RetiredLine, export_audit, verify_audit};
pub(crate) use key::{FILE as KEY_FILE, load as load_key, read as read_keys};
pub use read::{AuditView, COUNT_CAP};
pub use refusals::{Counted, Gathered, GatheredRefusals, Refusal, Whose};
pub use unsuccessful::{Effect, Failure, UnsuccessfulRequest};
