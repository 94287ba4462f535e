//! Audit records: what was done, by whom, and when.
use keyfob_api::audit::AuditLogs;

use crate::{client::Client, error::Error};

impl Client {
    /// Gets the head of the chain of records: one line that, kept elsewhere, shows later whether a record was tampered
    /// with. `None` when the caller may read only some of the records.
    ///
    /// # Errors
    /// 403 when the caller may read no records.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// match keyfob.audit_head().await? {
    ///     Some(head) => println!("{head}"),
    ///     None => println!("an auditor of the whole deployment can read the head"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn audit_head(&self) -> Result<Option<String>, Error> {
        let page: AuditLogs = self.get("/audit", &[]).query(&[("limit", "1".to_owned())]).send().await?.json()?;
        Ok(Some(page.chain_head).filter(|head| !head.is_empty()))
    }

    /// Lists one page of the records that match a search, newest first. An empty search matches all records.
    ///
    /// # Errors
    /// 400 for an invalid search, 403 when the caller may read no records.
    ///
    /// # Examples
    /// ```no_run
    /// # async fn example(keyfob: keyfob_client::Client) -> Result<(), keyfob_client::Error> {
    /// let page = keyfob.list_audit_logs("username:amy resource_type:api_key", 25, 0).await?;
    /// for record in page.audit_logs {
    ///     println!("{} {} {}", record.time, record.action, record.resource_target);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn list_audit_logs(&self, search: &str, limit: u64, offset: u64) -> Result<AuditLogs, Error> {
        let query = [("q", search.to_owned()), ("limit", limit.to_string()), ("offset", offset.to_string())];
        self.get("/audit", &[]).query(&query).send().await?.json()
    }
}
