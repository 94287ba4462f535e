//! The passwords that are guessed first: the 10,000 that leaks of passwords hold most often, one a line.
use std::{collections::HashSet, sync::LazyLock};

static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("common.txt").lines().collect());

/// Whether a password is among them, letter by letter: `Password1` is another one than `password1`.
pub(crate) fn is_common(password: &str) -> bool {
    COMMON.contains(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_ten_thousand_passwords_and_no_others() {
        assert_eq!(COMMON.len(), 10_000);
        assert!(is_common("password") && is_common("qwertyuiop"));
        assert!(!is_common("") && !is_common("MySecurePass1!"));
    }
}
