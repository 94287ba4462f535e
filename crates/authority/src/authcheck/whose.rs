//! Whose rights checks are decided with: the caller's, or those of a user or a key that the caller may read.
use std::sync::Arc;

use keyfob_rbac::{Action, Filter, Id, ResourceType, Subject, authorize};
use keyfob_store::{ApiKey, GroupId, KeyId, ListGroups, StoreError, User, UserId, UserStatus};
use uuid::Uuid;

use super::{CheckError, Explained, ParsedCheck, objects::FoundObjects};
use crate::{
    AuthorizedStore, Refused,
    caller::{subject_of_key, subject_of_user},
    groups::group_object,
    organizations::{member_object, organization_object},
    tokens::key_object,
    users::user_object,
};

/// Whose rights checks ask about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The caller's own.
    #[default]
    Own,
    /// Those of this user, as with a full key: `me`, an id, or a username.
    User(String),
    /// Those of this key, by its id.
    Key(String),
}

/// The subject of a call's checks.
pub(super) struct Decider {
    pub(super) subject: Arc<Subject>,
    /// The user whom `me` means.
    pub(super) user: Option<UserId>,
    /// Why nothing is allowed, whatever the rights.
    pub(super) cannot_act: Option<String>,
    /// Whether it is another subject than the caller, who then must be able to read what the answer names.
    is_other: bool,
}

impl Decider {
    /// The id that `me` means.
    pub(super) fn own_id(&self) -> String {
        self.user.map(|user| user.to_string()).unwrap_or_default()
    }
}

impl AuthorizedStore {
    /// The subject whose rights count. For another than the caller it requires `read` and `read_personal` on the user,
    /// as reading their roles does, `read` on each of their memberships, and `read` on the key.
    pub(super) async fn decider(&self, whose: &Whose) -> Result<Decider, CheckError> {
        match whose {
            Whose::Own => Ok(self.own()),
            Whose::Key(id) if self.caller.key().is_some_and(|own| own.id.as_str() == id) => Ok(self.own()),
            Whose::User(segment) => {
                let user = Box::pin(self.addressed_user(segment)).await?;
                Ok(Box::pin(self.of_user(user)).await?)
            }
            Whose::Key(id) => {
                let key = Box::pin(self.readable_key(id)).await?;
                Ok(Box::pin(self.of_key(key)).await?)
            }
        }
    }

    pub(super) fn own(&self) -> Decider {
        Decider {
            subject: Arc::clone(self.caller.shared_subject()),
            user: self.caller.user().map(|user| user.id),
            cannot_act: None,
            is_other: false,
        }
    }

    async fn of_user(&self, user: User) -> Result<Decider, Refused> {
        self.require_readable(&user).await?;
        let subject = subject_of_user(&self.authority, &user, &mut self.read()).await?;
        Ok(Decider {
            subject: Arc::new(subject),
            user: Some(user.id),
            cannot_act: no_longer_acts(&user),
            is_other: true,
        })
    }

    async fn readable_key(&self, id: &str) -> Result<ApiKey, Refused> {
        let missing = || self.caller.missing(ResourceType::API_KEY);
        let id = KeyId::parse(id).ok_or_else(missing)?;
        let key = self.read().find_key(&id).await?.ok_or_else(missing)?;
        self.caller.require_visible(&key_object(Id::from(key.id.as_str()), key.user_id))?;
        Ok(key)
    }

    async fn of_key(&self, key: ApiKey) -> Result<Decider, Refused> {
        let user = self.read().find_user(key.user_id).await?.ok_or_else(Refused::missing)?;
        self.require_readable(&user).await?;
        let expired = (!key.is_live(self.now())).then(|| format!("the key expired at {}", key.expires_at));
        let cannot_act = no_longer_acts(&user).or(expired);
        let user_id = user.id;
        let subject = subject_of_key(&self.authority, key, user, &mut self.read()).await?;
        Ok(Decider { subject, user: Some(user_id), cannot_act, is_other: true })
    }

