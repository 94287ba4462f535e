//! Passwords and tokens, from the command line or the environment.
use std::convert::Infallible;

use keyfob_api::secret::SecretText;

/// Takes the text, without a newline at its end.
#[expect(clippy::unnecessary_wraps, reason = "clap's signature of a parser")]
pub(crate) fn parse_secret(text: &str) -> Result<SecretText, Infallible> {
    Ok(SecretText::from_line(text))
}
