//! The settings as they were given: what is in effect, and where it comes from. Secrets are not kept.
use std::sync::Arc;

use clap::{Arg, ArgMatches, Args as _, Command, parser::ValueSource};
use keyfob_api::secret::SecretText;
use url::Url;

use super::{
    ServerArgs,
    environment::{coders_variable, is_given},
    oidc::DEFAULT_AUTH_URL_PARAMS,
};

/// What stands in the place of a secret inside a value.
const HIDDEN: &str = "***";
/// The flag whose value is a JSON object in which a provider may want secrets.
const AUTH_URL_PARAMS: &str = "oidc_auth_url_params";

/// Settings that the program around the server declares, which says how it logs: each with its flag, its variable, its
/// default, and what it is for.
const OF_THE_PROGRAM: [(&str, &str, &str, &str, &str); 3] = [
    ("log", "log", "KEYFOB_LOG", "info", "Log level, also for single parts of the program."),
    ("log_format", "log-format", "KEYFOB_LOG_FORMAT", "text", "Log format."),
    ("trace", "trace", "KEYFOB_TRACE", "false", "Send traces by OpenTelemetry."),
];

/// Every setting of a server, in the order of its help.
#[derive(Clone, Default)]
#[expect(missing_debug_implementations, reason = "settings are for those who may read them")]
pub struct Given(Arc<Vec<Setting>>);

/// A setting.
#[derive(Clone)]
pub(crate) struct Setting {
    /// Its flag, without the leading dashes.
    pub(crate) name: String,
    /// The variable that sets it: where it is set by one, that one, and else its own.
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

/// It declares no arguments, and reads those that all other fields declare.
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
        let of_program = OF_THE_PROGRAM.map(|(id, flag, variable, default, about)| {
            Arg::new(id).long(flag).env(variable).default_value(default).help(about)
        });
        let of_program = of_program.iter().filter(|arg| matches.try_contains_id(arg.get_id().as_str()).is_ok());
        let all = command.get_arguments().chain(of_program);
        Ok(Self(Arc::new(all.map(|arg| setting(arg, matches)).collect())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn setting(arg: &Arg, matches: &ArgMatches) -> Setting {
    let joined = |values: &mut dyn Iterator<Item = &std::ffi::OsStr>| {
        values.map(|value| value.to_string_lossy().into_owned()).collect::<Vec<_>>().join(", ")
    };
    let id = arg.get_id().as_str();
    let default = joined(&mut arg.get_default_values().iter().map(AsRef::as_ref));
    // A list is one text there, and several values once it is parsed.
    let default = if arg.get_value_delimiter().is_some() { default.replace(',', ", ") } else { default };
    let given: Option<Vec<_>> = matches.try_get_raw(id).ok().flatten().map(Iterator::collect);
    let is_default = given.as_ref().is_none_or(|given| joined(&mut given.iter().copied()) == default);
    let source = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => Source::Flag,
        Some(ValueSource::EnvVariable) => Source::Variable,
        // The settings of a file are defaults of the flags.
        _ if !is_default => Source::File,
        _ => Source::Default,
    };
    let own = arg.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let read = (source == Source::Variable).then(|| coders_variable(id, &own, is_given)).flatten();
    let shown = |values: Vec<&std::ffi::OsStr>| {
        values.into_iter().map(|value| shown_value(id, &value.to_string_lossy())).collect::<Vec<_>>().join(", ")
    };
    let is_secret = is_secret(arg);
    Setting {
        name: arg.get_long().unwrap_or(id).to_owned(),
        variable: read.unwrap_or(own),
        about: arg.get_help().map(ToString::to_string).unwrap_or_default(),
        heading: arg.get_help_heading().unwrap_or("Server").to_owned(),
        default,
        value: match given {
            None => Value::Unset,
            Some(_) if is_secret => Value::Secret,
            Some(values) => Value::Text(shown(values)),
        },
        source,
    }
}

/// Whether the values of an option are secrets.
pub fn is_secret(arg: &clap::Arg) -> bool {
    arg.is_hide_env_values_set() || arg.get_value_parser().type_id() == std::any::TypeId::of::<SecretText>()
}

/// Returns what may be shown of the value of an option that is no secret, but may have one inside: of a URL, neither whom
/// it signs in nor its query; of the parameters that a provider is given, the names.
pub fn shown_value(option: &str, value: &str) -> String {
    if option == AUTH_URL_PARAMS && value != DEFAULT_AUTH_URL_PARAMS {
        let Ok(fields) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value) else {
            return HIDDEN.to_owned();
        };
        let names = fields.into_iter().map(|(name, _)| (name, HIDDEN.into())).collect();
        return serde_json::Value::Object(names).to_string();
    }
    let Some(mut url) = value.parse::<Url>().ok().filter(Url::has_host) else { return without_user(value) };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return value.to_owned();
    }
    let is_bare = url.set_username("").is_ok() && url.set_password(None).is_ok();
    url.set_query(url.query().map(|_| HIDDEN));
    url.set_fragment(None);
    if is_bare { url.into() } else { HIDDEN.to_owned() }
}

