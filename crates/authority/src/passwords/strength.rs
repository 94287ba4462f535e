//! How strong a password must be (contract, section 5.5).
use std::collections::HashSet;

use crate::passwords::common::is_common;

/// The least entropy, in bits.
const MIN_BITS: f64 = 52.0;
/// The most bytes.
const MAX_BYTES: usize = 64;
/// Longer ones are too long whatever they are made of: nobody without a key is to cost much.
const LOOKED_AT: usize = 1024;

/// Characters that a password may draw from, and what to tell a person who does not.
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

/// What is wrong with a password, in the contract's words; none when it is strong enough.
pub fn weakness(password: &str) -> Option<String> {
    let too_long = || Some(format!("password must be no more than {MAX_BYTES} characters"));
    if password.len() > LOOKED_AT {
        return too_long();
    }
    if entropy(password) < MIN_BITS {
        return Some(advice(password));
    }
    if password.len() > MAX_BYTES {
        return too_long();
    }
    is_common(password).then(|| "insecure password, this one is among the most common".to_owned())
}

fn uses(password: &str, class: &Class) -> bool {
    password.chars().any(|character| class.characters.contains(character))
}

fn advice(password: &str) -> String {
    let mut missing: Vec<&str> = Vec::new();
    for class in CLASSES.iter().filter(|class| !uses(password, class)) {
        if let Some(text) = class.missing.filter(|text| !missing.contains(text)) {
            missing.push(text);
        }
    }
    if missing.is_empty() {
        return "insecure password, try using a longer password".to_owned();
    }
    format!("insecure password, try {} or using a longer password", missing.join(", "))
}

fn entropy(password: &str) -> f64 {
    let base = base(password);
    let length = shortened_length(password.as_bytes());
    #[expect(clippy::cast_precision_loss, reason = "both are small")]
    let bits = length as f64 * (base as f64).log2();
    if length == 0 { 0.0 } else { bits }
}

/// How many different characters the password seems to draw from.
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

/// Walks the password and, at each place, the whole sequence; from the third match in a row on, what matches goes.
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

    #[test]
    fn the_contracts_table_of_passwords_holds() {
        let no_upper_number = "insecure password, try including more special characters, using uppercase letters, \
                               using numbers or using a longer password";
        let no_upper = "insecure password, try including more special characters, using uppercase letters or using a longer password";
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
            assert_eq!(weakness(password).as_deref(), expected, "{password}");
        }
    }

    #[test]
    fn the_contracts_table_of_entropies_holds() {
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

    /// A stranger may send a megabyte; it must not be walked once for each of its bytes.
    #[test]
    fn a_very_long_password_is_refused_without_looking_at_it() {
        let long = "abcdefghijklmnopqrstuvwxyz".repeat(40_000);
        assert_eq!(weakness(&long).as_deref(), Some("password must be no more than 64 characters"));
        // Within what is looked at, the contract's order holds.
        assert!(weakness(&"a".repeat(1024)).unwrap().starts_with("insecure password"));
    }

    #[test]
    fn more_than_64_bytes_are_refused() {
        let long = "correct horse battery staple ".repeat(3);
        assert_eq!(weakness(&long).as_deref(), Some("password must be no more than 64 characters"));
    }
}
