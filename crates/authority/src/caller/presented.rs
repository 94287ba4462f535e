//! A presented key with its owner and compiled rights: all that a request needs to know of its caller.
use std::{
    any::Any,
    sync::{Arc, OnceLock},
};

use jiff::Timestamp;
use keyfob_rbac::{AllowList, Id, OwnedId, Scope, ScopeName, Subject};
use keyfob_store::{ApiKey, Member, OrganizationId, Reader, RightsVersion, StoreError, User};

use super::{Unauthenticated, is_full};
use crate::{Authority, users::UserView};

/// A key that was presented and verified, with its owner and its rights, which keys share.
#[derive(Clone)]
pub(crate) struct PresentedKey {
    pub(crate) key: ApiKey,
    pub(crate) owner: Arc<Owner>,
    pub(crate) rights: Arc<KeyRights>,
    pub(crate) origins: Origins,
    /// When the owner was last seen, and changed, as far as this key tells.
    pub(crate) seen: Seen,
    pub(crate) shown: Shown,
    /// How many bytes all of this takes, about.
    pub(crate) bytes: u64,
}

/// The owner of a key. Two are equal if they differ in nothing but when they were seen, which keys know by themselves.
pub(crate) struct Owner {
    pub(crate) user: User,
    /// The organizations that they are a member of, the oldest membership first.
    pub(crate) organizations: Vec<OrganizationId>,
    pub(crate) shown: Shown,
}

impl Owner {
    pub(crate) fn of(user: User, organizations: Vec<OrganizationId>) -> Self {
        Self { user, organizations, shown: Shown::default() }
    }
}

impl PartialEq for Owner {
    fn eq(&self, other: &Self) -> bool {
        let Seen { last_seen_at, updated_at } = Seen::of(&other.user);
        let seen_as_other = User { last_seen_at, updated_at, ..self.user.clone() };
        seen_as_other == other.user && self.organizations == other.organizations
    }
}

/// When a user last acted, and was last changed, which acting is, too.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    last_seen_at: Option<Timestamp>,
    updated_at: Timestamp,
}

impl Seen {
    pub(crate) fn of(user: &User) -> Self {
        Self { last_seen_at: user.last_seen_at, updated_at: user.updated_at }
    }

    /// The same after the user was seen at this time.
    pub(super) fn at(self, now: Timestamp) -> Self {
        Self { last_seen_at: self.last_seen_at.max(Some(now)), updated_at: self.updated_at.max(now) }
    }
}

/// What the front shows of the value that this stands in, once it was asked. It follows from that alone, which never changes
/// behind an [`Arc`]; a copy begins without, because it is made to be changed.
#[derive(Default)]
pub(crate) struct Shown(OnceLock<Box<dyn Any + Send + Sync>>);

impl Clone for Shown {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Two values are not different because one of them was shown.
impl PartialEq for Shown {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Shown {
    /// What was made the first time; none if that was something else.
    fn get<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.0.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

/// What a key may do.
#[derive(PartialEq)]
pub(crate) struct KeyRights {
    pub(crate) texts: KeyTexts,
    pub(crate) scopes: Vec<ScopeName>,
    pub(crate) allow_list: AllowList,
    pub(crate) subject: Arc<Subject>,
    pub(crate) shown: Shown,
}

/// What the rights of a key were read with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origins {
    /// The version of all rights that was read before these, which are therefore not older; none where it was not read.
    pub(crate) version: Option<RightsVersion>,
    /// When the owner's session at their identity provider ends; none where there is none, or no such end.
    pub(crate) upstream_end: Option<Timestamp>,
}

/// What a key may do, as it is stored.
#[derive(Default, PartialEq)]
pub(crate) struct KeyTexts {
    scopes: Arc<[String]>,
    allow_list: Arc<[String]>,
}

impl KeyTexts {
    pub(crate) fn of(key: &ApiKey) -> Self {
        Self { scopes: Arc::clone(&key.scopes), allow_list: Arc::clone(&key.allow_list) }
    }
}

impl PresentedKey {
    /// The end that every key minted with this one must have; a full key sets none.
    pub(crate) fn end_of_children(&self) -> Option<Timestamp> {
        (!is_full(&self.key)).then_some(self.key.expires_at)
    }

    /// The owner as they are now.
    pub(crate) fn user(&self) -> User {
        let Seen { last_seen_at, updated_at } = self.seen;
        User { last_seen_at, updated_at, ..self.owner.user.clone() }
    }

    /// Whether the key is live, and the session at an identity provider that it depends on.
    pub(super) fn is_usable(&self, now: Timestamp) -> bool {
        self.key.is_live(now) && self.origins.upstream_end.is_none_or(|end| end > now)
    }
}

/// The presented key and its owner, as the front shows them. What it makes of each of their parts is made once, and again
/// after the part has changed.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub struct Own<'a>(pub(crate) &'a PresentedKey);

impl<'a> Own<'a> {
    /// The key.
    pub fn key(self) -> &'a ApiKey {
        &self.0.key
    }

