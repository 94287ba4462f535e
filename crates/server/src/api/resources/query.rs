//! Parameters of lists of resources.
use keyfob_api::error::Validation;
use keyfob_authority::{
    data::{ListResources, OrganizationId, ResourceId, UserId},
    resources::{is_registrable, registrable},
};
use keyfob_rbac::ResourceType;

use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
};

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
    if query.is_empty("name") {
        return Err(invalid_query(vec![Validation::new("name", "It is empty: leave it out to list all.")]));
    }
    let list = ListResources {
        organization_id: query.uuid("organization")?.map(OrganizationId),
        owner_id: query.uuid("owner")?.map(UserId),
        name_is: query.text("name").map(str::to_owned),
        name_contains: query.text("q").map(str::to_owned),
        page: query.page(ResourceId)?,
        ..ListResources::default()
    };
    Ok((types, list))
}

fn invalid_query(validations: Vec<Validation>) -> ApiError {
    let error = ApiError::bad_request("Query parameters have invalid values.");
    validations.into_iter().fold(error, |error, wrong| error.validation(wrong.field, wrong.detail))
}
