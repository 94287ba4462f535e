//! Recorded decisions of the reference policy.
use keyfob_rbac::{Catalogue, authorize, explain, filter};
use serde_json::Value;

use crate::model::{self, fast};

pub(crate) fn data() -> Value {
    serde_json::from_str(include_str!("../data/rbac-cases.json")).unwrap()
}

/// Decides a case with every function of the engine and with the model, which must all agree.
fn decide(case: &Value) -> bool {
    let catalogue = Catalogue::built_in();
    let (subject, object) = (model::subject_of(&case["subject"]), model::object_of(&case["object"]));
    let action_name = case["action"].as_str().unwrap();
    let by_model = model::allows(&subject, action_name, &object);
    let (acl, action) = (fast::acl(&catalogue, &object), catalogue.requested_action(action_name));
    let subject = fast::subject(&catalogue, &subject);
    let object = fast::object(&catalogue, &object, &acl);
    let decided = authorize(&subject, action, &object).is_allowed();
    assert_eq!(decided, by_model, "the model disagrees: {case}");
    assert_eq!(explain(&subject, action, &object).allowed, decided, "{case}");
    if !object.any_organization {
        assert_eq!(filter(&subject, action, object.resource_type).matches(&object), decided, "{case}");
    }
    decided
}

#[test]
fn every_decided_case_is_decided_so() {
    let data = data();
    let cases = data["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 902);
    for case in cases {
        assert_eq!(decide(case), case["allow"].as_bool().unwrap(), "{case}");
    }
}

#[test]
fn any_organization_and_one_organization_exclude_each_other() {
    let data = data();
    let cases = data["wrapper_cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        assert_eq!(decide(case), case["allow"].as_bool().unwrap(), "{case}");
    }
}
