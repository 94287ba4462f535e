//! What happened, in a sentence, from a record alone: the console and the command line say the same.
use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value;
use uuid::Uuid;

use super::{AuditDiffField, AuditLog};
use crate::scopes::listed;

/// An object that a sentence names, and that its record holds by id alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mention {
    /// A user.
    User(Uuid),
    /// A group.
    Group(Uuid),
}

/// The name of an object, if the reader may know it.
type NameOf<'a> = &'a dyn Fn(Mention) -> Option<String>;

impl AuditLog {
    /// What happened, in a sentence. Objects whose name is not known are told without one.
    ///
    /// # Examples
    /// ```
    /// use keyfob_api::audit::AuditLog;
    ///
    /// fn show(record: &AuditLog) {
    ///     println!("{}: {}", record.time, record.sentence(&|_| None));
    /// }
    /// ```
    #[must_use]
    pub fn sentence(&self, name: NameOf<'_>) -> String {
        let told = Told { log: self, name };
        let text = match self.action.as_str() {
            "refused" => told.left_out(),
            _ if self.status_code >= 400 => told.unsuccessful(),
            _ => told.done(),
        };
        match self.additional_fields.get("count").and_then(Value::as_u64) {
            Some(count) if count > 1 => format!("{text} ({count} times)"),
            _ => text,
        }
    }

    /// The objects whose names the sentence asks for.
    #[must_use]
    pub fn mentions(&self) -> Vec<Mention> {
        let asked = RefCell::new(Vec::new());
        let remember = |mention| {
            asked.borrow_mut().push(mention);
            None
        };
        let _ = self.sentence(&remember);
        asked.into_inner()
    }
}

struct Told<'a> {
    log: &'a AuditLog,
    name: NameOf<'a>,
}

