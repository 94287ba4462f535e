//! Records of what was done.
use keyfob_api::audit::AuditLogs;

use crate::{client::Client, error::Error};

impl Client {
    /// The head of the chain of records; none for who may see only some of them.
    ///
    /// # Errors
    /// 403 when the caller may read no records.
    pub async fn audit_head(&self) -> Result<Option<String>, Error> {
        let page: AuditLogs = self.get("/audit", &[]).query(&[("limit", "1".to_owned())]).send().await?.json()?;
        Ok(Some(page.chain_head).filter(|head| !head.is_empty()))
    }

    /// A page of the records that the search finds, newest first (contract, section 9.1).
    ///
    /// # Errors
    /// 400 for a search that cannot be read, 403 when the caller may read no records.
    pub async fn audit_logs(&self, search: &str, limit: u64, offset: u64) -> Result<AuditLogs, Error> {
        let query = [("q", search.to_owned()), ("limit", limit.to_string()), ("offset", offset.to_string())];
        self.get("/audit", &[]).query(&query).send().await?.json()
    }
}
