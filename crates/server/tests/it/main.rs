//! The server through its router, with a database in a folder of its own.
mod access_lists;
mod authenticate;
mod custom_types;
mod resource_changes;
mod resources;
mod support;
mod views;
