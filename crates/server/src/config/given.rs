//! The settings as they were given: what is in effect, and where it comes from. Secrets are not kept.
use std::sync::Arc;

use clap::{Arg, ArgMatches, Args as _, Command, parser::ValueSource};
use keyfob_api::secret::SecretText;

use url::Url;

use super::ServerArgs;

/// What stands in the place of a secret inside a value.
const HIDDEN: &str = "***";

/// Every setting of a server, in the order of its help.
#[derive(Clone, Default)]
#[expect(missing_debug_implementations, reason = "settings are for those who may read them")]
pub struct Given(Arc<Vec<Setting>>);

/// A setting.
#[derive(Clone)]
pub(crate) struct Setting {
    /// Its flag, without the leading dashes.
    pub(crate) name: String,
    /// The variable that sets it.
    pub(crate) variable: String,
    /// What it is for, as the help says it.
    pub(crate) about: String,
    /// The heading that it stands under.
    pub(crate) heading: String,
    /// Its default; empty for none.
    pub(crate) default: String,
    pub(crate) value: Value,
    pub(crate) source: Source,
}

/// What a setting is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing, and there is no default.
    Unset,
    /// A secret.
    Secret,
    Text(String),
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Default,
    Flag,
    Variable,
    File,
}

impl Given {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }
}

/// It has no arguments of its own: it looks at those of all others.
impl clap::Args for Given {
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}

impl clap::FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let command = ServerArgs::augment_args(Command::new("server"));
        Ok(Self(Arc::new(command.get_arguments().map(|arg| setting(arg, matches)).collect())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn setting(arg: &Arg, matches: &ArgMatches) -> Setting {
    let joined = |values: &mut dyn Iterator<Item = &std::ffi::OsStr>| {
        values.map(|value| without_secrets(&value.to_string_lossy())).collect::<Vec<_>>().join(", ")
    };
    let id = arg.get_id().as_str();
    let default = joined(&mut arg.get_default_values().iter().map(AsRef::as_ref));
    // A list is one text there, and several values once it is parsed.
    let default = if arg.get_value_delimiter().is_some() { default.replace(',', ", ") } else { default };
    let given = matches.try_get_raw(id).ok().flatten().map(|mut values| joined(&mut values));
    let source = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Source::Flag,
        Some(ValueSource::EnvVariable) => Source::Variable,
        // The settings of a file are defaults of the flags.
        _ if given.as_ref().is_some_and(|given| *given != default) => Source::File,
        _ => Source::Default,
    };
    let is_secret =
        arg.is_hide_env_values_set() || arg.get_value_parser().type_id() == std::any::TypeId::of::<SecretText>();
    Setting {
        name: arg.get_long().unwrap_or(id).to_owned(),
        variable: arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        heading: arg.get_help_heading().unwrap_or("Server").to_owned(),
        default,
        value: match given {
            None => Value::Unset,
            Some(_) if is_secret => Value::Secret,
            Some(text) => Value::Text(text),
        },
        source,
    }
}

/// What may be shown of a value that is no secret, but may have one inside: of an address, neither who it is for nor its
/// query; of a JSON object, the names.
fn without_secrets(value: &str) -> String {
    if let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(value) {
        let names: serde_json::Map<_, _> = fields.into_iter().map(|(name, _)| (name, HIDDEN.into())).collect();
        return serde_json::Value::Object(names).to_string();
    }
    let Some(mut url) = value.parse::<Url>().ok().filter(Url::has_host) else { return value.to_owned() };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return value.to_owned();
    }
    let is_bare = url.set_username("").is_ok() && url.set_password(None).is_ok();
    url.set_query(url.query().map(|_| HIDDEN));
    url.set_fragment(None);
    if is_bare { url.into() } else { HIDDEN.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        args: ServerArgs,
    }

    #[test]
    fn every_setting_is_there_with_its_source_and_no_secret_is() {
        let secret = "s3cret-in-a-flag";
        let flags = ["server", "--session-duration=2h", "--postgres-url", secret, "--email-auth-password", secret];
        let given = Settings::parse_from(flags).args.given;
        let find = |name: &str| given.iter().find(|setting| setting.name == name).unwrap();
        let session = find("session-duration");
        assert_eq!((&session.value, session.source), (&Value::Text("2h".to_owned()), Source::Flag));
        assert_eq!((session.default.as_str(), session.heading.as_str()), ("24h", "Sessions and tokens"));
        let limit = find("api-rate-limit");
        assert_eq!((&limit.value, limit.source), (&Value::Text("512".to_owned()), Source::Default));
        assert_eq!(find("access-url").value, Value::Unset);
        let scopes = find("oidc-scopes");
        assert_eq!(
            (&scopes.value, scopes.source),
            (&Value::Text("openid, profile, email".to_owned()), Source::Default)
        );
        for setting in given.iter() {
            let is_secret = ["postgres-url", "email-auth-password"].contains(&setting.name.as_str());
            assert_eq!(setting.value == Value::Secret, is_secret, "{}", setting.name);
            assert!(!matches!(&setting.value, Value::Text(text) if text.contains(secret)), "{}", setting.name);
            assert!(setting.variable.starts_with("KEYFOB_") && !setting.about.is_empty(), "{}", setting.name);
        }
    }

    #[test]
    fn a_secret_inside_a_value_is_not_shown_with_it() {
        for (value, shown) in [
            ("https://example.com/path", "https://example.com/path"),
            ("https://kf:s3cret@example.com:8443/path", "https://example.com:8443/path"),
            ("https://s3cret@example.com", "https://example.com/"),
            ("https://example.com/icon.png?sig=s3cret#s3cret", "https://example.com/icon.png?***"),
            ("smtp://kf:s3cret@mail", "smtp://mail"),
            (
                r#"{"access_type": "offline", "client_secret": "s3cret"}"#,
                r#"{"access_type":"***","client_secret":"***"}"#,
            ),
            ("mail.example.com:587", "mail.example.com:587"),
            ("127.0.0.1:3000", "127.0.0.1:3000"),
        ] {
            assert_eq!(without_secrets(value), shown);
        }
    }
}
