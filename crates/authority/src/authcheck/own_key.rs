//! Checks of what one of the caller's own keys may do, and why.
use keyfob_rbac::explain;
use keyfob_store::ApiKey;

use super::{Check, CheckError, Explained};
use crate::AuthorizedStore;

impl AuthorizedStore {
    /// Whether checks of the caller's other keys are answered: not to a narrow key, which could learn of what it may not
    /// see itself.
    pub fn explains_own_keys(&self) -> bool {
        self.caller.has_full_key()
    }

    /// Why one of the caller's own keys may do that, or may not; none for the keys of others, and for a caller whose own
    /// key is narrow. It requires nothing: the caller has the key already, and can do all that it can.
    ///
    /// # Errors
    /// What is wrong with the check.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn explain_check_of_own_key(&self, key: &ApiKey, check: Check) -> Result<Option<Explained>, CheckError> {
        let Some(subject) = self.subject_of_own_key(key).await? else { return Ok(None) };
        let checks = self.parse([(String::new(), check)].into())?;
        let found = Box::pin(self.find_objects(checks.values())).await?;
        let own = self.caller.subject();
        Ok(checks.values().next().map(|check| {
            let is_readable = self.with_object(own, check, &found, |_| ()).is_some();
            let explained = self.with_object(&subject, check, &found, |object| explain(&subject, check.action, object));
            let explained = explained.filter(|_| is_readable);
            self.counted(check, explained.as_ref().is_some_and(|why| why.allowed));
            explained.map_or(Explained::NotReadable(check.resource_type), |why| Explained::Decided(Box::new(why)))
        }))
    }
}
