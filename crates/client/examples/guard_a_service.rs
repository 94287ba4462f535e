//! Guards an operation of a service: the service asks Keyfob whether its caller may do it, with the caller's token.
//!
//! A service takes the token from each request that it gets; this program takes it from its environment. It needs no
//! key of its own.
//!
//! ```sh
//! export KEYFOB_URL=http://127.0.0.1:3000
//! export CALLER_TOKEN=$(keyfob tokens create --lifetime 1h --scope workspace:read)
//! cargo run -p keyfob-client --example guard_a_service -- read <workspace id>
//! cargo run -p keyfob-client --example guard_a_service -- delete <workspace id>
//! ```
use std::{collections::BTreeMap, env, error::Error, io};

use keyfob_client::{
    Client, StatusCode,
    api::{
        authz::{AuthorizationCheck, AuthorizationObject, AuthorizationRequest, Explanation},
        secret::SecretText,
    },
};
use uuid::Uuid;

/// The name of the one question; the answer has the same name.
const QUESTION: &str = "operation";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(action), Some(workspace)) = (arguments.next(), arguments.next()) else {
        return Err("usage: guard_a_service <action> <workspace id>".into());
    };
    let caller = SecretText::new(env::var("CALLER_TOKEN")?);
    // One client for all requests: clones with other tokens share its connections.
    let keyfob = Client::builder(env::var("KEYFOB_URL")?).build()?;
    let verdict = ask(&keyfob, &caller, &action, workspace.parse()?).await?;
    print(&verdict, &mut io::stdout())?;
    Ok(())
}

/// Keyfob's answer about a caller.
pub(crate) enum Verdict {
    /// Do what the caller asks for.
    Allowed,
    /// Answer the caller with 403.
    Denied(Explanation),
    /// Answer the caller with 401: the token is missing, malformed or expired, or its owner is suspended.
    Unauthenticated,
}

/// Asks whether the caller may do this to the workspace. On an error, the service must refuse, too.
pub(crate) async fn ask(
    keyfob: &Client,
    caller: &SecretText,
    action: &str,
    workspace: Uuid,
) -> Result<Verdict, Box<dyn Error>> {
    let object = AuthorizationObject {
        resource_type: "workspace".to_owned(),
        resource_id: workspace.to_string(),
        ..AuthorizationObject::default()
    };
    let check = AuthorizationCheck { action: action.to_owned(), object };
    let questions = AuthorizationRequest {
        checks: BTreeMap::from([(QUESTION.to_owned(), check)]),
        ..AuthorizationRequest::default()
    };
    let Ok(keyfob) = keyfob.with_session_token(caller) else { return Ok(Verdict::Unauthenticated) };
    match keyfob.authcheck_explained(&questions).await {
        Ok(mut answers) => match answers.remove(QUESTION) {
            Some(answer) if answer.allowed => Ok(Verdict::Allowed),
            Some(answer) => Ok(Verdict::Denied(answer)),
            None => Err("the server did not answer the question".into()),
        },
        Err(error) if error.status() == Some(StatusCode::UNAUTHORIZED) => Ok(Verdict::Unauthenticated),
        Err(error) => Err(error.into()),
    }
}

/// Prints the verdict: for a denial the reason, and what the caller would need.
pub(crate) fn print(verdict: &Verdict, out: &mut impl io::Write) -> io::Result<()> {
    match verdict {
        Verdict::Allowed => writeln!(out, "allowed"),
        Verdict::Denied(explanation) => {
            writeln!(out, "denied: {}", explanation.reason)?;
            explanation.missing.iter().try_for_each(|missing| writeln!(out, "  missing: {}", missing.detail))
        }
        Verdict::Unauthenticated => writeln!(out, "not signed in"),
    }
}
