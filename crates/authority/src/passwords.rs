//! Passwords: how strong they must be, how they are kept and checked, who may set another user's
//! password, and the bound on guessing.
mod attempts;
mod change;
mod check;
mod common;
mod hash;
mod passcodes;
mod pbkdf2;
mod permission;
mod strength;

pub(crate) use attempts::{BOUNDS, UnknownAccountAttempts};
pub use change::{ChangePassword, ChangePasswordError};
pub use check::CheckPasswordError;
pub use hash::{HashError, Passwords};
pub(crate) use hash::{Verdict, is_old};
pub(crate) use passcodes::hash_passcode;
pub use passcodes::{PasswordsDisabled, ReplacePassword, ReplacePasswordError, RequestPasscodeError};
pub use permission::SetCredentialError;
pub(crate) use permission::may_convert;
pub(crate) use strength::weakness;
pub use strength::{Weakness, rate};
