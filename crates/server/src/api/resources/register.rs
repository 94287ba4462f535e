//! Registering and changing resources: from requests, and to words.
use axum::http::StatusCode;
use keyfob_api::{
    error::Validation,
    resources::{CreateResourceRequest, UpdateResourceRequest},
};
use keyfob_authority::{
    data::{OrganizationId, ResourceId, UserId},
    resources::{
        MAX_ATTRIBUTES, MAX_NAME, NewResource, RegisterResourceError, ResourceChange, UnknownPlace,
        UpdateResourceError, WrongResourceField,
    },
};

use crate::http::error::ApiError;

pub(super) fn new_resource(request: CreateResourceRequest) -> NewResource {
    NewResource {
        resource_type: request.resource_type,
        id: request.id.map(ResourceId),
        name: request.name,
        organization_id: request.organization_id.map(OrganizationId),
        owner_id: request.owner_id.map(UserId),
        attributes: request.attributes,
    }
}

pub(super) fn change(request: UpdateResourceRequest) -> ResourceChange {
    ResourceChange {
        name: request.name,
        organization_id: request.organization_id.map(OrganizationId),
        owner_id: request.owner_id.map(UserId),
        attributes: request.attributes,
    }
}

impl From<RegisterResourceError> for ApiError {
    fn from(error: RegisterResourceError) -> Self {
        match error {
            RegisterResourceError::UnknownType(name) => {
                bad_type(format!("unknown resource type {name:?}; GET /api/v2/resource-types lists them"))
            }
            RegisterResourceError::NotRegistrable(name) => {
                bad_type(format!("Keyfob stores {name} itself, by endpoints of its own"))
            }
            RegisterResourceError::Invalid(wrong) => invalid(wrong),
            RegisterResourceError::UnknownPlace(place) => unknown_place(place),
            RegisterResourceError::IdTaken => {
                Self::new(StatusCode::CONFLICT, "A resource with this id already exists.")
                    .detail("An id is never given out twice, also not after its resource was deleted.")
                    .validation("id", "This value is already in use and should be unique.")
            }
            RegisterResourceError::NameTaken => name_taken(),
            RegisterResourceError::Refused(refused) => refused.into(),
        }
    }
}

impl From<UpdateResourceError> for ApiError {
    fn from(error: UpdateResourceError) -> Self {
        match error {
            UpdateResourceError::Invalid(wrong) => invalid(wrong),
            UpdateResourceError::UnknownPlace(place) => unknown_place(place),
            UpdateResourceError::NameTaken => name_taken(),
            UpdateResourceError::Refused(refused) => refused.into(),
        }
    }
}

fn bad_type(detail: String) -> ApiError {
    ApiError::invalid(vec![Validation::new("resource_type", detail)])
}

fn name_taken() -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "A resource with this name already exists.")
        .detail("Names are unique per type, organization and owner.")
        .validation("name", "This value is already in use and should be unique.")
}

fn unknown_place(place: UnknownPlace) -> ApiError {
    let field = match place {
        UnknownPlace::Organization => "organization_id",
        UnknownPlace::Owner => "owner_id",
    };
    ApiError::invalid(vec![Validation::new(field, "There is none with this id.")])
}

fn invalid(wrong: Vec<WrongResourceField>) -> ApiError {
    ApiError::invalid(wrong.into_iter().map(validation).collect())
}

fn validation(wrong: WrongResourceField) -> Validation {
    match wrong {
        WrongResourceField::Name => Validation::new(
            "name",
            format!(
                "A name has 1 to {MAX_NAME} bytes and no control characters, also none that change the direction of text."
            ),
        ),
        WrongResourceField::Attributes { size } => {
            Validation::new("attributes", format!("Attributes take {size} bytes; at most {MAX_ATTRIBUTES} are kept."))
        }
        WrongResourceField::OrganizationRequired(of) => {
            Validation::new("organization_id", format!("A {of} is in an organization: name it."))
        }
        WrongResourceField::OrganizationNotAllowed(of) => {
            Validation::new("organization_id", format!("A {of} is in no organization: leave it out."))
        }
        WrongResourceField::OwnerNotAllowed(of) => {
            Validation::new("owner_id", format!("A {of} has no owner: leave it out."))
        }
        WrongResourceField::NilId => {
            Validation::new("id", "The nil UUID names nothing; leave the id out to have one made up.")
        }
    }
}
