//! A browser that keeps cookies and follows no redirects by itself.
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use keyfob_testkit::{Cookies, cookie_header, keep_cookie};

use crate::support::{Answer, Identity, TestApp};

/// A browser with its cookies.
pub(crate) struct Browser {
    pub(crate) anonymous: Identity,
    pub(crate) cookies: Cookies,
    /// The header `Accept` of its requests.
    pub(crate) accepts: &'static str,
}

impl Browser {
    /// A browser without cookies.
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { anonymous: app.anonymous(), cookies: Cookies::new(), accepts: "*/*" }
    }

    /// A browser with the cookie of a session.
    pub(crate) fn signed_in(app: &TestApp, session: &Identity) -> Self {
        let cookies = [("coder_session_token".to_owned(), session.key.clone())].into();
        Self { cookies, ..Self::new(app) }
    }

    /// Opens a path of this server, or a URL of it.
    pub(crate) async fn open(&mut self, address: &str) -> Answer {
        self.send(Method::GET, address, "").await
    }

    /// Opens an address as a browser does to show a page.
    pub(crate) async fn look_at(&mut self, address: &str) -> Answer {
        self.accepts = "text/html,*/*;q=0.8";
        let answer = self.open(address).await;
        self.accepts = "*/*";
        answer
    }

    /// Submits the form of a page, with the page's hidden fields.
    pub(crate) async fn submit(&mut self, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(hidden(&page.body)).extend_pairs(fields);
        self.send(Method::POST, path, &form.finish()).await
    }

    /// Sends a form that comes from no page, as if a page of this server had sent it.
    pub(crate) async fn send(&mut self, method: Method, address: &str, form: &str) -> Answer {
        let path = address.strip_prefix("http://keyfob.test").unwrap_or(address);
        assert!(path.starts_with('/'), "{address} is elsewhere");
        let mut request = Request::builder().method(&method).uri(path).header(header::HOST, "keyfob.test");
        if !method.is_safe() {
            request = request.header(header::ORIGIN, "http://keyfob.test").header("Sec-Fetch-Site", "same-origin");
        }
        let request = request
            .header(header::COOKIE, cookie_header(&self.cookies))
            .header(header::ACCEPT, self.accepts)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let answer = self.anonymous.send_request(request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            keep_cookie(&mut self.cookies, cookie.to_str().unwrap());
        }
        answer
    }

    /// The session's key.
    pub(crate) fn session(&self) -> Option<&str> {
        self.cookies.get("coder_session_token").map(String::as_str)
    }
}

/// The hidden fields of a page's form.
pub(crate) fn hidden(page: &str) -> Vec<(String, String)> {
    let value = |input: &str, name: &str| {
        let (_, rest) = input.split_once(&format!(" {name}=\""))?;
        Some(unescaped(rest.split('"').next()?))
    };
    page.split("<input type=\"hidden\"")
        .skip(1)
        .filter_map(|input| Some((value(input, "name")?, value(input, "value")?)))
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#60;", "<").replace("&#62;", ">").replace("&#34;", "\"").replace("&#39;", "'")
}
