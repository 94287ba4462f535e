//! Answering questions about what the caller may do.
use std::collections::{BTreeMap, HashMap};

use keyfob_rbac::{Action, Explanation, Filter, Id, Object, ResourceType, authorize, explain};
use keyfob_store::{Group, GroupId, ListGroups, OrganizationId, Resource, UserId};
use uuid::Uuid;

use crate::{
    AuthorizedStore, Refused,
    groups::group_object,
    organizations::organization_object,
    resources::{acl_of, resource_object},
};

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    pub action: Action,
    pub resource_type: ResourceType,
    /// An existing object: it decides, and the fields below do not count.
    pub resource_id: Option<Uuid>,
    pub owner: String,
    pub organization: String,
    pub any_organization: bool,
}

/// The questions of one call, by name.
pub type Questions = BTreeMap<String, Question>;

/// The answer to one question.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Decided, with the reasons.
    Decided(Box<Explanation>),
    /// The object is not there, or the caller may not read it: these look alike.
    Unreadable(ResourceType),
}

/// The existing objects that questions name.
#[derive(Default)]
struct Known {
    users: HashMap<Uuid, UserId>,
    organizations: HashMap<Uuid, OrganizationId>,
    groups: HashMap<Uuid, Group>,
    resources: HashMap<(ResourceType, Uuid), Resource>,
}

impl AuthorizedStore {
    /// Yes or no to each question. Requires nothing; an object that the caller may not read is a no.
    #[tracing::instrument(skip_all)]
    pub async fn decide(&self, questions: &Questions) -> Result<BTreeMap<String, bool>, Refused> {
        let known = self.known(questions).await?;
        let decide = |question: &Question| {
            self.with_object(question, &known, |object| {
                authorize(self.caller.subject(), question.action, object).is_allowed()
            })
        };
        Ok(questions.iter().map(|(name, question)| (name.clone(), decide(question).unwrap_or(false))).collect())
    }

    /// The answer to each question, with the reasons. Requires nothing.
    #[tracing::instrument(skip_all)]
    pub async fn explain(&self, questions: &Questions) -> Result<BTreeMap<String, Verdict>, Refused> {
        let known = self.known(questions).await?;
        let answer = |question: &Question| {
            let explained = self.with_object(question, &known, |object| {
                explain(self.catalogue(), self.caller.subject(), question.action, object)
            });
            explained
                .map_or(Verdict::Unreadable(question.resource_type), |explained| Verdict::Decided(Box::new(explained)))
        };
        Ok(questions.iter().map(|(name, question)| (name.clone(), answer(question))).collect())
    }

    /// Runs the decision on the object of a question; none where it names one that the caller may not read.
    fn with_object<T>(&self, question: &Question, known: &Known, decide: impl FnOnce(&Object<'_>) -> T) -> Option<T> {
        let Some(id) = question.resource_id else {
            let object = Object::of(question.resource_type)
                .owned_by(Id::parse(&question.owner))
                .in_organization(Id::parse(&question.organization));
            let object = if question.any_organization { object.in_any_organization() } else { object };
            return Some(decide(&object));
        };
        let readable = |object: &Object<'_>| authorize(self.caller.subject(), Action::READ, object).is_allowed();
        let decide_readable = |object: Object<'_>| readable(&object).then(|| decide(&object));
        match question.resource_type {
            ResourceType::USER => {
                let user = known.users.get(&id)?;
                decide_readable(Object::of(ResourceType::USER).with_id(user.0).owned_by(user.0))
            }
            ResourceType::ORGANIZATION => decide_readable(organization_object(*known.organizations.get(&id)?)),
            ResourceType::GROUP => decide_readable(group_object(known.groups.get(&id)?)),
            of => {
                let resource = known.resources.get(&(of, id))?;
                let acl = acl_of(self.catalogue(), &resource.grants);
                decide_readable(resource_object(of, resource, &acl))
            }
        }
    }

    /// Looks up what the questions name: once per type, however many there are.
    async fn known(&self, questions: &Questions) -> Result<Known, Refused> {
        let mut ids: BTreeMap<ResourceType, Vec<Uuid>> = BTreeMap::new();
        for question in questions.values() {
            if let Some(id) = question.resource_id {
                ids.entry(question.resource_type).or_default().push(id);
            }
        }
        let mut known = Known::default();
        for (of, ids) in ids {
            match of {
                ResourceType::USER => {
                    let ids: Vec<UserId> = ids.into_iter().map(UserId).collect();
                    known.users = self.read().users(&ids).await?.into_iter().map(|user| (user.id.0, user.id)).collect();
                }
                ResourceType::ORGANIZATION => {
                    let found = self.read().organizations(&Filter::All).await?;
                    known.organizations = found.into_iter().map(|found| (found.id.0, found.id)).collect();
                }
                ResourceType::GROUP => {
                    let ids = ids.into_iter().map(GroupId).collect();
                    let list = ListGroups { visible: Filter::All, ids, ..ListGroups::default() };
                    known.groups =
                        self.read().groups(&list).await?.into_iter().map(|group| (group.id.0, group)).collect();
                }
                of => {
                    let found = self.read().resources_by_id(self.catalogue().type_name(of), &ids).await?;
                    known.resources.extend(found.into_iter().map(|resource| ((of, resource.key.id.0), resource)));
                }
            }
        }
        Ok(known)
    }
}
