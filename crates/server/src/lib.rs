#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod access_url;
mod audit;
mod authcheck;
mod clock;
mod config;
mod connections;
mod context;
mod cookies;
mod deployment;
mod devices;
mod documentation;
mod error;
mod even;
mod extract;
mod gate;
mod groups;
mod host;
mod http;
mod jobs;
mod limits;
mod mail;
mod notices;
mod organizations;
mod pages;
mod passwords;
mod providers;
mod proxies;
mod random;
mod resources;
mod roles;
mod seal;
mod search;
mod serve;
mod sessions;
mod start;
mod state;
mod tls;
mod tokens;
mod users;
mod validate;
mod wire;

pub use audit::{AuditFileError, AuditLine, RetiredLine, export_audit, verify_audit};
pub use clock::Clock;
pub use config::{
    BadSetting, BadSettings, ClientCertificates, GithubArgs, GuardArgs, MailArgs, OidcArgs, ServerArgs, TlsArgs,
    TlsVersion, check, check_values, config_file, parse_duration, with_coder_environment, with_config_file,
};
pub use host::{Host, HostError, NewAdmin};
pub use http::Service;
pub use keyfob_store::{AuditEntry, ChainCheckpoint, ChainFault, ChainHead};
pub use random::Random;
pub use start::{Ready, Server, StartError, serve};
