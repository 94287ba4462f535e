//! API keys: minting, reading, expiring and deleting.
mod expire;
mod findings;
mod issue;
mod lifetime;
mod list;
mod mint;
mod mint_token;
mod names;
mod offer;
mod pasted;
mod preview;
mod request;

pub(crate) use expire::takes_descendants;
pub use expire::{Affected, Cascade, KeyRights};
pub use findings::{Finding, FindingCount};
pub use issue::LONGEST_CHAIN;
pub(crate) use issue::{bounds, issue};
pub use lifetime::WrongLifetime;
pub use list::ListTokens;
pub use mint::{MintError, MintedKey};
pub use mint_token::{MintToken, MintTokenError};
pub use offer::{OfferedScope, Preset, nearest_preset, presets, scopes_permitting};
pub use pasted::Pasted;
pub use preview::{Ability, Objects, TokenPreview};
pub use request::MintRequest;
pub(crate) use request::{NewKeyKind, Requested};

use keyfob_rbac::{Id, Object, ResourceType};
use keyfob_store::UserId;

pub(crate) fn key_object(id: Id<'_>, owner: UserId) -> Object<'_> {
    Object::of(ResourceType::API_KEY).with_id(id).owned_by(owner.0)
}
