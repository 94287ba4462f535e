//! Where a person is signed in, and signing out there.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{
    data::{ApiKey, KeyLoginType},
    sessions::CurrentSession,
};

use super::own;
use crate::{
    app::App,
    http::path::{ApiPath, SessionRef},
    pages::{
        form::Form,
        frame::Frame,
        navigation::SESSIONS,
        notice::Notice,
        page,
        parts::Moment,
        scopes::capitalized,
        see_other,
        session::{PageError, SignedIn},
        wording::program,
    },
};

#[derive(Template)]
#[template(path = "pages/account/sessions.html")]
struct Sessions {
    frame: Frame,
    rows: Vec<Row>,
    others: usize,
}

struct Row {
    id: String,
    is_this: bool,
    /// How it was begun.
    begun_by: &'static str,
    program: String,
    /// The program as it calls itself.
    calls_itself: String,
    address: String,
    begun: Moment,
    last_used: Option<Moment>,
    expires: Moment,
    tokens: u64,
}

pub(super) async fn show(State(app): State<App>, session: SignedIn) -> Result<Response, PageError> {
    let user = own(&session)?;
    let now = app.clock().now();
    let this = session.store.caller().key().map(|key| key.id.clone());
    let mut keys = session.store.list_sessions(user.id).await?;
    // The one in use comes first, then what was used last.
    keys.sort_by_key(|key| (Some(&key.id) != this.as_ref(), std::cmp::Reverse(key.last_used.max(key.created_at))));
    let rows: Vec<Row> = keys.into_iter().map(|key| row(Some(&key.id) == this.as_ref(), key, now)).collect();
    let others = rows.iter().filter(|row| !row.is_this).count();
    Ok(page(StatusCode::OK, &Sessions { frame: session.frame.at(&SESSIONS), rows, others })?)
}

pub(super) async fn end(
    session: SignedIn,
    ApiPath(SessionRef(id)): ApiPath<SessionRef>,
    _form: Form,
) -> Result<Response, PageError> {
    let user = own(&session)?;
    session.store.delete_session(user.id, id.as_ref()).await?;
    Ok(see_other(&Notice::SessionEnded.on(SESSIONS.path))?)
}

pub(super) async fn end_others(session: SignedIn, _form: Form) -> Result<Response, PageError> {
    let user = own(&session)?;
    session.store.delete_sessions(user.id, CurrentSession::Kept).await?;
    Ok(see_other(&Notice::OtherSessionsEnded.on(SESSIONS.path))?)
}

fn row(is_this: bool, key: ApiKey, now: Timestamp) -> Row {
    let begun_by = match key.login_type {
        KeyLoginType::Password if key.parent_id.is_some() => "another session or token",
        KeyLoginType::Password => "password",
        KeyLoginType::Github => "GitHub",
        KeyLoginType::Oidc => "OpenID Connect",
        KeyLoginType::Token => "a token",
    };
    Row {
        is_this,
        begun_by,
        begun: Moment::new(key.created_at, now),
        last_used: (key.last_used > Timestamp::UNIX_EPOCH).then(|| Moment::new(key.last_used, now)),
        expires: Moment::new(key.expires_at, now),
        tokens: key.live_descendants,
        address: key.origin.ip_address.to_string(),
        program: capitalized(&program(&key.origin.user_agent)),
        calls_itself: key.origin.user_agent,
        id: key.id.to_string(),
    }
}
