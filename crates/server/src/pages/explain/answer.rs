//! The answer to a question, as the page shows it.
use keyfob_api::scopes::verb;
use keyfob_authority::{
    AuthorizedStore, Refused,
    authcheck::Explained,
    data::{ApiKey, User},
    resources::is_registrable,
    tokens::scopes_permitting,
};
use keyfob_rbac::{Action, Catalogue, Explanation, Grant, Level, Missing, OwnedId, ResourceType, Step, Vote};

use super::{
    remedy::{About, Link},
    subject::Asked,
};
use crate::{
    app::App,
    pages::{
        names::Names,
        parts::{Badge, Tone},
        scopes::{capitalized, plural, singular},
        wording::isolated,
    },
};

/// An answer.
pub(super) struct Answer {
    /// The question, in words.
    pub(super) question: String,
    pub(super) decision: Badge,
    pub(super) reason: String,
    pub(super) steps: Vec<StepRow>,
    /// What would have to be added, all of it together.
    pub(super) missing: Vec<MissingRow>,
    /// The form of a new token with what is missing, if a token can have that.
    pub(super) new_token: Option<String>,
    /// Whether adding cannot help, because something forbids it.
    pub(super) is_forbidden: bool,
}

/// A check of the decision.
pub(super) struct StepRow {
    pub(super) source: &'static str,
    pub(super) level: &'static str,
    pub(super) vote: Badge,
    pub(super) detail: String,
}

/// One thing to add.
pub(super) struct MissingRow {
    pub(super) add: String,
    pub(super) detail: String,
    /// By whom, where a token cannot have it, and the person cannot add it.
    pub(super) advice: &'static str,
    /// The page where the person adds it.
    pub(super) link: Option<Link>,
}

impl Answer {
    /// The answer about a subject.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn new(
        app: &App,
        store: &AuthorizedStore,
        subject: &Asked,
        (of, action): (ResourceType, Action),
        (id, object): (&str, &str),
        explained: Explained,
    ) -> Result<Self, Refused> {
        let catalogue = app.catalogue();
        let kind = singular(catalogue.type_name(of));
        let Asked { words: who, key, user, .. } = subject;
        let key = key.as_ref();
        let about = match object {
            "" => {
                let whose = match user {
                    _ if !is_registrable(of) && of != ResourceType::API_KEY => "",
                    Some(_) => " of their own",
                    None => " of your own",
                };
                format!("{}{whose}, in any organization", plural(catalogue.type_name(of)))
            }
            name => format!("{kind} {}", isolated(name)),
        };
        let question = format!("May {who} {} {about}?", verb(catalogue.action_name(action)));
        let explanation = match explained {
            Explained::Decided(explanation) => *explanation,
            Explained::CannotAct(why_not) => {
                return Ok(Self {
                    question,
                    decision: Badge::new(Tone::Bad, "refused"),
                    reason: capitalized(&why_not),
                    steps: Vec::new(),
                    missing: Vec::new(),
                    new_token: None,
                    is_forbidden: false,
                });
            }
            Explained::NotReadable(_) => {
                let first = format!("{}:read on this object comes first, whatever the action", catalogue.type_name(of));
                // The person may see more than the subject, and share it.
                let read = Missing::AccessListGrant("read".to_owned());
                let about = About { of, object: id, user: user.as_ref() };
                let link = about.sharing(app, store, key).await?;
                return Ok(Self {
                    question,
                    decision: Badge::new(Tone::Bad, "refused"),
                    reason: format!("There is no {kind} with this id, or it may not be read"),
                    steps: vec![StepRow { source: "object", level: "", vote: vote("deny"), detail: first }],
                    missing: link.map(|link| missing_row(&read, Some(link), true)).into_iter().collect(),
                    new_token: None,
                    is_forbidden: false,
                });
            }
        };
        let scopes = key.map(|key| &key.scopes[..]).unwrap_or_default();
        let names = names(app, store, &explanation).await?;
        let step = |step: &Step| StepRow {
            source: step.source(),
            level: step.level(),
            vote: vote(step.vote()),
            detail: detail(catalogue, step, &names, scopes, (of, action)),
        };
        let about = About { of, object: id, user: user.as_ref() };
        let mut rows = Vec::new();
        for missing in &explanation.missing {
            let link = about.remedy(app, store, missing).await?;
            rows.push(missing_row(missing, link, user.is_some()));
        }
        let new_token = match (key, user) {
            (Some(key), None) => new_token(key, None, &explanation.missing),
            (Some(key), Some(user)) if store.incidental().user_rights(user).await?.may_mint => {
                new_token(key, Some(user), &explanation.missing)
            }
            _ => None,
        };
        Ok(Self {
            question,
            decision: if explanation.allowed {
                Badge::new(Tone::Good, "allowed")
            } else {
                Badge::new(Tone::Bad, "refused")
            },
            is_forbidden: !explanation.allowed && explanation.missing.is_empty(),
            steps: explanation.steps.iter().map(step).collect(),
            new_token,
            missing: rows,
            reason: explanation.reason,
        })
    }
}

