//! Facts that the server sends in the headers of its answers.
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use keyfob_api::{
    BUILD_VERSION_HEADER, ENTITLEMENTS_WARNING_HEADER, EXPIRES_IN_HEADER, KEY_HEADER, MISSING_HEADER, keys::KeySummary,
};
use reqwest::header::{HeaderMap, HeaderValue};

/// The facts that were seen so far. All clones of a client share them.
#[derive(Debug, Default)]
pub(crate) struct Observed(Mutex<Values>);

#[derive(Debug, Default)]
struct Values {
    build_version: Option<String>,
    warnings: Vec<String>,
    expires_in: Option<Duration>,
    missing: Vec<String>,
    key: Option<KeySummary>,
}

impl Observed {
    /// Keeps the facts in the headers of an answer.
    pub(crate) fn update(&self, headers: &HeaderMap) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = headers.get(BUILD_VERSION_HEADER).and_then(text) {
            values.build_version = Some(version);
        }
        if let Some(seconds) = headers.get(EXPIRES_IN_HEADER).and_then(text).and_then(|text| text.parse().ok()) {
            values.expires_in = Some(Duration::from_secs(seconds));
        }
        if let Some(key) = headers.get(KEY_HEADER).and_then(text).and_then(|key| serde_json::from_str(&key).ok()) {
            values.key = Some(key);
        }
        values.missing = permissions(headers, MISSING_HEADER);
        for warning in headers.get_all(ENTITLEMENTS_WARNING_HEADER).iter().filter_map(text) {
            if !values.warnings.contains(&warning) {
                values.warnings.push(warning);
            }
        }
    }

    pub(crate) fn expires_in(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).expires_in
    }

    pub(crate) fn key(&self) -> Option<KeySummary> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).key.clone()
    }

    pub(crate) fn missing(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).missing.clone()
    }

    pub(crate) fn build_version(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).build_version.clone()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).warnings.clone()
    }
}

fn text(value: &HeaderValue) -> Option<String> {
    value.to_str().ok().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

/// The permissions that a header lists.
pub(crate) fn permissions(headers: &HeaderMap, name: &str) -> Vec<String> {
    let listed = headers.get(name).and_then(text).unwrap_or_default();
    listed.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect()
}