    /// Their user, as this key knows them: each key has times of its own.
    pub fn user(self) -> UserView {
        UserView { user: self.0.user(), organization_ids: self.0.owner.organizations.clone() }
    }

    /// What is made of the key itself, and of the times of the user.
    pub fn of_key<T: Send + Sync + 'static>(self, make: impl FnOnce(Self) -> T) -> Option<&'a T> {
        self.0.shown.get(|| make(self))
    }

    /// What is made of the scopes and the allow list, which keys share.
    pub fn of_rights<T: Send + Sync + 'static>(self, make: impl FnOnce(Self) -> T) -> Option<&'a T> {
        self.0.rights.shown.get(|| make(self))
    }

    /// What is made of the user but for the times, which keys share.
    pub fn of_user<T: Send + Sync + 'static>(self, make: impl FnOnce(Self) -> T) -> Option<&'a T> {
        self.0.owner.shown.get(|| make(self))
    }
}

/// Compiles the rights of a key.
///
/// # Errors
/// [`Unauthenticated::Unreadable`] when the catalogue lacks what the key names, and when the store fails.
pub(super) async fn compile(
    key: ApiKey,
    user: User,
    authority: &Authority,
    read: &mut Reader<'_>,
    origins: Origins,
) -> Result<PresentedKey, Unauthenticated> {
    let catalogue = authority.catalogue();
    let unreadable = |error: &dyn std::fmt::Display| Unauthenticated::Unreadable(error.to_string());
    let scopes: Vec<ScopeName> = key
        .scopes
        .iter()
        .map(|name| catalogue.scope(name).map_err(|error| unreadable(&error)))
        .collect::<Result<_, _>>()?;
    let entries: Vec<&str> = key.allow_list.iter().map(String::as_str).collect();
    let allow_list = AllowList::parse(catalogue, &entries).map_err(|error| unreadable(&error))?;
    let scope = Scope::expand(catalogue, &scopes).map_err(|error| unreadable(&error))?.restricted_to(&allow_list);
    let members = read.memberships(user.id).await?;
    let subject = subject_within(&scope, &user, &members, authority, read).await?;
    let subject = Arc::new(subject.sharing(authority.keys().tables()));
    let organizations: Vec<OrganizationId> = members.into_iter().map(|member| member.organization_id).collect();
    let seen = Seen::of(&user);
    let texts = KeyTexts::of(&key);
    let (owner, rights) =
        (Owner::of(user, organizations), KeyRights { texts, scopes, allow_list, subject, shown: Shown::default() });
    let bytes = bytes_of(&key, &owner, &rights);
    let (owner, rights) = authority.keys().shared().share(owner, rights);
    let KeyTexts { scopes, allow_list } = &rights.texts;
    let key = ApiKey { scopes: Arc::clone(scopes), allow_list: Arc::clone(allow_list), ..key };
    Ok(PresentedKey { key, owner, rights, origins, seen, shown: Shown::default(), bytes })
}

/// The rights of a user within a scope.
pub(super) async fn subject_within(
    scope: &Scope,
    user: &User,
    members: &[Member],
    authority: &Authority,
    read: &mut Reader<'_>,
) -> Result<Subject, StoreError> {
    let roles = authority.role_book().of_user(read, user, members).await?;
    let groups = read.group_ids_of(user.id).await?;
    let groups: Vec<OwnedId> = groups.into_iter().map(|group| OwnedId::Uuid(group.0)).collect();
    Ok(Subject::compile(authority.catalogue(), Id::from(user.id.0), &roles, &groups, scope))
}

/// How many bytes what is shown of a key, its rights and its owner has beside their texts, and for each organization.
const SHOWN: usize = 800;
const SHOWN_ORGANIZATION: usize = 40;

/// How many bytes a key takes, about: its texts are there thrice, as they are stored, read and shown. What it shares with
/// others counts in full, because they may leave before it.
fn bytes_of(key: &ApiKey, Owner { user, organizations, .. }: &Owner, rights: &KeyRights) -> u64 {
    let texts = |list: &[String]| list.iter().map(|text| size_of::<String>() + text.len()).sum::<usize>();
    let of_key = 3 * (texts(&key.scopes) + texts(&key.allow_list)) + key.token_name.len() + key.origin.user_agent.len();
    let of_user = user.username.len() + user.email.len() + user.name.len() + user.avatar_url.len() + texts(&user.roles);
    let structures = size_of::<PresentedKey>() + size_of::<Owner>() + size_of::<KeyRights>();
    let of_organizations = organizations.len() * (size_of::<OrganizationId>() + SHOWN_ORGANIZATION);
    let all = structures + SHOWN + of_key + 2 * of_user + of_organizations + rights.subject.own_bytes();
    u64::try_from(all).unwrap_or(u64::MAX)
}
