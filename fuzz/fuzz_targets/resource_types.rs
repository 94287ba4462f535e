//! Files with a deployment's own types: all that is read can be named.
#![no_main]
use keyfob_rbac::Catalogue;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(catalogue) = Catalogue::with_types(text) {
        for of in catalogue.resource_types() {
            assert_eq!(catalogue.resource_type(catalogue.type_name(of)), Some(of));
        }
    }
});
