//! The command line: the tree of commands, and the command that each leads to.
use std::pin::Pin;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::{
    commands::{
        audit::{self, AuditCommand},
        authcheck::{self, AuthcheckArgs},
        completion::{self, CompleteArgs, CompletionArgs},
        database::{self, DatabaseCommand},
        groups::{self, GroupsCommand},
        login::{self, LoginArgs},
        logout::{self, LogoutArgs},
        organizations::{self, OrganizationsCommand},
        resource_types::{self, ResourceTypesArgs},
        resources::{self, ResourcesCommand},
        roles::{self, RolesCommand},
        scopes::{self, ScopesArgs},
        server::{self, ServerCommand},
        sessions::{self, SessionsCommand},
        tokens::{self, TokensCommand},
        users::{self, UsersCommand},
        version::{self, VersionArgs},
        whoami::{self, WhoamiArgs},
    },
    invocation::{Invocation, Outcome},
    options::GlobalOptions,
};

/// A token authority: API tokens limited by scopes and allow lists.
///
/// Keyfob is a server and its command line. People sign in and create API tokens; scopes limit the actions of a token,
/// and its allow list limits the objects. Services ask Keyfob whether a caller may perform an action.
#[derive(Parser)]
#[command(
    name = "keyfob",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:
  keyfob server                                      run a server here
  keyfob login http://localhost:3000                 sign in, or set it up
  keyfob tokens create -n ci --scope workspace:read  a token that only reads
  keyfob authcheck workspace:read --owner me         check a permission"
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) options: GlobalOptions,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// The commands.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Sign in to a server
    Login(LoginArgs),
    /// Sign out and remove the stored token
    Logout(LogoutArgs),
    /// Show which user the key in use belongs to
    Whoami(WhoamiArgs),
    /// Create, list, view and expire API tokens
    #[command(subcommand, visible_alias = "token")]
    Tokens(TokensCommand),
    /// List sessions, and end them
    #[command(subcommand, visible_alias = "session")]
    Sessions(SessionsCommand),
    /// Ask whether a key may perform an action, and why
    Authcheck(AuthcheckArgs),
    /// List the scopes that a token can have
    Scopes(ScopesArgs),
    /// List the types of objects, with their actions
    ResourceTypes(ResourceTypesArgs),
    /// Manage registered objects and their access lists
    #[command(subcommand, visible_alias = "resource")]
    Resources(ResourcesCommand),
    /// Create, list and change users
    #[command(subcommand, visible_alias = "user")]
    Users(UsersCommand),
    /// Manage organizations, their members and their roles
    #[command(subcommand, visible_aliases = ["organization", "org", "orgs"])]
    Organizations(OrganizationsCommand),
    /// Manage groups of an organization's members
    #[command(subcommand, visible_alias = "group")]
    Groups(GroupsCommand),
    /// List the roles that can be assigned
    #[command(subcommand, visible_alias = "role")]
    Roles(RolesCommand),
    /// List, verify and export audit records
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Run a server
    Server(Box<ServerCommand>),
    /// Move or back up the data of a server, on its host
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Show the version of this program
    Version(VersionArgs),
    /// Print a shell completion script
    Completion(CompletionArgs),
    /// Print what the last word of a command line can be
    #[command(hide = true)]
    Complete(CompleteArgs),
}

impl Command {
    /// Runs the command.
    pub(super) fn run(self, invocation: &Invocation) -> Running<'_> {
        match self {
            Self::Login(args) => done(login::run(invocation, args)),
            Self::Logout(args) => done(async move { logout::run(invocation, &args).await }),
            Self::Whoami(args) => done(async move { whoami::run(invocation, &args).await }),
            Self::Tokens(command) => done(tokens::run(invocation, command)),
            Self::Sessions(command) => done(sessions::run(invocation, command)),
            Self::Authcheck(args) => Box::pin(authcheck::run(invocation, args)),
            Self::Scopes(args) => done(async move { scopes::run(invocation, &args).await }),
            Self::ResourceTypes(args) => done(async move { resource_types::run(invocation, &args).await }),
            Self::Resources(command) => done(resources::run(invocation, command)),
            Self::Users(command) => done(users::run(invocation, command)),
            Self::Organizations(command) => done(organizations::run(invocation, command)),
            Self::Groups(command) => done(groups::run(invocation, command)),
            Self::Roles(command) => done(roles::run(invocation, command)),
            Self::Audit(command) => Box::pin(audit::run(invocation, command)),
            Self::Server(command) => done(server::run(invocation, *command, Cli::command())),
            Self::Database(command) => done(database::run(invocation, command)),
            Self::Version(args) => done(async move { version::run(invocation, &args) }),
            Self::Complete(args) => Box::pin(completion::complete(invocation, args, Cli::command())),
            Self::Completion(args) => done(async move { completion::run(invocation, &args, &mut Cli::command()) }),
        }
    }
}

