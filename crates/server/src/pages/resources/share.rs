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
    http::path::{ApiPath, RegistrableType, ResourceRef},
    pages::{
        failure::Failure,
        form::Form,
        named_user::NO_SUCH_USER,
        navigation::RESOURCES,
        notice::Notice,
        see_other,
        session::{PageError, SignedIn},
    },
};

/// The fields that a problem can be beside.
const FIELDS: [&str; 2] = ["name", "access"];
const NO_SUCH_GROUP: &str = "There is no such group in the resource's organization that you may see.";

/// Shares it with the one who is named, or takes access from the one whose button was pressed.
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
            // Those who took their own access away do not see it any more.
            let is_left = Refused::if_there(store.incidental().resource(of, resource.key.id).await)?.is_some();
            let place = if is_left { address(&resource) } else { RESOURCES.path.to_owned() };
            Ok(see_other(&Notice::Saved.on(&place))?)
        }
        Err(failure) => {
            let Failure { status, problem } = failure.in_form(&FIELDS);
            render(&app, &store, frame.with_problem(problem), status, (of, resource), written).await
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
            let grantee = grantee_of(grantee).ok_or_else(|| Failure::bad_request("Nobody is named."))?;
            return Ok(one(grantee, entry(Vec::new())));
        }
    }
    if written.access.is_empty() {
        return Err(Failure::bad_request("Nothing was shared.").field("access", "Pick what is given."));
    }
    let grantee =
        if written.is_group { group(store, resource, &written.name).await? } else { user(store, written).await? };
    Ok(one(grantee, entry(written.access.clone())))
}

/// The grantee of an entry, as the page has it.
fn grantee_of(text: &str) -> Option<Grantee> {
    let (kind, id) = text.split_once(':')?;
    let id = Uuid::try_parse(id).ok()?;
    match kind {
        "user" => Some(Grantee::User(id)),
        "group" => Some(Grantee::Group(id)),
        _ => None,
    }
}

/// By name among those that the person may see; by id, the change itself looks whether there is one.
async fn user(store: &AuthorizedStore, written: &Written) -> Result<Grantee, Failure> {
    if let Ok(id) = Uuid::try_parse(&written.name) {
        return Ok(Grantee::User(id));
    }
    let user = store.incidental().addressed_user(&written.name).await;
    user.map(|user| Grantee::User(user.id.0)).map_err(|refused| beside_name(refused, NO_SUCH_USER))
}

async fn group(store: &AuthorizedStore, resource: &Resource, name: &str) -> Result<Grantee, Failure> {
    if let Ok(id) = Uuid::try_parse(name) {
        return Ok(Grantee::Group(id));
    }
    let found = match resource.organization_id {
        Some(organization) => store.incidental().group_by_name(organization, name).await,
        None => Err(Refused::missing()),
    };
    found.map(|group| Grantee::Group(group.id.0)).map_err(|refused| beside_name(refused, NO_SUCH_GROUP))
}

fn beside_name(refused: Refused, words: &str) -> Failure {
    let failure = Failure::from(refused);
    match failure.status {
        StatusCode::NOT_FOUND => Failure::new(failure.status, "Nothing was shared.").field("name", words),
        _ => failure,
    }
}

impl From<AccessListError> for Failure {
    fn from(error: AccessListError) -> Self {
        let unfit = |field: &str, words: String| Self::bad_request("Nothing was shared.").field(field, words);
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
                let failure = Self::bad_request("Nothing was shared.");
                entries.into_iter().fold(failure, |failure, (_, wrong)| failure.field("access", words(wrong)))
            }
            AccessListError::NotHeld(NotHeld { given, denied }) => {
                let why = denied.explanation().unwrap_or_default();
                Self::new(StatusCode::FORBIDDEN, format!("You may not give {given}, which you do not have yourself."))
                    .detail(why)
            }
            AccessListError::UnknownGrantees(_) => {
                unfit("name", "There is none with this id in the resource's organization.".to_owned())
            }
            AccessListError::TooLong => {
                Self::bad_request(format!("An access list names {MAX_GRANTEES} users and groups at most."))
                    .detail("Give access to a group in place of its members.")
            }
            AccessListError::Refused(refused) => refused.into(),
        }
    }
}
