//! Allow lists and scopes as sets.
use std::{collections::BTreeSet, sync::Arc};

use keyfob_rbac::{
    Action, AllowEntry, AllowList, AllowReach, Catalogue, Id, MAX_ENTRIES, Object, Permission, ResourceType, Role,
    RoleName, Scope, ScopeName, Subject, authorize, scopes_exceeding,
};
use proptest::{collection::vec, prelude::*, sample::select};
use uuid::Uuid;

const TYPES: [ResourceType; 3] = [ResourceType::WORKSPACE, ResourceType::TEMPLATE, ResourceType::USER];

fn ids() -> [Uuid; 3] {
    [1, 2, 3].map(Uuid::from_u128)
}

fn entry() -> impl Strategy<Value = AllowEntry> {
    let types = select(vec![None, Some(TYPES[0]), Some(TYPES[1]), Some(TYPES[2])]);
    let ids = select(ids().map(Some).into_iter().chain([None]).collect::<Vec<_>>());
    (types, ids).prop_map(|(of, id)| AllowEntry::new(&Catalogue::built_in(), of, id.map(Id::from)).unwrap())
}

fn list() -> impl Strategy<Value = AllowList> {
    vec(entry(), 0..5).prop_map(AllowList::from_entries)
}

/// Objects that tell any two of these lists apart: of every type and id in them, and of others.
fn objects() -> impl Iterator<Item = (ResourceType, Id<'static>)> {
    let types = TYPES.into_iter().chain([ResourceType::FILE, ResourceType::OTHER]);
    types.flat_map(|of| {
        let ids = ids().map(Id::from).into_iter().chain([Id::from(Uuid::from_u128(4)), Id::None, Id::from("text")]);
        ids.map(move |id| (of, id))
    })
}

