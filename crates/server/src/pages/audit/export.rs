//! What is filtered, to take away: as lines of JSON, as the API has records, and as a table.
use std::io;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use keyfob_api::audit::AuditLog;
use keyfob_authority::{
    AuthorizedStore, Refused,
    data::{ListAudit, Page},
};
use serde_json::Value;
use uuid::Uuid;

use super::{filter::Filter, sentences};
use crate::{
    http::extract::ApiQuery,
    pages::session::{PageError, SignedIn},
    records::wire_record,
};

/// How many records an export has at most: the newest.
pub(super) const MOST_EXPORTED: u64 = 50_000;
/// How many are read at a time.
const BATCH: u64 = 500;

/// The columns of the table.
const COLUMNS: [&str; 17] = [
    "time",
    "what",
    "user",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "resource_target",
    "organization_id",
    "status_code",
    "count",
    "ip",
    "user_agent",
    "key_id",
    "api_key_id",
    "request_id",
    "diff",
];

pub(super) async fn csv(SignedIn { store, .. }: SignedIn, query: ApiQuery) -> Result<Response, PageError> {
    let batches = Batches::begin(store, &query).await?;
    let head = stream::iter([Ok(Bytes::from(line(COLUMNS.map(str::to_owned))))]);
    let rows = batches.stream().and_then(|(store, records)| async move {
        let sentences = sentences(&store, &records).await.map_err(|refused| broken(&refused))?;
        let lines = records.iter().zip(sentences).map(|(record, sentence)| line(cells(record, sentence)));
        Ok(Bytes::from(lines.collect::<String>()))
    });
    Ok(download("text/csv; charset=utf-8", "audit.csv", Body::from_stream(head.chain(rows))))
}

pub(super) async fn json_lines(SignedIn { store, .. }: SignedIn, query: ApiQuery) -> Result<Response, PageError> {
    let batches = Batches::begin(store, &query).await?;
    let rows = batches.stream().and_then(|(_, records)| async move {
        let mut lines = Vec::new();
        for record in records {
            serde_json::to_writer(&mut lines, &record)?;
            lines.push(b'\n');
        }
        Ok(Bytes::from(lines))
    });
    Ok(download("application/jsonl; charset=utf-8", "audit.jsonl", Body::from_stream(rows)))
}

/// An answer that browsers keep as a file.
fn download(media_type: &'static str, file: &str, body: Body) -> Response {
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{file}\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, body).into_response()
}

/// The records of an export, some at a time.
struct Batches {
    store: AuthorizedStore,
    /// What comes next; none where no record can match.
    list: Option<ListAudit>,
    sent: u64,
}

impl Batches {
    /// # Errors
    /// When the person may see no records, and when the query cannot be read: later there is no status to say it.
    async fn begin(store: AuthorizedStore, query: &ApiQuery) -> Result<Self, PageError> {
        let list = Filter::of(query).find(&store).await.map_err(|failure| PageError::Failed(failure.into()))?;
        let one = Page { limit: Some(1), ..Page::default() };
        store.list_audit_records(ListAudit { page: one, ..ListAudit::default() }).await?;
        Ok(Self { store, list, sent: 0 })
    }

    fn stream(self) -> impl Stream<Item = io::Result<(AuthorizedStore, Vec<AuditLog>)>> + Send {
        stream::try_unfold(self, |mut batches| async move {
            let records = batches.next().await.map_err(|refused| broken(&refused))?;
            Ok(records.map(|records| ((batches.store.clone(), records), batches)))
        })
    }

    /// An export may take minutes: each part is for those who may have it then.
    async fn next(&mut self) -> Result<Option<Vec<AuditLog>>, Refused> {
        let Some(list) = self.list.as_mut().filter(|_| self.sent < MOST_EXPORTED) else { return Ok(None) };
        self.store = self.store.look_again().await?;
        list.page.limit = Some(BATCH.min(MOST_EXPORTED - self.sent));
        let found = self.store.take_audit_records(list.clone()).await?;
        let Some(oldest) = found.last() else { return Ok(None) };
        list.page.after = Some(oldest.record.id);
        self.sent += found.len() as u64;
        Ok(Some(found.into_iter().map(wire_record).collect()))
    }
}

/// The connection ends before the export does: a client takes it for no whole one.
fn broken(refused: &Refused) -> io::Error {
    tracing::error!(cause = ?refused, "an export of audit records broke off");
    io::Error::other("the export broke off")
}

fn cells(record: &AuditLog, sentence: String) -> [String; 17] {
    let more = |name: &str| match record.additional_fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let id = |id: Uuid| if id.is_nil() { String::new() } else { id.to_string() };
    let diff = if record.diff.is_empty() { None } else { serde_json::to_string(&record.diff).ok() };
    [
        record.time.to_string(),
        sentence,
        record.user.as_ref().map(|user| user.username.clone()).unwrap_or_default(),
        record.user.as_ref().map(|user| user.id.to_string()).unwrap_or_default(),
        record.action.clone(),
        record.resource_type.clone(),
        id(record.resource_id),
        record.resource_target.clone(),
        id(record.organization_id),
        record.status_code.to_string(),
        more("count"),
        record.ip.clone(),
        record.user_agent.clone(),
        more("key_id"),
        more("api_key_id"),
        record.request_id.to_string(),
        diff.unwrap_or_default(),
    ]
}

/// A line of a table (RFC 4180).
fn line(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. Programs that calculate take some beginnings for formulas: an apostrophe before them makes them text.
fn cell(text: String) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text };
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_no_formula_and_stays_one_cell() {
        for (text, expected) in [
            ("plain", "plain"),
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("a,b", "\"a,b\""),
            ("=a\"b\nc", "\"'=a\"\"b\nc\""),
        ] {
            assert_eq!(cell(text.to_owned()), expected);
        }
        assert_eq!(line(["a".to_owned(), String::new()]), "a,\r\n");
    }
}
