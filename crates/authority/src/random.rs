//! Where randomness comes from.
use std::sync::{Arc, Mutex, PoisonError};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use uuid::Uuid;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The generator of a server: `ChaCha20`, a cryptographically secure one, seeded by the operating system.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "secrets can be computed from its state")]
pub struct Random {
    main: Arc<Mutex<ChaCha20Rng>>,
    /// A second stream, for CSRF tokens and nonces: how many of those are drawn changes no other value.
    visitors: Arc<Mutex<ChaCha20Rng>>,
}

impl Random {
    /// A generator that cannot be predicted.
    ///
    /// # Errors
    /// When the operating system gives no randomness.
    pub fn from_system() -> Result<Self, rand::rngs::SysError> {
        Ok(Self::of(ChaCha20Rng::try_from_rng(&mut rand::rngs::SysRng)?))
    }

    /// A generator whose output the seed decides: for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::of(ChaCha20Rng::seed_from_u64(seed))
    }

    fn of(main: ChaCha20Rng) -> Self {
        let mut visitors = main.clone();
        visitors.set_stream(1);
        Self { main: Arc::new(Mutex::new(main)), visitors: Arc::new(Mutex::new(visitors)) }
    }

    /// Letters and digits, each as likely as any other.
    pub fn alphanumeric(&self, length: usize) -> String {
        let mut generator = self.lock();
        (0..length).map(|_| char::from(pick(ALPHANUMERIC, &mut generator))).collect()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.lock().fill(&mut bytes[..]);
        bytes
    }

    /// Random bytes of the second stream: for CSRF tokens and nonces.
    pub fn bytes_for_visitor<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner).fill(&mut bytes[..]);
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
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(clippy::indexing_slicing, reason = "the index is drawn from the array's own range")]
fn pick<T: Copy, const N: usize>(of: &[T; N], generator: &mut ChaCha20Rng) -> T {
    of[generator.random_range(0..N)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// ASVS 11.5.1: the operating system seeds it, and each of 62 letters comes as often as any other.
    #[test]
    fn what_is_drawn_is_spread_over_all_letters_and_never_the_same() {
        const EACH: usize = 1_000;
        let (one, other) = (Random::from_system().unwrap(), Random::from_system().unwrap());
        assert_ne!(one.alphanumeric(22), other.alphanumeric(22));
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        for letter in one.alphanumeric(62 * EACH).chars() {
            *counts.entry(letter).or_default() += 1;
        }
        assert_eq!(counts.len(), 62);
        // Six standard deviations: none of them is ever this far off.
        assert!(counts.values().all(|count| count.abs_diff(EACH) < 190), "{counts:?}");
    }
}
