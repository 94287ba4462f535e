//! Checks as programs mostly spell them: each field once and by its exact name, nothing `null`, no list, and no text that
//! is long or has an escape. Such a body says the same before and after it is brought into its normal form
//! (`http/json/normal_form.rs`), so it needs none.
use std::collections::BTreeMap;

use keyfob_authority::authcheck::{Check, TypeChecks};
use serde::Deserialize;

use crate::http::json::MOST_CHARACTERS;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainRequest<'a> {
    #[serde(borrow)]
    checks: BTreeMap<&'a str, PlainCheck<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainCheck<'a> {
    action: &'a str,
    #[serde(borrow)]
    object: PlainObject<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PlainObject<'a> {
    resource_type: &'a str,
    owner_id: &'a str,
    organization_id: &'a str,
    any_org: bool,
}

/// The checks of a plain body that asks for the caller's own rights on types; none of any other body.
pub(crate) fn type_checks(body: &[u8]) -> Option<TypeChecks> {
    // Every text is between two quotes.
    let is_bounded = body.split(|byte| *byte == b'"').all(|text| text.len() <= MOST_CHARACTERS);
    // A list would pass for an object whose fields are given in order.
    let has_list = body.contains(&b'[');
    let PlainRequest { checks } = (is_bounded && !has_list).then(|| serde_json::from_slice(body).ok())??;
    TypeChecks::of(checks.into_iter().map(|(name, check)| (name.to_owned(), check.into())))
}

impl From<PlainCheck<'_>> for Check {
    fn from(PlainCheck { action, object }: PlainCheck<'_>) -> Self {
        Self {
            action: action.to_owned(),
            resource_type: object.resource_type.to_owned(),
            resource_id: String::new(),
            owner: object.owner_id.to_owned(),
            organization: object.organization_id.to_owned(),
            any_organization: object.any_org,
        }
    }
}
