//! How a person is called, and how pages look for them.
use askama::Template;
use axum::{http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::User,
    users::{ChangeAppearance, ProfileRights, SetAppearanceError, UpdateProfile, UpdateProfileError},
};

use super::own;
use crate::pages::{
    failure::Failure,
    form::Form,
    frame::{Frame, Theme},
    navigation::ACCOUNT,
    notice::Notice,
    page, see_other,
    session::{PageError, SignedIn},
};

/// Fonts of terminals are for other clients; where none is chosen, this is theirs.
const FONT: &str = "geist-mono";

#[derive(Template)]
#[template(path = "pages/account/profile.html")]
struct Profile<'a> {
    frame: Frame,
    email: &'a str,
    username: &'a str,
    name: &'a str,
    rights: ProfileRights,
    is_light: bool,
    is_dark: bool,
}

impl<'a> Profile<'a> {
    fn new(frame: Frame, rights: ProfileRights, user: &'a User, username: &'a str, name: &'a str) -> Self {
        let theme = frame.person.as_ref().map(|person| person.theme).unwrap_or_default();
        Self {
            frame: frame.at(&ACCOUNT).about("Profile"),
            email: &user.email,
            username,
            name,
            rights,
            is_light: theme == Theme::Light,
            is_dark: theme == Theme::Dark,
        }
    }
}

pub(super) async fn show(session: SignedIn) -> Result<Response, PageError> {
    let user = own(&session)?;
    let rights = session.store.own_profile_rights();
    Ok(page(StatusCode::OK, &Profile::new(session.frame, rights, &user, &user.username, &user.name))?)
}

pub(super) async fn rename(session: SignedIn, form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    let rights = session.store.own_profile_rights();
    let username = if rights.may_change_username { form.text("username").trim() } else { &user.username };
    let name = form.text("name").trim();
    let names = UpdateProfile { username: username.to_owned(), name: name.to_owned() };
    if let Err(error) = session.store.update_profile(user.id, names).await {
        let (status, frame) = Failure::from(error).on(session.frame, &["username", "name"]);
        return Ok(page(status, &Profile::new(frame, rights, &user, username, name))?);
    }
    Ok(see_other(&Notice::Saved.on(ACCOUNT.path))?)
}

pub(super) async fn choose_theme(session: SignedIn, form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    match set_theme(&session.store, &user, form.text("theme")).await {
        Ok(()) => Ok(see_other(&Notice::Saved.on(ACCOUNT.path))?),
        Err(error) => {
            let (status, frame) = Failure::from(error).on(session.frame, &[]);
            let rights = session.store.own_profile_rights();
            let profile = Profile::new(frame, rights, &user, &user.username, &user.name);
            Ok(page(status, &profile)?)
        }
    }
}

/// Light, dark, or as the system is; what else was chosen in other clients stays.
async fn set_theme(store: &AuthorizedStore, user: &User, theme: &str) -> Result<(), SetAppearanceError> {
    let known = store.appearance(user.id).await?;
    let mode = if ["light", "dark"].contains(&theme) { "single" } else { "sync" };
    let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
    let change = ChangeAppearance {
        theme_preference: if mode == "single" { theme.to_owned() } else { "auto".to_owned() },
        theme_mode: mode.to_owned(),
        theme_light: or(known.theme_light, "light"),
        theme_dark: or(known.theme_dark, "dark"),
        terminal_font: or(known.terminal_font, FONT),
    };
    store.set_appearance(user.id, change).await.map(drop)
}

impl From<UpdateProfileError> for Failure {
    fn from(error: UpdateProfileError) -> Self {
        match error {
            UpdateProfileError::Invalid(wrong) => wrong.into(),
            UpdateProfileError::UsernameTaken => {
                Self::new(StatusCode::CONFLICT, "The username is taken.").field("username", "Choose another one.")
            }
            UpdateProfileError::Refused(refused) => refused.into(),
        }
    }
}

impl From<SetAppearanceError> for Failure {
    fn from(error: SetAppearanceError) -> Self {
        match error {
            SetAppearanceError::Invalid(wrong) => wrong.into(),
            SetAppearanceError::UnsupportedFont => Self::bad_request("There is no such font."),
            SetAppearanceError::Refused(refused) => refused.into(),
        }
    }
}
