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
    arguments::key_limits::ReachArgs,
    invocation::{Invocation, Source},
    terminal::text::printable,
};

/// How long before the end the last question is asked.
const LAST_MOMENT: Duration = Duration::from_secs(1);
/// How much longer to wait between two questions when the server cannot keep up.
const SLOWER: Duration = Duration::from_secs(5);

/// The session that somebody approves.
pub(super) async fn approved_session(
    invocation: &Invocation,
    client: &Client,
    reach: &ReachArgs,
) -> anyhow::Result<SecretText> {
    match invocation.given_token() {
        Some((_, Source::Environment)) => return Err(environment::token_is_set()),
        Some((_, Source::Flag)) => bail!("--token and --device do not go together"),
        None => {}
    }
    let entries = reach.allow_list();
    let wish = DeviceCodeRequest {
        client_id: "keyfob-cli".to_owned(),
        scope: reach.scope.join(" "),
        allow_list: entries.iter().map(|entry| entry.0.as_str()).collect::<Vec<_>>().join(" "),
    };
    let code = client.start_device_sign_in(&wish).await.context("start device sign-in")?;
    let minutes = code.expires_in.div_ceil(60);
    invocation.out.line(format!(
        "Open this page in a browser on any machine:\n\n\t{}\n\nand type this code there, within {minutes} minutes:\n\n\t{}\n",
        printable(&code.verification_uri),
        invocation.out.bold(&printable(&code.user_code))
    ));
    let complete = printable(&code.verification_uri_complete);
    invocation.out.remark(format!("(Or open {complete}) Waiting for somebody to approve it ..."));
    wait(client, &code).await
}

/// Asks until somebody has answered, or the code has ended. A question that did not come through is asked again.
async fn wait(client: &Client, code: &DeviceCode) -> anyhow::Result<SecretText> {
    let end = Instant::now() + Duration::from_secs(code.expires_in);
    let mut interval = Duration::from_secs(code.interval.max(1));
    loop {
        // The last question is asked just before the end: somebody may have approved it a moment ago.
        let next = Instant::now() + interval;
        if next >= end && Instant::now() + LAST_MOMENT >= end {
            return Err(ended());
        }
        sleep_until(next.min(end - LAST_MOMENT)).await;
        match client.redeem_device_code(&code.device_code).await {
            Ok(DeviceSignIn::Approved(token)) => return Ok(token.access_token),
            Ok(DeviceSignIn::Over(error)) if error.error == OAuthErrorCode::ExpiredToken => return Err(ended()),
            Ok(DeviceSignIn::Over(error)) => {
                return Err(anyhow!(printable(&error.message)).context("wait for approval"));
            }
            Ok(DeviceSignIn::Pending) => {}
            Ok(_) | Err(Error::Transport(_)) => interval += SLOWER,
            Err(error) if error.status().is_some_and(|status| status.is_server_error() || status.as_u16() == 429) => {
                interval += SLOWER;
            }
            Err(error) => return Err(error).context("wait for approval"),
        }
    }
}

fn ended() -> anyhow::Error {
    anyhow!("nobody approved it in time: run the command again for another code")
}
