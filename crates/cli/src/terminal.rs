//! The terminal: results, messages, questions and tables. It knows no command.
pub(crate) mod output;
pub(crate) mod printing;
pub(crate) mod problem;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;