    /// What the decisions depend on: the user, their roles, and their memberships.
    async fn require_readable(&self, user: &User) -> Result<(), Refused> {
        let object = user_object(user.id);
        self.caller.require_visible(&object)?;
        let personal = self.caller.require(Action::READ_PERSONAL, &object);
        personal.map_err(|denied| Refused::Hidden(Some(denied)))?;
        for member in self.read().memberships(user.id).await? {
            self.caller.require_visible(&member_object(member.organization_id, user.id))?;
        }
        Ok(())
    }

    /// For another subject than the caller, requires `read` on each object, owner and organization that the checks name.
    pub(super) async fn require_named<'a>(
        &self,
        decider: &Decider,
        checks: impl Iterator<Item = &'a ParsedCheck> + Clone + Send,
        found: &FoundObjects,
    ) -> Result<(), Refused> {
        if !decider.is_other {
            return Ok(());
        }
        let own = self.caller.subject();
        for check in checks.clone() {
            let looked_at = self.with_object(own, check, found, |_| ());
            looked_at.ok_or_else(|| self.caller.missing(check.resource_type))?;
        }
        let owners: Vec<UserId> = checks.clone().filter_map(|check| uuid(&check.owner)).map(UserId).collect();
        let organizations: Vec<Uuid> = checks.filter_map(|check| uuid(&check.organization)).collect();
        self.require_users(&owners).await?;
        self.require_organizations(&organizations).await
    }

    async fn require_users(&self, ids: &[UserId]) -> Result<(), Refused> {
        let users = if ids.is_empty() { Vec::new() } else { self.read().users(ids).await? };
        for id in ids {
            if !users.iter().any(|user| user.id == *id) {
                return Err(self.caller.missing(ResourceType::USER));
            }
            self.caller.require_visible(&user_object(*id))?;
        }
        Ok(())
    }

    async fn require_organizations(&self, ids: &[Uuid]) -> Result<(), Refused> {
        let all = if ids.is_empty() { Vec::new() } else { self.read().organizations(&Filter::All).await? };
        for id in ids {
            let Some(found) = all.iter().find(|organization| organization.id.0 == *id) else {
                return Err(self.caller.missing(ResourceType::ORGANIZATION));
            };
            self.caller.require_visible(&organization_object(found.id))?;
        }
        Ok(())
    }

    /// For another subject than the caller, requires `read` on each group that the answers name.
    pub(super) async fn require_groups<'a>(
        &self,
        decider: &Decider,
        answers: impl Iterator<Item = &'a Explained> + Send,
    ) -> Result<(), Refused> {
        if !decider.is_other {
            return Ok(());
        }
        let ids: Vec<GroupId> = answers.flat_map(Explained::groups).map(GroupId).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let list = ListGroups { visible: Filter::All, ids: ids.clone(), ..ListGroups::default() };
        let groups = self.read().groups(&list).await?;
        let is_readable = |id: &GroupId| {
            let found = groups.iter().find(|group| group.id == *id);
            found.is_some_and(|group| authorize(self.caller.subject(), Action::READ, &group_object(group)).is_allowed())
        };
        if ids.iter().all(is_readable) { Ok(()) } else { Err(self.caller.missing(ResourceType::GROUP)) }
    }
}

fn no_longer_acts(user: &User) -> Option<String> {
    match user.status {
        _ if user.deleted => Some("the user is deleted".to_owned()),
        UserStatus::Suspended => Some("the user is suspended".to_owned()),
        UserStatus::Active | UserStatus::Dormant => None,
    }
}

fn uuid(text: &str) -> Option<Uuid> {
    match Id::parse(text) {
        Id::Uuid(id) => Some(id),
        Id::None | Id::Text(_) => None,
    }
}

impl From<StoreError> for CheckError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}
