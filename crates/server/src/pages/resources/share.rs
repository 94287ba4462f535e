//! Sharing a resource with a user or a group, and ending that.
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{Grantee, Resource, ResourceId},
    resources::{
        AccessEntry, AccessListChange, AccessListError, MAX_GRANTEES, NotHeld, WrongAccessList, WrongEntry,
        access_role_names,
    },
};
use uuid::Uuid;

use super::{
    address,
    details::{Written, render},
};
use crate::{
    app::App,
    http::{
        extract::ApiQuery,
        path::{ApiPath, RegistrableType, ResourceRef},
    },
    pages::{
        failure::Failure,
        form::Form,
        named_user::named_user,
        navigation::RESOURCES,
        notice::Notice,
        see_other,
        session::{PageError, SignedIn},
    },
};

/// The fields that a problem can be beside.
const FIELDS: [&str; 2] = ["name", "access"];
const NOT_SHARED: &str = "Nothing was shared.";
const NO_SUCH_GROUP: &str = "There is no such group in the resource's organization that you may see.";

/// Gives access to the user or group in the form, or removes the entry whose button was pressed.
pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath((RegistrableType(of), ResourceRef(id))): ApiPath<(RegistrableType, ResourceRef)>,
    form: Form,
) -> Result<Response, PageError> {
    let resource = store.resource(of, ResourceId(id)).await?;
    let written = Written {
        name: form.text("name").trim().to_owned(),
        is_group: form.text("kind") == "group",
        access: form.texts("access").map(str::to_owned).collect(),
    };
    let changed = match change_asked_for(&store, &resource, &form, &written).await {
        Ok(change) => store.update_access_list(of, resource.key.id, change).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match changed {
        Ok(_) => {
            // Those who took their own access away do not see it any more. It is changed, whatever fails from here on.
            let seen = store.incidental().resource(of, resource.key.id).await;
            let is_hidden = matches!(seen, Err(Refused::Hidden(_)));
            let place = if is_hidden { RESOURCES.path.to_owned() } else { address(&resource) };
            Ok(see_other(&Notice::Saved.on(&place))?)
        }
        Err(failure) => {
            let (status, frame) = failure.on(frame, &FIELDS);
            render(&app, &store, frame, status, (of, resource), (&ApiQuery::default(), written)).await
        }
    }
}

async fn change_asked_for(
    store: &AuthorizedStore,
    resource: &Resource,
    form: &Form,
    written: &Written,
) -> Result<AccessListChange, Failure> {
    let by_role = !access_role_names(&resource.key.resource_type).is_empty();
    let entry = |mut access: Vec<String>| {
        if by_role { AccessEntry::Role(access.pop().unwrap_or_default()) } else { AccessEntry::Actions(access) }
    };
    let one = |grantee, entry| AccessListChange([(grantee, entry)].into());
    match form.text("remove") {
        "" => {}
        grantee => {
            let grantee =
                grantee_of(grantee).ok_or_else(|| Failure::bad_request("The form names no user and no group."))?;
            return Ok(one(grantee, entry(Vec::new())));
        }
    }
    if written.access.is_empty() {
        return Err(Failure::bad_request(NOT_SHARED).field("access", "Pick what is given."));
    }
    let grantee = if written.is_group {
        group(store, resource, &written.name).await?
    } else {
        user(store, resource, &written.name).await?
    };
    Ok(one(grantee, entry(written.access.clone())))
}

/// Parses a grantee as buttons send it, such as `user:` and an id.
fn grantee_of(text: &str) -> Option<Grantee> {
    let (kind, id) = text.split_once(':')?;
    let id = Uuid::try_parse(id).ok()?;
    match kind {
        "user" => Some(Grantee::User(id)),
        "group" => Some(Grantee::Group(id)),
        _ => None,
    }
}

/// By name among the members of the resource's organization, and all users, whom the person may see; by id, the change
/// itself looks whether there is one.
async fn user(store: &AuthorizedStore, resource: &Resource, name: &str) -> Result<Grantee, Failure> {
    if let Ok(id) = Uuid::try_parse(name) {
        return Ok(Grantee::User(id));
    }
    let store = store.incidental();
    if let Some(organization) = resource.organization_id {
        let organization = Refused::if_there(store.addressed_organization(&organization.to_string()).await)?;
        if let Some(organization) = organization
            && let Some(member) = Refused::if_there(store.addressed_member(&organization, name).await)?
        {
            return Ok(Grantee::User(member.user.id.0));
        }
    }
    Ok(Grantee::User(named_user(&store, name, "name").await.map_err(not_shared)?.id.0))
}

async fn group(store: &AuthorizedStore, resource: &Resource, name: &str) -> Result<Grantee, Failure> {
    if let Ok(id) = Uuid::try_parse(name) {
        return Ok(Grantee::Group(id));
    }
    let found = match resource.organization_id {
        Some(organization) => store.incidental().group_by_name(organization, name).await,
        None => Err(Refused::missing()),
    };
    match Refused::if_there(found)? {
        Some(group) => Ok(Grantee::Group(group.id.0)),
        None => Err(Failure::new(StatusCode::NOT_FOUND, NOT_SHARED).field("name", NO_SUCH_GROUP)),
    }
}

fn not_shared(failure: Failure) -> Failure {
    if failure.status == StatusCode::NOT_FOUND { failure.saying(NOT_SHARED) } else { failure }
}

impl From<AccessListError> for Failure {
    fn from(error: AccessListError) -> Self {
        let unfit = |field: &str, words: String| Self::bad_request(NOT_SHARED).field(field, words);
        match error {
            AccessListError::Wrong(WrongAccessList::NotCarried(of)) => {
                Self::bad_request(format!("Objects of the type {of} have no access list."))
            }
            AccessListError::Wrong(WrongAccessList::Entries(entries)) => {
                let words = |wrong: WrongEntry| match wrong {
                    WrongEntry::UnknownRole { role: name, .. } | WrongEntry::UnknownAction { action: name, .. } => {
                        format!("There is nothing called {name} to give.")
                    }
                    WrongEntry::RoleRequired(_) => "Pick one of the roles.".to_owned(),
                };
                let failure = Self::bad_request(NOT_SHARED);
                entries.into_iter().fold(failure, |failure, (_, wrong)| failure.field("access", words(wrong)))
            }
            AccessListError::NotHeld(NotHeld { given, denied }) => {
                let why = denied.explanation().unwrap_or_default();
                Self::new(StatusCode::FORBIDDEN, format!("You may not give {given}, which you do not have yourself."))
                    .detail(why)
            }
            AccessListError::UnknownGrantees(_) => {
                unfit("name", "The resource's organization has no such user or group.".to_owned())
            }
            AccessListError::TooLong => {
                Self::bad_request(format!("An access list names {MAX_GRANTEES} users and groups at most."))
                    .detail("Give access to a group in place of its members.")
            }
            AccessListError::Refused(refused) => refused.into(),
        }
    }
}
