//! The list of an organization's roles.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    data::{CustomRole, Organization},
    roles::{AssignableRole, CustomRoleRights},
};
use keyfob_rbac::display_name;

use super::address;
use crate::{
    http::path::{ApiPath, OrganizationRef},
    pages::{
        frame::Frame,
        navigation::ORGANIZATIONS,
        organizations, page,
        session::{PageError, SignedIn},
    },
};

#[derive(Template)]
#[template(path = "pages/roles/list.html")]
struct List {
    frame: Frame,
    title: String,
    organization_address: String,
    custom: Vec<Custom>,
    built_in: Vec<BuiltIn>,
    rights: CustomRoleRights,
}

/// A role that the organization made.
struct Custom {
    address: String,
    name: String,
    display_name: String,
    permissions: usize,
}

/// A role that every organization has.
struct BuiltIn {
    name: String,
    display_name: &'static str,
    is_implied: bool,
}

pub(super) async fn show(
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let (mut custom, mut built_in) = (Vec::new(), Vec::new());
    for AssignableRole { role, custom: made, .. } in store.list_organization_roles(organization.id).await? {
        match made {
            Some(made) => custom.push(custom_line(&organization, made)),
            None => built_in.push(BuiltIn {
                is_implied: organization.default_org_member_roles.contains(&role.name.name),
                display_name: display_name(&role.name.name).unwrap_or_default(),
                name: role.name.name,
            }),
        }
    }
    let list = List {
        frame: frame.at(&ORGANIZATIONS),
        title: organizations::title(&organization),
        organization_address: organizations::address(&organization),
        rights: store.custom_role_rights(&organization).await?,
        custom,
        built_in,
    };
    Ok(page(StatusCode::OK, &list)?)
}

fn custom_line(organization: &Organization, role: CustomRole) -> Custom {
    Custom {
        address: address(organization, &role.name),
        permissions: role.permissions.len(),
        name: role.name,
        display_name: role.display_name,
    }
}

impl List {
    /// The page on which a new role is made.
    fn new_address(&self) -> String {
        format!("{}/new-role", self.organization_address)
    }
}
