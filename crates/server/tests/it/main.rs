//! The server through its router, with a database in a folder of its own.
mod administration;
mod authenticate;
mod bad_input;
mod faults;
mod identity;
mod keys;
mod monotone;
mod needs;
mod shapes;
mod support;
