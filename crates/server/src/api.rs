//! The API, a file or folder for each capability: its routes, what each of them takes and answers, and the words of its
//! errors.
pub(crate) mod audit;
pub(crate) mod authcheck;
pub(crate) mod deployment;
pub(crate) mod devices;
pub(crate) mod groups;
pub(crate) mod organizations;
pub(crate) mod resources;
pub(crate) mod roles;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod wire;
