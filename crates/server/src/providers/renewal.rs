//! Asking a provider for other tokens.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_identity::{OidcError, TokenError, Tokens};
use keyfob_store::LoginType;

use super::arrival::token_ends_at;
use crate::state::App;

/// Other tokens of a provider.
pub(crate) struct Renewed {
    /// What to ask with the next time; none means with the same.
    pub(crate) refresh_token: Option<SecretText>,
    /// When the access token ends; none if the provider does not say.
    pub(crate) ends_at: Option<Timestamp>,
}

/// Why there are none.
pub(crate) enum NotRenewed {
    /// The provider is not set up any more.
    NotConfigured,
    /// What the provider says.
    Refused(String),
}

/// Asks a provider for other tokens.
pub(crate) async fn renew(app: &App, login_type: LoginType, token: &SecretText) -> Result<Renewed, NotRenewed> {
    let now = app.clock().now();
    let renewed: Result<Tokens, OidcError> = if login_type == LoginType::Github {
        let way = app.providers().github.as_ref().ok_or(NotRenewed::NotConfigured)?;
        way.provider.refresh(token, now).await.map_err(OidcError::from)
    } else {
        let way = app.providers().oidc.as_ref().ok_or(NotRenewed::NotConfigured)?;
        way.provider.refresh(token, now, &app.random().alphanumeric(32)).await
    };
    let tokens = renewed.map_err(|error| NotRenewed::Refused(said(&error)))?;
    Ok(Renewed { ends_at: token_ends_at(app, &tokens), refresh_token: tokens.refresh })
}

fn said(error: &OidcError) -> String {
    match error {
        OidcError::Exchange(TokenError::Refused { code, description }) if !description.is_empty() => {
            format!("{code}: {description}")
        }
        other => other.to_string(),
    }
}
