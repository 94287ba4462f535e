//! Checks: whether the caller, or a subject whom the caller may read, may perform an action on an object, and why.
mod objects;
mod unknown;
mod whose;

pub use unknown::{NameKind, UnknownName};
pub use whose::Whose;

use std::collections::BTreeMap;

use keyfob_rbac::{Action, Catalogue, Explanation, Grant, OwnedId, ResourceType, Step, authorize, explain};
use uuid::Uuid;

pub(crate) use self::objects::has_lookup;
use self::{objects::FoundObjects, whose::Decider};
use crate::{AuthorizedStore, Refused, Verdict};

/// The most ids of one call. Checks without an id are bounded by the size of the request alone.
pub const MAX_IDS: usize = 1000;
/// The most checks of one call that are explained: an explanation is much longer than its check.
pub const MAX_EXPLAINED: usize = 1000;

/// Whether the caller may perform an action on an object.
#[derive(Clone, Debug, Default)]
pub struct Check {
    /// The name of the action; an unknown one is allowed to no caller.
    pub action: String,
    /// The name of the object's type; an unknown one is allowed to no caller.
    pub resource_type: String,
    /// The id of an existing object, whose own owner and organization then count; empty for none.
    pub resource_id: String,
    /// The id of the object's owner, or `me`.
    pub owner: String,
    /// The id of the object's organization.
    pub organization: String,
    /// Whether it is enough that the action is allowed in one organization.
    pub any_organization: bool,
}

/// The checks of one call, by name.
pub type Checks = BTreeMap<String, Check>;

/// Checks that take no look at data: each names a type, and none an object.
#[derive(Clone, Debug)]
pub struct TypeChecks(Vec<(String, Check)>);

impl TypeChecks {
    /// These, if all of them are such checks.
    pub fn of(checks: impl IntoIterator<Item = (String, Check)>) -> Option<Self> {
        let is_of_type = |check: &Check| !check.resource_type.is_empty() && check.resource_id.is_empty();
        let of_type = checks.into_iter().map(|(name, check)| is_of_type(&check).then_some((name, check)));
        Some(Self(of_type.collect::<Option<_>>()?))
    }
}

/// The answer to a check, with the reasons.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The reasons.
    pub why: Explained,
    /// The names in the check that the catalogue does not have.
    pub unknown: Vec<UnknownName>,
}

/// The reasons of an answer.
#[derive(Clone, Debug)]
pub enum Explained {
    /// A decision, with the reasons.
    Decided(Box<Explanation>),
    /// The object does not exist, or the subject may not read it: these look alike.
    NotReadable(ResourceType),
    /// The subject may do nothing at present; the text says why.
    CannotAct(String),
}

impl Explained {
    /// The groups that it names.
    fn groups(&self) -> Vec<Uuid> {
        let steps = match self {
            Self::Decided(why) => why.steps.as_slice(),
            Self::NotReadable(_) | Self::CannotAct(_) => &[],
        };
        let named = |step: &Step| match step {
            Step::AccessList(Some(Grant::Group(OwnedId::Uuid(id)))) => Some(*id),
            _ => None,
        };
        steps.iter().filter_map(named).collect()
    }
}

/// Why checks were not answered.
#[derive(Debug)]
pub enum CheckError {
    /// More checks than [`MAX_IDS`] name an id.
    TooManyIds {
        /// How many do.
        found: usize,
    },
    /// More checks than [`MAX_EXPLAINED`] are to be explained.
    TooManyToExplain,
    /// A check names no type.
    NoResourceType {
        /// The name of the check.
        check: String,
    },
    /// An id is no UUID.
    InvalidId {
        /// The id.
        id: String,
        /// What is wrong with it.
        cause: uuid::Error,
    },
    /// Objects of this type are not found by their id.
    NoLookup {
        /// The name of the type.
        resource_type: String,
    },
    /// The store failed.
    Refused(Refused),
}

impl From<Refused> for CheckError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// A check that can be decided.
struct ParsedCheck {
    action: Action,
    resource_type: ResourceType,
    resource_id: Option<Uuid>,
    owner: String,
    organization: String,
    any_organization: bool,
}