/// A command that runs, in a box: bodies of async functions are otherwise compiled anew wherever they are polled, with all
/// that they call.
type Running<'a> = Pin<Box<dyn Future<Output = anyhow::Result<Outcome>> + 'a>>;

/// A command that is done if it does not fail.
fn done<'a>(running: impl Future<Output = anyhow::Result<()>> + 'a) -> Running<'a> {
    Box::pin(async {
        running.await?;
        Ok(Outcome::Done)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn ids(command: &clap::Command) -> Vec<&str> {
        command.get_arguments().map(|arg| arg.get_id().as_str()).collect()
    }

    fn check(command: &clap::Command, global: &[&str]) {
        for below in command.get_subcommands() {
            let clash = ids(below).into_iter().find(|id| global.contains(id));
            assert_eq!(clash, None, "{} has a global option's name", below.get_name());
            check(below, global);
        }
    }

    #[test]
    fn no_option_of_a_command_has_the_name_of_a_global_one() {
        let command = Cli::command();
        check(&command, &ids(&command));
    }

    /// Options and arguments whose value may be empty, because they name nothing or something else looks at it. The
    /// settings of a server are not among them.
    const TEXTS: [&str; 32] = [
        "--header",
        "--header-command",
        "--url",
        "audit export --search",
        "audit list search",
        "database copy --from",
        "database copy --to",
        "groups create --avatar-url",
        "groups create --display-name",
        "groups edit --avatar-url",
        "groups edit --display-name",
        "login --first-user-email",
        "login --first-user-full-name",
        "login --first-user-username",
        "login address",
        "organizations edit --default-roles",
        "organizations edit --description",
        "organizations edit --display-name",
        "organizations edit --icon",
        "organizations roles create --display-name",
        "organizations roles update --display-name",
        "resources list --query",
        "scopes texts",
        "server create-admin --email",
        "tokens create --lifetime",
        "tokens create --name",
        "tokens list --search",
        "users create --email",
        "users create --full-name",
        "users create --login-type",
        "users edit --full-name",
        "users edit-roles --roles",
    ];

    /// The values of every argument that takes any text, by the command lines that give it the empty one.
    fn empty_values(command: &clap::Command, path: &[String]) -> Vec<(String, Vec<String>)> {
        let is_text = |arg: &&clap::Arg| {
            arg.get_action().takes_values() && arg.get_value_parser().type_id() == clap::value_parser!(String).type_id()
        };
        let line = |arg: &clap::Arg| {
            let before = command.get_positionals().take_while(|other| other.get_id() != arg.get_id());
            let value = match arg.get_long() {
                Some(long) => vec![format!("--{long}=")],
                None => before.map(|_| "x:y".to_owned()).chain([String::new()]).collect(),
            };
            let name = arg.get_long().map_or_else(|| arg.get_id().to_string(), |long| format!("--{long}"));
            (
                format!("{} {name}", path.get(1..).unwrap_or_default().join(" ")).trim_start().to_owned(),
                [path, &value].concat(),
            )
        };
        let own = command.get_arguments().filter(is_text).map(line);
        let below = command
            .get_subcommands()
            .filter(|below| below.get_name() != "help")
            .flat_map(|below| empty_values(below, &[path, &[below.get_name().to_owned()]].concat()));
        own.chain(below).collect()
    }

    /// The variable of a script that is empty must not name everything, the caller, or what is above.
    #[test]
    fn what_names_something_is_not_empty() {
        let mut accepted = std::collections::BTreeSet::new();
        for (id, line) in empty_values(&Cli::command(), &["keyfob".to_owned()]) {
            let refused = Cli::command().try_get_matches_from(&line).err().map(|error| error.kind());
            if refused != Some(clap::error::ErrorKind::ValueValidation) && !id.starts_with("server --") {
                accepted.insert(id);
            }
        }
        let accepted: Vec<String> = accepted.into_iter().collect();
        assert_eq!(accepted, TEXTS);
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
