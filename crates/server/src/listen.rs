//! Listening: connections within bounds, HTTPS, and the proxies in front.
pub(crate) mod connections;
pub(crate) mod proxies;
pub(crate) mod serve;
pub(crate) mod tls;
