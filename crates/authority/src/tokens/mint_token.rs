//! Minting API tokens: what a request for one may ask for.
use jiff::SignedDuration;
use keyfob_rbac::{AllowEntry, AllowEntryError, AllowList, AllowListError, Catalogue, NotRequestable, ScopeName};
use keyfob_store::{KeyId, StoreError, User};

use super::{
    MintError, MintRequest, MintedKey, NewKeyKind, Requested, issue,
    lifetime::{WrongLifetime, requested_lifetime},
    mint::{not_stored, require_minting},
    names::invent,
};
use crate::{
    AuthorizedStore, Refused,
    audit::EventKind,
    fields::{Fields, WrongFields},
    work::Work,
};

/// How many bytes the name of a token may have.
const LONGEST_NAME: usize = 255;
/// How many scopes a token may have.
const MOST_SCOPES: usize = 256;

/// How many names are made up before the last one is refused because it is taken.
const INVENTIONS: usize = 32;

/// A token to mint.
#[derive(Clone, Debug)]
pub struct MintToken {
    /// The user who will own it.
    pub owner: User,
    /// Its name; if empty, one is made up.
    pub name: String,
    /// The names of its scopes; if there are none, `scope` counts.
    pub scopes: Vec<String>,
    /// The name of its only scope; if that is empty, too, it has those of the caller's key.
    pub scope: String,
    /// The entries of its allow list; if there are none, it has that of the caller's key.
    pub allow_list: Vec<String>,
    /// Its lifetime; none means the deployment's default.
    pub lifetime: Option<SignedDuration>,
}

/// Why a token was not minted.
#[derive(Debug)]
pub enum MintTokenError {
    /// It has too many scopes, or too long a name.
    InvalidFields(WrongFields),
    /// A token cannot ask for that scope.
    UnknownScope(NotRequestable),
    /// A text is no entry of an allow list.
    InvalidAllowEntry {
        /// Its place in the request, from 0.
        index: usize,
        /// What is wrong with it.
        cause: AllowEntryError,
    },
    /// The entries make no allow list, because there are too many.
    InvalidAllowList(AllowListError),
    /// The lifetime is out of bounds.
    WrongLifetime(WrongLifetime),
    /// Everything that any key may be refused for.
    Mint(MintError),
}

impl From<WrongFields> for MintTokenError {
    fn from(wrong: WrongFields) -> Self {
        Self::InvalidFields(wrong)
    }
}

impl From<MintError> for MintTokenError {
    fn from(error: MintError) -> Self {
        Self::Mint(error)
    }
}

impl From<Refused> for MintTokenError {
    fn from(refused: Refused) -> Self {
        Self::Mint(refused.into())
    }
}

impl From<StoreError> for MintTokenError {
    fn from(error: StoreError) -> Self {
        Self::Mint(error.into())
    }
}

impl AuthorizedStore {
    /// Mints an API token. Requires `create` on an API key of its owner, and nothing that the caller's own key lacks.
    ///
    /// # Errors
    /// Why it was not minted. What is wrong with the request comes before what the caller may not do.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn mint_token(&self, new: MintToken) -> Result<MintedKey, MintTokenError> {
        let lifetime = new.lifetime;
        let request = self.requested_token(new)?;
        let check = |caller: &_| Ok(require_minting(&self.authority, caller, &request)?);
        let mut work = self.begin_if::<MintTokenError>(check).await?;
        work.require_no_such_key(&request).await?;
        let request = work.current_request(request, lifetime).await?;
        let owner = request.owner.clone();
        let (key, minted) = issue(&self.authority, &work.caller, request)?;
        work.insert_key_of(&owner, &key, EventKind::KeyMinted).await?;
        work.commit().await.map_err(|error| not_stored(error, key.token_name))?;
        Ok(minted)
    }

    /// What is asked for, if a token may ask for it.
    pub(super) fn requested_token(&self, new: MintToken) -> Result<MintRequest, MintTokenError> {
        let fields = Fields::default().at_most_bytes("token_name", &new.name, LONGEST_NAME);
        let fields = fields.without_control_characters("token_name", &new.name);
        fields.at_most_entries("scopes", new.scopes.len(), MOST_SCOPES).check()?;
        let entries = allow_entries(self.catalogue(), &new.allow_list)?;
        Ok(MintRequest {
            scopes: scopes(self.catalogue(), &new)?,
            allow_list: allow_list(entries)?,
            lifetime: requested_lifetime(&self.authority, &new.owner, new.lifetime)?,
            kind: NewKeyKind::Token(new.name),
            owner: new.owner,
        })
    }
}

impl Work {
    /// The name must not be the id of a key of the owner: where a name or an id is given, it would stand for both.
    async fn require_no_such_key(&mut self, request: &MintRequest) -> Result<(), MintTokenError> {
        let NewKeyKind::Token(name) = &request.kind else { return Ok(()) };
        let Some(id) = KeyId::parse(name) else { return Ok(()) };
        let owners = self.read().owners_of_keys(&[id]).await?;
        let is_theirs = owners.iter().any(|(_, owner)| *owner == request.owner.id);
        Ok(Fields::default().not_a_key_id("token_name", name, is_theirs).check()?)
    }

    /// The request with its owner as they are now, which decides how long the token may live, and with a name.
    async fn current_request(
        &mut self,
        request: MintRequest,
        lifetime: Option<SignedDuration>,
    ) -> Result<MintRequest, MintTokenError> {
        let owner = self.present_owner(request.owner.id).await?;
        let lifetime = requested_lifetime(&self.authority, &owner, lifetime)?;
        let kind = match request.kind {
            NewKeyKind::Token(name) if name.is_empty() => NewKeyKind::Token(self.free_token_name(&owner).await?),
            kind => kind,
        };
        Ok(MintRequest { owner, kind, lifetime, ..request })
    }

    /// A name that no live token of the user has; after many attempts one that may be taken.
    async fn free_token_name(&mut self, owner: &User) -> Result<String, StoreError> {
        let now = self.now();
        let mut name = invent(self.authority.random());
        for _ in 1..INVENTIONS {
            let namesake = self.read().find_key_by_name(owner.id, &name, now).await?;
            if !namesake.is_some_and(|key| key.is_live(now)) {
                break;
            }
            name = invent(self.authority.random());
        }
        Ok(name)
    }
}

/// `scopes` wins over the older `scope`.
fn scopes(catalogue: &Catalogue, new: &MintToken) -> Result<Requested<Vec<ScopeName>>, MintTokenError> {
    let names = match (new.scopes.as_slice(), &new.scope) {
        ([], one) if one.is_empty() => return Ok(Requested::Own),
        ([], one) => std::slice::from_ref(one),
        (many, _) => many,
    };
    let scope = |name: &String| catalogue.requestable_scope(name).map_err(MintTokenError::UnknownScope);
    names.iter().map(scope).collect::<Result<_, _>>().map(Requested::Exactly)
}

fn allow_entries(catalogue: &Catalogue, texts: &[String]) -> Result<Vec<AllowEntry>, MintTokenError> {
    let entry = |(index, text): (usize, &String)| {
        AllowEntry::parse(catalogue, text).map_err(|cause| MintTokenError::InvalidAllowEntry { index, cause })
    };
    texts.iter().enumerate().map(entry).collect()
}

fn allow_list(entries: Vec<AllowEntry>) -> Result<Requested<AllowList>, MintTokenError> {
    if entries.is_empty() {
        return Ok(Requested::Own);
    }
    AllowList::from_request(entries).map(Requested::Exactly).map_err(MintTokenError::InvalidAllowList)
}
