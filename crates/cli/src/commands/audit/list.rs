//! `keyfob audit list`.
use std::cmp::Reverse;

use anyhow::Context as _;
use clap::ValueEnum;
use keyfob_api::audit::AuditLog;
use serde::Serialize;

use super::{
    search::refuse_unknown,
    sentence::{sentence, who},
};
use crate::{
    invocation::Invocation,
    names::Names,
    terminal::{
        printing::{Columns, Named, Printing},
        table::{Cell, Column, Weight},
    },
};

/// The arguments of the command.
#[derive(clap::Args)]
#[command(after_help = "A search term is <key>:<value>. The keys are resource_type, resource_id, api_key_id, \
resource_target, action, username (or user), email, organization, request_id, date_from and date_to. The resource_id of a record \
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
    #[arg(short, long, value_name = "NUMBER", default_value_t = 25, value_parser = clap::value_parser!(u64).range(1..=100))]
    limit: u64,
    /// Number of records to skip, from the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    offset: u64,
    #[command(flatten)]
    printing: Printing<RecordColumn>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RecordColumn {
    Id,
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

/// A record with what its table says of it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    record: AuditLog,
    #[serde(skip)]
    sentence: String,
}

impl Row {
    /// Without a sentence, which takes names.
    fn unnamed(record: AuditLog) -> Self {
        Self { record, sentence: String::new() }
    }

    async fn new(record: AuditLog, names: &Names<'_>) -> anyhow::Result<Self> {
        let sentence = sentence(&record, names).await?;
        Ok(Self { sentence, ..Self::unnamed(record) })
    }
}

impl Column<Row> for RecordColumn {
    fn cell(&self, row: &Row) -> Cell {
        let Row { record: row, sentence } = row;
        match self {
            Self::Time => row.time.into(),
            Self::Id => row.id.to_string().into(),
            Self::What => sentence.as_str().into(),
            Self::User => who(row).into(),
            Self::Action => row.action.as_str().into(),
            Self::ResourceType => row.resource_type.as_str().into(),
            Self::ResourceId => row.resource_id.to_string().into(),
            Self::ApiKeyId => {
                let id = row.additional_fields.get("api_key_id").and_then(serde_json::Value::as_str);
                id.unwrap_or_default().into()
            }
            Self::Target => row.resource_target.as_str().into(),
            Self::Status => row.status_code.to_string().into(),
            Self::Ip => row.ip.as_str().into(),
            Self::RequestId => row.request_id.to_string().into(),
        }
    }

    fn weight(&self) -> Weight {
        match self {
            Self::What => Weight::Key,
            Self::Time | Self::User | Self::Action | Self::ResourceType | Self::Target | Self::Status => Weight::Usual,
            Self::Id | Self::ResourceId | Self::ApiKeyId | Self::Ip | Self::RequestId => Weight::Light,
        }
    }
}

impl Named for Row {
    fn name(&self) -> String {
        self.record.id.to_string()
    }
}

/// Prints records, newest first.
pub(crate) async fn run(invocation: &Invocation, args: &ListArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let search = args.search.join(" ");
    let page = client.list_audit_logs(&search, args.limit, args.offset).await;
    let mut page = page.context("cannot list audit records")?;
    // Refusals that were gathered are written later than they were.
    page.audit_logs.sort_by_key(|record| Reverse(record.time));
    invocation.refuse_unseen(&page.audit_logs, "audit records")?;
    refuse_unknown(&client, &search, &page.audit_logs).await?;
    let shown = args.offset + u64::try_from(page.audit_logs.len()).unwrap_or(u64::MAX);
    let names = Names::new(&client);
    let has_sentence = args.printing.shows(&RecordColumn::What);
    let mut rows = Vec::new();
    for record in page.audit_logs {
        rows.push(if has_sentence { Row::new(record, &names).await? } else { Row::unnamed(record) });
    }
    args.printing.list(invocation.out, &rows, "No records found.")?;
    if shown < page.count {
        invocation.out.remark(format!("There are more records: continue with --offset {shown}."));
    }
    Ok(())
}
