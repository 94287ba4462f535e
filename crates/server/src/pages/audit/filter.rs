//! Which records a query asks for: the keys are those of searches of the API.
use std::str::FromStr;

use jiff::{Timestamp, civil::Date};
use keyfob_authority::{
    AuthorizedStore,
    data::{AuditOrder, KeyId, ListAudit, Period},
};
use uuid::Uuid;

use crate::{
    http::extract::ApiQuery,
    pages::failure::Failure,
    records::{WantedRecords, beginning, end},
};

/// The fields of the form.
pub(super) const FIELDS: [&str; 7] =
    ["username", "action", "resource_type", "resource_target", "organization", "date_from", "date_to"];
/// What links ask for beside them.
pub(super) const BY_LINK: [&str; 3] = ["request_id", "resource_id", "api_key_id"];

/// What a query asks for, as it was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    values: Vec<(&'static str, String)>,
}

impl Filter {
    pub(super) fn of(query: &ApiQuery) -> Self {
        let value = |key: &'static str| Some((key, query.text(key)?.trim().to_owned()));
        let values = FIELDS.into_iter().chain(BY_LINK).filter_map(value).filter(|(_, value)| !value.is_empty());
        Self { values: values.collect() }
    }

    /// Whether all records are asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value of a key; empty where it is not asked for.
    pub(super) fn value(&self, key: &str) -> &str {
        self.values.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// What a link asked for, in words.
    pub(super) fn by_link(&self) -> impl Iterator<Item = (&'static str, &'static str, &str)> {
        let words = |key| match key {
            "request_id" => "of the request",
            "resource_id" => "about the object",
            _ => "about the token",
        };
        let is_by_link = |(key, _): &&(&'static str, String)| BY_LINK.contains(key);
        self.values.iter().filter(is_by_link).map(move |(key, value)| (*key, words(*key), value.as_str()))
    }

    /// A path with this filter.
    pub(super) fn on(&self, path: &str) -> String {
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.values).finish();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{pairs}") }
    }

    /// The list that it asks for, in the order of time; none where no record can match.
    ///
    /// # Errors
    /// When a value cannot be read, or the store fails.
    pub(super) async fn find(&self, store: &AuthorizedStore) -> Result<Option<ListAudit>, Failure> {
        let text = |key| Some(self.value(key).to_owned()).filter(|value| !value.is_empty());
        let lowered = |key| text(key).map(|value| value.to_ascii_lowercase());
        let who = lowered("username");
        let is_address = who.as_ref().is_some_and(|who| who.contains('@'));
        let mut wrong = Vec::new();
        let list = ListAudit {
            request_id: self.parsed("request_id", Uuid::from_str, "This is not the id of a request.", &mut wrong),
            resource_id: self.parsed("resource_id", Uuid::from_str, "This is not the id of an object.", &mut wrong),
            api_key_id: self.parsed(
                "api_key_id",
                |id| KeyId::parse(id).ok_or(()),
                "This is not the id of a token.",
                &mut wrong,
            ),
            target_contains: text("resource_target"),
            resource_type: lowered("resource_type"),
            action: lowered("action"),
            recorded: Period {
                from: self.day("date_from", beginning, &mut wrong),
                to: self.day("date_to", end, &mut wrong),
            },
            order: AuditOrder::Time,
            ..ListAudit::default()
        };
        if !wrong.is_empty() {
            let failure = Failure::bad_request("Some fields are not filled in as they must be.");
            return Err(wrong.into_iter().fold(failure, |failure, (key, words)| failure.field(key, words)));
        }
        let (email, username) = if is_address { (who, None) } else { (None, who) };
        Ok(WantedRecords { username, email, organization: text("organization"), list }.find(store).await?)
    }

    fn day(
        &self,
        key: &'static str,
        instant: impl FnOnce(Date) -> Option<Timestamp>,
        wrong: &mut Vec<(&'static str, &'static str)>,
    ) -> Option<Timestamp> {
        let day = self.parsed(key, Date::from_str, "Write the day as in 2026-01-31.", wrong)?;
        let found = instant(day);
        if found.is_none() {
            wrong.push((key, "This day is out of range."));
        }
        found
    }

    fn parsed<T, E>(
        &self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        words: &'static str,
        wrong: &mut Vec<(&'static str, &'static str)>,
    ) -> Option<T> {
        let value = Some(self.value(key)).filter(|value| !value.is_empty())?;
        let parsed = parse(value).ok();
        if parsed.is_none() {
            wrong.push((key, words));
        }
        parsed
    }
}
