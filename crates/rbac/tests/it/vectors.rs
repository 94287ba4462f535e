//! Inputs and answers of the functions around the decision: names of scopes and roles, allow lists, assignment.
use keyfob_rbac::{
    AllowEntry, AllowList, Catalogue, Permission, RoleName, RoleSettings, Scope, ScopeName, built_in_role, may_assign,
};
use serde_json::{Value, json};

use crate::cases::data;

fn vectors(name: &str) -> Vec<Value> {
    data()["vectors"][name].as_array().unwrap().clone()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// The error's text, or null.
fn error<T>(result: &Result<T, impl ToString>) -> Value {
    result.as_ref().err().map_or(Value::Null, |error| json!(error.to_string()))
}

fn entries(list: &AllowList) -> Vec<String> {
    list.entries().iter().map(ToString::to_string).collect()
}

fn spelled(catalogue: &Catalogue, permission: Permission) -> String {
    let of = permission.resource_type.map_or("*", |of| catalogue.type_name(of));
    format!("{of}:{}", permission.action.map_or("*", |action| catalogue.action_name(action)))
}

#[test]
fn there_are_151_vectors() {
    let all = data();
    let count: usize = all["vectors"].as_object().unwrap().values().map(|it| it.as_array().unwrap().len()).sum();
    assert_eq!(count, 151);
}

#[test]
fn scope_names_expand_or_are_refused() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("scope_names") {
        let name = text(&vector, "name");
        let scope = catalogue.scope(name);
        assert_eq!(error(&scope), vector["error"], "{vector}");
        assert_eq!(catalogue.is_requestable(name), vector["requestable"].as_bool().unwrap(), "{vector}");
        if let (Ok(scope), Some(expected)) = (scope, vector["site"].as_array()) {
            let site = Scope::expand(&catalogue, &[scope]).unwrap().site;
            let mut site: Vec<String> = site.iter().map(|it| spelled(&catalogue, *it)).collect();
            let mut expected = texts(&json!(expected));
            site.sort();
            expected.sort();
            assert_eq!(site, expected, "{vector}");
        }
    }
}

#[test]
fn the_requestable_scopes_are_the_catalogues() {
    let catalogue = Catalogue::built_in();
    let names = catalogue.requestable_scopes();
    assert_eq!(names.len(), 55);
    assert!(names.is_sorted());
    assert!(names.iter().all(|name| catalogue.is_requestable(name) && catalogue.scope(name).is_ok()));
}

#[test]
fn allow_entries_are_read_from_text() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("allow_entry_text") {
        // The text form folds case; the request form, which Keyfob also reads its storage with, does not.
        let entry = AllowEntry::parse(&catalogue, &text(&vector, "in").to_lowercase());
        assert_eq!(error(&entry), vector["error"], "{vector}");
        if let Ok(entry) = entry {
            // Ids are stored as canonical UUIDs, in whatever spelling they came.
            assert_eq!(entry.to_string(), canonical(text(&vector, "out")), "{vector}");
        }
    }
}

#[test]
fn allow_entries_are_made_from_their_halves() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("allow_entry_parts") {
        let entry = AllowEntry::from_names(&catalogue, text(&vector, "type"), text(&vector, "id"));
        assert_eq!(error(&entry), vector["error"], "{vector}");
        if let Ok(entry) = entry {
            assert_eq!(entry.to_string(), canonical(text(&vector, "out")), "{vector}");
        }
    }
}

/// Ids become canonical UUIDs, in whatever spelling they came.
fn canonical(entry: &str) -> String {
    let (of, id) = entry.split_once(':').unwrap();
    uuid::Uuid::try_parse(id).map_or_else(|_| entry.to_owned(), |id| format!("{of}:{id}"))
}

#[test]
fn allow_lists_are_read_and_normalised() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("allow_list_parse") {
        let Some(input) = vector["in"].as_array() else {
            check_counted(&catalogue, &vector);
            continue;
        };
        // As above: this is the text form, which folds case.
        let input: Vec<String> = texts(&json!(input)).iter().map(|it| it.to_lowercase()).collect();
        let input: Vec<&str> = input.iter().map(String::as_str).collect();
        let cap = usize::try_from(vector["cap"].as_u64().unwrap()).unwrap();
        let list = AllowList::parse_at_most(&catalogue, &input, cap);
        assert_eq!(error(&list), vector["error"], "{vector}");
        if let Ok(list) = list {
            assert_eq!(entries(&list), texts(&vector["out"]), "{vector}");
        }
    }
}

