//! Creating users: people, and service accounts, which have neither an address nor a way to sign in.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    data::LoginType,
    users::{CreateUser, CreationRights},
};
use uuid::Uuid;

use super::address;
use crate::{
    app::App,
    http::extract::ApiQuery,
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::USERS,
        notice::Notice,
        page,
        parts::Choice,
        see_other,
        session::{PageError, SignedIn},
    },
};

/// What names the form of service accounts, in links and in the form.
const SERVICE: &str = "service";
const FIELDS: [&str; 6] = ["username", "name", "email", "password", "login_type", "organization"];

#[derive(Template)]
#[template(path = "pages/users/create.html")]
struct Create {
    frame: Frame,
    is_service_account: bool,
    username: String,
    name: String,
    email: String,
    login_types: Vec<Choice>,
    organizations: Vec<Choice>,
    roles: Vec<Choice>,
    rights: CreationRights,
}

impl Create {
    /// Whether the person may make such a user.
    fn may_create(&self) -> bool {
        if self.is_service_account { self.rights.may_create_service_accounts } else { self.rights.may_create_people }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let rights = store.creation_rights().await?;
    let is_service_account = query.text("kind") == Some(SERVICE) || !rights.may_create_people;
    Ok(page(StatusCode::OK, &filled(&app, frame, rights, is_service_account, &Form::default()))?)
}

pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    form: Form,
) -> Result<Response, PageError> {
    let is_service_account = form.text("kind") == SERVICE;
    let created = match requested(&form, is_service_account) {
        Ok(new) => store.create_user(new).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match created {
        Ok(created) => Ok(see_other(&Notice::UserCreated.on(&address(&created.user)))?),
        Err(failure) => {
            let (status, frame) = failure.on(frame, &FIELDS);
            let rights = store.creation_rights().await?;
            let create = filled(&app, frame, rights, is_service_account, &form);
            Ok(page(status, &create)?)
        }
    }
}

/// The user that a form asks for.
fn requested(form: &Form, is_service_account: bool) -> Result<CreateUser, Failure> {
    let text = |name| form.text(name).trim().to_owned();
    let id = |text: &str| Uuid::try_parse(text);
    let organizations: Result<Vec<Uuid>, _> = form.texts("organization").map(id).collect();
    let organizations = organizations.map_err(|_| {
        Failure::bad_request("The user was not created.").field("organization", "There is no such organization.")
    })?;
    let roles = form.texts("role").map(str::to_owned).collect();
    if is_service_account {
        return Ok(CreateUser::service_account(text("username"), text("name"), organizations, roles));
    }
    Ok(CreateUser {
        username: text("username"),
        name: text("name"),
        email: text("email"),
        password: form.secret("password"),
        login_type: text("login_type"),
        // People are dormant until they sign in.
        status: None,
        organizations,
        roles,
        is_service_account,
    })
}

/// The page, with what was filled in before. One that was not filled in yet has the only organization ticked.
fn filled(app: &App, frame: Frame, rights: CreationRights, is_service_account: bool, form: &Form) -> Create {
    let is_ticked = |field, value: &str| form.texts(field).any(|ticked| ticked == value);
    let is_only = rights.organizations.len() == 1;
    let organization = |(id, name): &(keyfob_authority::data::OrganizationId, String)| {
        let value = id.0.to_string();
        let is_chosen = is_only || is_ticked("organization", &value);
        Choice::new(value, name, is_chosen)
    };
    let role = |role: &String| Choice::new(role, role, is_ticked("role", role));
    Create {
        frame: frame.at(&USERS),
        is_service_account,
        username: form.text("username").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        login_types: Choice::among(&login_types(app, &rights), form.text("login_type")),
        organizations: rights.organizations.iter().map(organization).collect(),
        roles: rights.roles.iter().map(role).collect(),
        rights,
    }
}

/// How people could sign in here: names and words.
fn login_types(app: &App, rights: &CreationRights) -> Vec<(&'static str, &'static str)> {
    let words = |login_type: &LoginType| {
        let words = match login_type {
            LoginType::Password => "A password",
            LoginType::Oidc => "OpenID Connect",
            LoginType::Github if app.providers().github.is_none() => return None,
            LoginType::Github => "GitHub",
            LoginType::None => "Not at all: by tokens alone",
        };
        Some((login_type.as_str(), words))
    };
    rights.login_types.iter().filter_map(words).collect()
}
