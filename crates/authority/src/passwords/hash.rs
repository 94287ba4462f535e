//! Keeping passwords: Argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane).
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use keyfob_api::secret::SecretText;
use keyfob_store::PasswordHash;
use tokio::sync::Semaphore;

/// How many passwords are hashed at the same time: each takes 19 MiB and a core.
const PARALLEL: usize = 2;

/// Memory in KiB, passes, lanes: the second choice of the OWASP Password Storage Cheat Sheet, for Argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Hashes and checks passwords, off the threads that answer requests and a few at a time.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds a hash")]
pub struct Passwords {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// A password is compared with it where there is no hash, so that this takes as long.
    dummy: PasswordHash,
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
        let dummy = hash(&argon, "a password of no account")?;
        Ok(Self { argon, turns: Arc::new(Semaphore::new(PARALLEL)), dummy })
    }

    /// Hashes a password.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn hash(&self, password: &SecretText) -> Result<PasswordHash, HashError> {
        let (argon, password) = (self.argon.clone(), password.clone());
        self.run(move || hash(&argon, password.reveal())).await?
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
        let (argon, password) = (self.argon.clone(), password.clone());
        let kept = kept.unwrap_or(&self.dummy).clone();
        let matches = self
            .run(move || {
                if is_old(&kept) {
                    return super::pbkdf2::is_password(&kept.0, password.reveal());
                }
                argon2::PasswordHash::new(&kept.0)
                    .is_ok_and(|kept| argon.verify_password(password.reveal().as_bytes(), &kept).is_ok())
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

fn hash(argon: &Argon2<'_>, password: &str) -> Result<PasswordHash, HashError> {
    let hash = argon.hash_password(password.as_bytes()).map_err(|error| HashError(error.to_string()))?;
    Ok(PasswordHash(hash.to_string()))
}
