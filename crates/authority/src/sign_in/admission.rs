//! Claims of identity providers: whose users may sign in, and what a new user is called.
use crate::{
    Random,
    fields::{is_email, is_username, reads_as_id},
};

/// The longest username.
const MAX_USERNAME: usize = 32;

/// Whose users may sign in by a provider.
#[derive(Clone, Copy, Debug)]
pub struct AdmissionRules<'a> {
    /// The domains of their addresses; if there are none, every address may.
    pub email_domains: &'a [String],
    /// The groups of which they must be in one; if there are none, every user may.
    pub allowed_groups: &'a [String],
}

/// Why a user may not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdmitted {
    /// The address is no e-mail address.
    InvalidEmail,
    /// The address is in none of the domains.
    OtherDomain,
    /// The user is in none of the groups.
    NoAllowedGroup,
}

impl AdmissionRules<'_> {
    /// Goes on if a user with this address, in these groups, may sign in.
    ///
    /// # Errors
    /// Why they may not.
    pub fn check(&self, email: &str, groups: &[String]) -> Result<(), NotAdmitted> {
        if !is_email(email) {
            return Err(NotAdmitted::InvalidEmail);
        }
        if !is_in_domains(email, self.email_domains) {
            return Err(NotAdmitted::OtherDomain);
        }
        let is_admitted =
            self.allowed_groups.is_empty() || groups.iter().any(|group| self.allowed_groups.contains(group));
        if is_admitted { Ok(()) } else { Err(NotAdmitted::NoAllowedGroup) }
    }
}

fn is_in_domains(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit('@').next().unwrap_or_default();
    let mut domains = domains.iter().map(|domain| domain.trim().trim_start_matches('@'));
    domains.len() == 0 || domains.any(|allowed| allowed.eq_ignore_ascii_case(domain))
}

/// A username made of what a provider calls a user: the same if it can be one, else its usable part, else that of their
/// address, else a random one. It may read as an id, or be taken.
pub(super) fn username_of(preferred: &str, email: &str, random: &Random) -> String {
    let usable = [preferred, email].into_iter().find_map(usable_part);
    usable.unwrap_or_else(|| format!("user-{}", random.alphanumeric(8).to_lowercase()))
}

fn usable_part(text: &str) -> Option<String> {
    if is_username(text) {
        return Some(text.to_owned());
    }
    let begin = text.split('@').next().unwrap_or_default();
    let words = begin.split('-').map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let usable = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let usable = usable.get(..usable.len().min(MAX_USERNAME)).unwrap_or_default().trim_end_matches('-').to_owned();
    (is_username(&usable) || reads_as_id(&usable)).then_some(usable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_made_of_the_usable_part() {
        let random = Random::seeded(1);
        for (preferred, expected) in [
            ("amy", "amy"),
            ("Amy-Lee", "Amy-Lee"),
            ("amy.lee@example.com", "amylee"),
            ("amy_lee", "amylee"),
            ("-amy--lee-", "amy-lee"),
            (&"z".repeat(40), &"z".repeat(32)),
        ] {
            assert_eq!(username_of(preferred, "kyle@example.com", &random), expected);
        }
        for preferred in ["", "@example.com", "…", "me", "new"] {
            assert_eq!(username_of(preferred, "kyle.k@example.com", &random), "kylek", "{preferred}");
            let made = username_of(preferred, "…@example.com", &random);
            assert!(made.starts_with("user-") && is_username(&made), "{preferred}: {made}");
        }
    }

    #[test]
    fn domains_are_compared_without_regard_to_case_and_at_signs() {
        let domains = ["@Example.com".to_owned(), "keys.test".to_owned()];
        assert!(is_in_domains("amy@EXAMPLE.com", &domains));
        assert!(is_in_domains("amy@keys.test", &domains));
        assert!(!is_in_domains("amy@sub.example.com", &domains));
        assert!(!is_in_domains("amy@example.com.evil.test", &domains));
        assert!(is_in_domains("amy@anywhere.test", &[]));
    }

    #[test]
    fn a_user_needs_one_of_the_allowed_groups() {
        let allowed = ["staff".to_owned(), "ops".to_owned()];
        let rules = AdmissionRules { email_domains: &[], allowed_groups: &allowed };
        assert_eq!(rules.check("amy@example.com", &["ops".to_owned()]), Ok(()));
        assert_eq!(rules.check("amy@example.com", &[]), Err(NotAdmitted::NoAllowedGroup));
        assert_eq!(rules.check("amy", &["ops".to_owned()]), Err(NotAdmitted::InvalidEmail));
        let rules = AdmissionRules { allowed_groups: &[], ..rules };
        assert_eq!(rules.check("amy@example.com", &[]), Ok(()));
    }
}
