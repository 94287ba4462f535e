//! Variables of the environment that are named like those of options, and that no option reads.
use std::{collections::BTreeSet, env};

use clap::Command;
use keyfob_server::nearest_name;

/// How all variables of this program begin.
const PREFIX: &str = "KEYFOB_";

/// Which of these variables to warn of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// All: a setting of a server that is not read may be a restriction.
    Any,
    /// Those that are probably misspelt. Scripts that call this program have variables of their own.
    Close,
}

/// The variables that are set and that no option reads, each with the nearest known one.
pub(super) fn warnings(program: &Command, likeness: Likeness) -> Vec<String> {
    let known = known_variables(program);
    let names = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    names.filter_map(|name| warning(&name, &known, likeness)).collect()
}

fn warning(name: &str, known: &BTreeSet<String>, likeness: Likeness) -> Option<String> {
    let own = name.strip_prefix(PREFIX)?;
    if known.contains(own) || is_service_link(own) {
        return None;
    }
    let nearest = nearest_name(own, known.iter().map(String::as_str));
    match (nearest, likeness) {
        (None, Likeness::Close) => None,
        (Some(nearest), Likeness::Close) if !is_misspelling(own, nearest) => None,
        (Some(nearest), _) => Some(format!("no option reads {name}; the nearest variable is {PREFIX}{nearest}")),
        (None, Likeness::Any) => Some(format!("no option reads {name}")),
    }
}

/// At most two letters differ, and not half of the name.
fn is_misspelling(name: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(name, known);
    distance <= 2 && distance * 3 < known.len()
}

/// Kubernetes gives every container variables that are named after each service, which may be named `keyfob`.
fn is_service_link(name: &str) -> bool {
    ["SERVICE_HOST", "PORT"].iter().any(|end| name.ends_with(end))
        || ["SERVICE_PORT_", "PORT_"].iter().any(|part| name.contains(part))
        || name.ends_with("SERVICE_PORT")
}

/// The variables of all options of a command and of those below it, without the prefix.
fn known_variables(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str()?.strip_prefix(PREFIX));
    let below = command.get_subcommands().flat_map(known_variables);
    own.map(str::to_owned).chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning_of(name: &str, likeness: Likeness) -> Option<String> {
        let known = ["SESSION_TOKEN", "SESSION_DURATION", "URL"].map(str::to_owned).into();
        warning(name, &known, likeness)
    }

    #[test]
    fn a_misspelt_variable_is_named_with_the_nearest_known_one() {
        for likeness in [Likeness::Any, Likeness::Close] {
            let words = "no option reads KEYFOB_SESION_TOKEN; the nearest variable is KEYFOB_SESSION_TOKEN";
            assert_eq!(warning_of("KEYFOB_SESION_TOKEN", likeness).as_deref(), Some(words));
            assert_eq!(warning_of("KEYFOB_SESSION_TOKEN", likeness), None);
            assert_eq!(warning_of("KEYFOBS", likeness), None);
        }
    }

    #[test]
    fn scripts_may_have_variables_of_their_own_but_a_server_has_none() {
        for name in ["KEYFOB_TOKEN", "KEYFOB_BIN", "KEYFOB_SESSION"] {
            assert_eq!(warning_of(name, Likeness::Close), None);
            assert!(warning_of(name, Likeness::Any).is_some(), "{name}");
        }
    }

    #[test]
    fn variables_of_kubernetes_are_nobodys_mistake() {
        for name in ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_3000_TCP_ADDR", "A_PORT"] {
            assert_eq!(warning_of(&format!("KEYFOB_{name}"), Likeness::Any), None, "{name}");
        }
    }
}
