//! Reading a person's profile from claims.
use serde_json::{Map, Value};

use super::claims::{is_truthy, kind};
use crate::person;

/// The names of the claims that are read.
#[derive(Clone, Debug)]
pub struct Fields {
    /// The claim with the username.
    pub username: String,
    /// The claim with the e-mail address.
    pub email: String,
    /// The claim with the name.
    pub name: String,
    /// Whether to accept addresses that the provider does not declare verified.
    pub ignores_email_verified: bool,
}

/// Reading a person's profile from claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The provider's username; it may not be valid as a username in Keyfob.
    pub username: String,
    /// The e-mail address, verified.
    pub email: String,
    /// The name; may be empty.
    pub name: String,
    /// The address of a picture; may be empty.
    pub picture: String,
}

/// Why no profile can be read from claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is no e-mail address.
    #[error("there is no e-mail address")]
    NoEmail,
    /// The address is not a text, but a value of this kind.
    #[error("the e-mail address is {0}")]
    EmailIs(&'static str),
    /// The provider did not verify the address.
    #[error("the e-mail address {0} is not verified")]
    Unverified(String),
}

/// Reads a profile from claims of a provider with this issuer (`docs/compatibility.md#providers`).
///
/// # Errors
/// When a claim is missing or not valid.
pub fn profile(claims: &Map<String, Value>, fields: &Fields, issuer: &str) -> Result<Profile, ProfileError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let username = text(&fields.username);
    let email = match claims.get(&fields.email) {
        Some(Value::String(email)) if !email.is_empty() => email.clone(),
        Some(Value::Null | Value::String(_)) | None if username.contains('@') => username.clone(),
        Some(Value::Null | Value::String(_)) | None => return Err(ProfileError::NoEmail),
        Some(other) => return Err(ProfileError::EmailIs(kind(other))),
    };
    if !fields.ignores_email_verified && !claims.get("email_verified").is_some_and(is_truthy) {
        return Err(ProfileError::Unverified(email));
    }
    let name = person::name(&text(&fields.name));
    Ok(Profile { username, email, name, picture: person::picture(&text("picture"), issuer) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: &Value) -> Result<Profile, ProfileError> {
        let fields = Fields {
            username: "preferred_username".to_owned(),
            email: "email".to_owned(),
            name: "name".to_owned(),
            ignores_email_verified: false,
        };
        profile(claims.as_object().unwrap(), &fields, "https://id.example.com")
    }

    #[test]
    fn an_address_is_needed_and_may_be_the_username() {
        let amy = read(&json!({"preferred_username": "amy@example.com", "email_verified": true})).unwrap();
        assert_eq!(amy.email, "amy@example.com");
        assert_eq!(read(&json!({"preferred_username": "amy"})), Err(ProfileError::NoEmail));
        assert_eq!(read(&json!({"email": ["a@b.c"]})), Err(ProfileError::EmailIs("a list")));
    }

    /// `email_verified` may be a boolean, a text like `true`, or a number other than 0; if left out, the address is not
    /// verified.
    #[test]
    fn an_address_must_be_verified() {
        for (verified, is_taken) in [
            (json!(true), true),
            (json!("true"), true),
            (json!("True"), true),
            (json!("1"), true),
            (json!(1), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("yes"), false),
            (json!(0), false),
            (json!(null), false),
            (json!([true]), false),
        ] {
            let read = read(&json!({"email": "amy@example.com", "email_verified": verified}));
            assert_eq!(read.is_ok(), is_taken, "{verified}");
        }
        let left_out = read(&json!({"email": "amy@example.com"}));
        assert_eq!(left_out, Err(ProfileError::Unverified("amy@example.com".to_owned())));
    }
}
