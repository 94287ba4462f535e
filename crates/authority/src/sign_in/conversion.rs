//! Converting a user's login type from a password to a provider: begun with the password, completed by signing in at
//! the provider.
use jiff::Timestamp;
use keyfob_api::secret::SecretText;
use keyfob_store::{KeyId, LoginType, PasswordHash, StoreError, User, UserId};

use super::{
    BadTicket, ExternalIdentity, ExternalSignInError,
    external::require_external_sign_in,
    ticket::{TICKET_LIFE, Ticket, ticket_id},
};
use crate::{
    AuthorizedStore, Refused, System,
    audit::{EventKind, conversion_event, user_event},
    fields::{Fields, WrongFields},
    passwords::{SetCredentialError, may_convert},
    sessions::{Login, SignInError},
    tokens::MintedKey,
};

/// How the state of a conversion begins.
pub const CONVERSION_STATE: &str = "convert-";
/// The length of the random part of the state: 190 bits.
const STATE_LENGTH: usize = 32;

/// A conversion to begin.
#[expect(missing_debug_implementations, reason = "holds a password")]
pub struct BeginConversion {
    /// The user to convert.
    pub user: User,
    /// The login type to convert to, by its name.
    pub to: String,
    /// The user's password.
    pub password: SecretText,
}

/// A conversion that was begun.
#[derive(Clone, Debug)]
pub struct BegunConversion {
    /// The user to convert.
    pub user_id: UserId,
    /// The login type to convert to.
    pub to: LoginType,
    /// The state with which the user is to be sent to the provider.
    pub state: String,
    /// The signed ticket, for the user's browser.
    pub ticket: String,
    /// When the ticket expires.
    pub expires_at: Timestamp,
}

/// Why a conversion was not begun.
#[derive(Debug)]
pub enum BeginConversionError {
    /// The caller may not set what the user signs in with.
    NotAllowed(SetCredentialError),
    /// Fields of the request break their rules.
    Invalid(WrongFields),
    /// No user can be converted to that login type.
    NotConvertible(String),
    /// There is no such login type.
    UnknownLoginType(String),
    /// The user would not be signed in with this password.
    Password(SignInError),
    /// The user does not sign in with a password any more.
    NoPassword,
    /// The ticket could not be signed; the text says why.
    Unsigned(String),
    /// The caller may not, or the store failed.
    Refused(Refused),
}

impl From<Refused> for BeginConversionError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<StoreError> for BeginConversionError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<SetCredentialError> for BeginConversionError {
    fn from(error: SetCredentialError) -> Self {
        Self::NotAllowed(error)
    }
}

impl From<SignInError> for BeginConversionError {
    fn from(error: SignInError) -> Self {
        Self::Password(error)
    }
}

impl From<WrongFields> for BeginConversionError {
    fn from(wrong: WrongFields) -> Self {
        Self::Invalid(wrong)
    }
}

/// What a user who was sent to a provider comes back with, to be converted.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct CompleteConversion<'a> {
    /// Their account at the provider.
    pub identity: ExternalIdentity,
    /// The ticket of [`BegunConversion`].
    pub ticket: &'a str,
    /// The state that they were sent with.
    pub state: &'a str,
    /// The key with which their browser is signed in: it stays.
    pub own_key: Option<&'a KeyId>,
}

/// Why a conversion was not completed.
#[derive(Debug)]
pub enum CompleteConversionError {
    /// The ticket is not accepted.
    Ticket(BadTicket),
    /// No user has the account's address.
    NoSuchUser {
        /// The address.
        email: String,
    },
    /// The account belongs to another user than the one to convert, or the user has changed since.
    OtherUser {
        /// The login type to convert from.
        from: String,
        /// The login type to convert to.
        to: String,
    },
    /// Everything that any sign-in by a provider may be refused for.
    SignIn(ExternalSignInError),
}

impl From<ExternalSignInError> for CompleteConversionError {
    fn from(error: ExternalSignInError) -> Self {
        Self::SignIn(error)
    }
}

impl From<Refused> for CompleteConversionError {
    fn from(refused: Refused) -> Self {
        Self::SignIn(refused.into())
    }
}

impl From<StoreError> for CompleteConversionError {
    fn from(error: StoreError) -> Self {
        Self::SignIn(error.into())
    }
}

