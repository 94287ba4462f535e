//! One user: who they are, what they may do, and their tokens.
use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use jiff::Timestamp;
use keyfob_authority::{
    AuthorizedStore,
    data::{ApiKey, KeyOrder, Page, User, UserStatus},
    tokens::ListTokens,
    users::UserRights,
};
use keyfob_rbac::{Action, ResourceType};

use super::{address, state};
use crate::{
    app::App,
    http::{
        error::ApiError,
        path::{ApiPath, UserRef},
    },
    pages::{
        frame::Frame,
        navigation::USERS,
        notice::Notice,
        page,
        parts::{Badge, Moment},
        session::{PageError, SignedIn},
        tokens,
    },
};

/// How many tokens are shown.
const MOST_TOKENS: usize = 25;

#[derive(Template)]
#[template(path = "pages/users/details.html")]
struct Details {
    frame: Frame,
    address: String,
    user: User,
    state: Badge,
    created: Moment,
    last_seen: Option<Moment>,
    organizations: Vec<String>,
    rights: UserRights,
    tokens: Vec<Token>,
    has_more_tokens: bool,
    is_oneself: bool,
    /// Whether it is the person, who may give roles to others.
    gives_roles_to_others: bool,
}

impl Details {
    /// Whether the person may change at least one role.
    fn may_change_roles(&self) -> bool {
        self.rights.roles.iter().any(|role| role.may_change)
    }
}

/// A token of the user.
struct Token {
    address: String,
    name: String,
    state: Badge,
    last_used: Option<Moment>,
    expires: Moment,
}

pub(super) async fn show(
    State(app): State<App>,
    SignedIn { store, frame }: SignedIn,
    ApiPath(UserRef(user)): ApiPath<UserRef>,
) -> Result<Response, PageError> {
    let user = store.addressed_user(&user).await?;
    render(&app, &store, frame, StatusCode::OK, user).await
}

/// The page of this user.
pub(super) async fn render(
    app: &App,
    store: &AuthorizedStore,
    frame: Frame,
    status: StatusCode,
    user: User,
) -> Result<Response, PageError> {
    let store = store.incidental();
    let now = app.clock().now();
    let mut tokens = tokens_of(&store, &user).await?;
    let has_more_tokens = tokens.len() > MOST_TOKENS;
    tokens.truncate(MOST_TOKENS);
    let organizations = store.organizations_of(user.id).await?;
    let details = Details {
        frame: frame
            .at(&USERS)
            .about(format!("User {}", user.username))
            .saying_if(Notice::UserSuspended, user.status == UserStatus::Suspended)
            .saying_if(Notice::UserActivated, user.status != UserStatus::Suspended),
        address: address(&user),
        state: state(&user),
        created: Moment::new(user.created_at, now),
        last_seen: user.last_seen_at.map(|at| Moment::new(at, now)),
        organizations: organizations.into_iter().map(|organization| organization.name).collect(),
        rights: store.user_rights(&user).await?,
        tokens: tokens.iter().map(|key| token(key, now)).collect(),
        has_more_tokens,
        is_oneself: store.caller().is_self(user.id),
        gives_roles_to_others: store.caller().is_self(user.id)
            && store.caller().could(Action::ASSIGN, ResourceType::ASSIGN_ROLE),
        user,
    };
    Ok(page(status, &details)?)
}

/// The user's newest tokens, as far as they may be seen, and one more than are shown.
async fn tokens_of(store: &AuthorizedStore, user: &User) -> Result<Vec<ApiKey>, ApiError> {
    let list = ListTokens {
        of: Some(user.id),
        include_expired: false,
        order: KeyOrder::NewestFirst,
        page: Page { limit: Some(MOST_TOKENS as u64 + 1), ..Page::default() },
        ..ListTokens::default()
    };
    Ok(store.list_tokens(list).await?)
}

fn token(key: &ApiKey, now: Timestamp) -> Token {
    Token {
        address: tokens::address(key),
        name: tokens::name_of(key),
        state: tokens::state(key, now),
        last_used: tokens::last_used(key, now),
        expires: Moment::new(key.expires_at, now),
    }
}
