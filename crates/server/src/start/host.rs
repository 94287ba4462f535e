//! What an operator does on the host, while no server runs on the data directory.
use keyfob_api::secret::SecretText;
use keyfob_authority::data::{LoginType, NewUser, OrganizationId, User};

use crate::{Server, ServerArgs, StartError, http::error::ApiError, start::likely_url};
use keyfob_authority::{AuthorizedStore, RequestContext, System, passwords::weakness};
use keyfob_authority::{Clock, Random, fields::Fields, users::person};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It was refused.
    #[error("{0}")]
    Refused(String),
}

impl From<ApiError> for HostError {
    fn from(error: ApiError) -> Self {
        Self::Refused(error.words())
    }
}

/// An owner to make.
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
    /// [`StartError::Locked`] when one runs on it, and whatever else keeps a server from starting.
    pub async fn open(args: &ServerArgs) -> Result<Self, StartError> {
        let random = Random::from_system().map_err(|error| StartError::Machine(format!("no randomness: {error}")))?;
        let server =
            Server::open(args, &super::server::data_dir(args)?, &likely_url(args), Clock::System, random).await?;
        let store = System::Host.store(server.app().authority(), RequestContext::default());
        Ok(Self { server, store })
    }

    /// Makes an owner who is an administrator of every organization.
    ///
    /// # Errors
    /// [`HostError::Refused`] says what is wrong with the admin, or that there is no deployment yet.
    pub async fn create_admin(&self, admin: NewAdmin) -> Result<(), HostError> {
        let app = self.server.app();
        Fields::default()
            .username("username", &admin.username)
            .email("email", &admin.email)
            .check()
            .map_err(ApiError::from)?;
        require_strong(&admin.password)?;
        if !self.store.is_set_up().await.map_err(ApiError::from)? {
            let words = "there is no user yet: start the server and run `keyfob login`, which makes the first";
            return Err(HostError::Refused(words.to_owned()));
        }
        let password_hash =
            app.authority().passwords().hash(&admin.password).await.map_err(|error| ApiError::internal(&error))?;
        let user = person(app.authority(), admin.username, admin.email, LoginType::Password);
        let user = User { roles: vec![User::OWNER.to_owned()], ..user };
        let organizations = self.store.organizations().await.map_err(ApiError::from)?;
        let organizations: Vec<OrganizationId> =
            organizations.into_iter().map(|organization| organization.id).collect();
        let new = NewUser { user, password_hash };
        self.store.create_user(&new, &organizations).await.map_err(ApiError::from)?;
        for organization in organizations {
            let roles = vec!["organization-admin".to_owned()];
            let given = self.store.update_member_roles(organization, &new.user, roles).await;
            given.map_err(ApiError::from)?;
        }
        Ok(())
    }

    /// Gives a user another password; all their keys end.
    ///
    /// # Errors
    /// [`HostError::Refused`] when there is no such user, they sign in otherwise, or the password is weak.
    pub async fn reset_password(&self, username: &str, password: &SecretText) -> Result<(), HostError> {
        require_strong(password)?;
        let found = self.store.addressed_user(username).await;
        let user = found.map_err(|_| HostError::Refused(format!("there is no user `{username}`")))?;
        if user.login_type != LoginType::Password {
            let words = format!("`{username}` signs in by {}, not by password", user.login_type.as_str());
            return Err(HostError::Refused(words));
        }
        let hash = self.server.app().authority().passwords().hash(password).await;
        let hash = hash.map_err(|error| ApiError::internal(&error))?;
        self.store.set_password(&user, None, &hash, None).await.map_err(ApiError::from)?;
        Ok(())
    }

    /// Ends all use of the data directory.
    pub async fn close(self) {
        self.server.app().authority().close().await;
    }
}

fn require_strong(password: &SecretText) -> Result<(), HostError> {
    weakness(password.reveal()).map_or(Ok(()), |weakness| Err(HostError::Refused(weakness)))
}
