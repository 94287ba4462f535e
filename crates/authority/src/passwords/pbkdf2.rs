//! Passwords as other servers keep them: `$pbkdf2-sha256$<rounds>$<salt>$<key>`, the last two in unpadded base64.
//! They are verified, and kept in our own form after the next sign-in.
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The beginning of such a text.
pub(crate) const PREFIX: &str = "$pbkdf2-sha256$";
/// More rounds than this would be a way to keep the server busy.
const MOST_ROUNDS: u32 = 10_000_000;
/// The length of a derived key, in bytes.
const KEY: usize = 64;

/// Whether this is the password that was kept. A malformed text is that of no password.
pub(crate) fn is_password(kept: &str, password: &str) -> bool {
    parse(kept).is_some_and(|(rounds, salt, key)| {
        let mut derived = [0; KEY];
        pbkdf2_hmac::<Sha256>(password.as_bytes(), &salt, rounds, &mut derived);
        derived.ct_eq(&key).into()
    })
}

fn parse(kept: &str) -> Option<(u32, Vec<u8>, [u8; KEY])> {
    let mut parts = kept.strip_prefix(PREFIX)?.split('$');
    let (rounds, salt, key) = (parts.next()?, parts.next()?, parts.next()?);
    let rounds = rounds.parse().ok().filter(|rounds| (1..=MOST_ROUNDS).contains(rounds))?;
    let key = STANDARD_NO_PAD.decode(key).ok()?.try_into().ok()?;
    Some((rounds, STANDARD_NO_PAD.decode(salt).ok()?, key)).filter(|_| parts.next().is_none())
}
