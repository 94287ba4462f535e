//! Whose rights a question is about: the person's own, or those of a token, or of another user.
use axum::http::StatusCode;
use keyfob_authority::{
    AuthorizedStore, Refused,
    authcheck::Whose,
    data::{ApiKey, KeyId, User},
};

use super::{ME, Question, unfit};
use crate::pages::{failure::Failure, wording::isolated};

/// Whom a question asks about.
pub(super) struct Asked {
    pub(super) whose: Whose,
    /// What the answer calls them.
    pub(super) words: String,
    /// The key that is asked about; none for a user, with all that their roles permit.
    pub(super) key: Option<ApiKey>,
    /// The user, where it is another than the person.
    pub(super) user: Option<User>,
}

const UNKNOWN: &str = "There is no user with this name, and no token with this id, that you may see.";

/// The subject of a question: what is typed counts before what is picked.
///
/// # Errors
/// When there is none that the person may see.
pub(super) async fn find(
    store: &AuthorizedStore,
    tokens: &[ApiKey],
    question: &Question<'_>,
) -> Result<Asked, Failure> {
    if !question.other.is_empty() {
        return another(store, question.other).await;
    }
    if question.subject == ME {
        let key = store.caller().key().cloned();
        return Ok(Asked { whose: Whose::Own, words: "you".to_owned(), key, user: None });
    }
    let token = match tokens.iter().find(|token| token.id.as_str() == question.subject) {
        Some(token) => Some(token.clone()),
        None => own_token(store, question.subject).await?,
    };
    let token = token.ok_or_else(|| {
        unfit("subject", "You have no token with this id, or your session may not ask about other tokens.")
    })?;
    let words = format!("your token {}", isolated(&token.token_name));
    Ok(Asked { whose: Whose::Key(token.id.to_string()), words, key: Some(token), user: None })
}

/// One of the person's tokens that is not among those to pick.
async fn own_token(store: &AuthorizedStore, text: &str) -> Result<Option<ApiKey>, Failure> {
    let Some(id) = KeyId::parse(text).filter(|_| store.caller().has_full_key()) else { return Ok(None) };
    let found = Refused::if_there(store.incidental().get_key(Some(&id), None).await)?;
    Ok(found.filter(|key| store.caller().is_self(key.user_id)))
}

/// A user by name or id; else a token by its id.
async fn another(store: &AuthorizedStore, text: &str) -> Result<Asked, Failure> {
    let store = store.incidental();
    if let Some(user) = Refused::if_there(store.addressed_user(text).await)? {
        let whose = Whose::User(user.id.0.to_string());
        return Ok(Asked { whose, words: user.username.clone(), key: None, user: Some(user) });
    }
    let id = KeyId::parse(text).ok_or_else(|| unfit("other", UNKNOWN))?;
    let key = Refused::if_there(store.get_key(Some(&id), None).await)?.ok_or_else(|| unfit("other", UNKNOWN))?;
    let owner = Refused::if_there(store.addressed_user(&key.user_id.0.to_string()).await)?;
    let user = owner.ok_or_else(|| unfit("other", UNKNOWN))?;
    let words = format!("the token {} of {}", isolated(&key.token_name), user.username);
    let user = Some(user).filter(|user| !store.caller().is_self(user.id));
    Ok(Asked { whose: Whose::Key(id.to_string()), words, key: Some(key), user })
}

/// Puts a 404 beside the field `other`. An answer about another subject takes `read` on the user with their roles and
/// memberships, on the token, and on the object that the question names.
pub(super) fn hidden(failure: Failure) -> Failure {
    match failure.status {
        StatusCode::NOT_FOUND => unfit(
            "other",
            "You may not read all that the answer depends on: the user with their roles and memberships, the token, \
             and what the question names.",
        ),
        _ => failure,
    }
}
