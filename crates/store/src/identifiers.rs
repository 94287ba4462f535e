//! How names and addresses are compared.

/// The form in which two names or addresses are the same: their ASCII letters in lower case.
///
/// Unicode has letters that become ASCII letters in lower case, such as U+212A KELVIN SIGN: whoever gets an address
/// with one must not be whoever has the address with the other.
pub fn fold_identifier(text: &str) -> String {
    text.to_ascii_lowercase()
}
