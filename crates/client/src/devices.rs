//! Signing in on a machine without a browser (RFC 8628).
use keyfob_api::{
    devices::{
        DEVICE_GRANT_TYPE, DeviceCode, DeviceCodeRequest, DeviceToken, DeviceTokenRequest, OAuthError, OAuthErrorCode,
    },
    secret::SecretText,
};
use reqwest::StatusCode;

use crate::{client::Client, error::Error};

/// The state of a machine's sign-in.
///
/// # Examples
/// ```
/// use keyfob_client::DeviceSignIn;
///
/// /// The seconds to wait before the next question, given the last interval; `None` when there is no next one.
/// fn next_interval(state: &DeviceSignIn, last: u64) -> Option<u64> {
///     match state {
///         DeviceSignIn::Pending => Some(last),
///         DeviceSignIn::SlowDown => Some(last + 5),
///         _ => None,
///     }
/// }
/// assert_eq!(next_interval(&DeviceSignIn::SlowDown, 5), Some(10));
/// ```
#[non_exhaustive]
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub enum DeviceSignIn {
    /// A person approved it.
    Approved(DeviceToken),
    /// No person has answered yet: ask again after the interval.
    Pending,
    /// No person has answered yet, and the question came too soon: from now on, wait five seconds longer.
    SlowDown,
    /// The sign-in has failed, for the reason in the error.
    Over(OAuthError),
}

impl Client {
    /// Starts a sign-in that a person approves on another machine. It needs no key.
    ///
    /// # Errors
    /// 400 for scopes or allow-list entries that no token may ask for, 429 after too many requests.
    ///
    /// # Examples
    /// ```no_run
    /// use keyfob_client::api::devices::DeviceCodeRequest;
    ///
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let wanted = DeviceCodeRequest { scope: "workspace:read".to_owned(), ..DeviceCodeRequest::default() };
    /// let code = keyfob.start_device_sign_in(&wanted).await?;
    /// println!("Open {} and type {}", code.verification_uri, code.user_code);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn start_device_sign_in(&self, request: &DeviceCodeRequest) -> Result<DeviceCode, Error> {
        self.post("/device/code", &[]).json(request).send().await?.json()
    }

    /// Asks whether a person has approved a sign-in. Wait [`DeviceCode::interval`] seconds before each question.
    ///
    /// # Errors
    /// When no answer came, or the answer does not tell the state of the sign-in.
    ///
    /// # Examples
    /// ```no_run
    /// use std::time::Duration;
    ///
    /// use keyfob_client::{Client, DeviceSignIn, api::{devices::DeviceCode, secret::SecretText}};
    ///
    /// type Failure = Box<dyn std::error::Error>;
    ///
    /// async fn wait_for_approval(keyfob: &Client, code: &DeviceCode) -> Result<SecretText, Failure> {
    ///     let mut interval = Duration::from_secs(code.interval);
    ///     loop {
    ///         tokio::time::sleep(interval).await;
    ///         match keyfob.redeem_device_code(&code.device_code).await? {
    ///             DeviceSignIn::Approved(token) => return Ok(token.access_token),
    ///             DeviceSignIn::Pending => {}
    ///             DeviceSignIn::SlowDown => interval += Duration::from_secs(5),
    ///             DeviceSignIn::Over(error) => return Err(error.message.into()),
    ///             _ => return Err("this client is too old for the server's answer".into()),
    ///         }
    ///     }
    /// }
    /// ```
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
                // A request that is malformed gets the usual error body in place of an OAuth one.
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
