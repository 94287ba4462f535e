#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod api;
mod app;
mod config;
mod documentation;
mod http;
mod listen;
mod mail;
mod metrics;
mod pages;
mod records;
mod start;
mod ways;

pub use config::{
    BadSetting, BadSettings, ClientCertificates, GithubArgs, Given, GuardArgs, MailArgs, OidcArgs, PostgresArgs,
    PostgresAuth, ServerArgs, TlsArgs, TlsVersion, check, check_values, config_file, description, is_secret,
    nearest_name, parse_duration, shown_value, value_in_file, warnings, with_coder_environment, without_secrets,
};
pub use http::{ACCESS_LOG, Service};
pub use keyfob_authority::{
    BackupError, Clock, CopyError, CopyProgress, CopyStep, DataDirError, MoveError, OpenError, Random,
    audit::{
        AuditFileError, AuditLine, AuditSource, RetiredLine, export_audit, recorded_actions, recorded_types,
        verify_audit,
    },
    back_up_database,
    data::{AuditEntry, ChainCheckpoint, ChainFault, ChainHead, PostgresOptions, VerifiedChain},
    move_database,
};
pub use start::{Boxed, Host, HostError, KeyFile, NewAdmin, Ready, Server, StartError, data_dir_of, serve};
