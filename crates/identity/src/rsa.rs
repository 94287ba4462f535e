//! The length of RSA keys.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};

/// The shortest key that may sign, in bits (RFC 7518, sections 3.3 and 3.5).
const SHORTEST: usize = 2048;

/// An RSA key that is too short to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an RSA key of {bits} bits, and {SHORTEST} are the least (RFC 7518, section 3.3)")]
pub struct ShortKey {
    /// The length of its modulus.
    pub bits: usize,
}

/// Goes on if a key is none of RSA, or long enough.
pub(crate) fn require_long(key: &Jwk) -> Result<(), ShortKey> {
    let AlgorithmParameters::RSA(parameters) = &key.algorithm else { return Ok(()) };
    // A modulus that cannot be read is refused when it is used.
    let modulus = URL_SAFE_NO_PAD.decode(parameters.n.trim_end_matches('=')).unwrap_or_default();
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros).copied().unwrap_or_default();
    let bytes = modulus.len().saturating_sub(zeros);
    let bits = (bytes * 8).saturating_sub(first.leading_zeros() as usize);
    if bits < SHORTEST { Err(ShortKey { bits }) } else { Ok(()) }
}
