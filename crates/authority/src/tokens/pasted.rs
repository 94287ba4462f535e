//! Finding a key by a text that somebody pasted.
use keyfob_api::secret::SecretText;
use keyfob_store::{ApiKey, KeyId};

use crate::{
    AuthorizedStore, Refused,
    caller::{hash_secret, is_same},
};

/// What a text stands for.
#[expect(missing_debug_implementations, reason = "holds the hash of a secret")]
pub enum Pasted {
    /// This key: the text is its id, or the whole of it.
    Key(Box<ApiKey>),
    /// Nothing that works: it begins with the id of a key, and its secret is another one.
    WrongSecret,
}

impl AuthorizedStore {
    /// The key that a text stands for, by its id or by the whole key. Requires `read` on it.
    ///
    /// # Errors
    /// [`Refused::Hidden`] when there is none that the caller may read.
    #[tracing::instrument(level = "debug", skip_all)]
    #[crate::boxed]
    pub async fn pasted_key(&self, text: &SecretText) -> Result<Pasted, Refused> {
        let text = text.reveal().trim();
        let (id, secret) = match text.split_once('-') {
            Some((id, secret)) => (id, Some(secret)),
            None => (text, None),
        };
        let key = self.get_key(KeyId::parse(id).as_ref(), None).await?;
        let is_right = secret.is_none_or(|secret| is_same(&hash_secret(secret), &key.secret_hash));
        Ok(if is_right { Pasted::Key(Box::new(key)) } else { Pasted::WrongSecret })
    }
}
