//! Secrets that the server must be able to read again are kept sealed: a copy of the database alone does not tell them.
use std::{
    io::{ErrorKind, Write as _},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use keyfob_api::secret::SecretText;
use sha2::Sha512;

use crate::{DataDirError, OpenError, Random, data_dir::private_file};

/// The name of the key's file in the data directory.
pub(crate) const FILE: &str = "seal.key";
const KEY: usize = 32;
const NONCE: usize = 24;

/// Seals and opens (XChaCha20-Poly1305), with a key in a file beside the database.
#[expect(missing_debug_implementations, reason = "holds a key")]
pub struct Seal {
    cipher: XChaCha20Poly1305,
    key: [u8; KEY],
    is_new: bool,
}

impl Seal {
    /// The seal of a data directory. A new key is made where there is none: then nothing that was sealed before can be
    /// opened, and users of providers sign in again.
    ///
    /// # Errors
    /// When the file of the key cannot be read or made.
    pub fn load(data_dir: &Path, random: &Random) -> Result<Self, OpenError> {
        let path = data_dir.join(FILE);
        let bad = |cause: String| OpenError::SealKey { path: path.clone(), cause };
        let unusable = |cause: std::io::Error| DataDirError::Unusable { path: path.clone(), cause };
        let (key, is_new) = match std::fs::read(&path) {
            Ok(bytes) => (bytes.try_into().map_err(|_| bad(format!("it does not hold {KEY} bytes")))?, false),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let key = random.bytes_for_visitor::<KEY>();
                let mut file = private_file(&path).map_err(unusable)?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(unusable)?;
                (key, true)
            }
            Err(error) => return Err(bad(error.to_string())),
        };
        Ok(Self { is_new, ..Self::with(key) })
    }

    /// A seal with a new key.
    pub(crate) fn generate(random: &Random) -> Self {
        Self { is_new: true, ..Self::with(random.bytes_for_visitor()) }
    }

    /// The seal whose key is in a file; none if the file holds none.
    pub(crate) fn read(file: &Path) -> std::io::Result<Option<Self>> {
        Ok(std::fs::read(file)?.try_into().ok().map(Self::with))
    }

    fn with(key: [u8; KEY]) -> Self {
        Self { cipher: XChaCha20Poly1305::new(&key.into()), key, is_new: false }
    }

    /// What the file of the key holds.
    pub(crate) fn to_bytes(&self) -> [u8; KEY] {
        self.key
    }

    /// Whether its key was made just now.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// A text that tells whether another seal has the same key, and nothing else of it.
    pub fn fingerprint(&self) -> String {
        BASE64.encode(self.derived("fingerprint"))
    }

    /// Seals a secret for a purpose: it opens for that alone. None if the machine has no memory left.
    pub fn seal(&self, secret: &SecretText, purpose: &str, random: &Random) -> Option<Vec<u8>> {
        let nonce = random.bytes_for_visitor::<NONCE>();
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Opens what was sealed for a purpose; none if it was sealed for another one, or with another key.
    pub fn open(&self, sealed: &[u8], purpose: &str) -> Option<SecretText> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        let plain = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(plain).ok().map(SecretText::new)
    }

    /// A key for one purpose alone, derived from the seal's.
    pub fn derived(&self, purpose: &str) -> [u8; 64] {
        // Shorter keys are filled up with zeros (RFC 2104).
        let mut block = [0; 128];
        block.iter_mut().zip(self.key).for_each(|(to, from)| *to = from);
        let mut mac = Hmac::<Sha512>::new(&block.into());
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_with_the_same_key_for_the_same_thing_alone() {
        let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let random = Random::seeded(1);
        let seal = Seal::load(data.path(), &random).unwrap();
        let sealed = seal.seal(&SecretText::new("refresh"), "amy", &random).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"refresh"));
        let again = Seal::load(data.path(), &random).unwrap();
        assert_eq!(again.open(&sealed, "amy").unwrap().reveal(), "refresh");
        assert!(again.open(&sealed, "bob").is_none());
        assert!(Seal::load(other.path(), &random).unwrap().open(&sealed, "amy").is_none());
        assert!(again.open(&sealed[..10], "amy").is_none());
        assert_eq!(seal.derived("a"), again.derived("a"));
        assert_ne!(seal.derived("a"), seal.derived("b"));
        assert!(seal.is_new() && !again.is_new());
        assert_eq!(seal.fingerprint(), again.fingerprint());
    }
}
