//! The guides: what `docs` of the sources has, as pages for everybody. Caches keep them for those who are not signed in;
//! around the others is the console.
mod render;

use std::sync::LazyLock;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest as _, Sha256};

use self::render::Rendered;
use super::{frame::Frame, page, session::Visitor};
use crate::{
    app::App,
    http::{
        error::ApiError,
        path::{ApiPath, GuideRef},
        routes::{Handlers, RouteFacts, Routes},
    },
};

/// Where the index is.
pub(super) const PATH: &str = "/docs/guides";

/// They hardly ever change; a browser asks again soon all the same.
const BRIEFLY: HeaderValue = HeaderValue::from_static("public, max-age=300");

pub(super) fn routes() -> Routes {
    // They are the same for all who are not signed in, and nobody is given a cookie with them.
    const GUIDE: RouteFacts = RouteFacts::ASSET;
    Routes::new()
        .route("/docs/guides", Handlers::new().get(GUIDE, index))
        .route("/docs/guides/{guide}", Handlers::new().get(GUIDE, show))
}

/// A guide.
struct Guide {
    /// Its name in addresses, which is that of its file.
    name: &'static str,
    /// The question that it answers.
    about: &'static str,
    text: &'static str,
}

macro_rules! guides {
    ($($name:literal: $about:literal,)+) => {
        [$(Guide { name: $name, about: $about, text: include_str!(concat!("../../../../docs/", $name, ".md")) }),+]
    };
}

/// Those that help with what one does now.
static FIRST: [Guide; 4] = guides! {
    "ci": "How does a job get a token that may do one thing?",
    "choosing-scopes": "Which scopes and which allow list does a program need?",
    "from-coder": "What changes for scripts and programs that used Coder?",
    "command-line": "Which commands are there for what, what do they print, and how do they end?",
};

/// Those that say how it all hangs together.
static CONCEPTS: [Guide; 6] = guides! {
    "concepts": "Which parts are there, and how is a request decided?",
    "sessions-and-tokens": "How do people and programs sign in, how long do keys live, how are they revoked?",
    "scopes-and-allow-lists": "What may a token do, and to what?",
    "roles": "What may a user do, which roles are there, who may assign them?",
    "groups-and-access-lists": "How is one object shared?",
    "resource-types": "How does my own service use Keyfob for its own kinds of objects?",
};

/// Those for the people who run a server.
static OPERATING: [Guide; 6] = guides! {
    "signing-in": "How are mail, OpenID Connect, GitHub, limits and HTTPS set up?",
    "operating": "How is a server installed, backed up, monitored, recovered?",
    "postgresql": "How do several servers share a database, and what happens when one fails?",
    "upgrading": "How is a release replaced by the next, and a backup put back?",
    "scale": "How far does one deployment go, and what would a billion keys take?",
    "compatibility": "Which part of Coder's API is served, and what differs?",
};

/// All of them, under their headings.
static SHELVES: [(&str, &[Guide]); 3] = [("Begin", &FIRST), ("Understand", &CONCEPTS), ("Operate", &OPERATING)];

fn all() -> impl Iterator<Item = &'static Guide> {
    SHELVES.iter().flat_map(|(_, guides)| guides.iter())
}

/// Whether there is a guide with this name.
fn is_guide(name: &str) -> bool {
    all().any(|guide| guide.name == name)
}

/// All guides as they are shown, rendered when one is first asked for.
static RENDERED: LazyLock<Vec<(&'static Guide, Rendered)>> =
    LazyLock::new(|| all().map(|guide| (guide, render::render(guide.text))).collect());

#[derive(Template)]
#[template(path = "pages/guides/index.html")]
struct Index {
    frame: Frame,
    shelves: Vec<Shelf>,
}

/// Guides under a heading.
struct Shelf {
    heading: &'static str,
    guides: Vec<Line>,
}

struct Line {
    address: String,
    title: &'static str,
    about: &'static str,
}

#[derive(Template)]
#[template(path = "pages/guides/guide.html")]
struct GuidePage {
    frame: Frame,
    guide: &'static Rendered,
}

async fn index(State(app): State<App>, visitor: Visitor, asked: HeaderMap) -> Result<Response, ApiError> {
    let line = |guide: &'static Guide| {
        let (_, rendered) = RENDERED.iter().find(|(known, _)| known.name == guide.name)?;
        Some(Line { address: format!("{PATH}/{}", guide.name), title: &rendered.title, about: guide.about })
    };
    let shelf = |(heading, guides): &(&'static str, &'static [Guide])| Shelf {
        heading,
        guides: guides.iter().filter_map(line).collect(),
    };
    let frame = visitor.frame(&app).await;
    cached(&asked, Reader::of(&frame), &Index { frame, shelves: SHELVES.iter().map(shelf).collect() })
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    asked: HeaderMap,
    ApiPath(GuideRef(name)): ApiPath<GuideRef>,
) -> Result<Response, ApiError> {
    let found = RENDERED.iter().find(|(guide, _)| guide.name == name);
    let (_, guide) = found.ok_or_else(|| {
        ApiError::new(StatusCode::NOT_FOUND, "There is no guide with this name.")
            .detail(format!("{}{PATH} lists all.", app.access_url()))
    })?;
    let frame = visitor.frame(&app).await;
    cached(&asked, Reader::of(&frame), &GuidePage { frame, guide })
}

/// For whom a page is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Everyone who is not signed in.
    Anyone,
    /// One person, whose name is on it.
    Person,
}

impl Reader {
    fn of(frame: &Frame) -> Self {
        if frame.person.is_some() { Self::Person } else { Self::Anyone }
    }
}

/// A page that caches keep, unless it is for one person.
fn cached(asked: &HeaderMap, reader: Reader, template: &impl Template) -> Result<Response, ApiError> {
    if reader == Reader::Person {
        return page(StatusCode::OK, template);
    }
    let html = template.render().map_err(|error| ApiError::internal(&error))?;
    let tag = format!("\"{}\"", BASE64.encode(Sha256::digest(&html)));
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { page(StatusCode::OK, template)? };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, BRIEFLY);
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}
