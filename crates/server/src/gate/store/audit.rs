//! Records of what a caller did, in the transaction that did it.
use std::net::{IpAddr, Ipv4Addr};

use axum::http::StatusCode;
use jiff::Timestamp;
use keyfob_rbac::{Action, Filter, Object, ResourceType};
use keyfob_store::{
    ApiKey, AuditRecord, ChainHead, CustomRole, Group, ListAudit, LoginType, Member, Organization, OrganizationId,
    Resource, StoreError, Tx, User, UserId,
};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{AuthorizedStore, UserView, organizations::organization_object};
use crate::{audit::Gathered, gate::Refused};

/// What was done, apart from who did it and when.
#[derive(Clone, Debug)]
pub(in crate::gate) struct Deed {
    pub(super) action: &'static str,
    pub(super) status: StatusCode,
    pub(super) resource_type: String,
    pub(super) resource_id: String,
    pub(super) target: String,
    pub(super) organization_id: Option<OrganizationId>,
    /// Whom it is about: where nobody is signed in, they did it.
    pub(super) about: Option<UserId>,
    pub(super) diff: Value,
}

impl Deed {
    /// The same, and a field changed whose values are not for records.
    pub(super) fn with_secret(mut self, field: &str) -> Self {
        if let Some(fields) = self.diff.as_object_mut() {
            fields.insert(field.to_owned(), json!({"old": "", "new": "", "secret": true}));
        }
        self
    }

    /// The same, and a field that has this value now.
    pub(super) fn with_value(mut self, field: &str, new: &impl serde::Serialize) -> Self {
        if let Some(fields) = self.diff.as_object_mut() {
            fields.insert(field.to_owned(), json!({"old": null, "new": new, "secret": false}));
        }
        self
    }
}

impl AuthorizedStore {
    /// Adds a record of the deed to its own unit of work: no record, no deed.
    pub(in crate::gate) async fn record(&self, tx: &mut Tx, deed: Deed) -> Result<(), StoreError> {
        let context = &self.caller.context;
        let record = AuditRecord {
            id: self.app.random().uuid(),
            recorded_at: self.now(),
            request_id: context.request_id,
            user_id: self.caller.user().map(|user| user.id).or(deed.about),
            key_id: self.caller.key().map(|key| key.id.clone()),
            ip_address: context.client,
            user_agent: context.user_agent.clone(),
            action: deed.action.to_owned(),
            resource_type: deed.resource_type,
            resource_id: deed.resource_id,
            resource_target: deed.target,
            organization_id: deed.organization_id,
            status_code: deed.status.as_u16(),
            diff: deed.diff,
        };
        tx.insert_audit_record(&record, self.app.audit_key()).await
    }
}

impl AuthorizedStore {
    /// Records refusals that were gathered, each kind of them once. Requires `create` on records.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn record_refusals(&self, gathered: &[Gathered]) -> Result<(), Refused> {
        self.require_permitted(Action::CREATE, &Object::of(ResourceType::AUDIT_LOG))?;
        let mut tx = self.store().begin().await?;
        for gathered in gathered {
            let record = self.refusal_record(gathered);
            tx.insert_audit_record(&record, self.app.audit_key()).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes the oldest records, those from before that instant, with a signed checkpoint in their place and a record
    /// of it. Says how many. Requires `delete` on all records.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn retire_records(&self, before: Timestamp, at_most: u64) -> Result<u64, Refused> {
        self.require_permitted(Action::DELETE, &Object::of(ResourceType::AUDIT_LOG))?;
        let mut tx = self.store().begin().await?;
        let retired = tx.retire_audit_records(before, at_most, self.now(), self.app.audit_key()).await?;
        if retired == 0 {
            return Ok(0);
        }
        let deed = Deed {
            action: "delete",
            status: StatusCode::OK,
            resource_type: "audit_log".to_owned(),
            resource_id: Uuid::nil().to_string(),
            target: format!("{retired} records from before {before}"),
            organization_id: None,
            about: None,
            diff: json!({}),
        };
        self.record(&mut tx, deed).await?;
        tx.commit().await?;
        Ok(retired)
    }

    fn refusal_record(&self, gathered: &Gathered) -> AuditRecord {
        let Gathered { refusal, count, first, last, request_id, user_agent } = gathered;
        let of = refusal.as_ref();
        AuditRecord {
            id: self.app.random().uuid(),
            recorded_at: *last,
            request_id: *request_id,
            user_id: of.and_then(|refusal| refusal.user),
            key_id: of.and_then(|refusal| refusal.key.clone()),
            ip_address: of.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |refusal| refusal.address),
            user_agent: user_agent.clone(),
            // Those that were too many to be told apart.
            action: of.map_or("refused", |refusal| refusal.action.as_str()).to_owned(),
            resource_type: of.map_or("", |refusal| refusal.resource_type.as_str()).to_owned(),
            // Of several objects none is the one (contract, section 9.2).
            resource_id: Uuid::nil().to_string(),
            resource_target: String::new(),
            organization_id: of.and_then(|refusal| refusal.organization),
            status_code: of.map_or(StatusCode::FORBIDDEN.as_u16(), |refusal| refusal.status),
            diff: json!({"gathered": {"count": count, "first": first.to_string(), "last": last.to_string()}}),
        }
    }
}

