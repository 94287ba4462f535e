#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod audit;
pub mod authcheck;
mod authority;
mod caller;
mod clock;
mod context;
pub mod data;
mod data_dir;
pub mod deployment;
pub mod devices;
pub mod fields;
pub mod groups;
pub mod key_files;
mod moving;
mod nearest;
pub mod notices;
mod observer;
pub mod organizations;
pub mod passwords;
mod random;
mod replicas;
pub mod resources;
pub mod response_timing;
pub mod roles;
mod seal;
pub mod sessions;
pub mod sign_in;
pub mod tokens;
pub mod users;
mod work;

/// Puts the body of an operation into a box, so that it is compiled here, once. Bodies of async functions are otherwise
/// compiled anew wherever they are polled, with all that they call.
pub(crate) use async_recursion::async_recursion as boxed;

pub use authority::{Authority, AuthorityParts, Database, Lifetimes, OidcRules, OpenError, PasswordSignIn, Rules};
pub use caller::{
    AuthorizedStore, CacheUsage, Caller, Credential, Denied, Identified, KnownCaller, Lapsed, ListError, Own, Refused,
    System, Unauthenticated, is_key_shaped,
};
pub use clock::Clock;
pub use context::{DecisionLog, KeyLife, RequestContext};
pub use data_dir::{DataDir, DataDirError};
pub use moving::{BackupError, CopyError, CopyProgress, CopyStep, MoveError, back_up_database, move_database};
pub use nearest::nearest_name;
pub use observer::{Connections, Observer, Verdict};
pub use random::Random;
pub use replicas::Duty;
pub use seal::Seal;
pub use work::Unrecorded;
