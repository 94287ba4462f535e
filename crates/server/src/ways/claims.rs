//! What a provider's claims mean here: the username, groups and roles.
use keyfob_identity::texts;
use serde_json::{Map, Value};

use crate::config::OidcArgs;
use keyfob_authority::fields::is_username;
use keyfob_authority::{Random, sign_in::ProviderGroups};

/// A username made of what the provider calls somebody: that, or what is usable of it, or else any.
pub(super) fn username(called: &str, random: &Random) -> String {
    if is_username(called) {
        return called.to_owned();
    }
    let begin = called.split('@').next().unwrap_or_default();
    let words = begin.split('-').map(|word| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>());
    let usable = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    let usable = usable.get(..usable.len().min(32)).unwrap_or_default().trim_end_matches('-').to_owned();
    if is_username(&usable) { usable } else { format!("user-{}", random.alphanumeric(8).to_lowercase()) }
}

/// Whether an address is in one of these domains, of which there may be none: then every address is.
pub(super) fn is_in_domains(email: &str, domains: &[String]) -> bool {
    let domain = email.rsplit('@').next().unwrap_or_default();
    let mut domains = domains.iter().map(|domain| domain.trim().trim_start_matches('@'));
    domains.len() == 0 || domains.any(|allowed| allowed.eq_ignore_ascii_case(domain))
}

/// Whether somebody is in a group that may come in. None need be set.
pub(super) fn is_in_allowed_group(claims: &Map<String, Value>, args: &OidcArgs) -> bool {
    let Some(field) = args.group_field() else { return args.oidc_allowed_groups.is_empty() };
    let held = texts(claims, field);
    args.oidc_allowed_groups.is_empty() || held.iter().any(|group| args.oidc_allowed_groups.contains(group))
}

/// The groups that somebody is in, as they are called here.
pub(super) fn groups(claims: &Map<String, Value>, args: &OidcArgs) -> Option<ProviderGroups> {
    let field = args.group_field()?;
    let called = |group: String| args.oidc_group_mapping.0.get(&group).cloned().unwrap_or(group);
    let names = texts(claims, field).into_iter().map(called);
    let names = names.filter(|name| args.oidc_group_regex_filter.0.is_match(name)).collect();
    Some(ProviderGroups { names, creates: args.oidc_group_auto_create })
}

/// The roles that somebody has, as they are called here.
pub(super) fn roles(claims: &Map<String, Value>, args: &OidcArgs) -> Option<Vec<String>> {
    let field = args.role_field()?;
    let called = |role: String| args.oidc_user_role_mapping.0.get(&role).cloned().unwrap_or_else(|| vec![role]);
    let held = texts(claims, field).into_iter().flat_map(called);
    Some(held.chain(args.oidc_user_role_default.iter().cloned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_made_of_what_is_usable() {
        let random = Random::seeded(1);
        for (called, want) in [
            ("amy", "amy"),
            ("Amy-Lee", "Amy-Lee"),
            ("amy.lee@example.com", "amylee"),
            ("amy_lee", "amylee"),
            ("-amy--lee-", "amy-lee"),
            (&"a".repeat(40), &"a".repeat(32)),
        ] {
            assert_eq!(username(called, &random), want);
        }
        for called in ["", "@example.com", "…", "me", "new"] {
            let made = username(called, &random);
            assert!(made.starts_with("user-") && is_username(&made), "{called}: {made}");
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
}
