//! Renewing a session at a provider.
use std::{future::Future, pin::Pin, sync::Arc};

use keyfob_api::secret::SecretText;
use keyfob_authority::{
    Authority,
    data::LoginType,
    sign_in::{NotRenewed, Renewed, SessionRenewer},
};
use keyfob_identity::{OidcError, Tokens};

use super::{Providers, session::token_expires_at};

/// Renews sessions at the providers that are set up.
pub(crate) struct Renewer(pub(crate) Arc<Providers>);

impl SessionRenewer for Renewer {
    fn renew<'a>(
        &'a self,
        authority: &'a Authority,
        login_type: LoginType,
        token: SecretText,
    ) -> Pin<Box<dyn Future<Output = Result<Renewed, NotRenewed>> + Send + 'a>> {
        Box::pin(async move {
            let now = authority.clock().now();
            let renewed: Result<Tokens, OidcError> = if login_type == LoginType::Github {
                let way = self.0.github.as_ref().ok_or(NotRenewed::NotConfigured)?;
                way.provider.refresh(&token, now).await.map_err(OidcError::from)
            } else {
                let way = self.0.oidc.as_ref().ok_or(NotRenewed::NotConfigured)?;
                way.provider.refresh(&token, now, &authority.random().alphanumeric(32)).await
            };
            let tokens = renewed.map_err(|error| NotRenewed::Refused(summary(&error)))?;
            Ok(Renewed { expires_at: token_expires_at(now, &tokens), refresh_token: tokens.refresh })
        })
    }
}

/// What the user is told. The log has the rest, if there is more.
fn summary(error: &OidcError) -> String {
    let summary = error.summary();
    if summary != error.to_string() {
        tracing::warn!(cause = %error, "a provider could not be asked to renew a session");
    }
    summary
}
