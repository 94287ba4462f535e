//! Which resources a list is asked for.
use keyfob_api::error::Validation;
use keyfob_rbac::ResourceType;
use keyfob_store::{ListResources, OrganizationId, ResourceId, UserId};

use super::{is_registrable, registrable};
use crate::{error::ApiError, extract::ApiQuery, state::App};

/// The types and the conditions that a query names.
pub(super) fn list(app: &App, query: &ApiQuery) -> Result<(Vec<ResourceType>, ListResources), ApiError> {
    let types = match query.text("type") {
        None => registrable(app.catalogue()),
        Some(name) => {
            let of = app.catalogue().resource_type(name).filter(|of| is_registrable(*of));
            vec![of.ok_or_else(|| {
                let detail =
                    format!("{name:?} is no type that can be registered; GET /api/v2/resource-types lists them");
                invalid_query(vec![Validation::new("type", detail)])
            })?]
        }
    };
    let list = ListResources {
        organization_id: query.uuid("organization")?.map(OrganizationId),
        owner_id: query.uuid("owner")?.map(UserId),
        name_contains: query.text("q").map(str::to_owned),
        ..page(query)?
    };
    Ok((types, list))
}

/// The page that a query asks for.
pub(super) fn page(query: &ApiQuery) -> Result<ListResources, ApiError> {
    Ok(ListResources {
        limit: query.number("limit")?.filter(|limit| *limit > 0),
        offset: query.number("offset")?.unwrap_or(0),
        after: query.uuid("after_id")?.map(ResourceId),
        ..ListResources::default()
    })
}

fn invalid_query(validations: Vec<Validation>) -> ApiError {
    let error = ApiError::bad_request("Query parameters have invalid values.");
    validations.into_iter().fold(error, |error, wrong| error.validation(wrong.field, wrong.detail))
}

/// Takes a search apart into its keys and values, lower-cased: `owner:me name:dev`, with quotes around blanks.
///
/// # Errors
/// What is wrong with an element, in the contract's words (section 5.10).
pub(super) fn search(text: &str) -> Result<Vec<(String, String)>, Validation> {
    let wrong = |detail: String| Validation::new("q", detail);
    let mut found = Vec::new();
    for element in elements(&text.to_lowercase()) {
        if element.starts_with(':') || element.ends_with(':') {
            return Err(wrong(format!("Query element \"{element}\" cannot start or end with ':'")));
        }
        match element.split(':').collect::<Vec<_>>().as_slice() {
            [word] => found.push(("name".to_owned(), (*word).to_owned())),
            [key, value] => found.push(((*key).to_owned(), (*value).to_owned())),
            _ => return Err(wrong(format!("Query element \"{element}\" can only contain 1 ':'"))),
        }
    }
    Ok(found)
}

/// The elements between blanks; quotes group, and go.
fn elements(text: &str) -> Vec<String> {
    let mut elements = vec![String::new()];
    let mut quoted = false;
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            blank if blank.is_whitespace() && !quoted => elements.push(String::new()),
            other => {
                if let Some(last) = elements.last_mut() {
                    last.push(other);
                }
            }
        }
    }
    elements.retain(|element| !element.is_empty());
    elements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_taken_apart_at_blanks_and_colons() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            search("owner:Me name:\"my dev\"  plain").unwrap(),
            [pair("owner", "me"), pair("name", "my dev"), pair("name", "plain")]
        );
        assert_eq!(search("a:b:c").unwrap_err().detail, "Query element \"a:b:c\" can only contain 1 ':'");
        assert_eq!(search(":a").unwrap_err().detail, "Query element \":a\" cannot start or end with ':'");
    }
}
