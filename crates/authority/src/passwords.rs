//! Passwords: how strong they must be, how they are kept, who may set whose, and the bound on guessing.
mod attempts;
mod change;
mod common;
mod hash;
mod passcodes;
mod pbkdf2;
mod strength;

pub(crate) use attempts::{BOUNDS, UnknownAccountAttempts};
pub use change::SetPasswordError;
pub use hash::{HashError, Passwords, Verdict, is_old};
pub(crate) use passcodes::hash_passcode;
pub use strength::weakness;