impl Told<'_> {
    fn target(&self) -> &str {
        &self.log.resource_target
    }

    /// Who did it: without a user, the server itself.
    fn actor(&self) -> &str {
        self.log.user.as_ref().map_or("Keyfob", |user| user.username.as_str())
    }

    fn field(&self, name: &str) -> Option<&AuditDiffField> {
        self.log.diff.get(name)
    }

    /// The new value of a field, as text.
    fn new_text(&self, name: &str) -> Option<&str> {
        self.field(name)?.new.as_ref()?.as_str()
    }

    /// Whether the user whom the record is about did it.
    fn is_about_actor(&self) -> bool {
        self.log.user.as_ref().is_some_and(|user| user.id == self.log.resource_id)
    }

    /// Whether no key was used: then it was the server's own work, for the user whom it is about.
    fn is_without_key(&self) -> bool {
        !self.log.additional_fields.contains_key("key_id")
    }

    /// Whose refusals were too many to be told apart.
    fn left_out(&self) -> String {
        const MANY: &str = "more often than could be told apart";
        match self.log.additional_fields.get("left_out_of").and_then(Value::as_str) {
            Some("key" | "user") => format!("{} was refused {MANY}", self.actor()),
            Some("account") => format!("Sign-ins as {} failed {MANY}", self.actor()),
            Some("network") => format!("{} was refused {MANY}", self.target()),
            _ => "More was refused than could be told apart".to_owned(),
        }
    }

    fn unsuccessful(&self) -> String {
        let user = self.log.user.as_ref().map(|user| user.username.as_str());
        let actor = user.unwrap_or("A client that was not signed in");
        let of_account = |what: &str, user: Option<&str>| match user {
            Some(user) => format!("{what} of {user} failed"),
            None => format!("{what} failed"),
        };
        let action = self.log.action.as_str();
        match action {
            "login" => return user.map_or("A sign-in failed".to_owned(), |user| format!("A sign-in as {user} failed")),
            "logout" => return format!("{actor} tried to sign out, which failed"),
            "authenticate" => return "A client used a token that was not accepted".to_owned(),
            "reset_password" => return of_account("A reset of the password", user),
            // With a key, it is a change that its owner tried.
            "write" if self.log.resource_type == "user" && user.is_some() && self.is_without_key() => {
                return of_account("A change of the way to sign in", user);
            }
            _ => {}
        }
        // What may not be seen is refused as if it were not there; a change may have named what is not there.
        let is_refused = matches!((self.log.status_code, action), (401 | 403, _) | (404, "read" | "read_personal"));
        let end = if is_refused { "and was refused" } else { "which failed" };
        format!("{actor} tried to {}, {end}", self.attempt())
    }

    /// What was tried.
    fn attempt(&self) -> String {
        let kind = kind(&self.log.resource_type);
        let object = match self.target() {
            "" => format!("{} {kind}", article(&kind)),
            target => format!("{kind} {target}"),
        };
        let verb = match (self.log.resource_type.as_str(), self.log.action.as_str()) {
            ("api_key", "create") => "mint",
            ("api_key", "write") => "expire",
            ("organization_member", "create") => "add",
            ("organization_member", "delete") => "remove",
            ("organization" | "group" | "custom_role" | "assign_org_role" | "user", "create") => "create",
            (_, "create") => "register",
            (_, "write") => "change",
            (_, "read") => "see",
            (_, "read_personal") => "see what is personal of",
            (_, "update_personal") => "change what is personal of",
            (_, "view_insights") => "see the insights of",
            (_, "application_connect") => "connect to an application of",
            (_, "ssh") => "connect by SSH to",
            (_, "create_agent") => "create an agent of",
            (_, "update_agent") => "change an agent of",
            (_, "delete_agent") => "delete an agent of",
            ("assign_role" | "assign_org_role", "assign") => "give",
            ("assign_role" | "assign_org_role", "unassign") => "take",
            (_, other) => return format!("{} {object}", other.replace('_', " ")),
        };
        format!("{verb} {object}")
    }

    fn done(&self) -> String {
        let (actor, target) = (self.actor(), self.target());
        match (self.log.resource_type.as_str(), self.log.action.as_str()) {
            (_, "login") => format!("{actor} signed in"),
            (_, "register") => format!("{actor} signed in for the first time"),
            (_, "logout") => format!("{actor} signed out"),
            (_, "request_password_reset") => format!("A passcode for a new password of {target} was asked for"),
            ("api_key", action) => self.about_key(action),
            ("user", action) => self.about_user(action),
            ("convert_login", _) => format!("{actor} began to move to signing in with {target}"),
            ("organization_member", action) => self.about_member(action),
            ("device_sign_in", _) => {
                let verb = if self.new_text("state") == Some("denied") { "refused" } else { "approved" };
                format!("{actor} {verb} the sign-in of device {target}")
            }
            ("audit_log", "delete") => format!("{actor} removed {target}"),
            ("audit_log", "write") => format!("{actor} replaced the key of the records"),
            ("deployment_config", "write") => format!("{actor} replaced the key of the secrets"),
            (_, "create") => format!("{actor} {} {}{}", self.verb_of_creation(), self.object(), self.source()),
            (_, "delete") => format!("{actor} deleted {}{}", self.object(), self.source()),
            (_, "write") => {
                let phrases = self.changes_of_object();
                format!("{actor} {}{}", listed(&phrases), self.source())
            }
            (_, action) => format!("{actor} did {} to {}", action.replace('_', " "), self.object()),
        }
    }

    /// The object with its type.
    fn object(&self) -> String {
        format!("{} {}", kind(&self.log.resource_type), self.target())
    }

    /// Objects of a platform are registered; the others are made here.
    fn verb_of_creation(&self) -> &'static str {
        match self.log.resource_type.as_str() {
            "organization" | "group" | "custom_role" => "created",
            _ => "registered",
        }
    }

    /// The server changes groups by itself as the identity provider says.
    fn source(&self) -> &'static str {
        if self.log.user.is_none() && self.log.resource_type == "group" { ", from the identity provider" } else { "" }
    }

    fn organization(&self) -> String {
        self.log.organization.as_ref().map_or("an organization".to_owned(), |of| format!("organization {}", of.name))
    }

    fn user(&self, id: Uuid) -> String {
        (self.name)(Mention::User(id)).unwrap_or_else(|| "another user".to_owned())
    }

    fn about_key(&self, action: &str) -> String {
        let (verb, of) = match action {
            "create" => ("minted", "for"),
            "write" => ("expired", "of"),
            _ if self.target().is_empty() => ("ended", "of"),
            _ => ("deleted", "of"),
        };
        let token = if self.target().is_empty() { "a session".to_owned() } else { format!("token {}", self.target()) };
        let is_own = self.is_about_actor() || self.log.resource_id.is_nil();
        let owner = if is_own { String::new() } else { format!(" {of} {}", self.user(self.log.resource_id)) };
        format!("{} {verb} {token}{owner}", self.actor())
    }

    fn about_user(&self, action: &str) -> String {
        let (actor, target) = (self.actor(), self.target());
        let is_service = self.field("is_service_account").and_then(|field| field.new.as_ref()?.as_bool());
        let is_by_itself = self.is_about_actor() && self.is_without_key();
        match action {
            "create" if is_by_itself => format!("The account of {target} was created"),
            "create" if is_service == Some(true) => format!("{actor} created service account {target}"),
            "create" => format!("{actor} created user {target}"),
            "delete" => format!("{actor} deleted user {target}"),
            _ if is_by_itself && self.field("login_type").is_some() => {
                format!("{target} moved to signing in with {}", self.new_text("login_type").unwrap_or("something else"))
            }
            _ if is_by_itself && self.field("hashed_password").is_some() => {
                format!("{target} set a new password with a passcode")
            }
            _ if is_by_itself && self.log.diff.len() == 1 && self.field("status").is_some() => {
                format!("Keyfob {}", self.status())
            }
            _ if is_by_itself => format!("Keyfob {}, from the identity provider", listed(&self.changes_of_user())),
            _ => format!("{actor} {}", listed(&self.changes_of_user())),
        }
    }

    fn status(&self) -> String {
        match self.new_text("status") {
            Some("suspended") => format!("suspended {}", self.target()),
            Some("active") => format!("activated {}", self.target()),
            _ => format!("marked {} as dormant", self.target()),
        }
    }

    fn changes_of_user(&self) -> Vec<String> {
        let target = self.target();
        let mut phrases = self.renamed();
        if self.field("status").is_some() {
            phrases.push(self.status());
        }
        if self.field("hashed_password").is_some() {
            let of = if self.is_about_actor() {
                "their own password".to_owned()
            } else {
                format!("the password of {target}")
            };
            phrases.push(format!("changed {of}"));
        }
        phrases.extend(self.changes_of_roles("rbac_roles", ""));
        self.with_the_rest(phrases, &["username", "status", "hashed_password", "rbac_roles"])
    }

    fn about_member(&self, action: &str) -> String {
        let (actor, target, organization) = (self.actor(), self.target(), self.organization());
        match action {
            "create" => format!("{actor} added {target} to {organization}"),
            "delete" => format!("{actor} removed {target} from {organization}"),
            _ => {
                let phrases = self.changes_of_roles("roles", &format!(" in {organization}"));
                format!("{actor} {}", listed(&self.with_the_rest(phrases, &["roles"])))
            }
        }
    }

    /// Which roles were given and taken.
    fn changes_of_roles(&self, field: &str, place: &str) -> Vec<String> {
        let Some(field) = self.field(field) else { return Vec::new() };
        let (old, new) = (texts(field.old.as_ref()), texts(field.new.as_ref()));
        let only = |these: &[String], others: &[String]| -> Vec<String> {
            these.iter().filter(|role| !others.contains(role)).cloned().collect()
        };
        let (given, taken) = (only(&new, &old), only(&old, &new));
        let word = |roles: &[String]| if roles.len() == 1 { "role" } else { "roles" };
        let mut phrases = Vec::new();
        if !given.is_empty() {
            phrases.push(format!("gave {} the {} {}{place}", self.target(), word(&given), listed(&given)));
        }
        if !taken.is_empty() {
            phrases.push(format!("took the {} {} from {}{place}", word(&taken), listed(&taken), self.target()));
        }
        phrases
    }

    fn renamed(&self) -> Vec<String> {
        let field = self.field("name").filter(|_| self.log.resource_type != "user").or_else(|| self.field("username"));
        let old = field.and_then(|field| field.old.as_ref()?.as_str());
        let new = field.and_then(|field| field.new.as_ref()?.as_str());
        let kind = kind(&self.log.resource_type);
        old.zip(new).map(|(old, new)| format!("renamed {kind} {old} to {new}")).into_iter().collect()
    }

    /// The phrases, and one about the fields that they do not tell of.
    fn with_the_rest(&self, mut phrases: Vec<String>, told: &[&str]) -> Vec<String> {
        let rest: Vec<String> = self
            .log
            .diff
            .keys()
            .filter(|name| !told.contains(&name.as_str()))
            .map(|name| name.replace('_', " "))
            .collect();
        if !rest.is_empty() || phrases.is_empty() {
            let of = if rest.is_empty() { String::new() } else { format!(" ({})", rest.join(", ")) };
            phrases.push(format!("changed {}{of}", self.object()));
        }
        phrases
    }

    fn changes_of_object(&self) -> Vec<String> {
        let mut phrases = self.renamed();
        phrases.extend(self.changes_of_members());
        phrases.extend(self.changes_of_access());
        let owner = self.new_text("owner_id").and_then(|id| Uuid::try_parse(id).ok());
        phrases.extend(owner.map(|owner| format!("gave {} to {}", self.object(), self.user(owner))));
        let owner = if owner.is_some() { "owner_id" } else { "" };
        self.with_the_rest(phrases, &["name", "members", "acl", owner])
    }

    /// Which members came to a group, and which left it.
    fn changes_of_members(&self) -> Vec<String> {
        let Some(field) = self.field("members") else { return Vec::new() };
        let users = |value: Option<&Value>| {
            let ids = texts(value).into_iter().filter_map(|id| Uuid::try_parse(&id).ok());
            self.users(ids)
        };
        let added = users(field.new.as_ref()).map(|users| format!("added {users} to {}", self.object()));
        let removed = users(field.old.as_ref()).map(|users| format!("removed {users} from {}", self.object()));
        added.into_iter().chain(removed).collect()
    }

    /// These users by name, and how many more they are.
    fn users(&self, ids: impl Iterator<Item = Uuid>) -> Option<String> {
        let (mut names, mut others) = (Vec::new(), 0_usize);
        for id in ids {
            match (self.name)(Mention::User(id)) {
                Some(name) => names.push(name),
                None => others += 1,
            }
        }
        match others {
            0 => {}
            1 => names.push(if names.is_empty() { "a user".to_owned() } else { "another user".to_owned() }),
            others => names.push(format!("{others} users")),
        }
        (!names.is_empty()).then(|| listed(&names))
    }

    /// To whom the access list newly gives something, and from whom it takes.
    fn changes_of_access(&self) -> Vec<String> {
        let Some(field) = self.field("acl") else { return Vec::new() };
        let mut grantees: BTreeMap<String, (bool, bool)> = BTreeMap::new();
        for entry in texts(field.old.as_ref()) {
            grantees.entry(self.grantee(&entry)).or_default().0 = true;
        }
        for entry in texts(field.new.as_ref()) {
            grantees.entry(self.grantee(&entry)).or_default().1 = true;
        }
        let those = |wanted: (bool, bool)| -> Vec<String> {
            grantees.iter().filter(|(_, found)| **found == wanted).map(|(name, _)| name.clone()).collect()
        };
        let object = self.object();
        let phrase = |grantees: Vec<String>, begin: &str| {
            (!grantees.is_empty()).then(|| format!("{begin} {}", listed(&grantees)))
        };
        let given = phrase(those((false, true)), &format!("shared {object} with"));
        let taken = phrase(those((true, false)), &format!("took rights to {object} from"));
        let other = phrase(those((true, true)), &format!("changed the rights to {object} of"));
        [given, taken, other].into_iter().flatten().collect()
    }

    /// The grantee of an entry as records hold it, such as `Group(…) read`.
    fn grantee(&self, entry: &str) -> String {
        let grantee = entry.split(' ').next().unwrap_or_default();
        let id = |kind: &str| {
            let id = grantee.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')?;
            Uuid::try_parse(id).ok()
        };
        if let Some(id) = id("User") {
            return self.user(id);
        }
        match id("Group") {
            Some(id) if id == self.log.organization_id => format!("everybody in {}", self.organization()),
            Some(id) => (self.name)(Mention::Group(id)).map_or("a group".to_owned(), |name| format!("group {name}")),
            None => entry.to_owned(),
        }
    }
}

