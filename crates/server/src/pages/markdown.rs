//! A page whose text the operator wrote in Markdown.
use askama::Template;
use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use pulldown_cmark::{Event, Parser};

use super::{frame::Frame, page};
use crate::http::error::ApiError;

#[derive(Template)]
#[template(path = "pages/markdown.html")]
struct MarkdownPage<'a> {
    frame: Frame,
    title: &'a str,
    html: &'a str,
}

/// The page at the end of a sign-in that failed, with a text in Markdown.
pub(crate) fn refusal_in_markdown(status: StatusCode, title: &str, text: &str) -> Response {
    // HTML in it is shown as it is written: the text is for words, not for the page.
    let events = Parser::new(text).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    let markdown = MarkdownPage { frame: Frame::default(), title, html: &html };
    page(status, &markdown).unwrap_or_else(ApiError::into_response)
}
