//! One member of an organization: the roles there, and leaving it.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::Organization,
    organizations::{MemberRights, MemberView},
};
use keyfob_rbac::{Action, ResourceType};

use super::{address, member_address, members_address, title};
use crate::{
    http::path::{ApiPath, OrganizationRef, UserRef},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::ORGANIZATIONS,
        notice::Notice,
        offered::would_be_done,
        page,
        parts::Confirm,
        see_other,
        session::{PageError, SignedIn},
    },
};

type Path = ApiPath<(OrganizationRef, UserRef)>;

#[derive(Template)]
#[template(path = "pages/organizations/member.html")]
struct Member {
    frame: Frame,
    address: String,
    organization_address: String,
    title: String,
    username: String,
    /// The roles that every member has.
    implied: Vec<String>,
    rights: MemberRights,
    /// Whether it is the person, who may give roles to others.
    gives_roles_to_others: bool,
}

impl Member {
    /// Whether the person may change at least one role.
    fn may_change_roles(&self) -> bool {
        self.rights.roles.iter().any(|role| role.may_change)
    }
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), UserRef(user))): Path,
) -> Result<Response, PageError> {
    let (organization, member) = found(&store, &organization, &user).await?;
    render(&store, frame, StatusCode::OK, &organization, &member).await
}

pub(super) async fn change_roles(
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), UserRef(user))): Path,
    form: Form,
) -> Result<Response, PageError> {
    let (organization, member) = found(&store, &organization, &user).await?;
    let (roles, before) = form.roles();
    match store.update_member_roles(organization.id, member.user.id, roles, before).await {
        Ok(_) => Ok(see_other(&Notice::RolesSaved.on(&member_address(&organization, member.user.id)))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &[]);
            render(&store, frame, status, &organization, &member).await
        }
    }
}

pub(super) async fn ask_to_remove(
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), UserRef(user))): Path,
) -> Result<Response, PageError> {
    let (organization, member) = found(&store, &organization, &user).await?;
    would_be_done(store.check_remove_member(organization.id, member.user.id).await, "remove this member")?;
    let own = member_address(&organization, member.user.id);
    let confirm = Confirm {
        frame: frame.at(&ORGANIZATIONS),
        title: format!("Remove {} from {}?", member.user.username, title(&organization)),
        consequences: vec![
            "The user loses the roles of the organization, and is in none of its groups any more. The user's tokens \
             stay, and can do no more there than the user."
                .to_owned(),
        ],
        choices: Vec::new(),
        typed: None,
        button: "Remove",
        action: format!("{own}/remove"),
        back: own,
    };
    Ok(confirm.show()?)
}

pub(super) async fn remove(
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), UserRef(user))): Path,
    _form: Form,
) -> Result<Response, PageError> {
    let (organization, member) = found(&store, &organization, &user).await?;
    match store.remove_member(organization.id, member.user.id).await {
        Ok(()) => Ok(see_other(&Notice::MemberRemoved.on(&members_address(&organization)))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(frame, &[]);
            render(&store, frame, status, &organization, &member).await
        }
    }
}

async fn found(store: &AuthorizedStore, organization: &str, user: &str) -> Result<(Organization, MemberView), Refused> {
    let organization = store.addressed_organization(organization).await?;
    let member = store.addressed_member(&organization, user).await?;
    Ok((organization, member))
}

async fn render(
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    organization: &Organization,
    member: &MemberView,
) -> Result<Response, PageError> {
    let implied = organization.default_org_member_roles.clone();
    let mut rights = store.member_rights(organization, member).await?;
    // What every member has needs no box, unless it was given to this one, too.
    rights.roles.retain(|role| role.is_held || !implied.contains(&role.name));
    let shown = Member {
        frame: frame.at(&ORGANIZATIONS).about(format!("Member {}", member.user.username)),
        address: member_address(organization, member.user.id),
        organization_address: address(organization),
        title: title(organization),
        username: member.user.username.clone(),
        implied,
        rights,
        gives_roles_to_others: store.caller().is_self(member.user.id)
            && store.caller().could(Action::ASSIGN, ResourceType::ASSIGN_ORG_ROLE),
    };
    Ok(page(status, &shown)?)
}
