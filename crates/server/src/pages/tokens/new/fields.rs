//! The fields of the form, from a link or as they were sent.
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use keyfob_authority::{
    data::{User, UserId},
    tokens::{MintToken, presets},
};
use keyfob_rbac::Catalogue;
use sha2::{Digest as _, Sha256};

use super::lifetimes::{USUAL, chosen};
use crate::{
    config::parse_duration,
    http::extract::ApiQuery,
    pages::{failure::Failure, form::Form},
};

/// What a person wants a token to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    pub(super) name: String,
    /// As it is written: `30d`.
    pub(super) lifetime: String,
    /// A date on which the token is to end; it wins.
    pub(super) until: String,
    /// The names of the scopes that are ticked, sorted.
    pub(super) scopes: Vec<String>,
    /// The entries of the allow list that are ticked by name.
    pub(super) ticked: Vec<String>,
    /// The entries that were typed or pasted.
    pub(super) pasted: Vec<String>,
    /// What objects to look for.
    pub(super) search: String,
}

impl Fields {
    /// As a link fills them in: `?name=&scope=&allow=&lifetime=`, with keys that repeat. It asks for no longer lifetime
    /// than there is.
    pub(super) fn of_link(query: &ApiQuery, longest: Duration) -> Self {
        let all = |key| query.texts(key).map(|text| text.trim().to_owned()).collect();
        Self {
            name: query.text("name").unwrap_or_default().trim().to_owned(),
            lifetime: chosen(longest, query.text("lifetime").unwrap_or(USUAL)),
            scopes: sorted(all("scope")),
            pasted: all("allow"),
            ..Self::default()
        }
    }

    /// Takes the scopes away that there are not.
    pub(super) fn take_unknown_scopes(&mut self, is_known: impl Fn(&str) -> bool) -> Vec<String> {
        let (known, unknown) = std::mem::take(&mut self.scopes).into_iter().partition(|name| is_known(name));
        self.scopes = known;
        unknown
    }

    /// As they were sent. What the button of a set adds is ticked beside what was ticked.
    pub(super) fn of_form(form: &Form, catalogue: &Catalogue) -> Self {
        let preset = presets(catalogue).into_iter().find(|preset| preset.name == form.text("preset"));
        let added = preset.into_iter().flat_map(|preset| preset.scopes).map(|scope| scope.to_string());
        let lines = form.text("allow_list").lines().map(str::trim).filter(|line| !line.is_empty());
        Self {
            name: form.text("name").trim().to_owned(),
            lifetime: form.text("lifetime").trim().to_owned(),
            until: form.text("until").trim().to_owned(),
            scopes: sorted(form.texts("scope").map(str::to_owned).chain(added).collect()),
            ticked: form.texts("allow").map(str::to_owned).collect(),
            pasted: lines.map(str::to_owned).collect(),
            search: form.text("search").trim().to_owned(),
        }
    }

    /// Whether a scope is ticked.
    pub(super) fn has_scope(&self, name: &str) -> bool {
        self.scopes.iter().any(|ticked| ticked == name)
    }

    /// The field for pasting.
    pub(super) fn allow_list_text(&self) -> String {
        self.pasted.join("\n")
    }

    /// All entries of the allow list, each once.
    pub(super) fn allow_list(&self) -> Vec<String> {
        let mut entries: Vec<String> = Vec::new();
        for entry in self.pasted.iter().chain(&self.ticked) {
            if !entries.contains(entry) {
                entries.push(entry.clone());
            }
        }
        entries
    }

    /// The name of just these fields, for a token of this owner: a summary is of them and of no others.
    pub(super) fn digest(&self, owner: UserId) -> String {
        let mut hash = Sha256::new();
        hash.update(owner.0);
        let one = [&self.name, &self.lifetime, &self.until];
        for list in [self.scopes.as_slice(), &self.allow_list()] {
            hash.update(list.len().to_be_bytes());
            for text in list {
                add(&mut hash, text);
            }
        }
        for text in one {
            add(&mut hash, text);
        }
        BASE64.encode(hash.finalize())
    }

    /// The token that they ask for.
    ///
    /// # Errors
    /// What cannot be read, or is missing: the console mints no token that takes what it is not told from the session.
    pub(super) fn request(&self, owner: &User, now: Timestamp) -> Result<MintToken, Failure> {
        let wrong = |field: &str, detail: &str| {
            Failure::bad_request("Some fields are not filled in as they must be.").field(field, detail)
        };
        if self.name.is_empty() {
            return Err(wrong("name", "Give the token a name, by which you will know it again."));
        }
        if self.scopes.is_empty() {
            return Err(wrong("scope", "Tick at least one scope."));
        }
        let lifetime = if self.until.is_empty() {
            let length = parse_duration(&self.lifetime).map_err(|error| wrong("lifetime", &error))?;
            SignedDuration::try_from(length).map_err(|error| wrong("lifetime", &error.to_string()))?
        } else {
            let date: Date = self.until.parse().map_err(|_| wrong("until", "Write a date as 2027-01-31."))?;
            let end = date.to_zoned(TimeZone::UTC).map_err(|error| wrong("until", &error.to_string()))?;
            end.timestamp().duration_since(now)
        };
        Ok(MintToken {
            owner: owner.clone(),
            name: self.name.clone(),
            scopes: self.scopes.clone(),
            scope: String::new(),
            allow_list: self.allow_list(),
            lifetime: Some(lifetime),
        })
    }
}

fn add(hash: &mut Sha256, text: &str) {
    hash.update(text.len().to_be_bytes());
    hash.update(text);
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const OWNER: UserId = UserId(Uuid::nil());

    #[test]
    fn a_summary_is_of_just_these_fields() {
        let fields = Fields {
            name: "ci".to_owned(),
            lifetime: "30d".to_owned(),
            scopes: vec!["workspace:read".to_owned()],
            pasted: vec!["workspace:*".to_owned()],
            ..Fields::default()
        };
        let change = |change: fn(&mut Fields)| {
            let mut other = fields.clone();
            change(&mut other);
            other.digest(OWNER)
        };
        for other in [
            change(|fields| fields.name.push('x')),
            change(|fields| fields.lifetime = "31d".to_owned()),
            change(|fields| fields.until = "2027-01-01".to_owned()),
            change(|fields| fields.scopes.push("workspace:ssh".to_owned())),
            change(|fields| fields.pasted.clear()),
            change(|fields| fields.ticked.push("template:*".to_owned())),
        ] {
            assert_ne!(other, fields.digest(OWNER));
        }
        assert_ne!(fields.digest(UserId(Uuid::max())), fields.digest(OWNER));
        // What was searched for is in no token, and neither is where an entry was taken from.
        assert_eq!(change(|fields| fields.search.push('x')), fields.digest(OWNER));
        assert_eq!(change(|fields| std::mem::swap(&mut fields.pasted, &mut fields.ticked)), fields.digest(OWNER));
    }
}
