//! The ticket of a conversion of a login type, which the user's browser keeps: signed, so that no other can be made.
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation,
    errors::{Error, ErrorKind},
};
use keyfob_store::{LoginType, PasswordHash, User};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How long a ticket is valid.
pub(super) const TICKET_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Signs and reads tickets.
pub(crate) struct Tickets {
    signing: EncodingKey,
    verifying: DecodingKey,
    key_id: String,
    deployment: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Vec<String>,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    user_id: String,
    state: String,
    from_login_type: String,
    to_login_type: String,
}

/// Why a ticket is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTicket {
    /// It has no signature, or that of another key.
    Signature,
    /// It cannot be read, or is not valid now; the text says why.
    Unreadable(String),
    /// It is another deployment's.
    Deployment,
    /// It was made for another state.
    State,
}

/// The claims of a ticket.
pub(super) struct Ticket {
    /// Names it: only a ticket made with the present password has this id.
    pub(super) id: String,
    pub(super) state: String,
    pub(super) user_id: String,
    pub(super) from: String,
    pub(super) to: String,
}

/// The id of a ticket: made of its state, which is random, and of the password that it was made with, so that another
/// password voids it.
pub(super) fn ticket_id(state: &str, password: &PasswordHash) -> Uuid {
    let digest: [u8; 32] =
        Sha256::new().chain_update(state).chain_update([0]).chain_update(&password.0).finalize().into();
    let (id, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    uuid::Builder::from_custom_bytes(*id).into_uuid()
}

impl Tickets {
    pub(crate) fn new(key: &[u8; 64], deployment: &Uuid) -> Self {
        let key_id = URL_SAFE_NO_PAD.encode(Sha256::digest(key));
        let deployment = deployment.to_string();
        Self { signing: EncodingKey::from_secret(key), verifying: DecodingKey::from_secret(key), key_id, deployment }
    }

    /// A ticket to convert a user, valid from now on.
    pub(super) fn sign(
        &self,
        user: &User,
        to: LoginType,
        state: &str,
        now: Timestamp,
        password: &PasswordHash,
    ) -> Result<String, Error> {
        let second = now.as_second();
        let claims = Claims {
            iss: self.deployment.clone(),
            sub: state.to_owned(),
            aud: vec![user.id.to_string()],
            exp: second.saturating_add(TICKET_LIFE.as_secs()),
            nbf: second.saturating_sub(1),
            iat: second,
            jti: ticket_id(state, password).to_string(),
            user_id: user.id.to_string(),
            state: state.to_owned(),
            from_login_type: user.login_type.as_str().to_owned(),
            to_login_type: to.as_str().to_owned(),
        };
        let mut header = Header::new(Algorithm::HS512);
        header.kid = Some(self.key_id.clone());
        jsonwebtoken::encode(&header, &claims, &self.signing)
    }

    /// The claims of a ticket that was made for this state.
    pub(super) fn read(&self, text: &str, state: &str, now: Timestamp) -> Result<Ticket, BadTicket> {
        let header = jsonwebtoken::decode_header(text).map_err(|_| BadTicket::Signature)?;
        if header.kid.as_deref() != Some(self.key_id.as_str()) {
            return Err(BadTicket::Signature);
        }
        let mut validation = Validation::new(Algorithm::HS512);
        // Our own clock decides on the time, and the conversion itself on the user.
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<Claims>(text, &self.verifying, &validation);
        let claims = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => BadTicket::Signature,
            _ => BadTicket::Unreadable(error.to_string()),
        })?;
        let claims = claims.claims;
        if claims.exp <= now.as_second() {
            return Err(BadTicket::Unreadable("token is expired".to_owned()));
        }
        if claims.nbf > now.as_second() {
            return Err(BadTicket::Unreadable("token is not valid yet".to_owned()));
        }
        if claims.iss != self.deployment {
            return Err(BadTicket::Deployment);
        }
        if claims.state != state {
            return Err(BadTicket::State);
        }
        Ok(Ticket {
            id: claims.jti,
            state: claims.state,
            user_id: claims.user_id,
            from: claims.from_login_type,
            to: claims.to_login_type,
        })
    }
}
