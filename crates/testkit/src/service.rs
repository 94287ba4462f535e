//! A service on this host, in the process of the tests.
use std::{collections::HashMap, net::SocketAddr};

use axum::Router;

/// Serves for as long as the tests run.
pub(crate) fn serve(router: Router) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    address
}

/// The fields of a form or a query.
pub(crate) fn fields(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

/// The URL of the redirect back.
pub(crate) fn back(redirect_uri: &str, code: &str, state: &str) -> String {
    let query =
        form_urlencoded::Serializer::new(String::new()).append_pair("code", code).append_pair("state", state).finish();
    format!("{redirect_uri}?{query}")
}
