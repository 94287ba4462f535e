//! The commands that an operator runs on the host, while no server runs on the data directory. Where the database is
//! PostgreSQL, servers may run meanwhile.
use std::fmt;

use keyfob_api::secret::SecretText;
use keyfob_authority::{
    AuthorizedStore, Clock, DataDir, Database, Random, Refused, RequestContext, System,
    fields::{NO_CONTROL_CHARACTERS, NOT_AN_ID, WrongField, WrongFields},
    key_files::{KeyFile, ReplaceKeyError, ReplacedKey},
    passwords::{ChangePassword, ChangePasswordError, CheckPasswordError, SetCredentialError},
    roles::AssignError,
    users::{CreateAdmin, CreateAdminError},
};

use super::{Equipment, likely_url};
use crate::{Server, ServerArgs, StartError};

/// Why a command on the host was refused or failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum HostError {
    /// The data directory cannot be used.
    Start(StartError),
    /// The owner was not created.
    CreateAdmin(CreateAdminError),
    /// No user has this name.
    UnknownUser(String),
    /// The user of this name was not given another password.
    ResetPassword(String, ChangePasswordError),
    /// The key was not replaced.
    ReplaceKey(ReplaceKeyError),
    /// The user was not found.
    Refused(Refused),
}

impl std::error::Error for HostError {}

impl From<StartError> for HostError {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

/// An owner to create.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct NewAdmin {
    /// Unique without regard to case.
    pub username: String,
    /// Unique without regard to case.
    pub email: String,
    /// Strong enough.
    pub password: SecretText,
}

/// A data directory in the hands of an operator.
#[expect(missing_debug_implementations, reason = "holds a server")]
pub struct Host {
    server: Server,
    store: AuthorizedStore,
}

impl Host {
    /// Opens the data directory of a server that does not run.
    ///
    /// # Errors
    /// [`StartError::Open`] when one runs on it or none ever did, and all else that keeps a server from starting.
    pub async fn open(args: &ServerArgs) -> Result<Self, StartError> {
        let random = Random::from_system().map_err(|error| StartError::Machine(format!("no randomness: {error}")))?;
        let folder = super::server::data_dir(args)?;
        let url = likely_url(args);
        let equipment = Equipment::new(args, &url)?;
        let data_dir = match equipment.database {
            Database::File(_) => DataDir::open_existing(&folder)?,
            Database::Postgres(_) => DataDir::open_shared(&folder)?,
        };
        let server = Server::assemble(args, equipment, data_dir, &url, Clock::System, random).await?;
        let store = System::Host.store(server.app().authority(), RequestContext::default());
        Ok(Self { server, store })
    }

    /// Creates an owner who is an administrator of every organization.
    ///
    /// # Errors
    /// [`HostError::CreateAdmin`] names the rule that the owner would break, or that there is no deployment yet.
    pub async fn create_admin(&self, admin: NewAdmin) -> Result<(), HostError> {
        let NewAdmin { username, email, password } = admin;
        let new = CreateAdmin { username, email, password };
        self.store.create_admin(new).await.map_err(HostError::CreateAdmin)
    }

    /// Gives a user another password, and deletes all their keys.
    ///
    /// # Errors
    /// [`HostError::UnknownUser`], or [`HostError::ResetPassword`] with the rule that the password would break.
    pub async fn reset_password(&self, username: &str, password: &SecretText) -> Result<(), HostError> {
        let user = self.store.addressed_user(username).await.map_err(|refused| match refused {
            Refused::Hidden(_) => HostError::UnknownUser(username.to_owned()),
            other => HostError::Refused(other),
        })?;
        let change = ChangePassword { old: SecretText::default(), new: password.clone() };
        let changed = self.store.change_password(user.id, change).await;
        changed.map(drop).map_err(|error| HostError::ResetPassword(username.to_owned(), error))
    }

    /// Gives the deployment another key, in place of the one in this file.
    ///
    /// # Errors
    /// [`HostError::ReplaceKey`] says what stands in the way; then nothing has changed.
    pub async fn replace_key(self, which: KeyFile) -> Result<ReplacedKey, HostError> {
        let replaced = self.store.replace_key(which).await.map_err(HostError::ReplaceKey);
        self.close().await;
        replaced
    }

    /// Ends all use of the data directory.
    pub async fn close(self) {
        self.server.app().authority().close().await;
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(error) => error.fmt(f),
            Self::CreateAdmin(error) => f.write_str(&words_of_create_admin(error)),
            Self::UnknownUser(username) => write!(f, "there is no user `{username}`"),
            Self::ResetPassword(username, error) => f.write_str(&words_of_reset_password(username, error)),
            Self::ReplaceKey(error) => f.write_str(&words_of_replace_key(error)),
            Self::Refused(refused) => f.write_str(&words_of_refused(refused)),
        }
    }
}

