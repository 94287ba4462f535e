//! `keyfob audit show`.
use anyhow::Context as _;
use keyfob_api::audit::{AuditDiffField, AuditLog};
use keyfob_client::Client;
use serde_json::Value;
use uuid::Uuid;

use super::sentence::{sentence, who};
use crate::{
    invocation::Invocation,
    names::Names,
    terminal::{
        printing::{Format, TimeOption},
        problem::Problem,
        text::printable,
        time::shown,
    },
};

/// How many records are asked for at a time.
const PAGE: u64 = 100;
/// The newest records among which an id is looked for.
const NEWEST: u64 = 10_000;

/// The arguments of the command.
#[derive(clap::Args)]
#[command(
    after_help = "`keyfob audit list -c id,what` shows the ids. By its own id, a record is looked for among the \
newest 10,000; by the id of its request, among all.

Examples:
  keyfob audit show 6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e
  keyfob audit show 6f1b1c9e-8f0a-4f5e-9a3d-0d3f5a3c1b2e -o json"
)]
pub(crate) struct ShowArgs {
    /// Id of the record, or of its request
    #[arg(value_name = "ID")]
    id: Uuid,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
    #[command(flatten)]
    time: TimeOption,
}

/// Prints a record with its diff.
pub(crate) async fn run(invocation: &Invocation, args: &ShowArgs) -> anyhow::Result<()> {
    let client = invocation.connect()?;
    let found = find(invocation, &client, args.id).await?;
    let Some(records) = found.filter(|records| !records.is_empty()) else {
        let what = format!("there is no audit record {} that you may read", args.id);
        return Err(Problem::new(what, "'keyfob audit list -c id,what' shows the ids").into());
    };
    let names = Names::new(&client);
    for record in &records {
        match args.output {
            Format::Json => invocation.out.json(record)?,
            Format::Table => {
                let sentence = sentence(record, &names).await?;
                let looks = invocation.out.looks(args.time.time);
                let time = shown(record.time, looks.time, looks.now);
                lines(record, time, sentence).iter().try_for_each(|line| invocation.out.line(printable(line)))?;
            }
        }
    }
    Ok(())
}

async fn find(invocation: &Invocation, client: &Client, id: Uuid) -> anyhow::Result<Option<Vec<AuditLog>>> {
    let of_request = client.list_audit_logs(&format!("request_id:{id}"), PAGE, 0).await;
    let of_request = of_request.context("cannot list audit records")?.audit_logs;
    invocation.refuse_unseen(&of_request, "audit records")?;
    if !of_request.is_empty() {
        return Ok(Some(of_request));
    }
    let mut offset = 0;
    while offset < NEWEST {
        let page = client.list_audit_logs("", PAGE, offset).await.context("cannot list audit records")?.audit_logs;
        let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        if let Some(found) = page.into_iter().find(|record| record.id == id) {
            return Ok(Some(vec![found]));
        }
        if is_last {
            return Ok(None);
        }
        offset += PAGE;
    }
    Ok(None)
}

fn lines(record: &AuditLog, time: String, sentence: String) -> Vec<String> {
    let rows = [
        ("Record", record.id.to_string()),
        ("Time", time),
        ("What", sentence),
        ("User", who(record)),
        ("Object", format!("{} {} ({})", record.resource_type, record.resource_target, record.resource_id)),
        ("Status", record.status_code.to_string()),
        ("Address", record.ip.clone()),
        ("Program", record.user_agent.clone()),
        ("Request", record.request_id.to_string()),
    ];
    let rows = rows.into_iter().map(|(name, value)| format!("{name:<10}{value}").trim_end().to_owned());
    let more = record.additional_fields.iter().map(|(name, value)| format!("{name}: {}", text(value)));
    rows.chain(more).chain(record.diff.iter().flat_map(|(field, change)| changed(field, change))).collect()
}

/// What a field was, and what it is.
fn changed(field: &str, change: &AuditDiffField) -> Vec<String> {
    if change.secret {
        return vec![format!("~ {field}: (secret)")];
    }
    let line = |mark: &str, value: &Option<Value>| Some(format!("{mark} {field}: {}", text(value.as_ref()?)));
    [line("-", &change.old), line("+", &change.new)].into_iter().flatten().collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
