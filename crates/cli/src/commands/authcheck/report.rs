//! Answers as lines for people.
use keyfob_api::authz::{AuthorizationResponse, ExplainedAuthorizationResponse, Explanation, ExplanationStep};

use crate::terminal::{
    output::{Output, Unwritten},
    text::printable,
};

/// One line per check, in this order.
pub(super) fn plain(out: Output, names: &[String], answers: &AuthorizationResponse) -> Result<(), Unwritten> {
    let answered = names.iter().filter_map(|name| Some((name, answers.get(name)?)));
    answered.into_iter().try_for_each(|(name, is_allowed)| out.line(verdict(out, name, *is_allowed)))
}

/// For each check the decision, its reasons, and the missing pieces, in this order.
pub(super) fn explained(
    out: Output,
    names: &[String],
    answers: &ExplainedAuthorizationResponse,
) -> Result<(), Unwritten> {
    for (name, answer) in names.iter().filter_map(|name| Some((name, answers.get(name)?))) {
        out.line(verdict(out, name, answer.allowed))?;
        for line in details(answer) {
            out.line(format!("     {line}"))?;
        }
    }
    Ok(())
}

fn verdict(out: Output, name: &str, is_allowed: bool) -> String {
    let word = if is_allowed { out.green("yes") } else { out.red("no ") };
    format!("{word}  {}", printable(name))
}

fn details(answer: &Explanation) -> Vec<String> {
    let steps = answer.steps.iter().map(step);
    let missing = answer.missing.iter().map(|piece| {
        format!("missing: {} {}{}", piece.kind.replace('_', " "), piece.add, in_parentheses(&piece.detail))
    });
    let lines = std::iter::once(answer.reason.clone()).chain(steps).chain(missing);
    lines.filter(|line| !line.is_empty()).map(|line| printable(&line)).collect()
}

fn step(step: &ExplanationStep) -> String {
    let ExplanationStep { source, level, vote, detail } = step;
    format!("- {source}{}: {vote}{}", in_parentheses(level), in_parentheses(detail))
}

fn in_parentheses(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

#[cfg(test)]
mod tests {
    use keyfob_api::authz::MissingPiece;

    use super::*;

    #[test]
    fn an_explanation_reads_from_the_reason_to_what_is_missing() {
        let step = |source: &str, level: &str, vote: &str| ExplanationStep {
            source: source.to_owned(),
            level: level.to_owned(),
            vote: vote.to_owned(),
            detail: String::new(),
        };
        let answer = Explanation {
            allowed: false,
            reason: "The key's scopes do not allow it.".to_owned(),
            steps: vec![step("roles", "user", "allow"), step("scopes", "", "abstain")],
            missing: vec![MissingPiece {
                kind: "scope".to_owned(),
                add: "workspace:ssh".to_owned(),
                detail: String::new(),
            }],
            unknown: Vec::new(),
        };
        insta::assert_snapshot!(details(&answer).join("\n"), @r"
        The key's scopes do not allow it.
        - roles (user): allow
        - scopes: abstain
        missing: scope workspace:ssh
        ");
    }
}
