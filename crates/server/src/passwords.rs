//! Passwords: how strong they must be, and how they are kept.
mod another;
mod attempts;
mod common;
mod hash;
mod pbkdf2;
mod strength;

pub(crate) use another::require_other;
pub(crate) use attempts::{BOUNDS, Strangers, too_many};
pub(crate) use hash::{HashError, Passwords, Verdict, is_old};
pub(crate) use strength::weakness;
