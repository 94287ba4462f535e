//! `keyfob audit list`.
use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::audit::AuditLog;

use crate::{
    invocation::Invocation,
    terminal::{
        printing::{Columns, Printing},
        table::Column,
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "A search term is <key>:<value>. The keys are resource_type, resource_id, api_key_id, \
resource_target, action, username, email, organization, request_id, date_from and date_to. The resource_id of a record \
about a key is the id of its owner.

Examples:
  keyfob audit list
  keyfob audit list action:login username:amy
  keyfob audit list resource_type:api_key date_from:2026-01-01 -o json")]
pub(crate) struct ListArgs {
    /// Only records that match these search terms
    #[arg(value_name = "SEARCH")]
    search: Vec<String>,
    /// Maximum number of records
    #[arg(short, long, value_name = "NUMBER", default_value_t = 25)]
    limit: u64,
    /// Number of records to skip, from the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    offset: u64,
    #[command(flatten)]
    printing: Printing<RecordColumn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RecordColumn {
    Time,
    What,
    User,
    Action,
    #[value(name = "resource type")]
    ResourceType,
    #[value(name = "resource id")]
    ResourceId,
    #[value(name = "api key id")]
    ApiKeyId,
    Target,
    Status,
    Ip,
    #[value(name = "request id")]
    RequestId,
}

impl Columns for RecordColumn {
    const USUAL: &'static str = "time,what,status,ip";
}

impl Column<AuditLog> for RecordColumn {
    fn cell(&self, row: &AuditLog) -> String {
        let user = || row.user.as_ref().map_or("(unknown)", |user| user.username.as_str()).to_owned();
        match self {
            Self::Time => row.time.to_string(),
            Self::What => {
                let text = row.description.replace("{user}", &user()).replace("{target}", &row.resource_target);
                match row.additional_fields.get("count").and_then(serde_json::Value::as_u64) {
                    Some(count) if count > 1 => format!("{text} ({count} times)"),
                    _ => text,
                }
            }
            Self::User => user(),
            Self::Action => row.action.clone(),
            Self::ResourceType => row.resource_type.clone(),
            Self::ResourceId => row.resource_id.to_string(),
            Self::ApiKeyId => {
                let id = row.additional_fields.get("api_key_id").and_then(serde_json::Value::as_str);
                id.unwrap_or_default().to_owned()
            }
            Self::Target => row.resource_target.clone(),
            Self::Status => row.status_code.to_string(),
            Self::Ip => row.ip.clone(),
            Self::RequestId => row.request_id.to_string(),
        }
    }
}

/// Prints records, newest first.
pub(crate) async fn run(invocation: &Invocation, args: &ListArgs) -> anyhow::Result<()> {
    let page = invocation.connect()?.list_audit_logs(&args.search.join(" "), args.limit, args.offset).await;
    let page = page.context("list audit records")?;
    args.printing.list(invocation.out, &page.audit_logs, "No records found.")?;
    let shown = args.offset + u64::try_from(page.audit_logs.len()).unwrap_or(u64::MAX);
    if shown < page.count {
        invocation.out.remark(format!("There are more records: continue with --offset {shown}."));
    }
    Ok(())
}
