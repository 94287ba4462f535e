//! Every front has the same rules: what the API refuses is refused by pages and by commands on the host, too.
mod first_users;
mod minting;
mod passwords;
mod sign_in;

use std::fmt::Debug;

use keyfob_server::Host;

use crate::support::{Answer, Data};

/// A password that is strong enough.
const OTHER: &str = "An0ther!Secret-pw";

/// Passwords that must be refused, and why.
const WEAK: [(&str, &str); 5] = [
    ("none at all", ""),
    ("too short", "aB3!x"),
    ("made of words", "password"),
    ("longer than 64 bytes", "L0ng!L0ng?L0ng-L0ng+L0ng*L0ng#L0ng/L0ng=L0ng:L0ng;L0ng.L0ng,L0ng!"),
    ("among the most common", "mailcreated5240"),
];

/// Texts that are no address.
const NO_ADDRESS: [&str; 6] =
    ["", "second", "second@localhost", "A <second@example.com>", "a@b@example.com", ".second@example.com"];

/// What came of a request by one of the fronts.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// With the words of that front.
    Refused(String),
    /// That front has no field for it.
    NotThere,
}
use Outcome::{Done, NotThere, Refused};

impl Outcome {
    /// The outcome of a call of the API.
    fn of_call(answer: &Answer) -> Self {
        let shown = format!("{} {}", answer.status, answer.body);
        assert!(answer.status.is_success() || answer.status.is_client_error(), "{shown}");
        if answer.status.is_success() { Done } else { Refused(shown) }
    }

    /// The outcome of a page's form, which redirects when it is done.
    fn of_form(answer: &Answer) -> Self {
        if answer.status.is_redirection() {
            return Done;
        }
        assert!(answer.status.is_client_error(), "{} {}", answer.status, answer.body);
        let said = answer.body.split_once("role=\"alert\">").map(|(_, rest)| rest.split('<').next().unwrap());
        // Every refusal on a page says why.
        Refused(said.unwrap_or_else(|| panic!("{} {}", answer.status, answer.body)).to_owned())
    }

    /// The outcome of a command on the host.
    fn of_command<T, E: std::error::Error>(done: Result<T, E>) -> Self {
        done.map_or_else(|error| Refused(error.to_string()), |_| Done)
    }
}

/// Names the fronts that accepted what every front must refuse.
fn accepted<Front: Debug>(rule: &str, outcomes: &[(Front, Outcome)]) -> Vec<String> {
    let done = outcomes.iter().filter(|(_, outcome)| *outcome == Done);
    done.map(|(front, _)| format!("{rule}: accepted by {front:?}")).collect()
}

/// Opens the data directory of a server that does not run, as an operator does.
async fn host(data: &Data) -> Host {
    let folder = format!("--data-dir={}", data.path().display());
    Host::open(&data.args(&[&folder])).await.unwrap()
}
