//! Expiring and deleting a token: different acts, each with a page that says what follows.
use axum::response::Response;
use keyfob_authority::{AuthorizedStore, data::ApiKey, tokens::Cascade};

use super::{address, is_session, list_of, name_of, other_owner, place_of};
use crate::{
    http::path::{ApiPath, KeyRef},
    pages::{
        form::Form,
        frame::Frame,
        notice::Notice,
        offered::would_be_done,
        parts::{Confirm, Tick},
        see_other,
        session::{PageError, SignedIn},
        wording::isolated,
    },
};

/// The box that decides about the tokens that were minted with a full one.
const DESCENDANTS: &str = "descendants";

pub(super) async fn ask_to_expire(
    SignedIn { store, frame }: SignedIn,
    ApiPath(KeyRef(id)): ApiPath<KeyRef>,
) -> Result<Response, PageError> {
    let key = store.salvaging().get_key(id.as_ref(), None).await?;
    would_be_done(store.check_expire_key(&key), "expire this key")?;
    let list = if store.caller().is_self(key.user_id) { "your list" } else { "the list of its owner's tokens" };
    let what_remains = if is_session(&key) {
        "What is known of its use can still be looked up on its page. This cannot be taken back.".to_owned()
    } else {
        format!("It stays in {list}, and so does what is known of its use. This cannot be taken back.")
    };
    let consequences = vec![
        "From then on no request is accepted with it. What is signed in with it is cut off at once.".to_owned(),
        what_remains,
    ];
    Ok(question(&store, frame, &key, "Expire", "expire", consequences).show()?)
}

pub(super) async fn ask_to_delete(
    SignedIn { store, frame }: SignedIn,
    ApiPath(KeyRef(id)): ApiPath<KeyRef>,
) -> Result<Response, PageError> {
    let key = store.salvaging().get_key(id.as_ref(), None).await?;
    would_be_done(store.check_delete_key(&key), "delete this key")?;
    let consequences = vec![
        "From then on no request is accepted with it, and it is in no list any more: neither its scopes nor its last \
         use can be looked up. The audit log keeps its records. This cannot be taken back."
            .to_owned(),
        "To cut it off and still see what it was, expire it instead.".to_owned(),
    ];
    Ok(question(&store, frame, &key, "Delete", "delete", consequences).show()?)
}

pub(super) async fn expire(
    SignedIn { store, .. }: SignedIn,
    ApiPath(KeyRef(id)): ApiPath<KeyRef>,
    form: Form,
) -> Result<Response, PageError> {
    let store = store.salvaging();
    let key = store.get_key(id.as_ref(), None).await?;
    store.expire_key(&key, cascade(&form)).await?;
    Ok(see_other(&Notice::TokenExpired.on(&address(&key)))?)
}

pub(super) async fn delete(
    SignedIn { store, .. }: SignedIn,
    ApiPath(KeyRef(id)): ApiPath<KeyRef>,
    form: Form,
) -> Result<Response, PageError> {
    let store = store.salvaging();
    let key = store.get_key(id.as_ref(), None).await?;
    let owner = other_owner(&store, &key).await?;
    let (list, _) = list_of(&store, &key, owner.as_ref());
    store.delete_key(&key, cascade(&form)).await?;
    let notice = if is_session(&key) { Notice::SessionEnded } else { Notice::TokenDeleted };
    Ok(see_other(&notice.on(&list))?)
}

/// The question whether to end this key in that way.
fn question(
    store: &AuthorizedStore,
    frame: Frame,
    key: &ApiKey,
    verb: &'static str,
    path: &str,
    mut consequences: Vec<String>,
) -> Confirm {
    let goes = Cascade::ByKind.takes(key);
    let stays = key.live_descendants - goes;
    if goes > 0 {
        let verb = if goes == 1 { "ends" } else { "end" };
        consequences.insert(1, format!("{} minted with it, or with one of those, {verb} with it.", tokens(goes)));
    }
    let choice = Tick {
        name: DESCENDANTS,
        label: format!("Also end {} minted with it, or with one of those.", tokens(stays)),
        is_ticked: false,
    };
    let kind = if is_session(key) { "the session of" } else { "the token" };
    Confirm {
        frame: frame.at(place_of(store, key)),
        title: format!("{verb} {kind} {}?", isolated(&name_of(key))),
        consequences,
        choices: if stays > 0 { vec![choice] } else { Vec::new() },
        typed: None,
        button: verb,
        action: format!("{}/{path}", address(key)),
        back: address(key),
    }
}

fn tokens(count: u64) -> String {
    if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") }
}

fn cascade(form: &Form) -> Cascade {
    if form.is_ticked(DESCENDANTS) { Cascade::Descendants } else { Cascade::ByKind }
}
