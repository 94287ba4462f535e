//! Keyfob as people meet it: the real program, on a real port, in an empty folder.
#![forbid(unsafe_code)]

mod authcheck;
mod command_line;
mod compare;
mod help;
mod http;
mod keys;
mod login;
mod player;
mod program;
mod proxy;
mod tour;
mod usage;