/// The names of what an explanation holds by id.
async fn names<'a>(app: &'a App, store: &AuthorizedStore, of: &Explanation) -> Result<Names<'a>, Refused> {
    let entry = |step: &Step| match step {
        Step::AccessList(Some(Grant::Group(OwnedId::Uuid(id)))) => Some(format!("group:{id}")),
        Step::AllowList(entry) => entry.clone(),
        _ => None,
    };
    let entries: Vec<String> = of.steps.iter().filter_map(entry).collect();
    Names::of(app, store, entries.iter().map(String::as_str)).await
}

/// The engine's detail of a check, and what is known of it beside.
fn detail(
    catalogue: &Catalogue,
    step: &Step,
    names: &Names<'_>,
    scopes: &[String],
    permission: (ResourceType, Action),
) -> String {
    let more = match step {
        Step::AccessList(Some(Grant::Group(OwnedId::Uuid(id)))) => {
            names.name(&format!("group:{id}")).map(str::to_owned).into_iter().collect()
        }
        Step::AllowList(Some(entry)) => match names.name(entry) {
            Some(name) => vec![name.to_owned()],
            None => Some(names.words(entry)).filter(|words| words != entry).into_iter().collect(),
        },
        Step::Scope(Level::Site, Vote::Allow) => {
            let (of, action) = permission;
            scopes_permitting(catalogue, scopes, action, of).into_iter().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    match (step.detail(), more.join(", ")) {
        (detail, more) if more.is_empty() => detail,
        (detail, more) if detail.is_empty() => more,
        (detail, more) => format!("{detail} ({more})"),
    }
}

fn vote(vote: &'static str) -> Badge {
    match vote {
        "allow" => Badge::new(Tone::Good, "allow"),
        "deny" => Badge::new(Tone::Bad, "deny"),
        other => Badge::new(Tone::Quiet, other),
    }
}

fn missing_row(missing: &Missing, link: Option<Link>, is_other: bool) -> MissingRow {
    let advice = match missing {
        _ if link.is_some() => "",
        Missing::Scope(_) | Missing::AllowListEntry(_) => "",
        Missing::RolePermission(..) if is_other => "You may not give them roles there.",
        Missing::RolePermission(..) => "An administrator gives roles.",
        Missing::AccessListGrant(_) => "A person who may share the object adds it.",
    };
    MissingRow { add: missing.add(), detail: missing.detail(), advice, link }
}

/// The form of a token like this key, of the person or of another user, with what is missing; none where no token can
/// have it.
fn new_token(key: &ApiKey, user: Option<&User>, missing: &[Missing]) -> Option<String> {
    let (mut scopes, mut entries) = (Vec::new(), Vec::new());
    for missing in missing {
        match missing {
            Missing::Scope(scope) => scopes.push(scope.as_str()),
            Missing::AllowListEntry(entry) => entries.push(entry.as_str()),
            Missing::RolePermission(..) | Missing::AccessListGrant(_) => {}
        }
    }
    if scopes.is_empty() && entries.is_empty() {
        return None;
    }
    let mut link = form_urlencoded::Serializer::new(String::new());
    if let Some(user) = user {
        link.append_pair("user", &user.id.0.to_string());
    }
    if !key.token_name.is_empty() {
        link.append_pair("name", &format!("{}-2", key.token_name));
    }
    link.extend_pairs(key.scopes.iter().map(String::as_str).chain(scopes).map(|scope| ("scope", scope)));
    let listed = key.allow_list.iter().map(String::as_str).filter(|entry| *entry != "*:*");
    link.extend_pairs(listed.chain(entries).map(|entry| ("allow", entry)));
    Some(format!("/settings/tokens/new?{}", link.finish()))
}
