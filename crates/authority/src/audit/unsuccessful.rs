//! Which requests without success are recorded, and as what.
use keyfob_api::scopes::Effect as Scope;
use keyfob_rbac::{Action, Catalogue};
use keyfob_store::OrganizationId;

use super::Refusal;
use crate::{Authority, RequestContext, context::Outcome};

/// What a request does if it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing.
    Reads,
    /// It creates something.
    Creates,
    /// It changes something.
    Changes,
    /// It deletes something.
    Deletes,
}

/// In which way a request had no success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The caller may not do that, or the object does not exist for them.
    Refused,
    /// Something else was wrong with it.
    Failed,
}

/// A request that had no success because of its client, as a front answered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsuccessfulRequest {
    /// What it was to do.
    pub effect: Effect,
    /// The type of the object that it was to do that to, where the front knows it from the request alone.
    pub of: Option<&'static str>,
    /// Why it did not.
    pub failure: Failure,
    /// The status that the front answered, for the record.
    pub status: u16,
}

impl Authority {
    /// Gathers a request for a record if it was refused: because the caller may not, because a credential was not
    /// right, or, if it was to change something, for any other reason.
    pub fn note_unsuccessful(&self, context: &RequestContext, request: UnsuccessfulRequest) {
        let outcome = context.decisions.outcome();
        let Some(attempt) = attempt_of(self.catalogue(), &outcome, request) else { return };
        let named = outcome.failed_sign_in.and_then(|failed| failed.user);
        let (user, key) = outcome.actor.unzip();
        let refusal = Refusal {
            user: user.or(named),
            key,
            address: context.client,
            action: attempt.action,
            resource_type: attempt.resource_type,
            organization: attempt.organization,
            status: request.status,
        };
        self.refusals().add(refusal, self.now(), context.request_id, &context.origin().user_agent);
    }
}

/// What a refused request tried to do.
struct Attempt {
    action: String,
    resource_type: String,
    organization: Option<OrganizationId>,
}

/// What a request tried to do, if that is recorded.
fn attempt_of(catalogue: &Catalogue, outcome: &Outcome, request: UnsuccessfulRequest) -> Option<Attempt> {
    let is_authenticated = outcome.actor.is_some();
    if let Some(failed) = outcome.failed_sign_in.as_ref().filter(|_| !is_authenticated) {
        let (action, resource_type) = (failed.action.to_owned(), failed.resource_type.to_owned());
        return Some(Attempt { action, resource_type, organization: None });
    }
    if let Some(denied) = outcome.denied.filter(|_| request.failure == Failure::Refused) {
        return Some(Attempt {
            action: action_word(catalogue, denied.action).to_owned(),
            resource_type: catalogue.type_name(denied.resource_type).to_owned(),
            organization: denied.organization,
        });
    }
    let effect = change_word(request.effect).filter(|_| is_authenticated)?;
    let attempt = |action: &str, resource_type: &str| {
        Some(Attempt { action: action.to_owned(), resource_type: resource_type.to_owned(), organization: None })
    };
    if let Some(of) = request.of {
        return attempt(effect, of);
    }
    // An operation requires the change itself before what the change takes besides.
    let change =
        outcome.required.iter().find(|(_, action)| Scope::of_action(catalogue.action_name(*action)) != Scope::Reads);
    match (change, outcome.required.last()) {
        (Some((of, action)), _) => attempt(action_word(catalogue, *action), catalogue.type_name(*of)),
        (None, Some((of, _))) => attempt(effect, catalogue.type_name(*of)),
        (None, None) => None,
    }
}

/// An action as records name it.
pub(super) fn action_word(catalogue: &Catalogue, action: Action) -> &str {
    match catalogue.action_name(action) {
        "update" => "write",
        other => other,
    }
}

/// A change as records name it; none where there would have been none.
fn change_word(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Reads => None,
        Effect::Creates => Some("create"),
        Effect::Changes => Some("write"),
        Effect::Deletes => Some("delete"),
    }
}

#[cfg(test)]
mod tests {
    use keyfob_rbac::ResourceType;
    use keyfob_store::{KeyId, UserId};
    use uuid::Uuid;

    use super::*;
    use crate::{KeyLife, context::Denial};

    fn words(context: &RequestContext, effect: Effect, failure: Failure) -> Option<(String, String)> {
        let request = UnsuccessfulRequest { effect, of: None, failure, status: 403 };
        attempt_of(&Catalogue::built_in(), &context.decisions.outcome(), request)
            .map(|attempt| (attempt.action, attempt.resource_type))
    }

    fn pair(action: &str, resource_type: &str) -> (String, String) {
        (action.to_owned(), resource_type.to_owned())
    }

    #[test]
    fn a_request_without_a_decision_is_recorded_only_if_a_credential_was_wrong() {
        let context = RequestContext::default();
        assert_eq!(words(&context, Effect::Creates, Failure::Failed), None);
        context.decisions.sign_in_failed("login", None);
        assert_eq!(words(&context, Effect::Reads, Failure::Failed), Some(pair("login", "api_key")));
    }

    /// A context that was authenticated.
    fn authenticated() -> RequestContext {
        let context = RequestContext::default();
        let key = KeyId::parse("abcdefghij").unwrap();
        let life = KeyLife { lifetime_seconds: 1, expires_at: jiff::Timestamp::UNIX_EPOCH };
        context.decisions.authenticated(life, (UserId(Uuid::nil()), key));
        context
    }

    #[test]
    fn a_failure_is_recorded_by_the_change_that_was_required_first_or_else_by_what_the_request_was_for() {
        let context = authenticated();
        assert_eq!(words(&context, Effect::Creates, Failure::Failed), None, "nothing is known of it");
        let request =
            UnsuccessfulRequest { effect: Effect::Creates, of: Some("group"), failure: Failure::Failed, status: 400 };
        let declared = |context: &RequestContext| {
            attempt_of(&Catalogue::built_in(), &context.decisions.outcome(), request)
                .map(|attempt| (attempt.action, attempt.resource_type))
        };
        assert_eq!(declared(&context), Some(pair("create", "group")));
        context.decisions.required(ResourceType::USER, Action::READ);
        assert_eq!(words(&context, Effect::Deletes, Failure::Failed), Some(pair("delete", "user")));
        context.decisions.required(ResourceType::ORGANIZATION_MEMBER, Action::CREATE);
        context.decisions.required(ResourceType::ASSIGN_ORG_ROLE, Action::ASSIGN);
        context.decisions.required(ResourceType::USER, Action::READ_PERSONAL);
        assert_eq!(words(&context, Effect::Changes, Failure::Failed), Some(pair("create", "organization_member")));
        assert_eq!(declared(&context), Some(pair("create", "group")));
        assert_eq!(words(&context, Effect::Reads, Failure::Failed), None);
    }

    #[test]
    fn a_denial_is_recorded_by_its_action_and_any_other_failure_only_of_a_change() {
        let context = authenticated();
        context.decisions.required(ResourceType::USER, Action::UPDATE);
        assert_eq!(words(&context, Effect::Reads, Failure::Failed), None);
        assert_eq!(words(&context, Effect::Deletes, Failure::Failed), Some(pair("write", "user")));
        let denial = Denial {
            resource_type: ResourceType::GROUP,
            action: Action::UPDATE,
            organization: None,
            object: None,
            is_of_all: false,
        };
        context.decisions.denied(denial);
        assert_eq!(words(&context, Effect::Reads, Failure::Refused), Some(pair("write", "group")));
        assert_eq!(words(&context, Effect::Reads, Failure::Failed), None);
    }
}
