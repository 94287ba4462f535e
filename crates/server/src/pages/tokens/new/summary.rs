//! What a token will be able to do, in plain words: it stands before the last button.
use askama::{Template, filters::HtmlSafe};
use jiff::Timestamp;
use keyfob_authority::{
    AuthorizedStore,
    data::User,
    tokens::{TokenPreview, nearest_preset},
};

use super::Fields;
use crate::{
    app::App,
    pages::{
        names::Names,
        parts::{Abilities, Badge, Moment},
        scopes::{badge, listed},
    },
};

/// The summary of a form.
#[derive(Template)]
#[template(path = "pages/tokens/summary.html")]
pub(super) struct Summary {
    /// Why the token would not be minted.
    problems: Vec<String>,
    /// What it will be.
    token: Option<Token>,
}

/// What a token will be.
struct Token {
    is_full: bool,
    /// Its scopes, the worst first.
    scopes: Vec<(String, Badge)>,
    abilities: Abilities,
    /// The objects that it is for; none for all that its scopes reach.
    objects: Option<Vec<String>>,
    /// How it compares to the narrowest set that has all of it.
    compared: Option<String>,
    /// Whether it is of a kind that is meant for few objects, and none are named.
    wants_objects: bool,
    expires: Moment,
    /// Who has it: `you`, or another's name.
    whose: String,
    /// The name of the fields that this is the summary of.
    seen: String,
}

impl Summary {
    /// Before a scope is ticked.
    pub(super) fn nothing_yet() -> Self {
        Self { problems: Vec::new(), token: None }
    }

    /// Why the token would not be minted.
    pub(super) fn refused(problems: Vec<String>) -> Self {
        Self { problems, token: None }
    }

    /// What the token will be.
    pub(super) async fn of(
        app: &App,
        store: &AuthorizedStore,
        owner: &User,
        fields: &Fields,
        preview: TokenPreview,
        now: Timestamp,
    ) -> Self {
        let catalogue = app.catalogue();
        let abilities = Abilities::new(catalogue, preview.abilities);
        let entries = fields.allow_list();
        let names = Names::of(app, store, entries.iter().map(String::as_str)).await;
        let words = |entry: &String| names.as_ref().map_or_else(|_| entry.clone(), |names| names.words(entry));
        let scopes: Vec<_> = preview.scopes.iter().map(|(scope, _)| scope.clone()).collect();
        let compared = nearest_preset(catalogue, &scopes).map(|(preset, beyond)| match beyond.as_slice() {
            [] => format!("It has all scopes of the set \"{}\".", preset.name),
            beyond => {
                let beyond: Vec<String> = beyond.iter().map(ToString::to_string).collect();
                format!(
                    "The narrowest set with all of these is \"{}\"; this token lacks its {}.",
                    preset.name,
                    listed(&beyond)
                )
            }
        });
        let compared = compared
            .or_else(|| (!preview.is_full).then(|| "No set that is offered above has all of these.".to_owned()));
        let is_for_few = nearest_preset(catalogue, &scopes).is_some_and(|(preset, _)| preset.is_for_few_objects);
        let token = Token {
            wants_objects: is_for_few && preview.reaches_everything,
            is_full: preview.is_full,
            scopes: preview.scopes.iter().map(|(scope, effect)| (scope.to_string(), badge(*effect))).collect(),
            abilities,
            objects: (!preview.reaches_everything).then(|| entries.iter().map(words).collect()),
            compared,
            expires: Moment::new(preview.expires_at, now),
            seen: fields.digest(owner.id),
            whose: if store.caller().is_self(owner.id) { "you".to_owned() } else { owner.username.clone() },
        };
        Self { problems: Vec::new(), token: Some(token) }
    }
}

/// Only escaped text is in it.
impl HtmlSafe for Summary {}
