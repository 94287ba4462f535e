//! What went wrong, in the parts in which pages show it.
use keyfob_api::error::{ErrorBody, Validation};

use super::scopes::capitalized;

/// What went wrong: each part is an element of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Problem {
    /// What happened.
    pub(super) message: String,
    /// The cause; empty if there is no more to say.
    pub(super) detail: String,
    /// Problems of fields that the page's form has: they are shown beside these.
    beside: Vec<Validation>,
    /// Problems of other fields.
    pub(super) elsewhere: Vec<Validation>,
}

impl Problem {
    /// A problem that a message says all about.
    pub(super) fn message(message: impl Into<String>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The same on a page whose form has these fields.
    pub(super) fn in_form(self, fields: &[&str]) -> Self {
        let is_in_form = |wrong: &Validation| fields.contains(&wrong.field.as_str());
        let (beside, elsewhere) = self.beside.into_iter().chain(self.elsewhere).partition(is_in_form);
        Self { beside, elsewhere, ..self }
    }

    /// Whether it is shown beside fields of the form, too.
    pub(super) fn is_beside_fields(&self) -> bool {
        !self.beside.is_empty()
    }

    /// Problems of other fields, with the fields' names in words.
    pub(super) fn elsewhere(&self) -> impl Iterator<Item = (String, &str)> {
        self.elsewhere.iter().map(|wrong| (field_in_words(&wrong.field), wrong.detail.as_str()))
    }

    /// What is wrong with a field of the form.
    pub(super) fn of_field<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        self.beside.iter().filter(move |wrong| wrong.field == field).map(|wrong| wrong.detail.as_str())
    }
}

/// A field's name on the wire as people read it.
pub(super) fn field_in_words(field: &str) -> String {
    capitalized(&field.replace('_', " "))
}

/// The problem of an error page, which has no form.
impl From<ErrorBody> for Problem {
    fn from(body: ErrorBody) -> Self {
        Self { message: body.message, detail: body.detail, beside: Vec::new(), elsewhere: body.validations }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_of_a_field_is_beside_it_where_the_form_has_it() {
        let mut body = ErrorBody::message("Validation failed.");
        body.validations = vec![Validation::new("email", "no address"), Validation::new("username", "taken")];
        let problem = Problem::from(body.clone()).in_form(&["email", "password"]);
        assert_eq!(problem.of_field("email").collect::<Vec<_>>(), ["no address"]);
        assert_eq!(problem.of_field("password").next(), None);
        assert_eq!(problem.elsewhere, [Validation::new("username", "taken")]);
        assert!(problem.is_beside_fields());
        assert_eq!(Problem::from(body.clone()).elsewhere, body.validations);
    }
}
