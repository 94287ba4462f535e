//! The style of pages, and their comforts where there is JavaScript.
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

const STYLE: &str = include_str!("pages.css");
const SCRIPT: &str = include_str!("pages.js");
/// Seconds. Names do not change with content, so browsers ask again soon.
const CACHED: &str = "public, max-age=300";

pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, CACHED)], STYLE).into_response()
}

pub(super) async fn script() -> Response {
    let kind = "text/javascript; charset=utf-8";
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, CACHED)], SCRIPT).into_response()
}