impl AuthorizedStore {
    /// Whether each check is allowed to this subject. For the caller it requires nothing; no action on an object that the
    /// subject may not read is allowed. For another subject it requires `read` on that and on all that the checks name.
    ///
    /// # Errors
    /// What is wrong with the checks.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn check(&self, whose: &Whose, checks: Checks) -> Result<BTreeMap<String, bool>, CheckError> {
        let decider = self.decider(whose).await?;
        let checks = self.parse(checks, &decider)?;
        let found = Box::pin(self.find_objects(checks.values())).await?;
        Box::pin(self.require_named(&decider, checks.values(), &found)).await?;
        Ok(self.decide(&decider, checks, &found).collect())
    }

    /// The same for the caller, where no check takes a look at data.
    pub fn check_types(&self, TypeChecks(checks): TypeChecks) -> Vec<(String, bool)> {
        let decider = self.own();
        let own_id = decider.own_id();
        let checks = checks.into_iter().map(|(name, check)| (name, check.on(None, self.catalogue(), &own_id)));
        self.decide(&decider, checks, &FoundObjects::default()).collect()
    }

    /// Decides checks whose objects were found.
    fn decide(
        &self,
        decider: &Decider,
        checks: impl IntoIterator<Item = (String, ParsedCheck)>,
        found: &FoundObjects,
    ) -> impl Iterator<Item = (String, bool)> {
        let decide = move |check: &ParsedCheck| {
            let is_allowed = self.with_object(&decider.subject, check, found, |object| {
                authorize(&decider.subject, check.action, object).is_allowed()
            });
            self.counted(check, is_allowed.unwrap_or(false) && decider.cannot_act.is_none())
        };
        checks.into_iter().map(move |(name, check)| (name, decide(&check)))
    }

    /// The same with the reasons. It also requires `read` on what they name.
    ///
    /// # Errors
    /// What is wrong with the checks.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn explain_checks(&self, whose: &Whose, checks: Checks) -> Result<BTreeMap<String, Answer>, CheckError> {
        if checks.len() > MAX_EXPLAINED {
            return Err(CheckError::TooManyToExplain);
        }
        let decider = self.decider(whose).await?;
        let mut unknown: BTreeMap<String, Vec<UnknownName>> =
            checks.iter().map(|(name, check)| (name.clone(), unknown::names(self.catalogue(), check))).collect();
        let checks = self.parse(checks, &decider)?;
        let found = Box::pin(self.find_objects(checks.values())).await?;
        Box::pin(self.require_named(&decider, checks.values(), &found)).await?;
        let explained = |check: &ParsedCheck| {
            let explained = self
                .with_object(&decider.subject, check, &found, |object| explain(&decider.subject, check.action, object));
            if let Some(why_not) = &decider.cannot_act {
                self.counted(check, false);
                return Explained::CannotAct(why_not.clone());
            }
            self.counted(check, explained.as_ref().is_some_and(|why| why.allowed));
            explained.map_or(Explained::NotReadable(check.resource_type), |why| Explained::Decided(Box::new(why)))
        };
        let answers: BTreeMap<String, Answer> = checks
            .iter()
            .map(|(name, check)| {
                let unknown = unknown.remove(name).unwrap_or_default();
                (name.clone(), Answer { why: explained(check), unknown })
            })
            .collect();
        self.require_groups(&decider, answers.values().map(|answer| &answer.why)).await?;
        Ok(answers)
    }

    /// Counts a decision, and returns it.
    fn counted(&self, check: &ParsedCheck, is_allowed: bool) -> bool {
        let verdict = if is_allowed { Verdict::Allowed } else { Verdict::Denied };
        self.caller.context().decisions.decided(check.resource_type, check.action, verdict);
        is_allowed
    }

    fn parse(&self, checks: Checks, decider: &Decider) -> Result<BTreeMap<String, ParsedCheck>, CheckError> {
        let found = checks.values().filter(|check| !check.resource_id.is_empty()).count();
        if found > MAX_IDS {
            return Err(CheckError::TooManyIds { found });
        }
        let own_id = decider.own_id();
        let parsed = checks.into_iter().map(|(name, check)| {
            let parsed = check.parse(self.catalogue(), &name, &own_id)?;
            Ok((name, parsed))
        });
        parsed.collect()
    }
}

impl Check {
    fn parse(self, catalogue: &Catalogue, name: &str, own_id: &str) -> Result<ParsedCheck, CheckError> {
        if self.resource_type.is_empty() {
            return Err(CheckError::NoResourceType { check: name.to_owned() });
        }
        let resource_id = resource_id(catalogue, &self.resource_type, &self.resource_id)?;
        Ok(self.on(resource_id, catalogue, own_id))
    }

    /// The check with the names that the catalogue has, on this object.
    fn on(self, resource_id: Option<Uuid>, catalogue: &Catalogue, own_id: &str) -> ParsedCheck {
        ParsedCheck {
            action: catalogue.requested_action(&self.action),
            resource_type: catalogue.requested_type(&self.resource_type),
            resource_id,
            owner: if self.owner == "me" { own_id.to_owned() } else { self.owner },
            organization: self.organization,
            any_organization: self.any_organization,
        }
    }
}

/// The id that a check names, if objects of its type are found by their id.
fn resource_id(catalogue: &Catalogue, resource_type: &str, id: &str) -> Result<Option<Uuid>, CheckError> {
    if id.is_empty() {
        return Ok(None);
    }
    let parsed = Uuid::try_parse(id).map_err(|cause| CheckError::InvalidId { id: id.to_owned(), cause })?;
    if catalogue.resource_type(resource_type).is_some_and(has_lookup) {
        return Ok(Some(parsed));
    }
    Err(CheckError::NoLookup { resource_type: resource_type.to_owned() })
}
