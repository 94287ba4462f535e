//! Where randomness comes from.
use std::sync::{Arc, Mutex, PoisonError};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use uuid::Uuid;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The generator of a server: `ChaCha20`, a cryptographically secure one, seeded by the operating system.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "its state foretells secrets")]
pub struct Random(Arc<Mutex<ChaCha20Rng>>);

impl Random {
    /// A generator that nobody can foretell.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn from_system() -> Result<Self, rand::rngs::SysError> {
        Ok(Self(Arc::new(Mutex::new(ChaCha20Rng::try_from_rng(&mut rand::rngs::SysRng)?))))
    }

    /// A generator that everybody can foretell: for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Letters and digits, each as likely as any other.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut generator = self.lock();
        (0..length).map(|_| char::from(pick(ALPHANUMERIC, &mut generator))).collect()
    }

    /// Bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().fill(&mut bytes[..]);
        bytes
    }

    /// A random (version 4) UUID.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// One of these, each as likely as any other.
    pub fn one_of<T: Copy, const N: usize>(&self, of: &[T; N]) -> T {
        pick(of, &mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ChaCha20Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is drawn from the array's own range")]
fn pick<T: Copy, const N: usize>(of: &[T; N], generator: &mut ChaCha20Rng) -> T {
    of[generator.random_range(0..N)]
}
