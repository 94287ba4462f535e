//! What a provider's claims mean here, as the settings say: groups and roles.
use keyfob_authority::sign_in::{ProviderGroups, ProviderRoles};
use keyfob_identity::ListClaim;
use serde_json::{Map, Value};

use crate::config::OidcArgs;

/// The user's groups and roles.
pub(super) struct Memberships {
    /// The groups as the provider calls them.
    pub(super) provider_groups: Vec<String>,
    /// The groups as they are called here; none if the user keeps theirs.
    pub(super) groups: Option<ProviderGroups>,
    /// The roles as they are called here; none if the user keeps theirs.
    pub(super) roles: Option<ProviderRoles>,
}

impl Memberships {
    /// What the claims of a user say. What they leave out stays as it is, because nobody took it away.
    pub(super) fn read(claims: &Map<String, Value>, args: &OidcArgs) -> Self {
        let groups = args.group_field().map(|field| texts(claims, field, args));
        let roles = match args.role_field() {
            field if field == args.group_field() => groups.clone(),
            field => field.map(|field| texts(claims, field, args)),
        };
        let groups = groups.flatten();
        Self {
            provider_groups: groups.clone().unwrap_or_default(),
            groups: groups.map(|names| groups_here(names, args)),
            roles: roles.map(|names| roles_here(names, args)),
        }
    }
}

/// The texts that a claim lists; none if the provider left it out. The log says so, and what is ignored.
fn texts(claims: &Map<String, Value>, field: &str, args: &OidcArgs) -> Option<Vec<String>> {
    let lists_groups = Some(field) == args.group_field() || field == "groups";
    match ListClaim::read(claims, field, lists_groups) {
        ListClaim::Listed { texts, ignored } => {
            if ignored > 0 {
                tracing::warn!(claim = field, ignored, "ignored what the provider lists that is no text");
            }
            Some(texts)
        }
        ListClaim::LeftOut => {
            tracing::warn!(
                claim = field,
                "the provider left a claim out, as `_claim_names` or `hasgroups` says, perhaps because it is too long: \
                 the user keeps what they have. Let the provider send fewer groups."
            );
            None
        }
    }
}

fn groups_here(names: Vec<String>, args: &OidcArgs) -> ProviderGroups {
    let mapped = |group: String| args.oidc_group_mapping.0.get(&group).cloned().unwrap_or(group);
    let names = names.into_iter().map(mapped);
    let names = names.filter(|name| args.oidc_group_regex_filter.0.is_match(name)).collect();
    ProviderGroups { names, creates: args.oidc_group_auto_create }
}

fn roles_here(names: Option<Vec<String>>, args: &OidcArgs) -> ProviderRoles {
    let mapped = |role: String| args.oidc_user_role_mapping.0.get(&role).cloned().unwrap_or_else(|| vec![role]);
    let default = args.oidc_user_role_default.iter().cloned();
    match names {
        Some(names) => ProviderRoles::Exactly(names.into_iter().flat_map(mapped).chain(default).collect()),
        None => ProviderRoles::AtLeast(default.collect()),
    }
}
