//! Making a custom role, and changing it.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::{CustomRole, NamedPermission, Organization},
    roles::{
        CustomRoleError, CustomRoleFields, CustomRoleRights, CustomRoleShown, RequestedPermission, RequestedPermissions,
    },
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
    /// The role as the person has seen it, which the form sends along: a change of another one is not saved.
    shown: Shown,
}

impl Edit {
    /// Whether the person may save the role: otherwise the page has no form.
    fn is_offered(&self) -> bool {
        if self.role.is_some() { self.rights.may_update } else { self.rights.may_create }
    }

    /// The permissions that the role has and the person may not grant: saving the role removes them.
    fn beyond(&self) -> String {
        self.matrix.beyond().collect::<Vec<_>>().join(", ")
    }
}

/// A role as a form shows it.
#[derive(Default)]
struct Shown {
    display_name: String,
    permissions: Vec<String>,
}

impl Shown {
    fn of(role: &CustomRole) -> Self {
        Self { display_name: role.display_name.clone(), permissions: role.permissions.iter().map(name).collect() }
    }

    fn in_form(form: &Form) -> Self {
        Self {
            display_name: form.text("display_name_before").to_owned(),
            permissions: form.texts("before").map(str::to_owned).collect(),
        }
    }

    fn as_shown(&self) -> CustomRoleShown {
        CustomRoleShown {
            display_name: self.display_name.clone(),
            permissions: self.permissions.iter().map(|text| named(text)).collect(),
        }
    }
}

/// Parses the value of a permission's box, such as `workspace:read`.
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
    render(&app, &store, frame, StatusCode::OK, &organization, None, (Written::default(), Shown::default())).await
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
            let (status, frame) = Failure::from(error).on(frame, &FIELDS);
            render(&app, &store, frame, status, &organization, None, (written, Shown::default())).await
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
    let filled = (Written::of(role.clone()), Shown::of(&role));
    render(&app, &store, frame, StatusCode::OK, &organization, Some(role), filled).await
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
    let shown = Shown::in_form(&form);
    match store.update_custom_role(organization.id, written.fields(), Some(&shown.as_shown())).await {
        Ok(role) => Ok(see_other(&Notice::Saved.on(&address(&organization, &role.name)))?),
        Err(error) => {
            let is_changed = matches!(error, CustomRoleError::Changed);
            let (status, frame) = Failure::from(error).on(frame, &FIELDS);
            let role = store.custom_role(&organization, &role.name).await?;
            // What was filled in belongs to the role as it was shown, and is sent with that again.
            let filled = if is_changed { (Written::of(role.clone()), Shown::of(&role)) } else { (written, shown) };
            render(&app, &store, frame, status, &organization, Some(role), filled).await
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
    (written, shown): (Written, Shown),
) -> Result<Response, PageError> {
    let action = match &role {
        Some(role) => address(organization, &role.name),
        None => format!("{}/new-role", organizations::address(organization)),
    };
    let frame = match &role {
        Some(role) => frame.about(format!("Role {}", role.name)),
        None => frame,
    };
    let held = role.as_ref().map(|role| role.permissions.as_slice()).unwrap_or_default();
    let edit = Edit {
        frame: frame.at(&ORGANIZATIONS),
        action,
        shown,
        organization: organizations::title(organization),
        list_address: list_address(organization),
        matrix: Matrix::new(app.catalogue(), store.role_matrix(organization)?, &written.permissions, held),
        role: role.map(|role| role.name),
        rights: store.custom_role_rights(organization).await?,
        written,
    };
    Ok(page(status, &edit)?)
}
