//! A token in the environment, which stands in the way of storing another one.
use anyhow::anyhow;

use crate::invocation::token_variable;

/// The error for a token in the environment: a stored session would not be used.
pub(super) fn token_is_set() -> anyhow::Error {
    anyhow!(
        "{} is set. This environment variable takes precedence over any session token stored on disk.\n\nUnset it to \
         sign in, or store the token itself with --use-token-as-session.",
        token_variable()
    )
}
