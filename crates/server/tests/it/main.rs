//! The server through its router, with a database in a folder of its own.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may fail where it stands"
)]

mod access;
mod access_lists;
mod account_pages;
mod administration;
mod all_token_pages;
mod audit;
mod audit_pages;
mod authcheck;
mod authenticate;
mod bad_input;
mod bounds;
mod browser;
mod chains;
mod contention;
mod convert;
mod cookies;
mod cross_site;
mod custom_roles;
mod custom_types;
mod damaged;
mod devices;
mod explain;
mod explain_pages;
mod faults;
mod github;
mod github_settings;
mod groups;
mod guide_pages;
mod held;
mod held_back;
mod identity;
mod in_flight;
mod isolation;
mod keys;
mod known_keys;
mod last_owner;
mod letter_case;
mod limits;
mod lists;
mod long_lists;
mod mail_retries;
mod mail_tls;
mod mails;
mod many_memberships;
mod matrix;
mod metrics;
mod monotone;
mod mutations;
mod names;
mod oidc;
mod oidc_claims;
mod oidc_flow;
mod oidc_settings;
mod oidc_tokens;
mod organization_pages;
mod organizations;
mod other_subjects;
mod paging;
mod passwords;
mod people;
mod proxy;
mod races;
mod rank;
mod records;
mod reference;
mod replicas;
mod required_header;
mod resource_changes;
mod resource_pages;
mod resources;
mod role_pages;
mod rules;
mod schemas;
mod scopes;
mod searches;
mod sessions;
mod settings_pages;
mod shapes;
mod support;
mod token_pages;
mod upstream;
mod user_pages;
mod views;
mod web;
