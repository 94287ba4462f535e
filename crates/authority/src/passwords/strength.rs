//! How strong a password must be.
use std::{collections::HashSet, fmt};

use keyfob_api::secret::SecretText;

use crate::{
    fields::{Fields, WrongFields},
    passwords::common::is_common,
};

/// The least entropy, in bits.
const MIN_BITS: f64 = 52.0;
/// The most bytes.
const MAX_BYTES: usize = 64;
/// Longer ones are too long whatever they are made of: a request without a key must not cost much.
const MAX_BYTES_RATED: usize = 1024;

/// Why a password is not strong enough. Its text is the one that clients of Coder know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// It is too long.
    TooLong,
    /// It is too easy to guess; with the advice on which characters to use as well.
    Guessable(Vec<&'static str>),
    /// It is among the most common passwords.
    Common,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "password must be no more than {MAX_BYTES} characters"),
            Self::Guessable(advice) if advice.is_empty() => {
                f.write_str("insecure password, try using a longer password")
            }
            Self::Guessable(advice) => {
                write!(f, "insecure password, try {} or using a longer password", advice.join(", "))
            }
            Self::Common => f.write_str("insecure password, this one is among the most common"),
        }
    }
}

/// Characters that a password may draw from, and the advice for one that does not.
struct Class {
    characters: &'static str,
    missing: Option<&'static str>,
}

const CLASSES: [Class; 6] = [
    Class { characters: "!@$&*", missing: Some("including more special characters") },
    Class { characters: "_-., ", missing: Some("including more special characters") },
    Class { characters: "\"#%'()+/:;<=>?[\\]^{|}~", missing: Some("including more special characters") },
    Class { characters: "abcdefghijklmnopqrstuvwxyz", missing: Some("using lowercase letters") },
    Class { characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ", missing: Some("using uppercase letters") },
    Class { characters: "0123456789", missing: Some("using numbers") },
];

const SEQUENCES: [&str; 5] = ["0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz"];

/// Rates a password, of which there must be one; none when it is strong enough.
///
/// # Errors
/// When it is empty.
pub fn rate(password: &SecretText) -> Result<Option<Weakness>, WrongFields> {
    Fields::default().required("password", password.reveal()).check()?;
    Ok(weakness(password))
}

/// Why a password is not strong enough; none when it is.
pub(crate) fn weakness(password: &SecretText) -> Option<Weakness> {
    weakness_of(password.reveal())
}

fn weakness_of(password: &str) -> Option<Weakness> {
    if password.len() > MAX_BYTES_RATED {
        return Some(Weakness::TooLong);
    }
    if entropy(password) < MIN_BITS {
        return Some(Weakness::Guessable(advice(password)));
    }
    if password.len() > MAX_BYTES {
        return Some(Weakness::TooLong);
    }
    is_common(password).then_some(Weakness::Common)
}

fn uses(password: &str, class: &Class) -> bool {
    password.chars().any(|character| class.characters.contains(character))
}

fn advice(password: &str) -> Vec<&'static str> {
    let mut missing: Vec<&str> = Vec::new();
    for class in CLASSES.iter().filter(|class| !uses(password, class)) {
        if let Some(text) = class.missing.filter(|text| !missing.contains(text)) {
            missing.push(text);
        }
    }
    missing
}

fn entropy(password: &str) -> f64 {
    let base = base(password);
    let length = shortened_length(password.as_bytes());
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    let bits = length as f64 * (base as f64).log2();
    if length == 0 { 0.0 } else { bits }
}

/// How many different characters the password draws from, as far as it shows.
fn base(password: &str) -> usize {
    let classes: usize =
        CLASSES.iter().filter(|class| uses(password, class)).map(|class| class.characters.chars().count()).sum();
    let others: HashSet<char> = password
        .chars()
        .filter(|character| !CLASSES.iter().any(|class| class.characters.contains(*character)))
        .collect();
    classes + others.len()
}

