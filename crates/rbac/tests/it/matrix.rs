//! What every built-in role permits.
use keyfob_rbac::{
    Catalogue, Id, Object, ResourceType, Role, RoleName, RoleSettings, Scope, ShareableWorkspaceOwners, Subject,
    authorize, built_in_role, organization_member_role, organization_service_account_role,
};
use serde_json::Value;
use uuid::Uuid;

const ME: Uuid = Uuid::from_u128(0x1111_1111_1111_4111_8111_1111_1111_1111);
const ORGANIZATION: Uuid = Uuid::from_u128(0xaaaa_aaaa_0000_4000_8000_0000_0000_0001);
const OTHER: Uuid = Uuid::from_u128(0xaaaa_aaaa_0000_4000_8000_0000_0000_0002);
const SOMEBODY: Uuid = Uuid::from_u128(0x2222_2222_2222_4222_8222_2222_2222_2222);

fn settings(words: &str) -> RoleSettings {
    RoleSettings {
        owner_workspace_exec: !words.contains("disable_owner_workspace_exec"),
        workspace_sharing: !words.contains("disable_workspace_sharing"),
        chat_sharing: !words.contains("disable_chat_sharing"),
        minimum_implicit_member: words.contains("minimum_implicit_member"),
    }
}

fn owners(words: &str) -> ShareableWorkspaceOwners {
    if words.contains("service_accounts") {
        ShareableWorkspaceOwners::ServiceAccounts
    } else if words.contains("none") {
        ShareableWorkspaceOwners::None
    } else {
        ShareableWorkspaceOwners::Everyone
    }
}

fn role(catalogue: &Catalogue, words: &str) -> Role {
    let settings = settings(words);
    let name = words.split([',', ' ']).next().unwrap();
    match name {
        "organization-member" => organization_member_role(catalogue, ORGANIZATION, owners(words), &settings),
        "organization-service-account" => {
            let owners = owners(words.trim_start_matches(name));
            organization_service_account_role(catalogue, ORGANIZATION, owners, &settings)
        }
        name => {
            let site = built_in_role(catalogue, &RoleName::site(name), &settings);
            site.or_else(|_| built_in_role(catalogue, &RoleName::in_organization(name, ORGANIZATION), &settings))
                .unwrap()
        }
    }
}

fn object<'a>(of: ResourceType, shape: &str) -> Object<'a> {
    let object = Object::of(of);
    match shape {
        "mine" => object.owned_by(ME),
        "nobodys" => object,
        "org_mine" => object.owned_by(ME).in_organization(ORGANIZATION),
        "org_others" => object.owned_by(SOMEBODY).in_organization(ORGANIZATION),
        "other_org_mine" => object.owned_by(ME).in_organization(OTHER),
        "any_org_mine" => object.owned_by(ME).in_any_organization(),
        other => panic!("unknown shape {other}"),
    }
}

#[test]
fn every_role_permits_what_the_matrix_says_and_nothing_else() {
    let data: Value = serde_json::from_str(include_str!("../data/rbac-matrix.json")).unwrap();
    let catalogue = Catalogue::built_in();
    let mut decisions = 0;
    for (words, shapes) in data["roles"].as_object().unwrap() {
        let roles: Vec<Role> = words.split(" + ").map(|words| role(&catalogue, words)).collect();
        let subject = Subject::compile(&catalogue, Id::from(ME), &roles, &[], &Scope::everything());
        for shape in data["shapes"].as_object().unwrap().keys() {
            for of in catalogue.resource_types() {
                let listed: Vec<&str> = shapes[shape][catalogue.type_name(of)]
                    .as_array()
                    .map(|actions| actions.iter().map(|action| action.as_str().unwrap()).collect())
                    .unwrap_or_default();
                for action in catalogue.actions_of(of) {
                    let name = catalogue.action_name(action);
                    let expected = listed.contains(&"*") || listed.contains(&name);
                    let decided = authorize(&subject, action, &object(of, shape)).is_allowed();
                    assert_eq!(decided, expected, "{words}: {name} on {} ({shape})", catalogue.type_name(of));
                    decisions += 1;
                }
            }
        }
    }
    assert_eq!(decisions, data["decisions"].as_u64().unwrap());
    assert_eq!(decisions, 31_860);
}
