//! Cookies: their names and attributes (`docs/compatibility.md`).
use axum::http::HeaderValue;
use jiff::Timestamp;
use keyfob_api::{SESSION_TOKEN_COOKIE, secret::SecretText};

use crate::{config::BadSettings, http::error::ApiError};

/// The cookie that is compared with the proof that a page of this server sent a form.
pub(crate) const CSRF_COOKIE: &str = "csrf_token";
/// The session's cookie where only this host may have set it (RFC 6265bis, section 4.1.3.2).
const HOST_SESSION_COOKIE: &str = "__Host-coder_session_token";
/// A session's cookie outlives the key on purpose: the server decides how long a session lives.
const ONE_YEAR: i64 = 31_536_000;

/// Which requests of other sites a browser sends our cookies with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum SameSite {
    /// Only when a user follows a link here.
    Lax,
    /// All of them; takes cookies that are sent over https alone.
    None,
}

/// The attributes of every cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CookieRules {
    is_secure: bool,
    same_site: SameSite,
    has_host_prefix: bool,
}

impl CookieRules {
    /// Rules that browsers keep.
    pub(crate) fn new(is_secure: bool, same_site: SameSite, has_host_prefix: bool) -> Result<Self, BadSettings> {
        let mut bad = BadSettings::default();
        if !is_secure && same_site == SameSite::None {
            bad.note("samesite-auth-cookie", "`none` takes --secure-auth-cookie: browsers drop such cookies otherwise");
        }
        if !is_secure && has_host_prefix {
            bad.note("host-prefix-cookie", "takes --secure-auth-cookie: browsers drop such cookies otherwise");
        }
        if bad.0.is_empty() { Ok(Self { is_secure, same_site, has_host_prefix }) } else { Err(bad) }
    }

    /// The name of the session's cookie; no other is looked at.
    pub(crate) fn session_name(self) -> &'static str {
        if self.has_host_prefix { HOST_SESSION_COOKIE } else { SESSION_TOKEN_COOKIE }
    }

    /// The cookie of a session.
    pub(crate) fn session(self, key: &SecretText) -> Result<HeaderValue, ApiError> {
        self.cookie(self.session_name(), key.reveal(), Some(ONE_YEAR))
    }

    /// Takes the session's cookie away.
    pub(crate) fn no_session(self) -> Result<HeaderValue, ApiError> {
        self.cookie(self.session_name(), "", Some(0))
    }

    /// A cookie that lasts until the browser is closed.
    pub(crate) fn passing(self, name: &str, value: &str) -> Result<HeaderValue, ApiError> {
        self.cookie(name, value, None)
    }

    /// A cookie that lasts until that instant.
    pub(crate) fn until(self, name: &str, value: &str, end: Timestamp) -> Result<HeaderValue, ApiError> {
        let end = end.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let rules = Self { same_site: SameSite::Lax, ..self };
        let cookie = rules.cookie(name, value, None)?;
        let text = cookie.to_str().map_err(|error| ApiError::internal(&error))?;
        let mut value =
            HeaderValue::try_from(format!("{text}; Expires={end}")).map_err(|error| ApiError::internal(&error))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Takes another cookie away.
    pub(crate) fn removed(self, name: &str) -> Result<HeaderValue, ApiError> {
        self.cookie(name, "", Some(0))
    }

    fn cookie(self, name: &str, value: &str, max_age: Option<i64>) -> Result<HeaderValue, ApiError> {
        let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.is_secure { "; Secure" } else { "" };
        let same_site = match self.same_site {
            SameSite::Lax => "Lax",
            SameSite::None => "None",
        };
        let text = [name, "=", value, "; Path=/", &age, "; HttpOnly; SameSite=", same_site, secure].concat();
        let mut value = HeaderValue::try_from(text).map_err(|error| ApiError::internal(&error))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