/// The same for what is no URL with a host: a host and a port with a user before them, which nothing uses, or data.
fn without_user(value: &str) -> String {
    if value.starts_with("data:") {
        return format!("data:{HIDDEN}");
    }
    match value.rsplit_once('@') {
        // Lists in JSON and names with an address have an `@`, too.
        Some((before, host)) if before.contains(':') && !host.is_empty() && !value.contains(['"', '<']) => {
            host.to_owned()
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::{FromArgMatches as _, Parser};

    use super::*;

    #[derive(Parser)]
    struct Settings {
        #[command(flatten)]
        args: ServerArgs,
        /// As the program around the server has it.
        #[arg(long, env = "KEYFOB_LOG", default_value = "info")]
        log: String,
    }

    fn find<'a>(given: &'a Given, name: &str) -> &'a Setting {
        given.iter().find(|setting| setting.name == name).unwrap()
    }

    #[test]
    fn every_setting_is_there_with_its_source_and_no_secret_is() {
        let secret = "s3cret-in-a-flag";
        let flags = ["server", "--session-duration=2h", "--postgres-url", secret, "--email-auth-password", secret];
        let settings = Settings::parse_from(flags);
        let given = settings.args.given;
        let session = find(&given, "session-duration");
        assert_eq!((&session.value, session.source), (&Value::Text("2h".to_owned()), Source::Flag));
        assert_eq!((session.default.as_str(), session.heading.as_str()), ("24h", "Sessions and tokens"));
        let limit = find(&given, "api-rate-limit");
        assert_eq!((&limit.value, limit.source), (&Value::Text("512".to_owned()), Source::Default));
        assert_eq!(find(&given, "access-url").value, Value::Unset);
        let scopes = find(&given, "oidc-scopes");
        assert_eq!(
            (&scopes.value, scopes.source),
            (&Value::Text("openid, profile, email".to_owned()), Source::Default)
        );
        assert_eq!(find(&given, "log").value, Value::Text(settings.log));
        assert!(given.iter().all(|setting| setting.name != "trace"), "this program has no such flag");
        for setting in given.iter() {
            let is_secret = ["postgres-url", "email-auth-password"].contains(&setting.name.as_str());
            assert_eq!(setting.value == Value::Secret, is_secret, "{}", setting.name);
            assert!(!matches!(&setting.value, Value::Text(text) if text.contains(secret)), "{}", setting.name);
            assert!(setting.variable.starts_with("KEYFOB_") && !setting.about.is_empty(), "{}", setting.name);
        }
    }

    /// The settings of a file are defaults of the command, and a test runs with variables that Cargo sets.
    #[test]
    fn a_setting_of_a_file_and_one_of_a_variable_say_so() {
        let variable = "CARGO_PKG_NAME";
        let command = ServerArgs::augment_args(Command::new("server"))
            .mut_arg("oidc_client_id", |arg| arg.env(variable))
            .mut_arg("oidc_scopes", |arg| arg.default_values(["openid", "groups"]))
            .mut_arg("session_duration", |arg| arg.default_value("2h"));
        let given = Given::from_arg_matches(&command.get_matches_from(["server"])).unwrap();
        for (name, value, source) in [
            ("oidc-client-id", env!("CARGO_PKG_NAME"), Source::Variable),
            ("oidc-scopes", "openid, groups", Source::File),
            ("session-duration", "2h", Source::File),
            ("max-token-lifetime", "876600h", Source::Default),
            ("oidc-auth-url-params", r#"{"access_type": "offline"}"#, Source::Default),
        ] {
            let setting = find(&given, name);
            assert_eq!((&setting.value, setting.source), (&Value::Text(value.to_owned()), source), "{name}");
        }
    }

    #[test]
    fn a_variable_with_the_name_that_coder_gives_it_is_named_so() {
        for (set, flag, own, named) in [
            (&["CODER_ACCESS_URL"][..], "access_url", "KEYFOB_ACCESS_URL", Some("CODER_ACCESS_URL")),
            (&["CODER_ACCESS_URL", "KEYFOB_ACCESS_URL"], "access_url", "KEYFOB_ACCESS_URL", None),
            (
                &["CODER_NOTIFICATIONS_EMAIL_FROM"],
                "email_from",
                "KEYFOB_EMAIL_FROM",
                Some("CODER_NOTIFICATIONS_EMAIL_FROM"),
            ),
            (&["CODER_OIDC_CLIENT_ID"], "oidc_client_id", "KEYFOB_OIDC_CLIENT_ID", Some("CODER_OIDC_CLIENT_ID")),
            (&["CODER_CONFIG"], "config", "KEYFOB_CONFIG", None),
            (
                &["CODER_EMAIL_AUTH_PASSWORD", "KEYFOB_EMAIL_AUTH_PASSWORD_FILE"],
                "email_auth_password",
                "KEYFOB_EMAIL_AUTH_PASSWORD",
                None,
            ),
        ] {
            let found = coders_variable(flag, own, |name| set.contains(&name));
            assert_eq!(found.as_deref(), named, "{set:?}");
        }
    }

    #[test]
    fn a_secret_inside_a_value_is_not_shown_with_it() {
        let groups = r#"{"staff": "everyone"}"#;
        let addresses = r#"{"a":"x","staff@corp":"y"}"#;
        for (option, value, shown) in [
            ("access_url", "https://example.com/path", "https://example.com/path"),
            ("access_url", "https://kf:s3cret@example.com:8443/path", "https://example.com:8443/path"),
            ("access_url", "https://s3cret@example.com", "https://example.com/"),
            ("oidc_icon_url", "https://example.com/icon.png?sig=s3cret#s3cret", "https://example.com/icon.png?***"),
            ("email_smarthost", "smtp://kf:s3cret@mail", "smtp://mail"),
            ("email_smarthost", "kf:s3cret@mail.example.com:587", "mail.example.com:587"),
            ("email_from", "Keyfob <keyfob@example.com>", "Keyfob <keyfob@example.com>"),
            ("oidc_icon_url", "data:image/png;base64,s3cret", "data:***"),
            (
                AUTH_URL_PARAMS,
                r#"{"access_type": "offline", "client_secret": "s3cret"}"#,
                r#"{"access_type":"***","client_secret":"***"}"#,
            ),
            (AUTH_URL_PARAMS, r#"{"client_secret": "s3cret""#, HIDDEN),
            (AUTH_URL_PARAMS, DEFAULT_AUTH_URL_PARAMS, DEFAULT_AUTH_URL_PARAMS),
            ("oidc_group_mapping", groups, groups),
            ("oidc_group_mapping", addresses, addresses),
            ("url", "http://kf:s3cret@ho st/", "ho st/"),
            ("email_smarthost", "mail.example.com:587", "mail.example.com:587"),
            ("http_address", "127.0.0.1:3000", "127.0.0.1:3000"),
        ] {
            assert_eq!(shown_value(option, value), shown);
        }
    }
}
