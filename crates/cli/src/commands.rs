//! The commands: a file or a folder for each. None of them imports another.
pub(crate) mod audit;
pub(crate) mod authcheck;
pub(crate) mod completion;
pub(crate) mod database;
pub(crate) mod groups;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod organizations;
pub(crate) mod resources;
pub(crate) mod roles;
pub(crate) mod scopes;
pub(crate) mod server;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod version;
pub(crate) mod whoami;
