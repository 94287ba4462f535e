//! `keyfob login --device`: a code that a person approves in a browser on any machine (RFC 8628).
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use keyfob_api::{
    devices::{DeviceCode, DeviceCodeRequest, OAuthErrorCode},
    secret::SecretText,
};
use keyfob_client::{Client, DeviceSignIn, Error};
use tokio::time::{Instant, sleep_until};

use super::environment;
use crate::{
    arguments::key_limits::KeyLimitArgs,
    invocation::{Invocation, Source},
    terminal::text::printable,
};

/// How long before the expiry of the code the last request is sent.
const BEFORE_EXPIRY: Duration = Duration::from_secs(1);
/// How much longer to wait between two requests when the server is too busy.
const SLOWER: Duration = Duration::from_secs(5);
/// How many seconds a person and this command wait at most, whatever the server says.
const MOST_SECONDS: u64 = 86_400;

/// The session, once a person has approved it in a browser.
pub(super) async fn approved_session(
    invocation: &Invocation,
    client: &Client,
    limits: &KeyLimitArgs,
) -> anyhow::Result<SecretText> {
    match invocation.given_token() {
        Some((_, Source::Environment)) => return Err(environment::token_is_set()),
        Some((_, Source::Flag)) => bail!("--token and --device cannot be used together"),
        None => {}
    }
    let entries = limits.allow_list_of_ids()?;
    let request = DeviceCodeRequest {
        client_id: "keyfob-cli".to_owned(),
        scope: limits.scope.join(" "),
        allow_list: entries.iter().map(|entry| entry.0.as_str()).collect::<Vec<_>>().join(" "),
    };
    let code = client.start_device_sign_in(&request).await.context("cannot start the sign-in of this device")?;
    let minutes = code.expires_in.min(MOST_SECONDS).div_ceil(60);
    invocation.out.line(format!(
        "Open this page in a browser on any machine:\n\n\t{}\n\nand enter this code there, within {minutes} \
         minutes:\n\n\t{}\n",
        printable(&code.verification_uri),
        invocation.out.bold(&printable(&code.user_code))
    ))?;
    let complete = printable(&code.verification_uri_complete);
    invocation.out.remark(format!("(Or open {complete}) Waiting for approval ..."));
    wait(client, &code).await
}

/// Asks the server until the sign-in is approved or refused, or the code has expired. Failed requests are repeated.
async fn wait(client: &Client, code: &DeviceCode) -> anyhow::Result<SecretText> {
    let expiry = Instant::now() + Duration::from_secs(code.expires_in.min(MOST_SECONDS));
    let mut interval = Duration::from_secs(code.interval.clamp(1, MOST_SECONDS));
    loop {
        // The last request is sent just before the expiry: the approval may have come a moment ago.
        let next = Instant::now() + interval;
        if next >= expiry && Instant::now() + BEFORE_EXPIRY >= expiry {
            return Err(expired());
        }
        sleep_until(next.min(expiry - BEFORE_EXPIRY)).await;
        match client.redeem_device_code(&code.device_code).await {
            Ok(DeviceSignIn::Approved(token)) => return Ok(token.access_token),
            Ok(DeviceSignIn::Over(error)) if error.error == OAuthErrorCode::ExpiredToken => return Err(expired()),
            Ok(DeviceSignIn::Over(error)) => {
                return Err(anyhow!(printable(&error.message)).context("the sign-in was not approved"));
            }
            Ok(DeviceSignIn::Pending) => {}
            Ok(_) | Err(Error::Transport(_)) => interval += SLOWER,
            Err(error) if error.status().is_some_and(|status| status.is_server_error() || status.as_u16() == 429) => {
                interval += SLOWER;
            }
            Err(error) => return Err(error).context("the sign-in was not approved"),
        }
    }
}

fn expired() -> anyhow::Error {
    anyhow!("the code expired before it was approved: run the command again for a new one")
}
