//! From settings to a running server.
mod equipment;
mod error;
mod hangup;
mod host;
pub(crate) mod jobs;
mod serve;
mod server;
mod settings;
mod supervisor;

pub(crate) use equipment::{Equipment, likely_url};
pub use error::StartError;
pub use host::{Host, HostError, NewAdmin};
pub use keyfob_authority::key_files::KeyFile;
pub use serve::{Boxed, Ready, serve};
pub use server::{Server, data_dir_of};
