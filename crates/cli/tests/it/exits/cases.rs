//! The commands that are tried.

/// What a command is tried with.
pub(super) struct Case {
    /// The command line. `{n}` is another number in each run, and `{data}` the data folder of the server.
    pub(super) line: &'static str,
    /// What makes the objects of the command line before a run.
    pub(super) before: &'static [&'static str],
    /// The same command about something that is not there.
    pub(super) missing: Option<&'static str>,
}

const fn case(line: &'static str) -> Case {
    Case { line, before: &[], missing: None }
}

const fn about(line: &'static str, missing: &'static str) -> Case {
    Case { line, before: &[], missing: Some(missing) }
}

const fn change(before: &'static [&'static str], line: &'static str, missing: Option<&'static str>) -> Case {
    Case { line, before, missing }
}

const USER: &str = "users create -u u{n} -e u{n}@example.com -n N -p {password} --org default";
const TOKEN: &str = "tokens create -n t{n} --scope workspace:read --lifetime 1h";
const WORKSPACE: &str = "resources create workspace:w{n}";
const ORGANIZATION: &str = "organizations create o{n} -y";
const GROUP: &str = "groups create g{n} --org default";
const ROLE: &str = "organizations roles create r{n} --permission workspace:read --org default";

/// Commands that have no row, and why.
pub(super) const OTHERWISE: [(&str, &str); 9] = [
    ("login", "it changes whom the others act for: `login.rs`"),
    ("logout", "it ends the key of the others: `login.rs`"),
    ("server", "it runs until it is stopped: `signals.rs`"),
    ("server create-admin", "the server must be stopped: `host.rs`"),
    ("server reset-password", "the server must be stopped: `host.rs`"),
    ("server rotate-key", "the server must be stopped: `host.rs`"),
    ("database copy", "the server must be stopped, and PostgreSQL be there: `database.rs`"),
    ("audit verify", "its answer is no, or cannot be: `audit.rs`"),
    ("users password", "it asks for passwords: `missing.rs`"),
];

/// Every other command.
pub(super) const CASES: [Case; 61] = [
    case("whoami"),
    case("tokens create -n c{n} --scope workspace:read --lifetime 1h"),
    case("tokens list"),
    change(&[TOKEN], "tokens view t{n}", Some("tokens view nope")),
    change(&[TOKEN], "tokens remove t{n}", Some("tokens remove nope")),
    about("authcheck workspace:read --owner me --any-organization", "authcheck workspace:read@nope"),
    case("authcheck --list"),
    case("scopes"),
    case("resources create workspace:c{n}"),
    case("resources list"),
    change(&[WORKSPACE], "resources show workspace:w{n}", Some("resources show workspace:nope")),
    change(&[WORKSPACE], "resources remove workspace:w{n}", Some("resources remove workspace:nope")),
    change(&[WORKSPACE], "resources acl show workspace:w{n}", Some("resources acl show workspace:nope")),
    change(
        &[WORKSPACE, USER],
        "resources acl set workspace:w{n} --user u{n}=use",
        Some("resources acl set workspace:nope --user owner=use"),
    ),
    change(
        &[WORKSPACE],
        "resources acl remove workspace:w{n} --user owner",
        Some("resources acl remove workspace:nope --user owner"),
    ),
    case("users create -u c{n} -e c{n}@example.com -n N -p {password} --org default"),
    case("users list"),
    change(&[USER], "users show u{n}", Some("users show nope")),
    change(&[USER], "users delete u{n}", Some("users delete nope")),
    change(&[USER], "users suspend u{n} -y", Some("users suspend nope -y")),
    change(&[USER], "users activate u{n} -y", Some("users activate nope -y")),
    change(&[USER], "users edit-roles u{n} --roles auditor -y", Some("users edit-roles nope --roles auditor -y")),
    about("users notices", "users notices nope"),
    case("organizations create c{n} -y"),
    change(&[ORGANIZATION], "organizations delete o{n} -y", Some("organizations delete nope -y")),
    case("organizations list"),
    about("organizations show default", "organizations show nope"),
    change(
        &[USER, ORGANIZATION],
        "organizations members add u{n} --org o{n}",
        Some("organizations members add nope --org default"),
    ),
    change(
        &[USER],
        "organizations members remove u{n} --org default",
        Some("organizations members remove nope --org default"),
    ),
    about("organizations members list --org default", "organizations members list --org nope"),
    change(
        &[USER],
        "organizations members edit-roles u{n} organization-auditor --org default",
        Some("organizations members edit-roles nope organization-auditor --org default"),
    ),
    about("organizations roles show --org default", "organizations roles show nope --org default"),
    case("organizations roles create c{n} --permission workspace:read --org default"),
    change(
        &[ROLE],
        "organizations roles update r{n} --permission template:read --org default -y",
        Some("organizations roles update nope --permission template:read --org default -y"),
    ),
    change(
        &[ROLE],
        "organizations roles delete r{n} --org default -y",
        Some("organizations roles delete nope --org default -y"),
    ),
    case("groups create c{n} --org default"),
    change(
        &[GROUP],
        "groups edit g{n} --display-name G --org default",
        Some("groups edit nope --display-name G --org default"),
    ),
    change(&[GROUP], "groups delete g{n} --org default -y", Some("groups delete nope --org default -y")),
    about("groups list --org default", "groups list --org nope"),
    about("groups show Everyone --org default", "groups show nope --org default"),
    change(
        &[GROUP, USER],
        "groups members add g{n} u{n} --org default",
        Some("groups members add nope owner --org default"),
    ),
    about("roles list", "roles list --org nope"),
    about("roles show auditor", "roles show nope"),
    case("audit list"),
    case("audit head"),
    case("audit export"),
    case("sessions list"),
    about("sessions end --others -y", "sessions end nope"),
    case("resource-types"),
    about("audit show {record}", "audit show 11111111-2222-4333-8444-555555555555"),
    change(
        &[GROUP, USER, "groups members add g{n} u{n} --org default"],
        "groups members remove g{n} u{n} --org default",
        Some("groups members remove nope owner --org default"),
    ),
    case("login token"),
    case("version"),
    case("completion bash"),
    case("database backup copy{n}.db --data-dir {data}"),
    case("server ready"),
    case("server status"),
    case("server config check"),
    change(&[USER], "users edit u{n} --full-name F", Some("users edit nope --full-name F")),
    change(
        &[ORGANIZATION],
        "organizations edit o{n} --display-name D",
        Some("organizations edit nope --display-name D"),
    ),
    change(&[WORKSPACE], "resources edit workspace:w{n} --name e{n}", Some("resources edit workspace:nope --name e")),
];
