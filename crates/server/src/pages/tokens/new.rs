//! A new token: what it is to be, what it will be able to do, and the button that mints it. A link can fill the form in;
//! nothing is minted but by the last button, which stands below the summary of just these fields.
mod choices;
mod fields;
mod lifetimes;
mod objects;
mod summary;

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use keyfob_authority::{
    AuthorizedStore,
    data::User,
    fields::{WrongField, WrongFields},
    tokens::{MintError, MintTokenError, WrongLifetime},
};

use self::{
    choices::{Group, PresetButton, groups, preset_buttons},
    fields::Fields,
    lifetimes::{lifetime_in_vain, lifetimes},
    objects::Objects,
    summary::Summary,
};
use super::minted;
use crate::{
    app::App,
    http::{error::ApiError, extract::ApiQuery},
    pages::{
        failure::Failure,
        form::Form,
        frame::Frame,
        navigation::TOKENS,
        page,
        parts::Choice,
        problem::Problem,
        session::{PageError, SignedIn},
        wording::in_words,
    },
};

/// The fields beside which a problem is shown.
const FIELDS: [&str; 5] = ["name", "lifetime", "until", "scope", "allow_list"];

#[derive(Template)]
#[template(path = "pages/tokens/new.html")]
struct New<'a> {
    frame: Frame,
    fields: &'a Fields,
    lifetimes: Vec<Choice>,
    longest: String,
    presets: Vec<PresetButton>,
    groups: Vec<Group>,
    objects: Objects,
    summary: Summary,
    may_mint: bool,
    /// Another user, whose token it is to be: the id and the name.
    other: Option<(String, &'a str)>,
}

/// A form that was filled in, and whose it is.
struct Filled<'a> {
    app: &'a App,
    store: &'a AuthorizedStore,
    owner: &'a User,
    fields: Fields,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    query: ApiQuery,
) -> Result<Response, PageError> {
    let owner = owner(&store, query.text("user")).await?;
    let longest = store.longest_lifetime(&owner);
    let mut fields = Fields::of_link(&query, longest);
    let known = store.offered_scopes();
    let is_known = |name: &str| known.iter().any(|offered| offered.scope.as_str() == name);
    let in_vain: Vec<String> = fields
        .take_unknown_scopes(is_known)
        .into_iter()
        .map(|scope| format!("There is no scope {scope}."))
        .chain(query.text("lifetime").and_then(|wanted| lifetime_in_vain(longest, wanted)))
        .collect();
    let frame = if in_vain.is_empty() {
        frame
    } else {
        let asked = "The link asks for something that there is not. The rest is filled in.";
        Failure::bad_request(asked).detail(in_vain.join(" ")).on(frame, &[]).1
    };
    Filled { app: &app, store: &store, owner: &owner, fields }.page(frame, StatusCode::OK).await
}

pub(super) async fn submit(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    form: Form,
) -> Result<Response, PageError> {
    let owner = owner(&store, Some(form.text("user")).filter(|text| !text.is_empty())).await?;
    let fields = Fields::of_form(&form, app.catalogue());
    let filled = Filled { app: &app, store: &store, owner: &owner, fields };
    match form.text("step") {
        "mint" => filled.mint(frame, form.text("seen")).await,
        // A script asks for what changes with the fields alone.
        "live" => Ok(page(StatusCode::OK, &filled.summary().await)?),
        _ => filled.page(frame, StatusCode::OK).await,
    }
}

/// Whose token it is to be: that user's, else the person's own.
async fn owner(store: &AuthorizedStore, named: Option<&str>) -> Result<User, PageError> {
    match named {
        Some(user) => Ok(store.addressed_user(user).await?),
        None => Ok(store.caller().user().cloned().ok_or_else(ApiError::not_found)?),
    }
}

