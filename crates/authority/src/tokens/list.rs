//! Reading keys.
use std::collections::HashMap;

use keyfob_rbac::{Action, Id, ResourceType};
use keyfob_store::{ApiKey, KeyId, KeyOrder, ListKeys, Page, UserId};

use super::{Finding, key_object};
use crate::{AuthorizedStore, ListError, Refused};

/// Which tokens to list.
#[derive(Clone, Debug, Default)]
pub struct ListTokens {
    /// Only those of this user; none means those of all users.
    pub of: Option<UserId>,
    /// Only those whose name contains this text, without regard to case.
    pub name_contains: Option<String>,
    /// Only those to which this applies, which are live.
    pub finding: Option<Finding>,
    /// Whether to include expired ones.
    pub include_expired: bool,
    /// In which order.
    pub order: KeyOrder,
    /// Which part of the list.
    pub page: Page<KeyId>,
}

impl AuthorizedStore {
    /// The tokens that the caller may see. Requires `read` on each.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after a key that the caller may not see.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_tokens(&self, list: ListTokens) -> Result<Vec<ApiKey>, ListError> {
        if list.finding.is_some() {
            self.write_uses_for_search().await;
        }
        self.listed_tokens(list).await
    }

    /// The same by what is written of the uses of keys.
    pub(super) async fn listed_tokens(&self, list: ListTokens) -> Result<Vec<ApiKey>, ListError> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let ListTokens { of, name_contains, finding, include_expired, order, page } = list;
        // A finding is about live tokens.
        let include_expired = include_expired && finding.is_none();
        let now = self.now();
        let finding = finding.map(|finding| finding.sought(now));
        let list =
            ListKeys { user_id: of, name_contains, finding, include_expired, order, now, page, ..ListKeys::default() };
        Ok(self.read().tokens(&list, &filter).await?)
    }

    /// The live keys that were minted with this one, or with one of those, as far as the caller may see them: the newest,
    /// and so many at most. Requires `read` on each.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn list_descendants(&self, of: &KeyId, at_most: u64) -> Result<Vec<ApiKey>, Refused> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys {
            descendants_of: Some(of.clone()),
            order: KeyOrder::NewestFirst,
            now: self.now(),
            page: Page { limit: Some(at_most), ..Page::default() },
            ..ListKeys::default()
        };
        Ok(self.read().tokens_and_sessions(&list, &filter).await?)
    }

    /// Who minted these keys, by the key: the usernames of the owners of their parents. Keys whose parent is gone, or
    /// whose minter the caller may not see, are left out. Requires `read` on each minter.
    ///
    /// # Errors
    /// When the store fails.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn minters(&self, keys: &[ApiKey]) -> Result<HashMap<KeyId, String>, Refused> {
        let parents: Vec<KeyId> = keys.iter().filter_map(|key| key.parent_id.clone()).collect();
        let owners: HashMap<KeyId, UserId> = self.read().owners_of_keys(&parents).await?.into_iter().collect();
        let ids: Vec<UserId> = owners.values().copied().collect();
        let names: HashMap<UserId, String> = self.usernames(&ids).await?.into_iter().collect();
        let minter = |key: &ApiKey| names.get(owners.get(key.parent_id.as_ref()?)?).cloned();
        Ok(keys.iter().filter_map(|key| Some((key.id.clone(), minter(key)?))).collect())
    }

    /// A user's token by its name. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn get_token_by_name(&self, owner: UserId, name: &str) -> Result<ApiKey, Refused> {
        let found = self.read().find_key_by_name(owner, name, self.now()).await?;
        self.visible_key(found)
    }

    /// A key by its id, of that owner if one is given. Requires `read` on it, unless it is the caller's own key.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn get_key(&self, id: Option<&KeyId>, owner: Option<UserId>) -> Result<ApiKey, Refused> {
        let found = match id {
            Some(id) => self.read().find_key_for_view(id, self.now()).await?,
            None => None,
        };
        self.visible_key(found.filter(|key| owner.is_none_or(|owner| key.user_id == owner)))
    }

    fn visible_key(&self, found: Option<ApiKey>) -> Result<ApiKey, Refused> {
        let Some(key) = found else {
            return Err(self.caller.missing(ResourceType::API_KEY));
        };
        if !self.caller.is_own_identity(&key.id) {
            self.caller.require_visible(&key_object(Id::from(key.id.as_str()), key.user_id))?;
        }
        Ok(key)
    }
}