/// A record with those whom it speaks of, as far as they are still there.
#[derive(Clone, Debug)]
pub(crate) struct AuditView {
    pub(crate) record: AuditRecord,
    pub(crate) user: Option<UserView>,
    pub(crate) organization: Option<Organization>,
    /// What it was done to is not there any more.
    pub(crate) is_gone: bool,
}

/// How far records are counted.
pub(crate) const COUNT_CAP: u64 = 2000;

impl AuthorizedStore {
    /// A page of the records that the caller may see, and how many there are, counted to one beyond [`COUNT_CAP`].
    /// Requires `read` on each; whoever may see none anywhere is refused.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn audit_records(&self, mut list: ListAudit) -> Result<(Vec<AuditView>, u64), Refused> {
        list.visible = self.caller.visible(Action::READ, ResourceType::AUDIT_LOG);
        if !self.caller.could(Action::READ, ResourceType::AUDIT_LOG) {
            return Err(Refused::Denied(self.caller.refuse(Action::READ, ResourceType::AUDIT_LOG)));
        }
        let (records, count) = self.store().audit_records(&list, COUNT_CAP + 1).await?;
        let mut ids: Vec<UserId> = records.iter().filter_map(|record| record.user_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut users = self.user_views(self.store().users(&ids).await?).await?;
        // Where else somebody is a member is not what a record tells.
        let visible = self.incidental().caller.visible(Action::READ, ResourceType::ORGANIZATION);
        for view in &mut users {
            let is_own = self.caller.is_self(view.user.id);
            view.organization_ids.retain(|id| is_own || visible.matches(&organization_object(*id)));
        }
        let organizations = self.store().organizations(&Filter::All).await?;
        let gone = self.gone(&records).await?;
        let view = |record: AuditRecord| AuditView {
            user: users.iter().find(|view| Some(view.user.id) == record.user_id).cloned(),
            organization: organizations.iter().find(|of| Some(of.id) == record.organization_id).cloned(),
            is_gone: gone.contains(&(record.resource_type.clone(), record.resource_id.clone())),
            record,
        };
        Ok((records.into_iter().map(view).collect(), count))
    }

    /// The head of the chain of records. It tells how many there are in all: whoever may read only some sees none.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn chain_head(&self) -> Result<Option<ChainHead>, Refused> {
        match self.caller.visible(Action::READ, ResourceType::AUDIT_LOG) {
            Filter::All => Ok(Some(self.store().chain_head().await?)),
            _ => Ok(None),
        }
    }

    /// The user with that name or address, for a search: none is no error, and whether they may be seen does not
    /// matter, because what they did may be.
    #[tracing::instrument(skip_all)]
    pub(crate) async fn actor(&self, username: Option<&str>, email: Option<&str>) -> Result<Option<UserId>, Refused> {
        let by_email = match email {
            Some(email) => self.store().find_login(email).await?.map(|(user, _)| user.id),
            None => None,
        };
        let by_name = match username {
            Some("me") => self.caller.user().map(|user| user.id),
            Some(username) => self.store().find_user_by_username(username).await?.map(|user| user.id),
            None => None,
        };
        Ok(match (username, email) {
            (Some(_), Some(_)) => by_name.filter(|id| by_email == Some(*id)),
            (Some(_), None) => by_name,
            (None, _) => by_email,
        })
    }
}

/// The fields whose values differ.
fn diff(old: &Value, new: &Value) -> Value {
    let field = |of: &Value, name: &str| of.get(name).cloned().unwrap_or(Value::Null);
    let names = [old, new].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
    names
        .filter(|name| field(old, name) != field(new, name))
        .map(|name| (name.clone(), json!({"old": field(old, name), "new": field(new, name), "secret": false})))
        .collect::<Map<_, _>>()
        .into()
}

/// Something done to a user.
pub(in crate::gate) fn user_audit(action: &'static str, status: StatusCode, old: Option<&User>, new: &User) -> Deed {
    let fields = |user: &User| {
        json!({
            "email": user.email, "username": user.username, "name": user.name, "status": user.status.as_str(),
            "rbac_roles": user.roles, "login_type": user.login_type.as_str(), "deleted": user.deleted,
            "is_service_account": user.is_service_account,
        })
    };
    Deed {
        action,
        status,
        resource_type: "user".to_owned(),
        resource_id: new.id.to_string(),
        target: new.username.clone(),
        organization_id: None,
        about: Some(new.id),
        diff: diff(&old.map_or(Value::Null, fields), &fields(new)),
    }
}

/// A conversion to another login type that was begun.
pub(super) fn conversion_audit(user: &User, to: LoginType, now: Timestamp, expires_at: Timestamp) -> Deed {
    let fields = json!({
        "created_at": now, "expires_at": expires_at, "from_login_type": user.login_type.as_str(),
        "to_login_type": to.as_str(), "user_id": user.id,
    });
    Deed {
        action: "create",
        status: StatusCode::CREATED,
        resource_type: "convert_login".to_owned(),
        resource_id: user.id.to_string(),
        target: to.as_str().to_owned(),
        organization_id: None,
        about: Some(user.id),
        diff: diff(&Value::Null, &fields),
    }
}

