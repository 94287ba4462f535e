//! What a provider said of the caller.
use keyfob_rbac::Action;
use keyfob_store::{LoginType, StoreError};
use serde_json::{Map, Value};

use crate::{AuthorizedStore, Refused};

/// Why the caller's claims are not shown.
#[derive(Debug)]
pub enum OwnClaimsError {
    /// The caller does not sign in by an `OpenID` Connect provider.
    OtherLoginType,
    /// The caller may not, or the store failed.
    Refused(Refused),
}

impl From<Refused> for OwnClaimsError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for OwnClaimsError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl AuthorizedStore {
    /// What the `OpenID` Connect provider said of the caller when they last signed in. Requires `read_personal` on the
    /// caller's own user.
    ///
    /// # Errors
    /// Why the claims are not shown.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn own_claims(&self) -> Result<Map<String, Value>, OwnClaimsError> {
        let user = self.caller.user().ok_or_else(Refused::missing)?;
        self.caller.require_personal(Action::READ_PERSONAL, user.id)?;
        if user.login_type != LoginType::Oidc {
            return Err(OwnClaimsError::OtherLoginType);
        }
        let link = self.read().find_link(user.id, LoginType::Oidc).await?;
        let link = link.ok_or(OwnClaimsError::OtherLoginType)?;
        Ok(link.claims.as_object().cloned().unwrap_or_default())
    }
}
