//! Reading keys.
use keyfob_rbac::{Action, Id, ResourceType};
use keyfob_store::{ApiKey, KeyId, ListKeys, Page, UserId};

use super::key_object;
use crate::{AuthorizedStore, ListError, Refused};

impl AuthorizedStore {
    /// The tokens that the caller may see: of one user, or of all. Requires `read` on each.
    ///
    /// # Errors
    /// [`ListError::NothingToComeAfter`] when the page is to come after a key that the caller may not see.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_tokens(
        &self,
        of: Option<UserId>,
        include_expired: bool,
        page: Page<KeyId>,
    ) -> Result<Vec<ApiKey>, ListError> {
        let filter = self.caller.visible(Action::READ, ResourceType::API_KEY);
        let list = ListKeys { user_id: of, include_expired, now: self.now(), page };
        Ok(self.read().tokens(&list, &filter).await?)
    }

    /// A user's token by its name. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn get_token_by_name(&self, owner: UserId, name: &str) -> Result<ApiKey, Refused> {
        let found = self.read().find_key_by_name(owner, name, self.now()).await?;
        self.visible_key(found)
    }

    /// A key by its id, of that owner if one is given. Requires `read` on it, unless it is the caller's own key.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn get_key(&self, id: Option<&KeyId>, owner: Option<UserId>) -> Result<ApiKey, Refused> {
        let found = match id {
            Some(id) => self.read().find_key_for_view(id, self.now()).await?,
            None => None,
        };
        self.visible_key(found.filter(|key| owner.is_none_or(|owner| key.user_id == owner)))
    }

    fn visible_key(&self, found: Option<ApiKey>) -> Result<ApiKey, Refused> {
        let Some(key) = found else {
            self.caller.context().decisions.required(ResourceType::API_KEY, Action::READ);
            return Err(self.caller.missing(ResourceType::API_KEY));
        };
        if !self.caller.is_own_identity(&key.id) {
            self.caller.require_visible(&key_object(Id::from(key.id.as_str()), key.user_id))?;
        }
        Ok(key)
    }
}