/// Long lists are given by a pattern, and only counted.
fn check_counted(catalogue: &Catalogue, vector: &Value) {
    let note = text(vector, "note");
    let count: usize = note.split(' ').next().unwrap().parse().unwrap();
    let star_last = usize::from(note.contains("star last"));
    let ids = (0..count - star_last).map(|number| format!("workspace:{}", uuid::Uuid::from_u128(number as u128 + 1)));
    let input: Vec<String> = ids.chain(std::iter::repeat_n("*:*".to_owned(), star_last)).collect();
    let input: Vec<&str> = input.iter().map(String::as_str).collect();
    let list = AllowList::parse(catalogue, &input);
    assert_eq!(error(&list), vector["error"], "{vector}");
    if let Ok(list) = list {
        assert_eq!(json!(list.entries().len()), vector["count_out"], "{vector}");
    }
}

fn list(catalogue: &Catalogue, value: &Value) -> AllowList {
    let entries = texts(value).iter().map(|it| AllowEntry::parse(catalogue, it).unwrap()).collect();
    AllowList::from_entries(entries)
}

#[test]
fn allow_lists_meet() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("allow_list_intersect") {
        let (scope, key) = (list(&catalogue, &vector["scope"]), list(&catalogue, &vector["key"]));
        assert_eq!(entries(&scope.intersection(&key)), texts(&vector["out"]), "{vector}");
    }
}

#[test]
fn allow_lists_unite() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("allow_list_union") {
        let lists: Vec<AllowList> = vector["lists"].as_array().unwrap().iter().map(|it| list(&catalogue, it)).collect();
        assert_eq!(entries(&AllowList::union(&lists)), texts(&vector["out"]), "{vector}");
    }
}

#[test]
fn role_names_are_read() {
    for vector in vectors("role_names") {
        let name = RoleName::parse(text(&vector, "in"));
        assert_eq!(error(&name), vector["error"], "{vector}");
        if let Ok(name) = name {
            assert_eq!(name.name, text(&vector, "name"), "{vector}");
            assert_eq!(name.organization.map(|id| id.to_string()).unwrap_or_default(), text(&vector, "organization"));
            assert_eq!(name.to_string(), text(&vector, "text"));
        }
    }
}

#[test]
fn built_in_roles_are_found_by_name_and_kind() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("built_in_lookup") {
        let name = RoleName::parse(text(&vector, "in")).unwrap_or_else(|_| RoleName::site(text(&vector, "in")));
        let role = built_in_role(&catalogue, &name, &RoleSettings::default());
        assert_eq!(role.is_ok(), vector["found"].as_bool().unwrap(), "{vector}");
        assert_eq!(error(&role), vector["error"], "{vector}");
    }
}

#[test]
fn permissions_name_a_type_and_one_of_its_actions() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("permission_valid") {
        let checked = Permission::check(&catalogue, text(&vector, "type"), text(&vector, "action"));
        assert_eq!(error(&checked), vector["error"], "{vector}");
    }
}

#[test]
fn a_strict_check_knows_types_and_actions_only_by_name() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("strict_action_check") {
        let checked = catalogue.check(text(&vector, "type"), text(&vector, "action"));
        assert_eq!(error(&checked), vector["error"], "{vector}");
    }
}

#[test]
fn roles_assign_what_the_matrix_says() {
    for vector in vectors("can_assign") {
        let actor: Vec<RoleName> = texts(&vector["actor"]).iter().map(|it| RoleName::parse(it).unwrap()).collect();
        let target = RoleName::parse(text(&vector, "target")).unwrap();
        assert_eq!(may_assign(&actor, &target), vector["can"].as_bool().unwrap(), "{vector}");
    }
}

#[test]
fn the_scopes_of_a_key_add_up_within_its_allow_list() {
    let catalogue = Catalogue::built_in();
    for vector in vectors("key_scopes") {
        let names = texts(&vector["scopes"]);
        let expanded = names
            .iter()
            .map(|name| catalogue.scope(name).map_err(|error| error.to_string()))
            .collect::<Result<Vec<ScopeName>, String>>()
            .and_then(|names| Scope::expand(&catalogue, &names).map_err(|error| error.to_string()));
        assert_eq!(error(&expanded), vector["error"], "{vector}");
        if let Ok(scope) = expanded {
            let mut site: Vec<String> = scope.site.iter().map(|it| spelled(&catalogue, *it)).collect();
            let mut expected = texts(&vector["site"]);
            site.sort();
            expected.sort();
            assert_eq!(site, expected, "{vector}");
            let restricted = scope.restricted_to(&list(&catalogue, &vector["key_allow_list"]));
            assert_eq!(entries(&restricted.allow_list), texts(&vector["allow_list"]), "{vector}");
        }
    }
}
