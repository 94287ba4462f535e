//! The words of mails.
use askama::Template;
use jiff::{Timestamp, tz::TimeZone};
use keyfob_api::secret::SecretText;
use keyfob_authority::notices::{Changer, DueNotice, MOST_AN_HOUR, Notice, TokenSummary};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A mail's words, once as plain text and once as HTML.
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Text<'a>(&'a Words);

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Words);

struct Words {
    subject: String,
    username: String,
    says: Vec<String>,
    facts: Vec<(&'static str, String)>,
    action: Option<Action>,
    /// Why the user gets the mail, and what to do if it is a surprise.
    why: String,
}

struct Action {
    label: &'static str,
    url: String,
}

/// The letter for a notice.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn letter(due: &DueNotice, access_url: &str) -> Result<Letter, askama::Error> {
    let mut words = words(due, access_url);
    if due.is_last {
        words.says.push(last_of_the_hour(&due.notice));
    }
    Ok(Letter { text: Text(&words).render()?, html: Html(&words).render()?, subject: words.subject })
}

fn words(due: &DueNotice, access_url: &str) -> Words {
    let username = due.username.clone();
    match &due.notice {
        Notice::PasswordReset => Words {
            subject: "Reset your password for Keyfob".to_owned(),
            username,
            says: vec!["Use this link to set a new password. It works once, and for 20 minutes.".to_owned()],
            facts: Vec::new(),
            action: due.passcode.as_ref().map(|passcode| reset(access_url, passcode, &due.email)),
            why: "This was requested with your address. If it was not by you, do nothing: your password stays as it \
                  is."
            .to_owned(),
        },
        Notice::PasswordChanged { by, at } => Words {
            subject: "Your Keyfob password was changed".to_owned(),
            username,
            says: vec![format!("Your password was changed {}. {}", changed_by(by), deleted_keys(by))],
            facts: vec![("When", minute(*at))],
            action: Some(Action { label: "Set another password", url: format!("{access_url}/reset-password") }),
            why: format!("If you did not expect this, set another password and tell an administrator. {CHOICES}"),
        },
        Notice::TokenMinted { by, token } => {
            // Sessions have no names.
            let (kind, action) = if token.name.is_empty() {
                ("A session was made", "made a session")
            } else {
                ("A token was minted", "minted an API token")
            };
            Words {
                subject: format!("{kind} on your behalf"),
                username,
                says: vec![format!("{by} {action} that acts as you.")],
                facts: facts(token),
                action: None,
                why: format!(
                    "If you did not expect this, end it with `keyfob tokens remove {}` and tell an administrator. \
                     {CHOICES}",
                    token.id
                ),
            }
        }
        Notice::TokenExpiring { token } => Words {
            subject: format!("Your token {} ends soon", one_line(&token.name)),
            username,
            says: vec!["A token of yours that is in use ends soon. Whatever uses it will then be refused.".to_owned()],
            facts: facts(token),
            action: None,
            why: format!("Mint another one in time, for example with `keyfob tokens create`. {CHOICES}"),
        },
    }
}

/// What the last mail of its kind within an hour says of further ones.
fn last_of_the_hour(notice: &Notice) -> String {
    let look = match notice {
        Notice::PasswordReset | Notice::PasswordChanged { .. } => {
            "Every change is in the audit log: ask an administrator."
        }
        Notice::TokenMinted { .. } => {
            "`keyfob tokens list` shows your tokens, and each that was minted is in the audit log: ask an administrator."
        }
        Notice::TokenExpiring { .. } => "`keyfob tokens list` shows when your tokens end.",
    };
    format!(
        "You have had {MOST_AN_HOUR} mails of this kind within an hour: further ones are held back until it is over. {look}"
    )
}

const CHOICES: &str = "You can switch such mails off: `keyfob users notices`.";

fn changed_by(by: &Changer) -> String {
    match by {
        Changer::Owner => "in one of your sessions".to_owned(),
        Changer::Passcode => "with a link that was mailed to you".to_owned(),
        Changer::User(name) => format!("by {name}"),
        Changer::Operator => "by an operator of the server".to_owned(),
    }
}

fn deleted_keys(by: &Changer) -> &'static str {
    match by {
        Changer::Owner => "All your other sessions, and all your tokens, ended.",
        Changer::Passcode | Changer::User(_) | Changer::Operator => "All your sessions and tokens ended.",
    }
}

fn facts(token: &TokenSummary) -> Vec<(&'static str, String)> {
    let named = match token.name.as_str() {
        "" => token.id.clone(),
        name => format!("{} ({})", one_line(name), token.id),
    };
    vec![
        ("Token", named),
        ("Scopes", token.scopes.join(", ")),
        ("Allow list", token.allow_list.join(", ")),
        ("Ends", minute(token.expires_at)),
    ]
}

/// A name as headers and lines can hold it: names of tokens were once free text.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn reset(access_url: &str, passcode: &SecretText, email: &str) -> Action {
    let email = utf8_percent_encode(email, UNRESERVED);
    let url = format!("{access_url}/reset-password/change?otp={}&email={email}", passcode.reveal());
    Action { label: "Set a new password", url }
}

/// All but the unreserved characters of RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
