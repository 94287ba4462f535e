//! Passwords: how strong they must be, and how they are kept.
mod hash;
mod strength;

pub(crate) use hash::{Passwords, Verdict};
pub(crate) use strength::weakness;
