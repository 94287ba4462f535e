//! Arguments that several commands take: what a person types, and the value or the id that it stands for.
pub(crate) mod file;
pub(crate) mod key_limits;
pub(crate) mod lifetime;
pub(crate) mod name;
pub(crate) mod organization;
pub(crate) mod password_file;
pub(crate) mod resource;
pub(crate) mod secret;
pub(crate) mod token;
pub(crate) mod user;