fn fits(list: &AllowList, (of, id): (ResourceType, Id<'_>)) -> bool {
    list.entries().iter().any(|entry| entry.fits(of, id))
}

/// A subject who may do everything within this list.
fn subject(list: &AllowList) -> Subject {
    let scope = Scope { allow_list: list.clone(), ..Scope::everything() };
    Subject::compile(&Catalogue::built_in(), Id::from("me"), &[almighty()], &[], &scope)
}

fn almighty() -> Role {
    Role { site: vec![Permission::EVERYTHING], ..Role::empty(RoleName::site("almighty")) }
}

proptest! {
    #[test]
    fn a_normalised_list_is_normal_and_means_the_same(list in list()) {
        let normal = list.normalised();
        prop_assert_eq!(normal.normalised(), normal.clone());
        prop_assert!(normal.entries().is_sorted());
        for object in objects() {
            prop_assert_eq!(fits(&normal, object), fits(&list, object));
        }
    }

    #[test]
    fn an_intersection_fits_what_both_fit(scopes in list(), key in list()) {
        let both = scopes.intersection(&key);
        prop_assert!(scopes.contains(&both) && key.contains(&both));
        for object in objects() {
            prop_assert_eq!(fits(&both, object), fits(&scopes, object) && fits(&key, object));
        }
    }

    #[test]
    fn a_union_fits_what_either_fits(left in list(), right in list()) {
        let union = AllowList::union([&left, &right]);
        prop_assert!(union.contains(&left) && union.contains(&right));
        for object in objects() {
            prop_assert_eq!(fits(&union, object), fits(&left, object) || fits(&right, object));
        }
    }

    #[test]
    fn one_entry_contains_another_when_it_fits_all_of_its_objects(own in entry(), other in entry()) {
        let contains = objects().all(|(of, id)| !other.fits(of, id) || own.fits(of, id));
        prop_assert_eq!(own.contains(&other), contains);
    }

    #[test]
    fn what_does_not_exceed_a_list_fits_nothing_more(own in list(), requested in list()) {
        let exceeding = own.exceeding(&requested);
        prop_assert_eq!(exceeding.is_empty(), own.contains(&requested));
        let kept = requested.entries().iter().filter(|entry| !exceeding.contains(entry)).cloned().collect();
        let kept = AllowList::from_entries(kept);
        for object in objects() {
            prop_assert!(!fits(&kept, object) || fits(&own, object));
        }
    }

    #[test]
    fn a_compiled_list_fits_what_its_entries_fit(list in list()) {
        let subject = subject(&list);
        for (of, id) in objects() {
            let decided = authorize(&subject, Action::READ, &Object::of(of).with_id(id)).is_allowed();
            prop_assert_eq!(decided, fits(&list, (of, id)));
            let reached = match subject.allow_list_reach(of) {
                AllowReach::All => true,
                AllowReach::Some(ids) => ids.iter().any(|listed| listed.as_id() == id),
                AllowReach::None => false,
            };
            prop_assert_eq!(reached, fits(&list, (of, id)));
        }
    }

    #[test]
    fn scopes_that_do_not_exceed_others_permit_nothing_more(held in scopes(), requested in scopes()) {
        let catalogue = Catalogue::built_in();
        let exceeding = scopes_exceeding(&catalogue, &held, &requested);
        let by_held = permitted(&catalogue, &held);
        for name in &requested {
            let by_name = permitted(&catalogue, std::slice::from_ref(name));
            let more = by_name.iter().zip(&by_held).any(|(by_name, by_held)| *by_name && !by_held);
            prop_assert_eq!(exceeding.contains(name), more, "{}", name);
        }
    }
}

fn scopes() -> impl Strategy<Value = Vec<ScopeName>> {
    let catalogue = Catalogue::built_in();
    let more = ["no_user_data", "*:*", "workspace:share", "user:create", "audit_log:*", "audit_log:read"];
    let names = catalogue.requestable_scopes().into_iter().chain(more.map(str::to_owned));
    let names: Vec<ScopeName> = names.map(|name| catalogue.scope(&name).unwrap()).collect();
    vec(select(names), 0..6)
}

/// Whether scopes permit each action on each type, including unknown ones.
fn permitted(catalogue: &Arc<Catalogue>, names: &[ScopeName]) -> Vec<bool> {
    let nothing = Scope { site: vec![], ..Scope::everything() };
    let scope = Scope::expand(catalogue, names).unwrap_or(nothing);
    let subject = Subject::compile(catalogue, Id::from("me"), &[almighty()], &[], &scope);
    let types: Vec<ResourceType> = catalogue.resource_types().chain([ResourceType::OTHER]).collect();
    let actions: BTreeSet<Action> =
        types.iter().flat_map(|of| catalogue.actions_of(*of)).chain([Action::OTHER]).collect();
    let questions = types.iter().flat_map(|of| actions.iter().map(move |action| (*of, *action)));
    questions.map(|(of, action)| authorize(&subject, action, &Object::of(of)).is_allowed()).collect()
}

#[test]
fn all_actions_of_a_type_are_not_its_star() {
    let catalogue = Catalogue::built_in();
    let scope = |name: &str| catalogue.scope(name).unwrap();
    let all = ["create", "delete", "read", "update"].map(|action| scope(&format!("api_key:{action}")));
    assert_eq!(scopes_exceeding(&catalogue, &all, &[scope("api_key:*")]), [scope("api_key:*")]);
    assert_eq!(scopes_exceeding(&catalogue, &[scope("api_key:*")], &all), []);
    assert_eq!(scopes_exceeding(&catalogue, &all, &[scope("coder:apikeys.manage_self")]), []);
}

#[test]
fn a_request_may_list_128_entries_and_none_means_everything() {
    let catalogue = Catalogue::built_in();
    let star = || AllowEntry::parse(&catalogue, "*:*").unwrap();
    assert!(AllowList::from_request(vec![]).unwrap().is_everything());
    assert!(AllowList::from_request(vec![star(); MAX_ENTRIES]).unwrap().is_everything());
    let refused = AllowList::from_request(vec![star(); MAX_ENTRIES + 1]).unwrap_err();
    assert_eq!(refused.to_string(), "allow_list has 129 entries; max allowed is 128");
}

#[test]
fn an_id_is_stored_as_a_canonical_uuid_whatever_its_spelling() {
    let catalogue = Catalogue::built_in();
    let canonical = "workspace:aabbccdd-0011-4222-8333-445566778899";
    for id in [
        "AABBCCDD-0011-4222-8333-445566778899",
        "aabbccdd00114222833344556677 8899".replace(' ', "").as_str(),
        "urn:uuid:aabbccdd-0011-4222-8333-445566778899",
        "{aabbccdd-0011-4222-8333-445566778899}",
    ] {
        let entry = AllowEntry::parse(&catalogue, &format!(" workspace:{id} ")).unwrap();
        assert_eq!(entry.to_string(), canonical);
    }
}
