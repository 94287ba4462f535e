//! Names for tokens whose request gives none.
use crate::Random;

const ADJECTIVES: [&str; 24] = [
    "amber", "bold", "brisk", "calm", "candid", "clever", "crisp", "daring", "eager", "fair", "gentle", "happy",
    "jolly", "keen", "lively", "lucid", "merry", "nimble", "patient", "quiet", "steady", "sunny", "tidy", "witty",
];

/// People who worked on secrets and on machines.
const SURNAMES: [&str; 24] = [
    "babbage",
    "bletchley",
    "clarke",
    "diffie",
    "dijkstra",
    "friedman",
    "goldwasser",
    "hamilton",
    "hellman",
    "hopper",
    "kerckhoffs",
    "lamport",
    "liskov",
    "lovelace",
    "merkle",
    "micali",
    "noether",
    "perlman",
    "rejewski",
    "rivest",
    "shannon",
    "stearns",
    "turing",
    "wilkes",
];

const DIGITS: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/// An adjective, a surname and two digits: at most 32 characters.
pub(super) fn invent(random: &Random) -> String {
    let (adjective, surname) = (random.one_of(&ADJECTIVES), random.one_of(&SURNAMES));
    format!("{adjective}_{surname}{}{}", random.one_of(&DIGITS), random.one_of(&DIGITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_names_are_short_and_end_in_digits() {
        let random = Random::seeded(1);
        for _ in 0..200 {
            let name = invent(&random);
            let (adjective, rest) = name.split_once('_').unwrap();
            assert!(name.len() <= 32 && !adjective.is_empty(), "{name}");
            assert!(rest.ends_with(|c: char| c.is_ascii_digit()), "{name}");
        }
    }
}
