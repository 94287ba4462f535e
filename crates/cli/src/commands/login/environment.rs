//! A token in the environment, which stands in the way of storing another one.
use anyhow::anyhow;

/// The error for a token in the environment: a stored session would not be used.
pub(super) fn token_is_set() -> anyhow::Error {
    let own = "KEYFOB_SESSION_TOKEN";
    let is_own = std::env::var_os(own).is_some_and(|value| !value.is_empty());
    anyhow!(
        "{} is set. This environment variable takes precedence over any session token stored on disk.\n\nUnset it to \
         sign in, or store the token itself with --use-token-as-session.",
        if is_own { own } else { "CODER_SESSION_TOKEN" }
    )
}