impl AuthorizedStore {
    /// Begins to convert a user to a provider's login type. The password that they gave names the ticket, so that the
    /// ticket is void once the password changes. Requires `update_personal` on the user; for another user than the
    /// caller's own also a full key, and a role that may assign every role that the user holds.
    ///
    /// # Errors
    /// Why it was not begun.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn begin_conversion(&self, request: &BeginConversion) -> Result<BegunConversion, BeginConversionError> {
        let BeginConversion { user, to, password } = request;
        may_convert(&self.caller, &mut self.read(), user).await?;
        Fields::default().required("to_type", to).required("password", password.reveal()).check()?;
        let to = login_type(to)?;
        let verifier = System::SignIn.store(&self.authority, self.caller.context().clone());
        let (user, password) = verifier.verify_password(&Login::Email(user.email.clone()), password).await?;
        let mut work = self.begin().await?;
        let user = work.live_user(user.id).await?;
        let caller = work.caller.clone();
        may_convert(&caller, &mut work.read(), &user).await?;
        if user.login_type != LoginType::Password {
            return Err(BeginConversionError::NoPassword);
        }
        let now = work.now();
        let state = format!("{CONVERSION_STATE}{}", work.authority.random().alphanumeric(STATE_LENGTH));
        let ticket = work.authority.tickets().sign(&user, to, &state, now, &password.seen);
        let ticket = ticket.map_err(|error| BeginConversionError::Unsigned(error.to_string()))?;
        let expires_at = now.checked_add(TICKET_LIFE).unwrap_or(Timestamp::MAX);
        work.record(conversion_event(&user, to, now, expires_at));
        work.commit().await?;
        Ok(BegunConversion { user_id: user.id, to, state, ticket, expires_at })
    }

    /// Lets a user sign in by a provider from now on, and no longer with a password, and begins a session. All their
    /// keys are deleted but the one that their browser is signed in with. Requires what [`Self::sign_in_externally`]
    /// does.
    ///
    /// # Errors
    /// Why the user was not converted.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn complete_conversion(
        &self,
        conversion: CompleteConversion<'_>,
    ) -> Result<MintedKey, CompleteConversionError> {
        let CompleteConversion { identity, ticket, state, own_key } = conversion;
        let ticket = self.authority.tickets().read(ticket, state, self.now());
        let ticket = ticket.map_err(CompleteConversionError::Ticket)?;
        // If this is refused from here on, it is recorded as a failed conversion.
        self.caller.context().decisions.conversion_failed(ticket.user_id.parse().ok().map(UserId));
        let mut work = self.begin_if(require_external_sign_in).await?;
        let known = work.linked_user(&identity).await?;
        let user = known.ok_or_else(|| CompleteConversionError::NoSuchUser { email: identity.email.clone() })?;
        let password = work.read().find_password(user.id).await?.unwrap_or_default();
        require_same_user(&ticket, &user, &identity, &password)?;
        let now = work.now();
        work.tx.update_login_type(user.id, identity.login_type, now).await?;
        let converted = User { login_type: identity.login_type, ..user.clone() };
        let event = user_event(EventKind::LoginTypeConverted, Some(&user), &converted);
        work.record(event.with_secret("hashed_password"));
        work.tx.delete_keys_of_but(user.id, own_key).await?;
        let user = work.update_from_provider(converted, &identity).await?;
        let minted = work.begin_external_session(user, identity, EventKind::SignedIn).await?;
        work.commit().await?;
        Ok(minted)
    }
}

/// The login type of a provider by its name.
fn login_type(name: &str) -> Result<LoginType, BeginConversionError> {
    match name {
        "oidc" => Ok(LoginType::Oidc),
        "github" => Ok(LoginType::Github),
        "none" | "password" | "token" => Err(BeginConversionError::NotConvertible(name.to_owned())),
        _ => Err(BeginConversionError::UnknownLoginType(name.to_owned())),
    }
}

/// The ticket was made for this user, with the password that they still have: another password stops an attacker who
/// knew the old one and began a conversion with it.
fn require_same_user(
    ticket: &Ticket,
    user: &User,
    identity: &ExternalIdentity,
    password: &PasswordHash,
) -> Result<(), CompleteConversionError> {
    let is_same = ticket.id == ticket_id(&ticket.state, password).to_string()
        && ticket.user_id == user.id.to_string()
        && ticket.from == user.login_type.as_str()
        && ticket.to == identity.login_type.as_str();
    if is_same {
        return Ok(());
    }
    Err(CompleteConversionError::OtherUser { from: ticket.from.clone(), to: ticket.to.clone() })
}