fn words_of_replace_key(error: &ReplaceKeyError) -> String {
    match error {
        ReplaceKeyError::InUse(replicas) => {
            let names: Vec<_> = replicas.iter().map(|replica| replica.0.as_str()).collect();
            format!(
                "these servers use the key: {}: stop them, and wait for the time that /readyz tells",
                names.join(", ")
            )
        }
        ReplaceKeyError::Files(error) => error.to_string(),
        ReplaceKeyError::NotInPlace(error) => format!(
            "the database has the new key, but its file could not be put in its place: {error}; start the server, which \
             tries again, or move the file yourself"
        ),
        ReplaceKeyError::NotSealed => "the machine has no memory left".to_owned(),
        ReplaceKeyError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_create_admin(error: &CreateAdminError) -> String {
    match error {
        CreateAdminError::Invalid(wrong) => words_of_fields(wrong),
        CreateAdminError::WeakPassword(weakness) => weakness.to_string(),
        CreateAdminError::NotSetUp => {
            "there is no user yet: start the server and run `keyfob login`, which makes the first".to_owned()
        }
        CreateAdminError::Taken => "User already exists.".to_owned(),
        CreateAdminError::Denied(denied) => format!("{} is not permitted", denied.permission()),
        CreateAdminError::Assign(error) => words_of_assign(error),
        CreateAdminError::Hash(error) => error.to_string(),
        CreateAdminError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_reset_password(username: &str, error: &ChangePasswordError) -> String {
    match error {
        ChangePasswordError::Denied(error) => words_of_set_credential(username, error),
        ChangePasswordError::Invalid(wrong) => words_of_fields(wrong),
        ChangePasswordError::OtherLoginType(own) => {
            format!("`{username}` signs in by {}, not by password", own.as_str())
        }
        ChangePasswordError::OldPasswordRequired => "the present password is required".to_owned(),
        ChangePasswordError::WeakPassword(weakness) => weakness.to_string(),
        ChangePasswordError::NotChecked(error) => words_of_check(error),
        ChangePasswordError::WrongOldPassword => "the present password is another one".to_owned(),
        ChangePasswordError::SamePassword => format!("`{username}` has that password already: choose another one"),
        ChangePasswordError::Overtaken => format!("the password of `{username}` was changed meanwhile: try again"),
        ChangePasswordError::Hash(error) => error.to_string(),
        // A password that the host sets continues no session, so this does not occur.
        ChangePasswordError::Mint(_) => "no session could be begun".to_owned(),
        ChangePasswordError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_fields(WrongFields(wrong): &WrongFields) -> String {
    let words = |WrongField { field, rule, value }: &WrongField| {
        if value.is_empty() {
            return format!("the {field} is missing");
        }
        if *rule == NOT_AN_ID {
            return format!("`{value}` reads as an id: choose another {field}");
        }
        if *rule == NO_CONTROL_CHARACTERS {
            return format!("{value:?} has control characters: leave them out of the {field}");
        }
        format!("`{value}` breaks the rule \"{rule}\" of the {field}")
    };
    wrong.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn words_of_assign(error: &AssignError) -> String {
    match error {
        AssignError::Unsupported(role) => format!("there is no role `{role}`"),
        AssignError::NotAssignable(role) => format!("the role `{role}` may not be given"),
        AssignError::Denied(denied) => format!("{} is not permitted", denied.permission()),
        AssignError::OwnerNeedsFullKey => "only a full key may give the role `owner`".to_owned(),
        AssignError::NoOwnerLeft => "there must be an owner".to_owned(),
        AssignError::Changed => "the roles have changed meanwhile: try again".to_owned(),
        AssignError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_set_credential(username: &str, error: &SetCredentialError) -> String {
    match error {
        SetCredentialError::OwnersOnly => format!("`{username}` is an owner: only owners may set their password"),
        SetCredentialError::Stronger(_) => format!("`{username}` holds a role that may not be given"),
        SetCredentialError::NeedsFullKey => "that takes a full key".to_owned(),
        SetCredentialError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_check(error: &CheckPasswordError) -> String {
    match error {
        CheckPasswordError::Paused { until, .. } => format!("too many wrong passwords: try again after {until}"),
        CheckPasswordError::Hash(error) => error.to_string(),
        CheckPasswordError::Refused(refused) => words_of_refused(refused),
    }
}

fn words_of_refused(refused: &Refused) -> String {
    match refused {
        Refused::Hidden(_) => "there is no such thing".to_owned(),
        Refused::Denied(denied) => format!("{} is not permitted", denied.permission()),
        Refused::Unauthenticated(reason) => reason.to_string(),
        Refused::Store(error) => error.to_string(),
    }
}