/// Something done to a key.
pub(super) fn key_audit(action: &'static str, status: StatusCode, old: Option<&ApiKey>, new: Option<&ApiKey>) -> Deed {
    let fields = |key: Option<&ApiKey>| {
        key.map_or(Value::Null, |key| {
            json!({
                "user_id": key.user_id, "scopes": key.scopes, "allow_list": key.allow_list,
                "expires_at": key.expires_at, "created_at": key.created_at,
            })
        })
    };
    let key = new.or(old);
    Deed {
        action,
        status,
        resource_type: "api_key".to_owned(),
        resource_id: key.map(|key| key.id.to_string()).unwrap_or_default(),
        target: key.map(|key| key.token_name.clone()).unwrap_or_default(),
        organization_id: None,
        about: key.map(|key| key.user_id),
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to a registered resource.
pub(super) fn resource_audit(
    action: &'static str,
    status: StatusCode,
    old: Option<&Resource>,
    new: Option<&Resource>,
) -> Deed {
    let fields = |resource: Option<&Resource>| {
        resource.map_or(Value::Null, |resource| {
            json!({
                "name": resource.name, "organization_id": resource.organization_id, "owner_id": resource.owner_id,
                "attributes": resource.attributes,
                "acl": resource.grants.iter().map(|grant| format!("{:?} {}", grant.grantee, grant.action)).collect::<Vec<_>>(),
            })
        })
    };
    let resource = new.or(old);
    Deed {
        action,
        status,
        resource_type: resource.map(|resource| resource.key.resource_type.clone()).unwrap_or_default(),
        resource_id: resource.map(|resource| resource.key.id.to_string()).unwrap_or_default(),
        target: resource.map(|resource| resource.name.clone()).unwrap_or_default(),
        organization_id: resource.and_then(|resource| resource.organization_id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to a membership.
pub(super) fn member_audit(
    action: &'static str,
    status: StatusCode,
    user: &User,
    old: Option<&Member>,
    new: Option<&Member>,
) -> Deed {
    let fields = |member: Option<&Member>| member.map_or(Value::Null, |member| json!({"roles": member.roles}));
    Deed {
        action,
        status,
        resource_type: "organization_member".to_owned(),
        resource_id: user.id.to_string(),
        target: user.username.clone(),
        organization_id: new.or(old).map(|member| member.organization_id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to an organization.
pub(super) fn organization_audit(
    action: &'static str,
    status: StatusCode,
    old: Option<&Organization>,
    new: Option<&Organization>,
) -> Deed {
    let fields = |organization: Option<&Organization>| {
        organization.map_or(Value::Null, |of| {
            json!({
                "name": of.name, "display_name": of.display_name, "description": of.description, "icon": of.icon,
                "default_org_member_roles": of.default_org_member_roles,
            })
        })
    };
    let organization = new.or(old);
    Deed {
        action,
        status,
        resource_type: "organization".to_owned(),
        resource_id: organization.map(|of| of.id.to_string()).unwrap_or_default(),
        target: organization.map(|of| of.name.clone()).unwrap_or_default(),
        organization_id: organization.map(|of| of.id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}

/// Something done to a group, with who came and who went.
pub(super) fn group_audit(
    action: &'static str,
    status: StatusCode,
    old: Option<&Group>,
    new: Option<&Group>,
    (added, removed): (&[UserId], &[UserId]),
) -> Deed {
    let fields = |group: Option<&Group>, members: &[UserId]| {
        group.map_or(Value::Null, |group| {
            json!({
                "name": group.name, "display_name": group.display_name, "avatar_url": group.avatar_url,
                "quota_allowance": group.quota_allowance, "members": members,
            })
        })
    };
    let group = new.or(old);
    Deed {
        action,
        status,
        resource_type: "group".to_owned(),
        resource_id: group.map(|group| group.id.to_string()).unwrap_or_default(),
        target: group.map(|group| group.name.clone()).unwrap_or_default(),
        organization_id: group.map(|group| group.organization_id),
        about: None,
        diff: diff(&fields(old, removed), &fields(new, added)),
    }
}

/// Something done to a role that an organization made.
pub(super) fn custom_role_audit(
    action: &'static str,
    status: StatusCode,
    old: Option<&CustomRole>,
    new: Option<&CustomRole>,
) -> Deed {
    let fields = |role: Option<&CustomRole>| {
        role.map_or(Value::Null, |role| {
            json!({
                "name": role.name, "display_name": role.display_name, "org_permissions": role.permissions,
            })
        })
    };
    let role = new.or(old);
    Deed {
        action,
        status,
        resource_type: "custom_role".to_owned(),
        resource_id: role.map(|role| role.name.clone()).unwrap_or_default(),
        target: role.map(|role| role.name.clone()).unwrap_or_default(),
        organization_id: role.map(|role| role.organization_id),
        about: None,
        diff: diff(&fields(old), &fields(new)),
    }
}
