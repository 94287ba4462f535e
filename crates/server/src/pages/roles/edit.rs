//! Making a custom role, and changing it.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{CustomRole, NamedPermission, Organization},
    roles::{CustomRoleError, CustomRoleFields, CustomRoleRights, RequestedPermission, RequestedPermissions},
};

use super::{
    address, list_address,
    matrix::{Matrix, name},
};
use crate::{
    app::App,
    http::path::{ApiPath, OrganizationRef, RoleName},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::ORGANIZATIONS,
        notice::Notice,
        organizations, page, see_other,
        session::{PageError, SignedIn},
    },
};

/// The fields that a problem can be beside.
const FIELDS: [&str; 3] = ["name", "display_name", "permission"];

#[derive(Template)]
#[template(path = "pages/roles/edit.html")]
struct Edit {
    frame: Frame,
    /// The name of the role; none for a new one.
    role: Option<String>,
    action: String,
    organization: String,
    list_address: String,
    written: Written,
    matrix: Matrix,
    rights: CustomRoleRights,
    /// What the role permits now, as the form sends it along: a change of something else is not saved.
    before: Vec<String>,
}

impl Edit {
    /// Whether the form is there.
    fn is_offered(&self) -> bool {
        if self.role.is_some() { self.rights.may_update } else { self.rights.may_create }
    }

    /// What the role has, and saving it would take.
    fn beyond(&self) -> String {
        self.matrix.beyond().collect::<Vec<_>>().join(", ")
    }
}

/// A permission as boxes have it, read.
fn named(text: &str) -> NamedPermission {
    let (resource_type, action) = text.split_once(':').unwrap_or((text, ""));
    NamedPermission { resource_type: resource_type.to_owned(), action: action.to_owned() }
}

/// What is filled in.
#[derive(Default)]
struct Written {
    name: String,
    display_name: String,
    permissions: Vec<NamedPermission>,
}

impl Written {
    fn of(role: CustomRole) -> Self {
        Self { name: role.name, display_name: role.display_name, permissions: role.permissions }
    }

    fn in_form(form: &Form, name: &str) -> Self {
        Self {
            name: name.trim().to_owned(),
            display_name: form.text("display_name").trim().to_owned(),
            permissions: form.texts("permission").map(named).collect(),
        }
    }

    fn fields(&self) -> CustomRoleFields {
        let requested = |NamedPermission { resource_type, action }: &NamedPermission| RequestedPermission {
            resource_type: resource_type.clone(),
            action: action.clone(),
            is_negative: false,
        };
        CustomRoleFields {
            name: self.name.clone(),
            display_name: self.display_name.clone(),
            permissions: RequestedPermissions {
                organization: self.permissions.iter().map(requested).collect(),
                ..RequestedPermissions::default()
            },
        }
    }
}

pub(super) async fn show_new(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    render(&app, &store, frame, StatusCode::OK, &organization, None, Written::default()).await
}

pub(super) async fn create(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(OrganizationRef(organization)): ApiPath<OrganizationRef>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let written = Written::in_form(&form, form.text("name"));
    match store.create_custom_role(organization.id, written.fields()).await {
        Ok(role) => Ok(see_other(&Notice::Created.on(&address(&organization, &role.name)))?),
        Err(error) => {
            let Failure { status, problem } = Failure::from(error).in_form(&FIELDS);
            render(&app, &store, frame.with_problem(problem), status, &organization, None, written).await
        }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), RoleName(role))): ApiPath<(OrganizationRef, RoleName)>,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let role = store.custom_role(&organization, &role).await?;
    let written = Written::of(role.clone());
    render(&app, &store, frame, StatusCode::OK, &organization, Some(role), written).await
}

pub(super) async fn change(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath((OrganizationRef(organization), RoleName(role))): ApiPath<(OrganizationRef, RoleName)>,
    form: Form,
) -> Result<Response, PageError> {
    let organization = store.addressed_organization(&organization).await?;
    let role = store.custom_role(&organization, &role).await?;
    let written = Written::in_form(&form, &role.name);
    let shown: Vec<NamedPermission> = form.texts("before").map(named).collect();
    match store.update_custom_role(organization.id, written.fields(), Some(&shown)).await {
        Ok(role) => Ok(see_other(&Notice::Saved.on(&address(&organization, &role.name)))?),
        Err(error) => {
            let is_changed = matches!(error, CustomRoleError::Changed);
            let Failure { status, problem } = Failure::from(error).in_form(&FIELDS);
            let frame = frame.with_problem(problem);
            let role = store.custom_role(&organization, &role.name).await?;
            let written = if is_changed { Written::of(role.clone()) } else { written };
            render(&app, &store, frame, status, &organization, Some(role), written).await
        }
    }
}

async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    organization: &Organization,
    role: Option<CustomRole>,
    written: Written,
) -> Result<Response, PageError> {
    let action = match &role {
        Some(role) => address(organization, &role.name),
        None => format!("{}/new-role", organizations::address(organization)),
    };
    let edit = Edit {
        frame: frame.at(&ORGANIZATIONS),
        action,
        before: role.iter().flat_map(|role| &role.permissions).map(name).collect(),
        role: role.map(|role| role.name),
        organization: organizations::title(organization),
        list_address: list_address(organization),
        matrix: Matrix::new(app.catalogue(), store.role_matrix(organization)?, &written.permissions),
        rights: store.custom_role_rights(organization).await?,
        written,
    };
    Ok(page(status, &edit)?)
}