/// The number of bytes that are left once repetitions and sequences are shortened.
fn shortened_length(password: &[u8]) -> usize {
    let mut bytes = without_repetitions(password);
    for sequence in SEQUENCES {
        bytes = without_sequence(&bytes, &sequence.bytes());
    }
    for sequence in SEQUENCES {
        bytes = without_sequence(&bytes, &sequence.bytes().rev());
    }
    bytes.len()
}

/// Every run of one byte cut to two.
fn without_repetitions(password: &[u8]) -> Vec<u8> {
    let mut kept: Vec<u8> = Vec::new();
    for byte in password {
        let repeated = kept.ends_with(&[*byte, *byte]);
        if !repeated {
            kept.push(*byte);
        }
    }
    kept
}

/// Walks the password and, at each place, the whole sequence; from the third match in a row on, matches are dropped.
fn without_sequence(bytes: &[u8], sequence: &(impl Iterator<Item = u8> + Clone)) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    let mut matches = 0;
    while rest.peek().is_some() {
        for expected in sequence.clone() {
            match rest.next_if_eq(&expected) {
                None => matches = 0,
                Some(byte) => {
                    matches += 1;
                    if matches <= 2 {
                        kept.push(byte);
                    }
                }
            }
            if rest.peek().is_none() {
                return kept;
            }
        }
        kept.extend(rest.next());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(password: &str) -> Option<String> {
        weakness_of(password).map(|weakness| weakness.to_string())
    }

    #[test]
    fn passwords_are_rated_as_clients_of_coder_expect() {
        let no_upper_number = "insecure password, try including more special characters, using uppercase letters, \
                               using numbers or using a longer password";
        let no_upper = "insecure password, try including more special characters, using uppercase letters or using a \
                        longer password";
        let digits_only = "insecure password, try including more special characters, using lowercase letters, \
                           using uppercase letters or using a longer password";
        let cases = [
            ("password", Some(no_upper_number)),
            ("password1", Some(no_upper)),
            ("a1!_#Z", Some("insecure password, try using a longer password")),
            ("aaaaaaaaaaaaaaaa", Some(no_upper_number)),
            ("abcdefghijklm", Some(no_upper_number)),
            ("qwertyuiop", Some(no_upper_number)),
            ("1234567890", Some(digits_only)),
            ("correcthorsebattery", None),
            ("Password123!", None),
            ("MySecurePass1!", None),
            ("SomeSecurePassword!", None),
        ];
        for (password, expected) in cases {
            assert_eq!(words(password).as_deref(), expected, "{password}");
        }
    }

    #[test]
    fn the_entropy_is_that_of_the_characters_and_the_shortened_length() {
        let cases = [
            ("password", 26, 8),
            ("password1", 36, 9),
            ("a1!_#Z", 94, 6),
            ("aaaaaaaaaaaaaaaa", 26, 2),
            ("abcdefghijklm", 26, 5),
            ("qwertyuiop", 26, 2),
            ("1234567890", 10, 3),
            ("correcthorsebattery", 26, 19),
            ("Password123!", 67, 11),
            ("MySecurePass1!", 67, 14),
            ("SomeSecurePassword!", 57, 19),
        ];
        for (password, characters, length) in cases {
            assert_eq!((base(password), shortened_length(password.as_bytes())), (characters, length), "{password}");
        }
    }

    /// A client without a key may send a megabyte; it must not be walked once for each of its bytes.
    #[test]
    fn a_very_long_password_is_refused_without_looking_at_it() {
        let long = "abcdefghijklmnopqrstuvwxyz".repeat(40_000);
        assert_eq!(words(&long).as_deref(), Some("password must be no more than 64 characters"));
        // Up to that length, the advice comes first.
        assert!(words(&"a".repeat(1024)).unwrap().starts_with("insecure password"));
    }

    #[test]
    fn more_than_64_bytes_are_refused() {
        let long = "correct horse battery staple ".repeat(3);
        assert_eq!(words(&long).as_deref(), Some("password must be no more than 64 characters"));
    }
}
