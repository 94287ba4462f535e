//! The same questions for Cedar: members may act on their own workspaces, within the allow list of their key.
use std::{
    collections::{HashMap, HashSet},
    str::FromStr as _,
};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request, RestrictedExpression,
};
use keyfob_bench::Scene;
use uuid::Uuid;

const POLICIES: &str = r#"
    permit (
        principal,
        action in [Action::"read", Action::"update", Action::"start", Action::"stop"],
        resource is Workspace
    )
    when { resource.owner == principal && principal in resource.organization };

    forbid (principal, action, resource)
    unless { context.lists_everything || context.listed.contains(resource) };
"#;

/// The input of a decision by Cedar, built beforehand.
pub(crate) struct Input {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    request: Request,
}

impl Input {
    pub(crate) fn of(scene: &Scene, listed: Option<u64>) -> Self {
        let (user, workspace) = (uid("User", scene.user), uid("Workspace", scene.workspace));
        let reference = |entity: EntityUid| RestrictedExpression::new_entity_uid(entity);
        let attributes = HashMap::from([
            ("owner".to_owned(), reference(user.clone())),
            ("organization".to_owned(), reference(uid("Organization", scene.organization))),
        ]);
        let organizations: HashSet<EntityUid> = scene.organizations.iter().map(|id| uid("Organization", *id)).collect();
        let mut entities: Vec<Entity> = organizations.iter().cloned().map(Entity::with_uid).collect();
        entities.push(Entity::new(user.clone(), HashMap::new(), organizations).unwrap());
        entities.push(Entity::new(workspace.clone(), attributes, HashSet::new()).unwrap());
        let listed_ids = scene.workspaces(listed.unwrap_or(0)).map(|id| reference(uid("Workspace", id)));
        let context = Context::from_pairs([
            ("lists_everything".to_owned(), RestrictedExpression::new_bool(listed.is_none())),
            ("listed".to_owned(), RestrictedExpression::new_set(listed_ids)),
        ]);
        let action = EntityUid::from_str(r#"Action::"read""#).unwrap();
        Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(POLICIES).unwrap(),
            entities: Entities::from_entities(entities, None).unwrap(),
            request: Request::new(user, action, workspace, context.unwrap(), None).unwrap(),
        }
    }

    pub(crate) fn allows(&self) -> bool {
        self.authorizer.is_authorized(&self.request, &self.policies, &self.entities).decision() == Decision::Allow
    }
}

fn uid(entity_type: &str, id: Uuid) -> EntityUid {
    EntityUid::from_str(&format!("{entity_type}::\"{id}\"")).unwrap()
}
