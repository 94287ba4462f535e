//! Which catalogue a type or an action is of: the number of one catalogue's type is that of another type elsewhere.
use std::{
    num::NonZeroU64,
    sync::atomic::{AtomicU32, Ordering},
};

/// The catalogue that something is of, or that it is built in, and so of every catalogue.
///
/// Decisions ask whether something is built in or of one catalogue. So that this takes a single test of bits, a
/// catalogue's number stands beside its complement: of two different numbers, each has a bit, in the one half or the
/// other, that is not among those of the other number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin(u64);

/// The number of a type or an action, marked with its origin. Both are one word, so that decisions take them as one,
/// and no origin is zero, so that permissions are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Marked(NonZeroU64);

/// The origins that a decision does not let through without another look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(u64);

/// The bits of a marked number that are the number; the others are the origin.
const NUMBER: u64 = 0xffff;
/// How many bits the number of a catalogue has, and its complement. One bit is left that every origin has.
const BITS: u32 = 23;

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Origin {
    /// Of every catalogue: the bit that every origin has.
    pub(crate) const BUILT_IN: Self = Self(1 << 63);

    /// That of a new catalogue; none when there were as many as can be told apart.
    pub(crate) fn next() -> Option<Self> {
        let next = |number: u32| number.checked_add(1).filter(|after| *after < 1 << BITS);
        NEXT.try_update(Ordering::Relaxed, Ordering::Relaxed, next).ok().map(Self::numbered)
    }

    fn numbered(number: u32) -> Self {
        let complement = !number & ((1 << BITS) - 1);
        let halves = u64::from(number) << BITS | u64::from(complement);
        Self(Self::BUILT_IN.0 | halves << NUMBER.count_ones())
    }

    /// Whether this is built in, or of that catalogue.
    pub(crate) fn is_within(self, catalogue: Self) -> bool {
        self.0 & !catalogue.0 == 0
    }

    /// The origin of two things: within a catalogue if both are.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Marked {
    pub(crate) const fn built_in(number: u16) -> Self {
        Self::new(number, Origin::BUILT_IN)
    }

    pub(crate) const fn new(number: u16, of: Origin) -> Self {
        match NonZeroU64::new(of.0 | number as u64) {
            Some(marked) => Self(marked),
            // Every origin has a bit.
            None => Self(NonZeroU64::MIN),
        }
    }

    #[inline]
    pub(crate) fn number(self) -> u64 {
        self.0.get() & NUMBER
    }

    pub(crate) fn origin(self) -> Origin {
        Origin(self.0.get() & !NUMBER)
    }
}

impl Refused {
    /// All of them: every origin has a bit.
    pub(crate) const ALL: Self = Self(!NUMBER);

    /// All but what is built in or of this catalogue.
    pub(crate) fn all_but(catalogue: Origin) -> Self {
        Self(!catalogue.0 & !NUMBER)
    }

    /// Whether one of two things has such an origin.
    #[inline]
    pub(crate) fn has(self, one: Marked, other: Marked) -> bool {
        (one.0 | other.0).get() & self.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_catalogue_is_within_another_and_what_is_built_in_is_within_all() {
        let numbers = [0, 1, 2, 3, 0x2a_aaaa, 0x55_5555, (1 << BITS) - 2, (1 << BITS) - 1];
        let built_in = Marked::built_in(u16::MAX);
        for (place, one) in numbers.into_iter().map(Origin::numbered).enumerate() {
            let marked = Marked::new(u16::MAX, one);
            assert_eq!((marked.number(), marked.origin()), (u64::from(u16::MAX), one));
            assert!(Origin::BUILT_IN.is_within(one) && one.is_within(one) && !one.is_within(Origin::BUILT_IN));
            for (other_place, other) in numbers.into_iter().map(Origin::numbered).enumerate() {
                let is_same = place == other_place;
                assert_eq!(one.is_within(other), is_same);
                assert_eq!(one.and(other).is_within(other), is_same);
                assert_eq!(Refused::all_but(other).has(marked, built_in), !is_same);
                assert_eq!(Refused::all_but(other).has(built_in, marked), !is_same);
            }
            assert!(Refused::ALL.has(built_in, built_in) && !Refused::all_but(one).has(built_in, built_in));
        }
        assert!(!Refused::all_but(Origin::BUILT_IN).has(built_in, built_in));
    }
}
