//! What a provider's claims mean here, as the settings say: groups and roles.
use keyfob_authority::sign_in::ProviderGroups;
use keyfob_identity::texts;
use serde_json::{Map, Value};

use crate::config::OidcArgs;

/// The user's groups, as the provider calls them.
pub(super) fn provider_groups(claims: &Map<String, Value>, args: &OidcArgs) -> Vec<String> {
    args.group_field().map(|field| texts(claims, field)).unwrap_or_default()
}

/// The user's groups, as they are called here.
pub(super) fn groups(claims: &Map<String, Value>, args: &OidcArgs) -> Option<ProviderGroups> {
    let field = args.group_field()?;
    let mapped = |group: String| args.oidc_group_mapping.0.get(&group).cloned().unwrap_or(group);
    let names = texts(claims, field).into_iter().map(mapped);
    let names = names.filter(|name| args.oidc_group_regex_filter.0.is_match(name)).collect();
    Some(ProviderGroups { names, creates: args.oidc_group_auto_create })
}

/// The user's roles, as they are called here.
pub(super) fn roles(claims: &Map<String, Value>, args: &OidcArgs) -> Option<Vec<String>> {
    let field = args.role_field()?;
    let mapped = |role: String| args.oidc_user_role_mapping.0.get(&role).cloned().unwrap_or_else(|| vec![role]);
    let held = texts(claims, field).into_iter().flat_map(mapped);
    Some(held.chain(args.oidc_user_role_default.iter().cloned()).collect())
}
