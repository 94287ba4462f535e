//! Signing in on a machine without a browser (RFC 8628).
use keyfob_api::{
    devices::{
        DEVICE_GRANT_TYPE, DeviceCode, DeviceCodeRequest, DeviceToken, DeviceTokenRequest, OAuthError, OAuthErrorCode,
    },
    secret::SecretText,
};
use reqwest::StatusCode;

use crate::{client::Client, error::Error};

/// What has become of a machine's sign-in.
#[non_exhaustive]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub enum DeviceSignIn {
    /// A person approved it.
    Approved(DeviceToken),
    /// Nobody has answered yet: ask again after the interval.
    Pending,
    /// The same, and it was asked too soon: from now on wait five seconds longer.
    SlowDown,
    /// Nothing comes of it any more; the words say why.
    Over(OAuthError),
}

impl Client {
    /// Asks for a sign-in that a person approves on another machine.
    ///
    /// # Errors
    /// 400 for scopes or entries that no token may ask for, 429 after too many.
    pub async fn start_device_sign_in(&self, wish: &DeviceCodeRequest) -> Result<DeviceCode, Error> {
        self.post("/device/code", &[]).json(wish).send().await?.json()
    }

    /// Asks whether a person has approved it. Wait for [`DeviceCode::interval`] seconds before each question.
    ///
    /// # Errors
    /// When no answer came, or one that has nothing to do with it.
    pub async fn redeem_device_code(&self, code: &SecretText) -> Result<DeviceSignIn, Error> {
        let request = DeviceTokenRequest {
            grant_type: DEVICE_GRANT_TYPE.to_owned(),
            device_code: code.clone(),
            client_id: String::new(),
        };
        let answer = self.post("/device/token", &[]).json(&request).send_any().await?;
        match answer.status {
            status if status.is_success() => answer.json().map(DeviceSignIn::Approved),
            StatusCode::BAD_REQUEST => {
                // Whatever else is wrong with the request is said in the other shape.
                let Some(error) = answer.try_json::<OAuthError>() else { return Err(answer.into_error()) };
                Ok(match error.error {
                    OAuthErrorCode::AuthorizationPending => DeviceSignIn::Pending,
                    OAuthErrorCode::SlowDown => DeviceSignIn::SlowDown,
                    _ => DeviceSignIn::Over(error),
                })
            }
            _ => Err(answer.into_error()),
        }
    }
}
