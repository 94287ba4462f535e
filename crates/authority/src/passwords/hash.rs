//! Keeping passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane).
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash as Phc, Version,
    password_hash::phc::{Output, ParamsString, Salt},
};
use keyfob_api::secret::SecretText;
use keyfob_store::PasswordHash;
use tokio::sync::Semaphore;

/// How many passwords are hashed at the same time: each takes 19 MiB and a core.
const PARALLEL: usize = 2;

/// Memory in KiB, passes, lanes: the second choice of the OWASP Password Storage Cheat Sheet, for Argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes and checks passwords, off the threads that answer requests and a few at a time.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the hash of a password")]
pub struct Passwords {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// A password is compared with it where there is no hash, so that this takes as long.
    dummy: PasswordHash,
}

/// The memory of hashes that are done, for the next ones. An allocator may keep what is given back to it; so there is
/// never more than what so many hashes need as are made at the same time.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    /// Works with so many blocks.
    fn with<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        taken.resize(blocks, Block::new());
        let result = work(&mut taken);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
        result
    }
}

/// The result of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the password.
    Right,
    /// It is another one, or there is none.
    Wrong,
}

/// A password could not be hashed: the machine has no memory or no randomness left.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

impl Passwords {
    /// A hasher.
    ///
    /// # Errors
    /// When a first hash cannot be made.
    pub fn new() -> Result<Self, HashError> {
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, None).map_err(|error| HashError(error.to_string()))?;
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let memory = Arc::new(Memory::default());
        let dummy = hash(&argon, &memory, "a password of no account")?;
        Ok(Self { argon, turns: Arc::new(Semaphore::new(PARALLEL)), memory, dummy })
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// When it cannot be made.
    #[crate::boxed]
    pub async fn hash(&self, password: &SecretText) -> Result<PasswordHash, HashError> {
        let (argon, memory, password) = (self.argon.clone(), Arc::clone(&self.memory), password.clone());
        self.run(move || hash(&argon, &memory, password.reveal())).await?
    }

    /// Whether this is the password that was hashed. It takes as long where there is no hash.
    ///
    /// # Errors
    /// When it cannot be checked.
    pub(crate) async fn verify(
        &self,
        password: &SecretText,
        kept: Option<&PasswordHash>,
    ) -> Result<Verdict, HashError> {
        let kept = kept.filter(|kept| !kept.0.is_empty());
        let is_real = kept.is_some();
        let (memory, password) = (Arc::clone(&self.memory), password.clone());
        let kept = kept.unwrap_or(&self.dummy).clone();
        let matches = self
            .run(move || {
                if is_old(&kept) {
                    return super::pbkdf2::is_password(&kept.0, password.reveal());
                }
                is_password(&memory, &kept.0, password.reveal()).unwrap_or(false)
            })
            .await?;
        Ok(if matches && is_real { Verdict::Right } else { Verdict::Wrong })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
        let lost = |error: &dyn std::fmt::Display| HashError(error.to_string());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|error| lost(&error))?;
        // The turn is the work's, not the request's: a client that hangs up does not make room for another.
        let taking_turns = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(taking_turns).await.map_err(|error| lost(&error))
    }
}

/// Whether a password is kept in a form that is no longer written.
pub(crate) fn is_old(kept: &PasswordHash) -> bool {
    kept.0.starts_with(super::pbkdf2::PREFIX)
}

fn hash(argon: &Argon2<'_>, memory: &Memory, password: &str) -> Result<PasswordHash, HashError> {
    let salt = Salt::generate();
    let length = argon.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let made = output(argon, memory, password, &salt, length).and_then(|hash| {
        let params = ParamsString::try_from(argon.params())?;
        let version = Some(Version::V0x13.into());
        Ok(Phc { algorithm: Algorithm::Argon2id.ident(), version, params, salt: Some(salt), hash: Some(hash) })
    });
    made.map(|phc| PasswordHash(phc.to_string())).map_err(|error| HashError(error.to_string()))
}

/// Whether a password has this hash, in the parameters of the hash.
fn is_password(memory: &Memory, kept: &str, password: &str) -> argon2::password_hash::Result<bool> {
    let kept = Phc::new(kept)?;
    let (Some(salt), Some(hash)) = (kept.salt, kept.hash) else { return Ok(false) };
    let version = kept.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let argon = Argon2::new(Algorithm::try_from(kept.algorithm.as_str())?, version, Params::try_from(&kept)?);
    // Outputs compare in constant time.
    Ok(output(&argon, memory, password, &salt, hash.len())? == hash)
}

fn output(
    argon: &Argon2<'_>,
    memory: &Memory,
    password: &str,
    salt: &Salt,
    length: usize,
) -> argon2::password_hash::Result<Output> {
    let mut out = vec![0; length];
    memory.with(argon.params().block_count(), |blocks| {
        argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, blocks)
    })?;
    Ok(Output::new(&out)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_right_and_others_are_wrong_also_with_other_parameters() {
        let passwords = Passwords::new().unwrap();
        let (right, wrong) = (SecretText::new("correct horse"), SecretText::new("correct horsf"));
        let hash = passwords.hash(&right).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "the recommended parameters");
        // Made by the reference implementation of RFC 9106: `password`, `somesalt`, 64 KiB, one pass.
        let other = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for (kept, password, verdict) in [
            (Some(&hash), &right, Verdict::Right),
            (Some(&hash), &wrong, Verdict::Wrong),
            (None, &right, Verdict::Wrong),
            (Some(&PasswordHash(other.to_owned())), &SecretText::new("password"), Verdict::Right),
            (Some(&PasswordHash(other.to_owned())), &right, Verdict::Wrong),
            (Some(&PasswordHash("$argon2id$nonsense".to_owned())), &right, Verdict::Wrong),
        ] {
            assert!(passwords.verify(password, kept).await.unwrap() == verdict);
        }
    }

    #[tokio::test]
    async fn the_memory_of_one_hash_is_that_of_the_next() {
        let passwords = Passwords::new().unwrap();
        for _ in 0..3 {
            passwords.verify(&SecretText::new("a"), None).await.unwrap();
        }
        assert_eq!(passwords.memory.0.lock().unwrap().len(), 1);
    }
}
