//! Audit records as sentences.
use keyfob_api::audit::AuditLog;
use serde_json::Value;
use uuid::Uuid;

/// What happened, in a sentence: what the record's diff says where that is more than its description.
pub(super) fn sentence(record: &AuditLog) -> String {
    let who = who(record);
    let text = match told(record).filter(|_| record.status_code < 400) {
        Some(told) => format!("{who} {told}"),
        None => record.description.replace("{user}", &who).replace("{target}", &record.resource_target),
    };
    match record.additional_fields.get("count").and_then(Value::as_u64) {
        Some(count) if count > 1 => format!("{text} ({count} times)"),
        _ => text,
    }
}

/// Who did it: the server itself where it was nobody's request.
pub(super) fn who(record: &AuditLog) -> String {
    let nobody = if record.status_code < 400 { "Keyfob" } else { "(unknown)" };
    record.user.as_ref().map_or_else(|| nobody.to_owned(), |user| user.username.clone())
}

/// The user for whom a token was minted by another.
pub(super) fn minted_for(record: &AuditLog) -> Option<Uuid> {
    let is_minted = record.resource_type == "api_key" && record.action == "create";
    let owner = record.diff.get("user_id").filter(|_| is_minted)?.new.as_ref()?.as_str()?;
    let owner = Uuid::try_parse(owner).ok()?;
    record.user.as_ref().is_some_and(|user| user.id != owner).then_some(owner)
}

/// What was done, as the diff says it; none where the description says it as well.
fn told(record: &AuditLog) -> Option<String> {
    let target = record.resource_target.as_str();
    let organization = || {
        let named = record.organization.as_ref().map(|organization| organization.name.as_str());
        named.map_or_else(|| "an organization".to_owned(), |name| format!("organization {name}"))
    };
    match (record.resource_type.as_str(), record.action.as_str()) {
        ("api_key", "write") if is_earlier(record) => Some(format!("expired token {target}")),
        ("user", "write") => told_of_user(record),
        ("organization_member", "create") => Some(format!("added {target} to {}", organization())),
        ("organization_member", "delete") => Some(format!("removed {target} from {}", organization())),
        ("organization_member", "write") => Some(format!("changed the roles of {target} in {}", organization())),
        ("group", "write") => {
            told_of_list(record, "members", "member").map(|(done, to)| format!("{done} {to} group {target}"))
        }
        (of, "write") => {
            let (taken, given) = changes(record, "acl")?;
            let verb = if given.is_empty() && !taken.is_empty() { "took access to" } else { "shared" };
            Some(format!("{verb} {} {target}", of.replace('_', " ")))
        }
        _ => None,
    }
}

fn told_of_user(record: &AuditLog) -> Option<String> {
    let target = record.resource_target.as_str();
    if let Some(status) = record.diff.get("status").and_then(|field| field.new.as_ref()?.as_str()) {
        return match status {
            "suspended" => Some(format!("suspended user {target}")),
            "active" => Some(format!("activated user {target}")),
            _ => None,
        };
    }
    if record.diff.contains_key("hashed_password") {
        return Some(format!("changed the password of user {target}"));
    }
    let (taken, given) = changes(record, "rbac_roles")?;
    let given = (!given.is_empty()).then(|| format!("gave user {target} the role {}", given.join(", ")));
    let taken = (!taken.is_empty()).then(|| format!("took from user {target} the role {}", taken.join(", ")));
    let told: Vec<String> = [given, taken].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join(", and "))
}

/// How many were added or removed.
fn told_of_list(record: &AuditLog, field: &str, noun: &str) -> Option<(String, &'static str)> {
    let (taken, given) = changes(record, field)?;
    let counted = |count: usize| if count == 1 { format!("a {noun}") } else { format!("{count} {noun}s") };
    match (taken.len(), given.len()) {
        (0, 0) => None,
        (0, given) => Some((format!("added {}", counted(given)), "to")),
        (taken, 0) => Some((format!("removed {}", counted(taken)), "from")),
        (..) => Some((format!("replaced {noun}s"), "of")),
    }
}

/// What a list lost and gained.
fn changes<'a>(record: &'a AuditLog, field: &str) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
    let field = record.diff.get(field)?;
    let list = |value: &'a Option<Value>| -> Vec<&'a str> {
        value.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect()
    };
    let (old, new) = (list(&field.old), list(&field.new));
    let only =
        |these: &[&'a str], those: &[&'a str]| these.iter().copied().filter(|one| !those.contains(one)).collect();
    Some((only(&old, &new), only(&new, &old)))
}

/// Whether the end was moved forward.
fn is_earlier(record: &AuditLog) -> bool {
    let at = |value: &Option<Value>| value.as_ref()?.as_str()?.parse::<jiff::Timestamp>().ok();
    let ends = record.diff.get("expires_at").and_then(|field| at(&field.old).zip(at(&field.new)));
    ends.is_some_and(|(old, new)| new < old)
}
