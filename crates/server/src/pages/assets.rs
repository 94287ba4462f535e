//! The style of pages, their comforts where there is JavaScript, and their icon. A page names each by its content, so
//! that browsers keep it until it is another.
use std::sync::LazyLock;

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest as _, Sha256};

use crate::http::extract::ApiQuery;

/// By the name of its content: a year, and never asked for again.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// By its plain name: browsers ask soon whether it is another.
const BRIEFLY: HeaderValue = HeaderValue::from_static("public, max-age=300");

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "/assets/pages.css",
        "text/css; charset=utf-8",
        concat!(
            include_str!("assets/theme.css"),
            include_str!("assets/base.css"),
            include_str!("assets/layout.css"),
            include_str!("assets/parts.css"),
        ),
    )
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(
        "/assets/pages.js",
        "text/javascript; charset=utf-8",
        concat!(
            include_str!("assets/copy.js"),
            include_str!("assets/poll.js"),
            include_str!("assets/live.js"),
            include_str!("assets/strength.js")
        ),
    )
});
static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("/assets/icon.svg", "image/svg+xml", include_str!("assets/icon.svg")));

/// A file that pages load.
struct Asset {
    /// Its address, by the name of its content.
    address: String,
    kind: &'static str,
    content: &'static str,
    /// The name of its content.
    digest: String,
}

impl Asset {
    fn new(path: &str, kind: &'static str, content: &'static str) -> Self {
        let digest = BASE64.encode(Sha256::digest(content));
        Self { address: format!("{path}?v={digest}"), kind, content, digest }
    }

    fn answer(&self, query: &ApiQuery, asked: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", self.digest);
        let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
        let kept = if query.text("v") == Some(self.digest.as_str()) { FOREVER } else { BRIEFLY };
        let mut headers = HeaderMap::from_iter([(header::CACHE_CONTROL, kept)]);
        if let Ok(tag) = HeaderValue::try_from(tag) {
            headers.insert(header::ETAG, tag);
        }
        if is_known {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        (headers, [(header::CONTENT_TYPE, self.kind)], self.content).into_response()
    }
}

/// The address of the style.
pub(super) fn style_address() -> &'static str {
    &STYLE.address
}

/// The address of the script.
pub(super) fn script_address() -> &'static str {
    &SCRIPT.address
}

/// The address of the icon.
pub(super) fn icon_address() -> &'static str {
    &ICON.address
}

pub(super) async fn style(query: ApiQuery, headers: HeaderMap) -> Response {
    STYLE.answer(&query, &headers)
}

pub(super) async fn script(query: ApiQuery, headers: HeaderMap) -> Response {
    SCRIPT.answer(&query, &headers)
}

/// Also where browsers look for an icon by themselves.
pub(super) async fn icon(query: ApiQuery, headers: HeaderMap) -> Response {
    ICON.answer(&query, &headers)
}
