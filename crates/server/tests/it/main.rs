//! The server through its router, with a database in a folder of its own.
mod authenticate;
mod resources;
mod support;