/// The texts of a list.
fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What people call an object of a type.
fn kind(resource_type: &str) -> String {
    match resource_type {
        "api_key" => "token".to_owned(),
        "audit_log" => "audit record".to_owned(),
        "custom_role" | "assign_role" | "assign_org_role" => "role".to_owned(),
        "organization_member" => "member".to_owned(),
        "" => "object".to_owned(),
        other => other.replace('_', " "),
    }
}

fn article(noun: &str) -> &'static str {
    // "A user" and its like begin with another sound.
    let is_vowel = noun.starts_with(['a', 'e', 'i', 'o']);
    if is_vowel { "an" } else { "a" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AMY: &str = "aaaaaaaa-0000-4000-8000-000000000001";
    const BEN: &str = "aaaaaaaa-0000-4000-8000-000000000002";
    const OPS: &str = "bbbbbbbb-0000-4000-8000-000000000001";
    const ACME: &str = "cccccccc-0000-4000-8000-000000000001";

    /// A record: by whom, the action, the type, the id and the name of the object, and what changed.
    fn record(by: Option<&str>, action: &str, of: (&str, &str, &str), diff: Value) -> AuditLog {
        let user = by.map(|name| {
            json!({
                "id": if name == "amy" { AMY } else { BEN }, "username": name, "email": "", "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z", "status": "active",
                "login_type": "password", "organization_ids": [], "roles": [], "has_ai_seat": false,
            })
        });
        let mut record = json!({
            "id": Uuid::nil(), "request_id": Uuid::nil(), "time": "2026-01-01T00:00:00Z", "ip": "", "user_agent": "",
            "resource_type": of.0, "resource_id": of.1, "resource_target": of.2, "resource_icon": "", "action": action,
            "status_code": 200, "additional_fields": {"key_id": "abcdefghij"}, "description": "",
            "resource_link": "", "is_deleted": false, "organization_id": ACME,
            "organization": {"id": ACME, "name": "acme", "display_name": "", "icon": ""}, "user": user,
        });
        record["diff"] = diff;
        serde_json::from_value(record).unwrap()
    }

    fn told(record: &AuditLog) -> String {
        record.sentence(&|mention| match mention {
            Mention::User(id) if id.to_string() == AMY => Some("amy".to_owned()),
            Mention::User(id) if id.to_string() == BEN => Some("ben".to_owned()),
            Mention::Group(id) if id.to_string() == OPS => Some("ops".to_owned()),
            Mention::User(_) | Mention::Group(_) => None,
        })
    }

    fn change(old: &Value, new: &Value) -> Value {
        json!({"old": old, "new": new, "secret": false})
    }

    #[test]
    fn sentences_say_what_was_done_by_whom_and_to_whom() {
        let nil = Uuid::nil().to_string();
        let amy = Some("amy");
        let none = json!({});
        let group = |id: &str| format!("Group({id}) read");
        let (user, everybody) = (format!("User({BEN}) read"), group(ACME));
        let acl = |old: &[&String], new: &[&String]| json!({"acl": change(&json!(old), &json!(new))});
        let web = ("workspace", nil.as_str(), "web");
        let ops = ("group", OPS, "ops");
        let ben = ("user", BEN, "ben");
        let cases = [
            (record(amy, "write", ("api_key", AMY, "ci"), none.clone()), "amy expired token ci"),
            (record(amy, "create", ("api_key", BEN, "ci"), none.clone()), "amy minted token ci for ben"),
            (record(amy, "create", ("api_key", OPS, "ci"), none.clone()), "amy minted token ci for another user"),
            (record(amy, "delete", ("api_key", AMY, ""), none.clone()), "amy ended a session"),
            (record(amy, "login", ("api_key", AMY, ""), none.clone()), "amy signed in"),
            (record(amy, "create", web, none.clone()), "amy registered workspace web"),
            (record(amy, "write", web, acl(&[], &[&group(OPS)])), "amy shared workspace web with group ops"),
            (
                record(amy, "write", web, acl(&[&everybody], &[&user])),
                "amy shared workspace web with ben and took rights to workspace web from everybody in organization acme",
            ),
            (record(None, "create", ops, none.clone()), "Keyfob created group ops, from the identity provider"),
            (
                record(amy, "write", ops, json!({"members": change(&json!([]), &json!([BEN, AMY, OPS]))})),
                "amy added ben, amy and another user to group ops",
            ),
            (
                record(amy, "write", ben, json!({"rbac_roles": change(&json!(["auditor"]), &json!(["owner"]))})),
                "amy gave ben the role owner and took the role auditor from ben",
            ),
            (
                record(amy, "write", ben, json!({"status": change(&json!("active"), &json!("suspended"))})),
                "amy suspended ben",
            ),
            (
                record(amy, "write", ben, json!({"username": change(&json!("benno"), &json!("ben"))})),
                "amy renamed user benno to ben",
            ),
            (
                record(
                    amy,
                    "write",
                    ("organization_member", BEN, "ben"),
                    json!({"roles": change(&json!([]), &json!(["admin"]))}),
                ),
                "amy gave ben the role admin in organization acme",
            ),
            (
                record(None, "write", ("audit_log", &nil, "audit.key"), none.clone()),
                "Keyfob replaced the key of the records",
            ),
            (
                record(None, "delete", ("audit_log", &nil, "3 records from before 2026-01-01"), none.clone()),
                "Keyfob removed 3 records from before 2026-01-01",
            ),
        ];
        for (record, expected) in cases {
            assert_eq!(told(&record), expected);
        }
    }

    #[test]
    fn refusals_and_failures_are_told_as_such_with_their_number() {
        let refused = |by, action: &str, of: &str, status| {
            let record = record(by, action, (of, AMY, ""), json!({}));
            told(&AuditLog { status_code: status, ..record })
        };
        assert_eq!(refused(Some("amy"), "create", "api_key", 403), "amy tried to mint a token, and was refused");
        assert_eq!(
            refused(Some("amy"), "write", "organization", 400),
            "amy tried to change an organization, which failed"
        );
        assert_eq!(refused(None, "login", "api_key", 401), "A sign-in failed");
        assert_eq!(refused(None, "reset_password", "api_key", 400), "A reset of the password failed");
        assert_eq!(refused(None, "authenticate", "api_key", 401), "A client used a token that was not accepted");
        for (action, of, status, expected) in [
            ("create", "assign_org_role", 403, "create a role, and was refused"),
            ("assign", "assign_role", 403, "give a role, and was refused"),
            ("unassign", "assign_org_role", 400, "take a role, which failed"),
            ("create", "organization_member", 404, "add a member, which failed"),
            ("delete", "user", 400, "delete a user, which failed"),
            ("create", "workspace", 409, "register a workspace, which failed"),
            ("share", "workspace", 403, "share a workspace, and was refused"),
            ("write", "user", 400, "change a user, which failed"),
            ("update_personal", "user", 403, "change what is personal of a user, and was refused"),
        ] {
            assert_eq!(refused(Some("amy"), action, of, status), format!("amy tried to {expected}"));
        }
        let mut account = record(Some("ben"), "reset_password", ("api_key", AMY, ""), json!({}));
        account.status_code = 400;
        account.additional_fields.clear();
        assert_eq!(told(&account), "A reset of the password of ben failed");
        account.action = "write".to_owned();
        account.resource_type = "user".to_owned();
        assert_eq!(told(&account), "A change of the way to sign in of ben failed");
        let state = json!({"state": change(&json!("pending"), &json!("denied"))});
        let answered = record(Some("amy"), "write", ("device_sign_in", AMY, "laptop"), state);
        assert_eq!(told(&answered), "amy refused the sign-in of device laptop");
        let mut many = record(None, "read", ("user", AMY, ""), json!({}));
        many.status_code = 404;
        many.additional_fields.insert("count".to_owned(), json!(3));
        assert_eq!(told(&many), "A client that was not signed in tried to see a user, and was refused (3 times)");
    }

    #[test]
    fn the_objects_that_a_sentence_asks_for_are_known_before() {
        let acl =
            json!({"acl": change(&json!([]), &json!([format!("Group({OPS}) read"), format!("User({BEN}) read")]))});
        let record = record(Some("amy"), "write", ("workspace", AMY, "web"), acl);
        let expected = [Mention::Group(Uuid::try_parse(OPS).unwrap()), Mention::User(Uuid::try_parse(BEN).unwrap())];
        assert_eq!(record.mentions(), expected);
    }
}
