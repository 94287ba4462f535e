//! What a token would be able to do, before it is minted: the engine's own answer for the key as it would be.
use std::sync::Arc;

use jiff::Timestamp;
use keyfob_api::scopes::Effect;
use keyfob_rbac::{Action, Filter, ResourceType, ScopeName, Subject, filter};
use keyfob_store::{ApiKey, Countable, StoreError};

use super::{MintToken, MintTokenError, issue};
use crate::{
    AuthorizedStore, Refused,
    caller::{is_full, subject_of_key},
    resources::is_registrable,
};

/// No more objects than so many are counted.
const MOST_COUNTED: u64 = 1000;

/// What a token would be able to do.
#[derive(Clone, Debug)]
pub struct TokenPreview {
    /// Whether it would be full: everything that its owner may do, now and later.
    pub is_full: bool,
    /// Its scopes, the worst first.
    pub scopes: Vec<(ScopeName, Effect)>,
    /// Whether it would reach every object that its owner may reach.
    pub reaches_everything: bool,
    /// When it would end.
    pub expires_at: Timestamp,
    /// What it could do, by type.
    pub abilities: Vec<Ability>,
}

/// What a token could do to objects of a type.
#[derive(Clone, Debug)]
pub struct Ability {
    /// The type.
    pub resource_type: ResourceType,
    /// The actions that it could do to the same objects.
    pub actions: Vec<Action>,
    /// To which.
    pub to: Objects,
}

/// Objects on which actions are permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Objects {
    /// So many that exist now.
    Now(u64),
    /// More than so many that exist now.
    Over(u64),
    /// Those that match, which are not counted.
    Uncounted,
    /// New ones.
    New,
}

impl AuthorizedStore {
    /// What this token would be able to do if it were minted now. Requires what minting it does; nothing is minted.
    ///
    /// # Errors
    /// Why it would not be minted. Whether its name is taken shows when it is.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn preview_token(&self, new: MintToken) -> Result<TokenPreview, MintTokenError> {
        let request = self.requested_token(new)?;
        super::mint::require_minting(&self.authority, &self.caller, &request)?;
        let owner = request.owner.clone();
        let (key, _unminted) = issue(&self.authority, &self.caller, request)?;
        let mut scopes: Vec<(ScopeName, Effect)> = key
            .scopes
            .iter()
            .filter_map(|name| self.catalogue().scope(name).ok())
            .map(|scope| (scope.clone(), Effect::of_scope(scope.as_str())))
            .collect();
        scopes.sort_by(|(a, worst_a), (b, worst_b)| worst_b.cmp(worst_a).then_with(|| a.as_str().cmp(b.as_str())));
        let (is_full, expires_at) = (is_full(&key), key.expires_at);
        let subject = subject_of_key(&self.authority, key, owner, &mut self.read()).await?;
        let abilities = self.abilities(&subject).await?;
        let reaches_everything = self.catalogue().resource_types().all(|of| subject.allow_list_reaches(of));
        Ok(TokenPreview { is_full, scopes, reaches_everything, expires_at, abilities })
    }

    /// What one of the caller's own keys can do now; none for the keys of others, and for a caller whose own key is
    /// narrow: it could see in numbers what it may not see itself. It requires nothing: the caller has the key already.
    ///
    /// # Errors
    /// When the store fails, or the key cannot be read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn abilities_of_own_key(&self, key: &ApiKey) -> Result<Option<Vec<Ability>>, Refused> {
        let Some(subject) = self.subject_of_own_key(key).await? else { return Ok(None) };
        Ok(Some(self.abilities(&subject).await?))
    }

    /// The subject of one of the caller's own keys; none for the keys of others, and for a caller whose own key is narrow.
    pub(crate) async fn subject_of_own_key(&self, key: &ApiKey) -> Result<Option<Arc<Subject>>, Refused> {
        let owner = self.caller.user().filter(|own| own.id == key.user_id && self.caller.has_full_key());
        let Some(owner) = owner else { return Ok(None) };
        Ok(Some(subject_of_key(&self.authority, key.clone(), owner.clone(), &mut self.read()).await?))
    }

    /// What a subject could do, type by type. All objects are counted together.
    async fn abilities(&self, subject: &Subject) -> Result<Vec<Ability>, StoreError> {
        let mut found: Vec<(Ability, Option<(Countable, Filter)>)> = Vec::new();
        for of in self.catalogue().resource_types() {
            let mut groups: Vec<(Filter, Vec<Action>)> = Vec::new();
            for action in self.catalogue().actions_of(of).filter(|action| subject.scope_permits(*action, of)) {
                if action == Action::CREATE {
                    if subject.roles_could_permit(action, of) && subject.allow_list_reaches(of) {
                        found.push((Ability { resource_type: of, actions: vec![action], to: Objects::New }, None));
                    }
                    continue;
                }
                let permitted = filter(subject, action, of);
                match groups.iter_mut().find(|(known, _)| *known == permitted) {
                    Some((_, actions)) => actions.push(action),
                    None => groups.push((permitted, vec![action])),
                }
            }
            for (permitted, actions) in groups.into_iter().filter(|(permitted, _)| *permitted != Filter::None) {
                let ability = Ability { resource_type: of, actions, to: Objects::Uncounted };
                found.push((ability, self.countable(of).map(|objects| (objects, permitted))));
            }
        }
        let sought: Vec<(Countable, Filter)> = found.iter().filter_map(|(_, sought)| sought.clone()).collect();
        let mut counts = self.read().count_objects(&sought, MOST_COUNTED + 1).await?.into_iter();
        let counted = |(ability, sought): (Ability, Option<_>)| match sought.and_then(|_| counts.next()) {
            None => ability,
            Some(count) if count > MOST_COUNTED => Ability { to: Objects::Over(MOST_COUNTED), ..ability },
            Some(count) => Ability { to: Objects::Now(count), ..ability },
        };
        let found: Vec<Ability> = found.into_iter().map(counted).collect();
        // Without a role, it is an access list that permits it, to objects that there are.
        let by_role = |ability: &Ability| {
            ability.actions.iter().any(|action| subject.roles_could_permit(*action, ability.resource_type))
        };
        let has_objects = |to| matches!(to, Objects::Now(1..) | Objects::Over(_));
        Ok(found.into_iter().filter(|ability| has_objects(ability.to) || by_role(ability)).collect())
    }

    /// The objects of a type, where they can be counted.
    fn countable(&self, of: ResourceType) -> Option<Countable> {
        match of {
            ResourceType::USER => Some(Countable::Users),
            ResourceType::ORGANIZATION => Some(Countable::Organizations),
            ResourceType::GROUP => Some(Countable::Groups),
            of if is_registrable(of) => Some(Countable::Resources(self.catalogue().type_name(of).to_owned())),
            _ => None,
        }
    }
}