impl Filled<'_> {
    /// Mints the token if the person has seen the summary of just these fields.
    async fn mint(self, frame: Frame, seen: &str) -> Result<Response, PageError> {
        if seen != self.fields.digest(self.owner.id) {
            let problem = Problem::message("The form has changed since its summary was shown. Look at it again.");
            return self.page(frame.with_problem(problem), StatusCode::CONFLICT).await;
        }
        let minted = match self.fields.request(self.owner, self.app.clock().now()) {
            Ok(request) => self.store.mint_token(request).await.map_err(|error| self.failure(error)),
            Err(failure) => Err(failure),
        };
        match minted {
            Ok(minted) => Ok(minted::show(self.app, frame, &minted.text)?),
            Err(failure) => {
                let (status, frame) = failure.on(frame, &FIELDS);
                self.page(frame, status).await
            }
        }
    }

    async fn page(self, frame: Frame, status: StatusCode) -> Result<Response, PageError> {
        let longest = self.store.longest_lifetime(self.owner);
        let summary = self.summary().await;
        let objects = Objects::find(self.app, self.store, &self.fields).await?;
        let offered = self.store.offered_scopes();
        let new = New {
            frame: frame.at(&TOKENS),
            lifetimes: lifetimes(longest, &self.fields.lifetime),
            longest: format!("At most {}.", in_words(longest)),
            presets: preset_buttons(self.app.catalogue()),
            groups: groups(offered, &self.fields),
            objects,
            summary,
            may_mint: self.store.may_mint_for(self.owner),
            other: self.other().map(|name| (self.owner.id.0.to_string(), name)),
            fields: &self.fields,
        };
        Ok(page(status, &new)?)
    }

    async fn summary(&self) -> Summary {
        let now = self.app.clock().now();
        if self.fields.scopes.is_empty() {
            return Summary::nothing_yet();
        }
        let previewed = match self.fields.request(self.owner, now) {
            Ok(request) => self.store.incidental().preview_token(request).await.map_err(|error| self.failure(error)),
            Err(failure) => Err(failure),
        };
        match previewed {
            Ok(preview) => Summary::of(self.app, self.store, self.owner, &self.fields, preview, now).await,
            Err(failure) => Summary::refused(failure.in_words()),
        }
    }
}

impl Filled<'_> {
    /// The name of the owner, if that is not the person.
    fn other(&self) -> Option<&str> {
        (!self.store.caller().is_self(self.owner.id)).then_some(self.owner.username.as_str())
    }

    /// Why the token is not minted, beside the fields that were filled in, and said of its owner.
    fn failure(&self, error: MintTokenError) -> Failure {
        let wrong = |field: &str, detail: String| {
            Failure::bad_request("Some fields are not filled in as they must be.").field(field, detail)
        };
        let end = if self.fields.until.is_empty() { "lifetime" } else { "until" };
        match error {
            MintTokenError::InvalidFields(WrongFields(fields)) => {
                // The form has other names for them.
                let renamed = |field: WrongField| match field.field.as_str() {
                    "token_name" => WrongField { field: "name".to_owned(), ..field },
                    "scopes" => WrongField { field: "scope".to_owned(), ..field },
                    _ => field,
                };
                WrongFields(fields.into_iter().map(renamed).collect()).into()
            }
            MintTokenError::UnknownScope(unknown) => wrong("scope", unknown.to_string()),
            MintTokenError::InvalidAllowEntry { index, cause } => {
                wrong("allow_list", format!("Entry {}: {cause}.", index + 1))
            }
            MintTokenError::InvalidAllowList(cause) => wrong("allow_list", cause.to_string()),
            MintTokenError::WrongLifetime(WrongLifetime::NotPositive) => {
                wrong(end, "The token would have ended already.".to_owned())
            }
            MintTokenError::WrongLifetime(WrongLifetime::TooLong { longest }) => {
                let whose = self.other().map_or("Your tokens".to_owned(), |name| format!("Tokens of {name}"));
                wrong(end, format!("{whose} may live for {} at most.", in_words(longest)))
            }
            MintTokenError::Mint(MintError::NameTaken(name)) => {
                let who = self.other().map_or("You have".to_owned(), |other| format!("{other} has"));
                let taken = format!("{who} a live token \"{name}\" already. Choose another name, or expire that one.");
                Failure::new(StatusCode::CONFLICT, "The name is taken.").field("name", taken)
            }
            MintTokenError::Mint(error) => error.into(),
        }
    }
}
